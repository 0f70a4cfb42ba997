"""Whose turn it is: lanes, ranks, deadlines; and what people hear of, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.handoff import AttemptRecord, HandoffState, Lane, NewStep, Plan, StepKind
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.overdue import Overdue, Verdict
from batonpass.store import Accepted, Installation, Journal, NewHandoff, Recovery
from batonpass.store.gates import KeptGate
from batonpass.store.instants import to_ms

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FIRST = Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))
ALL = tuple(StepKind)
LATE = NewAlert(kind=AlertKind.HANDOFFS_LATE, about="desk", detail="late")


def in_two_minutes(state: HandoffState, *, at: datetime, created_at: datetime) -> datetime | None:
    return created_at + timedelta(minutes=2) if state is HandoffState.REQUESTED else None


@pytest.fixture
def journal(journal: Journal) -> Journal:
    journal._first_deadline = in_two_minutes
    return journal


@pytest.fixture
def installation(journal: Journal) -> Installation:
    return Installation(journal.database, node="me", name="this one")


async def accepted(journal: Journal, lane: Lane = Lane.LIVE, rank: int = 0) -> str:
    new = NewHandoff(
        id=new_handoff_id(), ai_agent="bot", conversation_id=None, body=b"{}", request=b"{}", mended=False,
        idempotency_key=None, body_sha256=b"", received_at=NOW, helpdesk="desk", lane=lane, rank=rank,
    )  # fmt: skip
    outcome = await journal.accept(new, FIRST)
    assert isinstance(outcome, Accepted)
    return outcome.handoff_id


def tell_once(overdue: Overdue, now: datetime) -> Verdict:
    steps = () if overdue.warned else (NewStep(kind=StepKind.TELL_DELAY),)
    return Verdict(steps=steps, deadline_at=now + timedelta(hours=72), alert=LATE)


async def test_urgent_goes_first_then_the_lower_rank(journal: Journal) -> None:
    third = await accepted(journal, Lane.LIVE, 7)
    replayed = await accepted(journal, Lane.REPLAY, 1)
    second = await accepted(journal, Lane.LIVE, 3)
    first = await accepted(journal, Lane.URGENT, 9)

    order = [step.handoff_id for step in await journal.claim(ALL, now=NOW, most=10)]

    assert order == [first, second, third, replayed]


async def test_what_nobody_waits_for_gets_no_more_than_its_share(journal: Journal) -> None:
    for rank in range(5):
        await accepted(journal, Lane.REPLAY, rank)
    live = await accepted(journal)

    claimed = await journal.claim(ALL, now=NOW, most=10, most_behind=2)

    assert claimed[0].handoff_id == live
    assert len(claimed) == 3


async def test_l07_who_was_told_to_wait_stands_behind_who_has_just_come(
    journal: Journal, recovery: Recovery
) -> None:
    old = await accepted(journal, rank=1)
    await recovery.overdue(now=NOW + timedelta(minutes=3), decide=tell_once)
    new = await accepted(journal, rank=2)

    order = [step.handoff_id for step in await journal.claim(ALL, now=NOW + timedelta(minutes=3), most=10)]

    assert order == [old, new, old]
    claimed = await journal.handoff(HandoffId(old))
    assert claimed is not None
    assert {step.name for step in claimed.steps} == {"gather_facts", "tell_delay"}


async def test_i6_who_must_be_told_of_the_delay_is_told_before_anything_else_is_done(
    journal: Journal, recovery: Recovery
) -> None:
    await accepted(journal, rank=1)
    for rank in range(5):
        await accepted(journal, Lane.URGENT, rank)
    await recovery.overdue(now=NOW + timedelta(minutes=3), decide=tell_once)

    first = await journal.claim(ALL, now=NOW + timedelta(minutes=3), most=1)

    assert [step.kind for step in first] == [StepKind.TELL_DELAY]


async def test_a_deadline_that_is_over_is_judged_once_and_alerts_once(
    journal: Journal, recovery: Recovery, installation: Installation
) -> None:
    handoffs = [await accepted(journal) for _ in range(3)]

    early = await recovery.overdue(now=NOW + timedelta(seconds=119), decide=tell_once)
    judged = await recovery.overdue(now=NOW + timedelta(minutes=2), decide=tell_once)
    again = await recovery.overdue(now=NOW + timedelta(minutes=4), decide=tell_once)

    (alert,) = await installation.open_alerts()
    assert (early, judged, again) == (0, 3, 0)
    assert (alert.kind, alert.count) == (AlertKind.HANDOFFS_LATE, 3)
    for handoff_id in handoffs:
        record = await journal.handoff(handoff_id)
        assert record is not None
        assert [step.name for step in record.steps].count("tell_delay") == 1


async def test_an_alert_is_told_when_it_opens_and_when_it_is_over(installation: Installation) -> None:
    for _ in range(500):
        await installation.alert(LATE, NOW)
    (opened,) = await installation.untold_alerts()
    await installation.told({opened.id: False})
    untold = await installation.untold_alerts()

    await installation.over(AlertKind.HANDOFFS_LATE, "desk", NOW)

    (closed,) = await installation.untold_alerts()
    assert (opened.count, untold, closed.id) == (500, [], opened.id)
    await installation.told({closed.id: True})
    assert await installation.untold_alerts() == []


async def test_an_alert_that_closes_while_its_opening_is_told_is_told_again(
    installation: Installation,
) -> None:
    await installation.alert(LATE, NOW)
    (opened,) = await installation.untold_alerts()
    await installation.over(AlertKind.HANDOFFS_LATE, "desk", NOW)

    await installation.told({opened.id: False})

    assert [alert.closed_at is not None for alert in await installation.untold_alerts()] == [True]


async def test_v01_what_one_node_has_found_out_all_know_and_one_tries(installation: Installation) -> None:
    other = Installation(installation.database, node="other", name="the other")
    until = to_ms(NOW + timedelta(seconds=30))
    kept = KeptGate(gate="desk tickets.create", why="breaker_open", until_at=until, at=to_ms(NOW))
    await installation.post_gates([kept], [])

    known = await other.post_gates([], [])
    first = await other.take_probe("desk tickets.create", now=NOW, seconds=30)
    second = await installation.take_probe("desk tickets.create", now=NOW, seconds=30)
    later = await installation.take_probe("desk tickets.create", now=NOW + timedelta(seconds=31), seconds=30)

    assert known == [kept]
    assert (first, second, later) == (True, False, True)
    assert await installation.post_gates([], ["desk tickets.create"]) == []


async def test_counts_stay_right_when_what_is_over_is_summed_up(
    journal: Journal, installation: Installation
) -> None:
    for _ in range(3):
        await accepted(journal)
    steps = await journal.claim(ALL, now=NOW, most=2)
    for step in steps:
        attempt = AttemptRecord(step=step.name, number=1, started_at=NOW, seconds=0.1, outcome="done")
        plan = Plan(state=HandoffState.ABANDONED)
        await journal.finish(step, result={}, plan=plan, attempt=attempt, now=NOW)

    before = await journal.counts()
    await installation.tidy(NOW)
    await installation.tidy(NOW)

    assert before == await journal.counts() == {"abandoned": 2, "requested": 1}
    assert (await journal.backlog()).queued == 1
