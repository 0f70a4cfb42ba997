"""What operators and machines see of a running service, and mapping files that change under it, well or badly."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from batonpass.app import health, mappings, wiring
from batonpass.app.metrics import metrics_app
from batonpass.domain.alert import AlertKind
from batonpass.domain.clock import SystemClock
from batonpass.store import StoreError
from batonpass.testing.emulator import Fault
from batonpass.testing.serving import served
from brisk import Busy, busy, eventually, record, run_jobs_often
from scene import MAPPINGS

GOOD = (MAPPINGS / "zendesk.toml").read_text(encoding="utf-8")
OTHER = GOOD.replace('tags = ["ai_handoff"', 'tags = ["ai_handoff_two"', 1)


@pytest.fixture(autouse=True)
def jobs_that_run_often(monkeypatch: pytest.MonkeyPatch) -> None:
    run_jobs_often(monkeypatch)


def request(number: int) -> dict[str, object]:
    turns = [{"role": "customer", "text": "Please help me."}]
    return {
        "conversation": {"id": f"talk-{number}", "turns": turns},
        "customer": {"email": f"person-{number}@example.com"},
    }


def removed(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_text("", encoding="utf-8")


def half_saved(path: Path) -> None:
    path.write_text(GOOD[: len(GOOD) // 2] + '\n[fields\n"Order', encoding="utf-8")


def invalid(path: Path) -> None:
    path.write_text(GOOD + "\n[ticket]\n", encoding="utf-8")


def valid_but_impossible(path: Path) -> None:
    path.write_text(GOOD + '\n[no_such_table]\nx = "y"\n', encoding="utf-8")


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere.toml")


def swapped_for_a_folder(path: Path) -> None:
    (path.parent / "folder").mkdir()
    path.unlink()
    path.symlink_to(path.parent / "folder")


def not_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00[ticket]")


async def metric(play: Busy, name: str) -> float:
    text = play.service.metrics.render().decode()
    return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).rpartition(" ")[2])


@pytest.mark.parametrize(
    "broken",
    [removed, half_saved, invalid, valid_but_impossible, dangling, swapped_for_a_folder, not_text],
    ids=lambda broken: broken.__name__,
)
async def test_p20_a_mapping_that_breaks_while_running_changes_nothing_and_is_told_by_file_and_line(
    broken: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, object]] = []
    monkeypatch.setattr(
        mappings.log, "error", lambda event, **more: told.append({"event": event, **more}), False
    )
    async with busy(tmp_path) as play:
        path = tmp_path / "mappings" / "zendesk.toml"
        before = play.service.mappings.versions

        broken(path)
        answers = [await play.hand_over(request(number)) for number in range(5)]
        await eventually(lambda: not play.service.mappings.all_in_force)
        answers += [await play.hand_over(request(number)) for number in range(5, 10)]
        await eventually(lambda: len(play.opened) == 10)
        await eventually(lambda: bool(told))
        worked = await metric(play, "config_last_reload_successful")

        path.unlink(missing_ok=True)
        path.write_text(GOOD + "\n# mended\n", encoding="utf-8")
        await eventually(lambda: play.service.mappings.all_in_force)
        await eventually(
            lambda: "config_last_reload_successful 1.0" in play.service.metrics.render().decode()
        )

    assert worked == 0
    assert len({answer["id"] for answer in answers}) == 10
    assert told[0]["event"] == "mapping_broken_last_good_in_force"
    assert str(told[0]["file"]).startswith(f"{path}:")
    assert before != play.service.mappings.versions


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
async def test_p20_a_mapping_that_may_not_be_read_any_more_changes_nothing(tmp_path: Path) -> None:
    async with busy(tmp_path) as play:
        path = tmp_path / "mappings" / "zendesk.toml"
        path.chmod(0)
        await eventually(lambda: not play.service.mappings.all_in_force)

        await play.hand_over(request(1))
        await eventually(lambda: len(play.opened) == 1)
        path.chmod(0o600)
        await eventually(lambda: play.service.mappings.all_in_force)


async def test_p20_an_empty_mapping_is_said_for_what_it_is_and_opens_tickets(tmp_path: Path) -> None:
    """It may be meant so: every value has a default."""
    async with busy(tmp_path) as play:
        empty(tmp_path / "mappings" / "zendesk.toml")
        await asyncio.sleep(0.5)
        await play.hand_over(request(1))
        await eventually(lambda: len(play.opened) == 1)


async def test_p21_files_that_change_twice_in_ten_milliseconds_never_mix_in_one_handoff(
    tmp_path: Path,
) -> None:
    async with busy(tmp_path) as play:
        path = tmp_path / "mappings" / "zendesk.toml"
        versions = set(play.service.mappings.versions)
        answers = []
        for number in range(36):
            if number % 6 == 0:
                for text in (GOOD, f"{OTHER}\n# {number}\n"):
                    saved = path.with_suffix(".new")
                    saved.write_text(text, encoding="utf-8")
                    saved.replace(path)
                    time.sleep(0.005)
            answers.append(await play.hand_over(request(number)))
            versions |= set(play.service.mappings.versions)
        await eventually(lambda: len(play.opened) == 36)
        records = [await record(play, answer["id"]) for answer in answers]
        versions |= set(play.service.mappings.versions)

        for each in records:
            result = each.result_of("open_ticket")
            assert result is not None
            ticket = play.zendesk.tickets[int(str(each.ticket_id))]
            assert result["mapping"] in versions
            assert ("ai_handoff_two" in ticket.tags) == (result["mapping"] != _version(GOOD))


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


async def test_livez_says_503_while_the_engine_stands_still_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "STILL_TOO_LONG", 0.3)
    async with busy(tmp_path) as play:
        engine = play.service.engine
        assert engine is not None
        assert engine._home is not None
        well = await play.http.get("/livez")

        engine._home.call_soon_threadsafe(time.sleep, 1.5)
        await asyncio.sleep(0.6)
        stuck = await play.http.get("/livez")
        accepted = await play.hand_over(request(1))
        await eventually(lambda: play.service.health.stuck_for() is None)
        again = await play.http.get("/livez")
        await eventually(lambda: play.opened == [accepted["id"]])

    assert (well.status_code, stuck.status_code, again.status_code) == (200, 503, 200)
    assert stuck.json()["code"] == "stuck"


async def test_readyz_says_503_while_the_store_is_down_and_livez_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with busy(tmp_path) as play:

        async def down() -> None:
            raise StoreError("the database does not answer")

        with monkeypatch.context() as patched:
            patched.setattr(play.service.journal, "ping", down)
            ready, alive = await play.http.get("/readyz"), await play.http.get("/livez")
        again = await play.http.get("/readyz")

    assert (ready.status_code, alive.status_code, again.status_code) == (503, 200, 200)
    assert "Retry-After" in ready.headers


async def test_metrics_show_states_alerts_and_vendor_calls_on_their_own_port(tmp_path: Path) -> None:
    async with busy(tmp_path) as play:
        app = metrics_app(play.service.metrics, play.service.health, play.service.clock)
        async with served(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
            play.zendesk.next_call(Fault.UNAUTHORISED, times=1_000)
            await play.hand_over(request(1))

            async def told() -> bool:
                text = (await http.get("/metrics")).text
                return 'handoff_alerts_open{kind="credentials_refused"} 1.0' in text

            await eventually(told)
            text = (await http.get("/metrics")).text
            public = await play.http.get("/metrics")
            live = await http.get("/livez")

    assert 'handoff_items{state="enriched"} 1.0' in text
    assert 'vendor_requests_total{class="' in text
    assert 'vendor_circuit_open{connection="zendesk"} 1.0' in text
    assert 'handoff_requests_total{ai_agent="calm",channel="other",outcome="accepted"} 1.0' in text
    assert public.status_code == 404
    assert live.status_code == 200


class WrongAtBoot(SystemClock):
    """1970 when the machine starts; then somebody sets it."""

    def __init__(self) -> None:
        self.ahead = -56 * 365 * 86_400.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead)


async def test_p26_a_clock_that_is_wrong_at_boot_is_told_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = WrongAtBoot()
    monkeypatch.setattr(wiring, "SystemClock", lambda: clock)
    async with busy(tmp_path, steady=True) as play:
        first = await play.hand_over(request(1))
        await eventually(lambda: len(play.opened) == 1)
        installation = play.service.engine._world.installation  # type: ignore[union-attr]

        async def alerted() -> bool:
            return any(alert.kind is AlertKind.CLOCK_WRONG for alert in await installation.open_alerts())

        await eventually(alerted)
        clock.ahead = 0.0
        second = await play.hand_over(request(2))
        await eventually(lambda: len(play.opened) == 2)

    assert play.opened == [first["id"], second["id"]]
