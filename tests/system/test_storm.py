"""Many handoffs at once: who goes first, what the others are told, and how little the helpdesk feels of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from batonpass.domain.handoff import HandoffState, StepKind
from batonpass.engine.storms import CALM
from batonpass.store.queue import Action, Manner, Queue
from batonpass.store.selection import Selection
from batonpass.testing.emulator import Fault, Latency
from batonpass.testing.serving import served
from batonpass_zendesk.emulator import ZendeskEmulator
from brisk import Busy, Team, busy, eventually, later, record, rested, run_jobs_often, told_at
from fakes import FakeClock

pytestmark = pytest.mark.proof

STORM = "A surge of handoffs"


@pytest.fixture(autouse=True)
def jobs_that_run_often(monkeypatch: pytest.MonkeyPatch) -> None:
    run_jobs_often(monkeypatch)


def asked(number: int, reason: str = "technical_failure", *, turns: int = 2) -> dict[str, Any]:
    """A handoff of a customer of its own; most words of the turns are the same."""
    said = ["I cannot log in since this morning.", "I am sorry, I cannot see why."]
    return {
        "conversation": {
            "id": f"talk-{number}-{reason}",
            "turns": [{"role": ("customer", "ai")[n % 2], "text": said[n % 2]} for n in range(turns)],
        },
        "customer": {"email": f"person-{number}@example.com"},
        "reason": {"code": reason},
    }


def slow(seconds: float, **options: Any) -> ZendeskEmulator:
    return ZendeskEmulator.with_sample_account(latency=Latency(seconds=seconds), **options)


async def together(
    play: Busy, bodies: list[dict[str, Any]], *, ai_agent: str = "calm"
) -> list[dict[str, Any]]:
    """Handed over as fast as they are accepted, not more than 32 at a time."""
    free = asyncio.Semaphore(32)

    async def one(body: dict[str, Any]) -> dict[str, Any]:
        async with free:
            return await play.hand_over(body, ai_agent=ai_agent)

    return list(await asyncio.gather(*(one(body) for body in bodies)))


async def drained(play: Busy, number: int, *, seconds: float = 120) -> None:
    await eventually(lambda: len(play.opened) >= number, seconds=seconds)


def passed_by(opened: list[str], mine: str, *, since: int) -> int:
    """How many tickets were opened before mine, of those that were opened after I had asked."""
    return opened.index(mine) - since


async def test_l01_in_a_storm_hard_reasons_go_first_and_the_others_are_told_honestly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team, clock = Team(), FakeClock()
    async with served(team) as url:
        more = told_at(monkeypatch, url) + "\n[handoff]\nconcurrency = 12"
        async with busy(tmp_path, clock=clock, emulator=slow(0.002, clock=clock), more=more) as play:
            soft = await together(play, [asked(n) for n in range(190)])
            since = len(play.opened)
            hard = await together(play, [asked(n, "security") for n in range(10)])
            clock.go_on(5)
            await eventually(lambda: len(team.titles(STORM)) == 1)
            await drained(play, 200)
            clock.go_on(5)
            await rested(play)
            places = [passed_by(play.opened, each["id"], since=since) for each in hard]
            open_then = [title for title in team.titles(STORM) if "Over" not in title]
            for _ in range(30):  # each job has its turn between two steps: what is confirmed stays open
                clock.go_on((CALM + 240) / 30)
                await asyncio.sleep(0.25)
            await eventually(lambda: len(team.titles(STORM)) == 2)

        told = [each["say"] for each in soft if each["say"]]
        assert sorted(play.opened) == sorted(each["id"] for each in (*soft, *hard))
        assert since < 100
        assert max(places) < 10 + 30
        assert [each["say"] for each in hard] == [None] * 10
        assert len(told) == 190 - 60
        assert all("Many people are asking for our team" in say for say in told)
        assert "about 60 are ahead" not in told[-1]
        assert len(open_then) == 1
        assert "calm: technical_failure" in open_then[0]
        assert "Over" in team.titles(STORM)[1]


async def test_l02_an_ai_agent_with_a_hundred_times_the_load_delays_the_other_by_a_few(
    tmp_path: Path,
) -> None:
    async with busy(tmp_path, emulator=slow(0.01), more="[handoff]\nconcurrency = 4") as play:
        loud = asyncio.create_task(together(play, [asked(n) for n in range(100)], ai_agent="loud"))
        await eventually(lambda: len(play.handed_over) >= 50)
        mine = (await play.hand_over(asked(1000, "ai_unsure"), ai_agent="calm"))["id"]
        since = len(play.opened)
        await eventually(lambda: mine in play.opened)
        left = 101 - len(play.opened)
        await loud
        await drained(play, 101)

        assert left > 50
        assert passed_by(play.opened, mine, since=since) <= 12
        assert len(set(play.opened)) == 101


async def test_l06_what_an_operator_puts_back_goes_behind_those_who_wait(tmp_path: Path) -> None:
    clock = FakeClock()
    emulator = slow(0.01, clock=clock)
    async with busy(tmp_path, clock=clock, emulator=emulator, more="[handoff]\nconcurrency = 2") as play:
        emulator.next_call(Fault.SERVER_ERROR, operation="tickets.create", status=503, times=1_000_000)
        dead = [each["id"] for each in await together(play, [asked(n) for n in range(30)])]
        await rested(play)
        database = play.service.journal.database
        queue = Queue(database, Manner(first_deadline=lambda state, *, at, created_at: None))
        parked = await queue.act(Action.PARK, Selection(ids=tuple(dead)), now=clock.now())
        emulator.heal()
        clock.go_on(31)

        again = await queue.act(Action.RETRY, Selection(ids=tuple(dead)), now=clock.now())
        live = [each["id"] for each in await together(play, [asked(n) for n in range(100, 110)])]
        play.service.engine.wake()  # type: ignore[union-attr]  # it works
        for _ in range(600):
            if set(live) <= set(play.opened):
                break
            clock.go_on(2)  # the breaker lets one call through, and the others when that has succeeded
            play.service.engine.wake()  # type: ignore[union-attr]  # it works
            await asyncio.sleep(0.1)
        before_the_last = [each for each in play.opened if each in dead]
        for _ in range(40):
            if len(play.opened) == 40:
                break
            await later(play, 31)

        assert (parked.changed, again.changed) == (30, 30)
        assert sorted(play.opened) == sorted([*dead, *live])
        assert len(before_the_last) < 15


async def test_l07_after_an_outage_the_backlog_keeps_to_the_vendors_limit_and_the_urgent_are_first(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    limit = 60
    emulator = slow(0.0, clock=clock)
    async with busy(tmp_path, clock=clock, emulator=emulator, more="[handoff]\nconcurrency = 4") as play:
        emulator.next_call(Fault.SERVER_ERROR, status=503, times=1_000_000)
        old = [each["id"] for each in await together(play, [asked(n) for n in range(50)])]
        await rested(play)
        await later(play, 3600.0, 86_400.0, 86_400.0)
        urgent = [each["id"] for each in await together(play, [asked(n, "security") for n in range(5)])]
        await rested(play)
        emulator.heal()
        emulator.calls_per_window = limit
        refused, calls = 0, []
        for _ in range(60):
            before = len(emulator.calls)
            # In steps that are shorter than the rests: else all who were turned away at different times come at once.
            await later(play, *[5.0] * 12)
            calls.append(len(emulator.calls) - before)
            if len(play.opened) == 55:
                break
        for each in (*old, *urgent):
            attempts = (await record(play, each)).attempts  # type: ignore[arg-type]
            refused += sum(attempt.outcome == "rate_limited" for attempt in attempts)

        assert sorted(play.opened) == sorted([*old, *urgent])
        assert max(calls) <= limit + 5
        assert max(play.opened.index(each) for each in urgent) < 5 + 8


async def test_l10_many_handoffs_at_a_cold_start_read_the_field_schema_once(tmp_path: Path) -> None:
    async with busy(tmp_path, emulator=slow(0.05)) as play:
        await together(play, [asked(n) for n in range(40)])
        await drained(play, 40)

        counted = Counter(play.zendesk.calls)
        assert counted["tickets.create"] == 40
        assert counted["fields.list"] <= 2  # one for all handoffs, one of the job that reads it at start
        assert counted["oauth.token"] == 1


async def test_l04_what_is_sent_grows_no_faster_than_the_conversation(tmp_path: Path) -> None:
    async with busy(tmp_path) as play:
        sent = []
        for turns in (250, 500, 1000, 2000):
            told = await play.hand_over(asked(turns, turns=turns))
            await drained(play, len(sent) + 1)
            await rested(play)
            opened = (await record(play, told["id"])).ticket_id  # type: ignore[arg-type]
            notes = play.zendesk.internal_notes(str(opened))
            sent.append(sum(len(note) for note in notes))

        assert sent[-1] <= 2000 / 250 * sent[0] * 1.25
        assert all(later_one <= 2.2 * earlier for earlier, later_one in pairwise(sent))


async def test_v35_a_vendor_that_is_ten_times_slower_slows_no_accept_and_sheds_background_work(
    tmp_path: Path,
) -> None:
    async with busy(tmp_path, emulator=slow(0.4), more="[handoff]\nconcurrency = 8") as play:
        told = await together(play, [asked(n) for n in range(60)])
        open_at_the_end = len(play.opened)
        engine = play.service.engine
        assert engine is not None
        busiest = 0
        for _ in range(20):
            busiest = max(busiest, engine.busy)
            await asyncio.sleep(0.05)
        records = [await record(play, each["id"]) for each in told]
        states = Counter(each.state for each in records)
        done = Counter(step.kind for each in records for step in each.steps if step.done_at is not None)
        play.zendesk.latency = Latency()
        await drained(play, 60)

        assert open_at_the_end < 10
        assert busiest <= 8
        assert states[HandoffState.REQUESTED] + states[HandoffState.ENRICHED] > 30
        assert done[StepKind.READ_BACK] <= done[StepKind.OPEN_TICKET]
        assert len(set(play.opened)) == 60
