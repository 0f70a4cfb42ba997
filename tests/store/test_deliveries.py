"""Deliveries of vendors in the journal: each event once, and what follows from it in the same transaction."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlite_utils

from batonpass.domain.event import Event, EventKind
from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    HandoffState,
    NewStep,
    Plan,
    Reaction,
    StepKind,
    StepStatus,
)
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.domain.ticket import Agent, TicketRef
from batonpass.engine import decide
from batonpass.store import (
    Accepted,
    Journal,
    NewDelivery,
    NewHandoff,
    Received,
    Retention,
    Started,
    StoreAddress,
    database_at,
)
from batonpass.store.reading import arrived
from batonpass.store.sqlite_schema import MIGRATIONS
from stores import Query

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ALL = tuple(StepKind)
STARTED = Started(new_id=new_handoff_id, ai_agent="helpdesk:zendesk", plan=decide.on_asked_by_ticket())


def event(kind: EventKind, *, id: str = "e1", ticket: str = "5") -> Event:  # noqa: A002 - as the event has it
    return Event(kind=kind, id=id, subject_id=ticket, at=NOW, vendor_kind="v", actor_id="7")


def reacts(event: Event, known: HandoffState | None) -> Reaction:
    return decide.on_event(event, starts=True, known=known)


async def received(journal: Journal, *events: Event, at: datetime = NOW) -> Received:
    new = NewDelivery(connection="zendesk", body=b"{}", received_at=at, events=events)
    return await journal.receive(new, reacts=reacts, started=STARTED)


def attempt(step: ClaimedStep) -> AttemptRecord:
    return AttemptRecord(step=step.name, number=step.fence, started_at=NOW, seconds=0.1, outcome="done")


async def with_ticket(journal: Journal, *, ticket: str = "5") -> HandoffId:
    """A handoff that a ticket asked for, its ticket known."""
    begun = await received(journal, event(EventKind.HANDOFF_ASKED, id=f"ask-{ticket}", ticket=ticket))
    (step,) = await journal.claim(ALL, now=NOW, most=1)
    await journal.finish(
        step, result={}, plan=Plan(state=HandoffState.TICKETED), attempt=attempt(step), now=NOW,
        ticket=TicketRef(id=ticket, url="https://x.example"), request=b"{}",
    )  # fmt: skip
    (follow,) = await journal.claim(ALL, now=NOW, most=9)
    await journal.finish(
        follow, result={"events_up_to": 1}, plan=Plan(), attempt=attempt(follow), now=NOW, followed_to=10**6
    )
    return begun.started[0]


async def following(journal: Journal, handoff_id: HandoffId) -> list[StepStatus]:
    record = await journal.handoff(handoff_id)
    assert record is not None
    return [step.status for step in record.steps if step.kind is StepKind.FOLLOW_TICKET]


async def test_w08_the_same_event_again_has_no_effect(journal: Journal) -> None:
    first = await received(journal, event(EventKind.HANDOFF_ASKED))

    again = await received(journal, event(EventKind.HANDOFF_ASKED))

    assert (first.new, len(first.started)) == (1, 1)
    assert again == Received(new=0, seen=1)
    assert await journal.counts() == {"requested": 1}


async def test_w10_fifty_deliveries_at_once_start_one_handoff(journal: Journal) -> None:
    asks = [received(journal, event(EventKind.HANDOFF_ASKED)) for _ in range(50)]

    outcomes = await asyncio.gather(*asks)

    assert sum(outcome.new for outcome in outcomes) == 1
    assert await journal.counts() == {"requested": 1}


async def test_w12_two_asks_for_one_ticket_by_different_events_start_one_handoff(journal: Journal) -> None:
    outcome = await received(
        journal, event(EventKind.HANDOFF_ASKED, id="a"), event(EventKind.HANDOFF_ASKED, id="b")
    )

    assert (outcome.new, len(outcome.started)) == (2, 1)
    assert await journal.counts() == {"requested": 1}


async def test_events_of_a_ticket_that_nobody_knows_yet_are_its_handoffs_once_it_is_known(
    journal: Journal,
) -> None:
    begun = await received(journal, event(EventKind.HANDOFF_ASKED))
    await received(journal, event(EventKind.TICKET_ASSIGNED, id="early"))
    (step,) = await journal.claim(ALL, now=NOW, most=9)

    await journal.finish(
        step, result={}, plan=Plan(), attempt=attempt(step), now=NOW, ticket=TicketRef(id="5", url="u")
    )

    assert await following(journal, begun.started[0]) == [StepStatus.READY]
    kept = await journal.events_after(begun.started[0], 0)
    assert [each.event.kind for each in kept] == [EventKind.HANDOFF_ASKED, EventKind.TICKET_ASSIGNED]


async def test_a_hundred_events_lead_to_one_reading_while_it_waits(journal: Journal) -> None:
    handoff_id = await with_ticket(journal)

    many = [event(EventKind.STATUS_CHANGED, id=f"s{n}") for n in range(100)]
    outcome = await received(journal, *many)

    assert (outcome.new, outcome.followed) == (100, 1)
    assert await following(journal, handoff_id) == [StepStatus.DONE, StepStatus.READY]


async def test_an_event_during_a_reading_leads_to_one_more_after_it(journal: Journal) -> None:
    handoff_id = await with_ticket(journal)
    await received(journal, event(EventKind.STATUS_CHANGED, id="s1"))
    (step,) = await journal.claim(ALL, now=NOW, most=9)
    seen = (await journal.events_after(handoff_id, 0))[-1].number
    await received(journal, event(EventKind.TICKET_SOLVED, id="s2"))

    await journal.finish(
        step, result={"events_up_to": seen}, plan=Plan(), attempt=attempt(step), now=NOW, followed_to=seen
    )

    assert await following(journal, handoff_id) == [StepStatus.DONE, StepStatus.DONE, StepStatus.READY]


async def test_a_resolved_ticket_that_asks_again_is_read_again_and_starts_no_second_handoff(
    journal: Journal,
) -> None:
    first = await with_ticket(journal)
    await received(journal, event(EventKind.TICKET_SOLVED, id="s"))
    (step,) = await journal.claim(ALL, now=NOW, most=9)
    lived = LifeEvent(kind=LifeKind.RESOLVED, at=NOW, person=Agent(id="7", name="Ada"))
    plan = Plan(state=HandoffState.RESOLVED, life=(lived,))
    await journal.finish(step, result={}, plan=plan, attempt=attempt(step), now=NOW, followed_to=10**6)

    again = await received(journal, event(EventKind.HANDOFF_ASKED, id="again"))

    record = await journal.handoff(first)
    assert record is not None
    assert (record.state, record.life) == (HandoffState.RESOLVED, (lived,))
    assert (again.started, again.followed) == ((), 1)


async def test_a_ticket_whose_handoff_was_abandoned_may_ask_again(journal: Journal) -> None:
    await received(journal, event(EventKind.HANDOFF_ASKED))
    (step,) = await journal.claim(ALL, now=NOW, most=9)
    plan = Plan(state=HandoffState.ABANDONED, life=(LifeEvent(kind=LifeKind.WITHDRAWN, at=NOW),))
    await journal.finish(step, result={}, plan=plan, attempt=attempt(step), now=NOW)

    again = await received(journal, event(EventKind.HANDOFF_ASKED, id="again"))

    assert len(again.started) == 1


async def test_a_quick_agent_is_not_undone_by_our_own_slower_step(journal: Journal) -> None:
    handoff_id = await with_ticket(journal)
    await received(journal, event(EventKind.TICKET_ASSIGNED, id="s"))
    (step,) = await journal.claim(ALL, now=NOW, most=9)
    plan = Plan(state=HandoffState.ACCEPTED, steps=(NewStep(kind=StepKind.ANNOUNCE),))
    (announce,) = await journal.finish(
        step, result={}, plan=plan, attempt=attempt(step), now=NOW, followed_to=10**6
    )

    await journal.finish(announce, result={}, plan=decide.on_announced(), attempt=attempt(announce), now=NOW)

    record = await journal.handoff(handoff_id)
    assert record is not None
    assert record.state is HandoffState.ACCEPTED


async def test_w09_a_replay_after_its_id_was_forgotten_starts_no_second_handoff(
    journal: Journal, retention: Retention
) -> None:
    """The ticket is the natural key: it has its handoff, and is only read once more."""
    first = await with_ticket(journal)
    await retention.forget_deliveries(before=NOW + timedelta(days=36))

    replayed = await received(
        journal, event(EventKind.HANDOFF_ASKED, id="ask-5"), at=NOW + timedelta(days=36)
    )

    assert (replayed.new, replayed.started, replayed.followed) == (1, (), 1)
    assert [each.event.id for each in await journal.events_after(first, 0)] == ["ask-5"]
    assert await journal.counts() == {"ticketed": 1}


async def test_old_deliveries_are_forgotten_with_their_events(
    journal: Journal, retention: Retention, query: Query
) -> None:
    await received(journal, event(EventKind.CONTACT_CHANGED), at=NOW - timedelta(days=40))
    await received(journal, event(EventKind.CONTACT_CHANGED, id="e2"))

    forgotten = await retention.forget_deliveries(before=NOW - timedelta(days=35))

    left = await query("SELECT event_id FROM events")
    assert (forgotten, left) == (1, [("e2",)])


async def test_events_are_numbered_on_though_all_before_are_forgotten(
    journal: Journal, retention: Retention
) -> None:
    handoff_id = await with_ticket(journal)
    await received(journal, event(EventKind.STATUS_CHANGED, id="s1"))
    seen = (await journal.events_after(handoff_id, 0))[-1].number
    await retention.forget_deliveries(before=NOW + timedelta(days=1))

    await received(journal, event(EventKind.STATUS_CHANGED, id="s2"))

    assert [each.event.id for each in await journal.events_after(handoff_id, seen)] == ["s2"]


async def test_events_go_to_the_handoff_that_is_not_over(journal: Journal) -> None:
    """A ticket of ours asked before we knew that it is ours; its own handoff was found to be none."""
    old = await with_ticket(journal)
    with_two = NewHandoff(
        id=new_handoff_id(), ai_agent="bot", conversation_id=None, body=b"", request=b"{}", mended=False,
        idempotency_key=None, body_sha256=b"", received_at=NOW, helpdesk="zendesk", asked_about="5",
    )  # fmt: skip
    await journal.accept(with_two, decide.on_request())
    (step,) = await journal.claim(ALL, now=NOW, most=9)
    over = Plan(state=HandoffState.ABANDONED)
    await journal.finish(step, result={}, plan=over, attempt=attempt(step), now=NOW)

    outcome = await received(journal, event(EventKind.TICKET_SOLVED, id="s"))

    assert outcome.followed == 1
    assert [each.event.id for each in await journal.events_after(old, 0)][-1] == "s"


async def test_an_ai_agent_may_ask_again_for_a_ticket_whose_handoff_is_parked(journal: Journal) -> None:
    def asks(key: str) -> NewHandoff:
        return NewHandoff(
            id=new_handoff_id(), ai_agent="bot", conversation_id=None, body=b"", request=b"{}", mended=False,
            idempotency_key=key, body_sha256=b"x", received_at=NOW, helpdesk="zendesk", asked_about="5",
        )  # fmt: skip

    first = await journal.accept(asks("a"), decide.on_request())
    while_open = await journal.accept(asks("b"), decide.on_request())
    (step,) = await journal.claim(ALL, now=NOW, most=9)
    await journal.park(step, because="refused", attempt=attempt(step), now=NOW)
    repeated = await journal.accept(asks("b"), decide.on_request())

    again = await journal.accept(asks("c"), decide.on_request())

    assert while_open == repeated == Accepted(handoff_id=first.handoff_id, replayed=True)
    assert again.handoff_id != first.handoff_id


async def test_w19_what_has_arrived_is_counted_and_unknown_types_are_named(
    journal: Journal, address: StoreAddress
) -> None:
    await received(journal, event(EventKind.TICKET_SOLVED), event(EventKind.UNKNOWN, id="e2"))
    await received(journal, event(EventKind.UNKNOWN, id="e3"), event(EventKind.UNKNOWN, id="e3"))

    told = arrived(address, "zendesk", since=NOW - timedelta(hours=1))
    other = arrived(address, "stripe", since=NOW - timedelta(hours=1))

    assert (told.events, told.unknown, told.last) == (3, {"v": 2}, NOW)
    assert (other.events, other.unknown, other.last) == (0, {}, None)


async def test_p17_a_journal_of_the_release_before_is_brought_up_to_date_with_its_handoffs(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    db = sqlite_utils.Database(path)
    MIGRATIONS.apply(db, stop_before="0002_both_directions")
    db.execute(
        "INSERT INTO handoffs (id, state, ai_agent, created_at, updated_at, mended, request, ticket_id, ticket_url)"
        " VALUES ('ho_old', 'announced', 'bot', 1, 1, 0, X'7B7D', '5', 'u')"
    )
    db.conn.commit()
    db.close()

    journal = Journal(database_at(StoreAddress.file(path)))
    await journal.open()
    try:
        old = await journal.handoff(HandoffId("ho_old"))
        begun = await received(journal, event(EventKind.HANDOFF_ASKED))
    finally:
        await journal.close()

    assert old is not None
    assert (old.state, old.ticket_id, old.life, old.started_by) == (HandoffState.ANNOUNCED, "5", (), None)
    assert len(begun.started) == 1
