"""Any order of asks, webhooks, crashes, outages, edits, clocks and operators: every invariant holds at the end.

`BATONPASS_MACHINE=200` runs so many examples of each helpdesk instead of a few, other ones each time.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from apscheduler.triggers.interval import IntervalTrigger
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import batonpass_stripe
from batonpass.app import schedule
from batonpass.engine import alive
from batonpass.testing.crash_scene import Staged
from batonpass.testing.machine import HandoffMachine
from batonpass.testing.postgres_databases import create_database
from helpdesks import HELPDESKS, MAPPINGS, Known

pytestmark = pytest.mark.proof

MANY = int(os.environ.get("BATONPASS_MACHINE", "0"))


OFTEN = 0.1
"""Seconds, of the real ones, between two runs of a job."""
SELDOM = 600
"""What is read that often in every process needs no hurry: the field schema."""


def profile(few: int) -> settings:
    return settings(
        max_examples=MANY or few,
        stateful_step_count=40 if MANY else 20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not MANY,
        phases=[Phase.generate] if MANY else [Phase.explicit, Phase.reuse, Phase.generate],
        database=None,
        report_multiple_bugs=False,
    )


def staged(known: Known) -> Staged:
    return Staged(
        name=known.name,
        manifest=known.manifest,
        mapping=(MAPPINGS / f"{known.name}.toml").read_text(encoding="utf-8"),
        start=known.start,
        asks=known.asks,
        settings=known.settings,
        emulated=known.emulated,
        source=batonpass_stripe.manifest,
        source_mapping=(MAPPINGS / "stripe.toml").read_text(encoding="utf-8"),
    )


def _often(*, seconds: float, start_date: datetime) -> IntervalTrigger:
    """What is done once for all nodes waits for its tick by the service's clock, where hours pass at once."""
    return IntervalTrigger(seconds=seconds if seconds == SELDOM else OFTEN, start_date=start_date)


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "IntervalTrigger", _often)
    monkeypatch.setattr(alive, "BEAT_EVERY", 0.1)


@pytest.mark.parametrize("known", HELPDESKS, ids=lambda known: known.name)
def test_whatever_happens_in_whatever_order_every_invariant_holds(known: Known) -> None:
    stage = staged(known)

    run_state_machine_as_test(lambda: HandoffMachine(stage), settings=profile(4))


def test_whatever_happens_in_whatever_order_every_invariant_holds_over_postgres(
    postgres_server_url: str,
) -> None:
    stage = staged(HELPDESKS[0])

    def fresh(folder: Path) -> str:
        return create_database(postgres_server_url)

    run_state_machine_as_test(lambda: HandoffMachine(stage, store=fresh), settings=profile(2))
