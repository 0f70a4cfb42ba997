"""The time that batonpass goes by: no jump of a clock, no zone, no night in March changes what is due when."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path

import pytest
from apscheduler.schedulers import base as schedulers
from hypothesis import given
from hypothesis import strategies as st

from batonpass.app.schedule import Schedule
from batonpass.domain.clock import SteadyClock
from batonpass.domain.errors import RetryLaterError
from batonpass.domain.handoff import ClaimedStep, HandoffState, Lane, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.engine.deadlines import Deadlines, first_deadline
from batonpass.engine.retry import Postpone, after_failure
from batonpass.store.instants import from_ms, to_ms
from batonpass.transport.waiting import http_date, retry_after
from fakes import NOON, FakeClock

LOOK_EVERY = 5.0
INSTANTS = st.integers(1_767_225_600_000, 2_082_758_400_000).map(from_ms)
"""Ten years: two leap days, every change of every zone."""
ZONES = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone)[:400]
SPECIAL = (
    datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC),  # Europe: the gap at 02:00
    datetime(2027, 10, 31, 0, 59, 59, tzinfo=UTC),  # Europe: 02:30 comes twice
    datetime(2027, 3, 14, 9, 59, 59, tzinfo=UTC),  # America
    datetime(2028, 2, 28, 23, 59, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2027, 4, 3, 14, 59, 59, tzinfo=UTC),  # Lord Howe Island: half an hour
)


@dataclass
class Machine:
    """A machine whose clock somebody sets."""

    ran: float = 0.0
    set_by: float = 0.0
    frozen_at: float | None = None

    def now(self) -> datetime:
        return NOON + timedelta(
            seconds=(self.ran if self.frozen_at is None else self.frozen_at) + self.set_by
        )

    def monotonic(self) -> float:
        return self.ran


@pytest.mark.parametrize(
    "set_by",
    [
        pytest.param(-3600, id="an hour back"),
        pytest.param(3600, id="an hour ahead"),
        pytest.param(-600, id="ten minutes back"),
    ],
)
def test_p11_time_neither_jumps_nor_goes_back_when_a_clock_is_set(set_by: int) -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    machine.ran = 10

    machine.set_by = set_by
    seen = []
    for _ in range(120):
        seen.append(clock.now())
        clock.steer(machine.now(), again_in=LOOK_EVERY)
        machine.ran += LOOK_EVERY

    passed = [(after - before).total_seconds() for before, after in pairwise(seen)]
    slowest, fastest = LOOK_EVERY * (1 - clock.SLEW), LOOK_EVERY * (1 + clock.SLEW)
    assert all(slowest - 0.001 <= each <= fastest + 0.001 for each in passed)
    assert seen[0] == NOON + timedelta(seconds=10)


def test_p11_a_retry_set_before_the_clock_went_back_an_hour_is_not_an_hour_late() -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    due_at = clock.now() + timedelta(seconds=30)

    machine.set_by = -3600
    while clock.now() < due_at:
        clock.steer(machine.now(), again_in=LOOK_EVERY)
        machine.ran += LOOK_EVERY

    assert machine.ran <= 40


def test_p11_a_lease_of_a_minute_is_not_over_when_the_clock_goes_an_hour_ahead() -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    lease_until = clock.now() + timedelta(seconds=60)

    machine.set_by = 3600
    clock.steer(machine.now(), again_in=LOOK_EVERY)
    machine.ran += 50

    assert clock.now() < lease_until


def test_p11_while_the_clock_is_frozen_time_goes_on() -> None:
    machine = Machine()
    clock = SteadyClock(machine)

    machine.frozen_at = 0.0
    for _ in range(12):
        clock.steer(machine.now(), again_in=LOOK_EVERY)
        machine.ran += LOOK_EVERY

    assert (clock.now() - NOON).total_seconds() >= 60 * (1 - clock.SLEW)


def test_p11_a_small_drift_is_made_good_within_two_looks() -> None:
    machine = Machine()
    clock = SteadyClock(machine)

    machine.set_by = 0.4
    for _ in range(2):
        clock.steer(machine.now(), again_in=LOOK_EVERY)
        machine.ran += LOOK_EVERY

    assert abs((machine.now() - clock.now()).total_seconds()) < 0.001


@given(steps=st.lists(st.tuples(st.floats(0, 100), st.floats(-7200, 7200)), max_size=30))
def test_p11_time_never_goes_back_whatever_is_done_to_the_clock(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    last = clock.now()

    for ran, set_by in steps:
        machine.ran, machine.set_by = machine.ran + ran, set_by
        now = clock.now()
        clock.steer(machine.now(), again_in=LOOK_EVERY)

        assert last <= now == clock.now()
        last = now


@pytest.mark.parametrize("second", ["60", "61", "99"])
def test_p11_a_leap_second_in_a_vendors_header_is_read_or_ignored(second: str) -> None:
    leap = f"Sat, 21 Nov 2026 12:00:{second} GMT"
    clock = FakeClock()

    as_wait = retry_after(leap, clock)
    by_date = retry_after("Sat, 21 Nov 2026 12:01:30 GMT", clock, date=leap)

    assert http_date(leap) is None or http_date(leap).tzinfo is not None
    assert as_wait is None or 0 < as_wait <= 120
    assert by_date is not None
    assert 0 < by_date <= 90


@given(at=INSTANTS, every=st.sampled_from([1.0, 2.0, 5.0, 60.0, 600.0, 3600.0]))
def test_p12_ticks_follow_each_other_without_a_gap_and_without_a_repeat(at: datetime, every: float) -> None:
    period = timedelta(seconds=every)

    ticks = [tick(at + n * period, every) for n in range(5)]

    assert ticks == [ticks[0] + n * period for n in range(5)]
    assert ticks[0] <= at < ticks[0] + period


@given(at=INSTANTS, zone=st.sampled_from(ZONES), state=st.sampled_from(HandoffState))
def test_p12_what_is_kept_is_the_instant_whatever_zone_it_was_told_in(
    at: datetime, zone: str, state: HandoffState
) -> None:
    told = at.astimezone(zoneinfo.ZoneInfo(zone))

    kept = from_ms(to_ms(told))

    assert abs(kept - at) < timedelta(milliseconds=1)
    assert kept.tzinfo is UTC
    deadline = first_deadline(state, kept, kept, Deadlines())
    assert deadline is None or to_ms(deadline) - to_ms(kept) in {
        0,
        120_000,
        900_000,
        86_400_000,
        2_592_000_000,
    }


IN_EVERY_ZONE = """
import os, sys, time, zoneinfo
from datetime import datetime, timedelta
from apscheduler.triggers.interval import IntervalTrigger
from test_clock import SPECIAL, ZONES, retried_at, tick
from batonpass.app.schedule import _FROM
from batonpass.domain.clock import SystemClock
from batonpass.domain.handoff import HandoffState
from batonpass.engine.deadlines import Deadlines, first_deadline
from batonpass.store.instants import to_ms

