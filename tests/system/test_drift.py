"""An account that somebody changes: which line of the mapping breaks is told, and that it is mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from structlog.testing import LogCapture

from batonpass.app import drift
from batonpass.domain.alert import AlertKind
from batonpass.domain.errors import RetryLaterError
from batonpass.engine import SchemaCache
from batonpass.mapping import load_helpdesk_mapping
from batonpass.store import Installation, StoreAddress, database_at
from fakes import FakeClock
from toy_helpdesk import ToyDesk

EVERY = 3600.0


@dataclass
class Watched:
    account: ToyDesk
    clock: FakeClock
    file: Path
    installation: Installation
    drift: drift.Drift
    counted: list[int]
    lines: list[dict[str, object]]

    async def details(self) -> list[str]:
        return [
            each.detail
            for each in await self.installation.open_alerts()
            if each.kind is AlertKind.MAPPING_DRIFT
        ]

    def logged(self, event: str) -> list[dict[str, object]]:
        return [each for each in self.lines if each["event"] == event]


@pytest.fixture
async def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Watched]:
    capture = LogCapture()
    monkeypatch.setattr(drift, "log", structlog.wrap_logger(None, processors=[capture]))
    file = tmp_path / "toy.toml"
    file.write_text('[ticket]\nsubject = "{issue.title}"\n[fields]\n"Tier" = "Pro"\n')
    account, clock, counted = ToyDesk(), FakeClock(), list[int]()
    database = database_at(StoreAddress.file(tmp_path / "a.db"))
    await database.open()
    installation = Installation(database, node="n", name="n")

    def in_force():
        mapping, _ = load_helpdesk_mapping(file)
        assert mapping is not None
        return mapping, file.read_text()

    made = drift.Drift(
        "toy", schema=SchemaCache(account, clock), mapping=in_force, installation=installation, clock=clock,
        drifted=lambda name, n: counted.append(n), every=getattr(request, "param", EVERY),
    )  # fmt: skip
    yield Watched(account, clock, file, installation, made, counted, capture.entries)
    await database.close()


def rename(account: ToyDesk, label: str, new: str) -> None:
    tier = account.fields[1]
    options = tuple(
        SimpleNamespace(value=f"{each.value}_2", label=new) if each.label == label else each
        for each in tier.options
    )
    account.fields[1] = replace(tier, options=options)


async def test_option_that_was_renamed_is_told_with_the_line_that_writes_it(watched: Watched) -> None:
    await watched.drift.look()
    before = await watched.details()
    rename(watched.account, "Pro", "Professional")

    watched.clock.go_on(EVERY)
    await watched.drift.look()

    (detail,) = await watched.details()
    assert before == []
    assert f"{watched.file}:4:" in detail
    assert "HM204" in detail
    (line,) = watched.logged("mapping_drift")
    assert str(line["file"]).startswith(f"{watched.file}:4:")
    assert [each["what"] for each in watched.logged("account_changed")] == ['field "Tier" (2) has changed']
    assert watched.counted == [0, 1]


async def test_what_stays_broken_is_logged_once_and_one_alert_stays_open(watched: Watched) -> None:
    rename(watched.account, "Pro", "Professional")

    for _ in range(3):
        await watched.drift.look()
        watched.clock.go_on(EVERY)

    assert len(watched.logged("mapping_drift")) == 1
    assert len(await watched.details()) == 1


async def test_alert_ends_at_once_when_the_line_is_mended(watched: Watched) -> None:
    rename(watched.account, "Pro", "Professional")
    await watched.drift.look()

    watched.file.write_text(watched.file.read_text().replace("Pro", "Professional"))
    watched.clock.go_on(1)
    await watched.drift.look()

    assert await watched.details() == []
    assert watched.counted == [1, 0]


async def test_field_that_was_created_just_before_its_rule_is_no_drift(watched: Watched) -> None:
    await watched.drift.look()
    watched.account.fields.append(replace(watched.account.fields[0], id="4", name="Call back"))
    watched.file.write_text(f'{watched.file.read_text()}"Call back" = true\n')

    watched.clock.go_on(1)
    await watched.drift.look()

    assert await watched.details() == []


async def test_account_is_not_read_between_two_times(watched: Watched) -> None:
    await watched.drift.look()
    rename(watched.account, "Pro", "Professional")

    watched.clock.go_on(EVERY - 1)
    await watched.drift.look()

    assert watched.counted == [0]


async def test_account_that_does_not_answer_is_no_drift(watched: Watched) -> None:
    watched.account.refuses["field_schema"] = RetryLaterError("no answer")

    await watched.drift.look()

    assert watched.counted == []
    assert await watched.details() == []


@pytest.mark.parametrize("watched", [0.0], indirect=True)
async def test_without_a_time_nothing_is_compared(watched: Watched) -> None:
    rename(watched.account, "Pro", "Professional")

    await watched.drift.look()
    watched.clock.go_on(10 * EVERY)
    await watched.drift.look()

    assert watched.counted == []
