"""What the journal tells for comparing it with a helpdesk, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
from batonpass.domain.ticket import TicketRef
from batonpass.store import Journal, NewDelivery, NewHandoff, Started, comparing
from stores import Query

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OPENS = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))
ALL = tuple(StepKind)


def handoff(number: int = 1, *, at: datetime = NOW, ticket: str | None = None) -> NewHandoff:
    return NewHandoff(
        id=HandoffId(f"ho_{number:026}"),
        ai_agent="shop-bot",
        conversation_id=None,
        body=b"{}",
        request=b"{}",
        mended=False,
        idempotency_key=None,
        body_sha256=b"1" * 32,
        received_at=at,
        helpdesk="desk",
        asked_about=ticket,
    )


async def opened(journal: Journal, new: NewHandoff, ticket: str) -> None:
    """It has its ticket, after a call of two seconds."""
    await journal.accept(new, OPENS)
    (step,) = await journal.claim(ALL, now=NOW, most=1)
    await journal.finish(
        step, result={}, plan=Plan(state=HandoffState.TICKETED), attempt=attempt(step, seconds=2.0),
        now=NOW + 2 * SECOND, ticket=TicketRef(id=ticket, url="https://desk.example.com/1"),
    )  # fmt: skip


def attempt(step: ClaimedStep, *, seconds: float) -> AttemptRecord:
    return AttemptRecord(step=step.name, number=step.fence, started_at=NOW, seconds=seconds, outcome="done")


async def told(journal: Journal, ticket: str, *, at: datetime) -> None:
    """A webhook."""
    event = Event(kind=EventKind.STATUS_CHANGED, id=f"{at}", subject_id=ticket, at=at, vendor_kind="x")
    await journal.receive(
        NewDelivery(connection="desk", body=b"{}", received_at=at, events=(event,)),
        reacts=lambda event, known: Reaction.FOLLOW,
        started=Started(new_id=new_handoff_id, ai_agent="helpdesk:desk", plan=Plan()),
    )


async def known(journal: Journal, *tickets: str) -> list[comparing.KnownHandoff]:
    return await journal.database.run(
        lambda tx: comparing.of_tickets(tx, helpdesk="desk", ticket_ids=tickets)
    )


async def test_a_handoff_tells_what_we_wrote_and_what_we_heard_and_read(journal: Journal) -> None:
    new = handoff()
    await opened(journal, new, "7")
    await told(journal, "7", at=NOW + 9 * SECOND)
    (step,) = await journal.claim(ALL, now=NOW + 9 * SECOND, most=1)
    read_at = NOW + 8 * SECOND
    await journal.finish(
        step, result={"as_of": read_at.isoformat(), "events_up_to": 1}, plan=Plan(),
        attempt=attempt(step, seconds=1.0), now=NOW + 10 * SECOND, followed_to=1,
    )  # fmt: skip

    (only,) = await known(journal, "7", "8")

    assert only == comparing.KnownHandoff(
        id=new.id, state=HandoffState.TICKETED, created_at=NOW, updated_at=NOW + 2 * SECOND, ticket_id="7",
        read_as_of=read_at, heard_at=NOW + 9 * SECOND, wrote=((NOW, NOW + 2 * SECOND),),
        opening=StepStatus.DONE,
    )  # fmt: skip


async def test_handoffs_are_found_by_the_ticket_that_they_were_asked_for_and_by_their_ids(
    journal: Journal,
) -> None:
    asked, other = handoff(1, ticket="7"), handoff(2)
    await journal.accept(asked, OPENS)
    await journal.accept(other, OPENS)
    await journal.claim(ALL, now=NOW, most=1)

    found = await known(journal, "7")
    by_ids = await journal.database.run(
        lambda tx: comparing.by_ids(tx, [other.id, "ho_none", *["ORDER-1"] * 300])
    )

    assert [(each.id, each.asked_about, each.is_writing) for each in found] == [(asked.id, "7", True)]
    assert [(each.id, each.opening, each.is_writing) for each in by_ids] == [
        (other.id, StepStatus.READY, False)
    ]
    assert await known(journal) == await known(journal, "8") == []


async def test_those_since_a_time_and_all_that_wait_for_a_ticket_however_old(journal: Journal) -> None:
    day = timedelta(days=1)
    await opened(journal, handoff(1, at=NOW - 3 * day), "1")
    waits = handoff(2, at=NOW - 2 * day)
    await journal.accept(waits, OPENS)
    newest = [handoff(number, at=NOW) for number in range(3, 3 + comparing.AT_ONCE)]
    for new in newest:
        await journal.accept(new, OPENS)

    found = await journal.database.run(lambda tx: comparing.since(tx, helpdesk="desk", at=NOW - day))
    elsewhere = await journal.database.run(lambda tx: comparing.since(tx, helpdesk="other", at=NOW - day))

    assert [each.id for each in found] == [waits.id, *(new.id for new in newest)]
    assert elsewhere == []


async def test_only_what_a_vendor_has_delivered_counts_as_delivered(journal: Journal) -> None:
    await opened(journal, handoff(), "7")
    await told(journal, "7", at=NOW + 9 * SECOND)

    async def last(since: datetime, connection: str = "desk") -> datetime | None:
        return await journal.database.run(
            lambda tx: comparing.last_delivery(tx, connection=connection, since=since)
        )

    assert await last(NOW) == NOW + 9 * SECOND
    assert await last(NOW + 10 * SECOND) is None
    assert await last(NOW, "other") is None


async def test_v08_a_ticket_that_stands_is_looked_for_before_it_is_opened(
    journal: Journal, query: Query
) -> None:
    new = handoff()
    await journal.accept(new, OPENS)
    await query("UPDATE steps SET due_at = due_at + 3600000, queued = 0 RETURNING name")
    asleep = await journal.claim(ALL, now=NOW, most=1)

    waited = await journal.database.run(lambda tx: comparing.look_for_ticket(tx, new.id, NOW))
    (step,) = await journal.claim(ALL, now=NOW, most=1)
    again = await journal.database.run(lambda tx: comparing.look_for_ticket(tx, new.id, NOW))

    assert (asleep, waited, again) == ([], True, False)
    assert step.may_have_happened


async def test_a_handoff_that_has_its_ticket_looks_for_none(journal: Journal) -> None:
    new = handoff()
    await opened(journal, new, "7")

    assert not await journal.database.run(lambda tx: comparing.look_for_ticket(tx, new.id, NOW))