trigger = IntervalTrigger(seconds=1800, start_date=_FROM)
found = set()
for zone in ZONES:
    os.environ["TZ"] = zone
    time.tzset()
    told = []
    for night in SPECIAL:
        for minutes in range(0, 150, 30):
            at = night + timedelta(minutes=minutes)
            told += [to_ms(tick(at, every)) for every in (5.0, 3600.0)]
            told += [to_ms(first_deadline(state, at, at, Deadlines())) for state in (HandoffState.REQUESTED, HandoffState.ACCEPTED)]
            told.append(to_ms(retried_at(at, 600.0)))
        next_ = trigger.get_next_fire_time(None, night)
        while next_ < night + timedelta(hours=3):
            told.append(to_ms(next_))
            next_ = trigger.get_next_fire_time(next_, next_)
    found.add(tuple(told))
    assert abs(SystemClock().now().timestamp() - time.time()) < 5
print(len(ZONES), len(found), len(set(found.pop())))
"""


def test_p13_all_zones_tick_retry_and_expire_at_the_same_instants_on_every_special_night() -> None:
    told = subprocess.run(
        [sys.executable, "-c", IN_EVERY_ZONE],
        capture_output=True, text=True, check=True, timeout=60,
        cwd=Path(__file__).parent, env={**os.environ, "PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parent.parent}"},
    )  # fmt: skip

    zones, outcomes, instants = map(int, told.stdout.split())
    assert zones >= 400
    assert outcomes == 1
    assert instants >= 7 * 5 * 4


@given(at=INSTANTS, waits=st.floats(1, 86_400))
def test_p13_a_vendors_wait_ends_no_earlier_and_a_tenth_later_at_most(at: datetime, waits: float) -> None:
    until = retried_at(at, waits)

    assert (
        timedelta(seconds=waits) * 0.999
        <= until - at
        <= timedelta(seconds=waits) * 1.1 + timedelta(seconds=1)
    )


@pytest.mark.proof
@pytest.mark.parametrize(
    "set_by",
    [
        pytest.param(-3600, id="an hour back"),
        pytest.param(-600, id="ten minutes back"),
        pytest.param(3600, id="an hour ahead"),
    ],
)
async def test_p11_the_schedule_goes_on_when_the_machines_clock_is_set(
    set_by: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ran = time.monotonic(), list[float]()
    moved = timedelta(0)

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + moved

    monkeypatch.setattr(schedulers, "datetime", Moved)
    made = Schedule(None, FakeClock())  # type: ignore[arg-type]
    made.each(0.2, "looks", lambda: ran.append(time.monotonic() - begun))
    made.start()
    await asyncio.sleep(0.5)
    before = len(ran)

    moved = timedelta(seconds=set_by)
    await asyncio.sleep(2.0)
    made.stop()

    assert before >= 1
    assert len(ran) - before >= 2


def tick(at: datetime, every: float) -> datetime:
    """Which tick a node means at this time."""
    return Schedule(None, FakeClock(at=at))._tick(every)  # type: ignore[arg-type]


def retried_at(at: datetime, seconds: float) -> datetime:
    """When a step is due again whose vendor has asked for so long a wait."""
    step = ClaimedStep(
        handoff_id=HandoffId("ho_1"), name="announce", kind=StepKind.ANNOUNCE, about="", fence=1, attempts=1,
        first_claimed_at=at, lease_until=at, lane=Lane.LIVE,
    )  # fmt: skip
    random.seed(1)
    verdict = after_failure(step, RetryLaterError("later", retry_after=seconds), now=at, unknown_wait=0.0)
    assert isinstance(verdict, Postpone)
    return verdict.until
