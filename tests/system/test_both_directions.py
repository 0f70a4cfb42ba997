"""Every helpdesk, both ways: a handoff goes out, its life comes back; a ticket asks, and is enriched in place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from batonpass.domain.event import EventKind
from batonpass.ports import Capability
from batonpass.testing.desk import Desk
from batonpass.testing.outbox import Order
from fakes import FakeClock
from helpdesks import HELPDESKS, MAPPINGS, Known

ASK = "I was charged twice for my plan this month. Please refund one of the charges."


def body(**more: Any) -> dict[str, Any]:
    turns = [
        {"role": "customer", "text": ASK},
        {"role": "ai", "text": "I can see two charges. Refunds need a colleague of mine."},
    ]
    customer = {"name": "Mia Keller", "email": "mia.keller@example.com", "identity": "verified"}
    reason = {"code": "billing_dispute", "text": "Refunds need a person"}
    return {"conversation": {"turns": turns}, "customer": customer, "reason": reason, **more}


def can(known: Known, capability: Capability) -> bool:
    return capability in known.manifest.capabilities


def delivers(known: Known, kind: EventKind) -> bool:
    door = known.manifest.webhooks
    return door is not None and any(kind in kinds for kinds in door.kinds.values())


async def opened_by_customer(played: Desk) -> str:
    return await played.happens(EventKind.TICKET_OPENED, text=ASK)


async def asked(played: Desk, known: Known, ticket: str) -> str:
    """A ticket asks for a person; the handoff's id once all is done."""
    await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **known.asks)
    await played.settled()
    (handoff_id,) = await played.all_handoffs()
    return handoff_id


@pytest.fixture(params=HELPDESKS, ids=lambda known: known.name)
def known(request: pytest.FixtureRequest) -> Known:
    helpdesk: Known = request.param
    return helpdesk


async def test_a_handoff_is_accepted_resolved_reopened_and_rated_as_its_ticket_is(
    known: Known, tmp_path: Path
) -> None:
    async with known.plays(tmp_path) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()

        await played.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)
        await played.settled()
        await played.happens(EventKind.AGENT_REPLIED, ticket=ticket)
        await played.happens(EventKind.TICKET_SOLVED, ticket=ticket)
        await played.settled()
        solved = await played.record(handoff_id)
        rated = known.rates and delivers(known, EventKind.TICKET_RATED)
        if rated:
            await played.happens(EventKind.TICKET_RATED, ticket=ticket, score=1.0)
            await played.settled()
        await played.happens(EventKind.TICKET_REOPENED, ticket=ticket)
        await played.settled()
        reopened = record = await played.record(handoff_id)

    kinds = [each.kind for each in record.life]
    assert kinds == ["accepted", "resolved", *(["rated"] if rated else []), "reopened"]
    assert (solved.state, reopened.state) == ("resolved", "accepted")
    assert record.life[0].person.name
    assert all(each.at.tzinfo is not None for each in record.life)


async def test_a_rating_that_the_helpdesk_does_not_tell_of_is_found_within_hours(
    known: Known, tmp_path: Path
) -> None:
    if not (known.rates and can(known, Capability.SATISFACTION)):
        pytest.skip("its tickets are not rated")
    clock = FakeClock()
    async with known.plays(tmp_path, clock=clock) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()
        await played.happens(EventKind.TICKET_SOLVED, ticket=ticket)
        await played.settled()
        played.emulator.outbox.hold()
        await played.happens(EventKind.TICKET_RATED, ticket=ticket, score=1.0)
        played.emulator.outbox.drop()

        clock.go_on(3700)
        played.service.engine.wake()
        await played.settled()

        assert "rated" in await played.life(handoff_id)


async def test_the_ticket_has_the_context_as_an_internal_note_once(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()

        notes = [note for note in played.emulator.internal_notes(ticket) if "Conversation History" in note]

        assert len(notes) == 1
        assert "charged twice" in notes[0]
        assert len(played.emulator.effects("ticket.opened")) == 1


async def test_a_ticket_that_asks_is_enriched_in_place(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        before = len(played.emulator.effects("ticket.opened"))

        handoff_id = await asked(played, known, ticket)

        record = await played.record(handoff_id)
        notes = [note for note in played.emulator.internal_notes(ticket) if "Conversation History" in note]
        assert (record.ticket_id, record.started_by) == (ticket, played.name)
        assert len(notes) == 1
        assert "charged twice" in notes[0]
        assert len(played.emulator.effects("ticket.opened")) == before


async def test_w08_w10_w11_twice_and_shuffled_the_end_is_the_vendors(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()

        played.emulator.outbox.twice = True
        played.emulator.outbox.hold()
        for kind in (
            EventKind.TICKET_ASSIGNED,
            EventKind.AGENT_REPLIED,
            EventKind.TICKET_SOLVED,
            EventKind.TICKET_REOPENED,
            EventKind.TICKET_SOLVED,
        ):
            await played.happens(kind, ticket=ticket)
        played.emulator.outbox.release(Order.SHUFFLED)
        await played.settled()

        record = await played.record(handoff_id)
        assert record.state == "resolved"
        assert [each.kind for each in record.life if each.kind != "rated"] == ["accepted", "resolved"]
        assert len(await played.all_handoffs()) == 1


async def test_w10_asked_fifty_times_at_once_it_is_one_handoff_and_one_note(
    known: Known, tmp_path: Path
) -> None:
    async with known.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        played.emulator.outbox.hold()
        played.emulator.outbox.twice = True
        for _ in range(25):
            await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **known.asks)
        played.emulator.outbox.release()
        await played.settled()

        notes = [note for note in played.emulator.internal_notes(ticket) if "Conversation History" in note]
        assert len(await played.all_handoffs()) == 1
        assert len(notes) == 1


async def test_our_own_writes_start_nothing_and_accept_nothing(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)

        handoff_id = await asked(played, known, ticket)
        await asyncio.sleep(0.2)
        await played.settled()

        record = await played.record(handoff_id)
        assert await played.all_handoffs() == [handoff_id]
        assert record.life == ()
        assert sum(step.kind == "follow_ticket" for step in record.steps) <= 6


async def test_a_ticket_that_we_open_ourselves_does_not_ask_though_it_meets_the_rule(
    known: Known, tmp_path: Path
) -> None:
    """The mapping writes what the start rule looks for, and the helpdesk tells us at once."""
    tagged = "tag" in known.start
    mapping = (MAPPINGS / f"{known.name}.toml").read_text(encoding="utf-8")
    if tagged:
        mapping = mapping.replace('tags = ["ai_handoff"', f'tags = ["{known.start["tag"]}", "ai_handoff"')
    else:
        mapping += f'\n[fields]\n"{known.start["field"]}" = true\n'
    async with known.plays(tmp_path, mapping=mapping) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()
        await asyncio.sleep(0.3)
        await played.settled()

        notes = [note for note in played.emulator.internal_notes(ticket) if "Conversation History" in note]
        others = [await played.record(each) for each in await played.all_handoffs() if each != handoff_id]
        assert len(notes) == 1
        assert [each.state for each in others] in ([], ["abandoned"])


async def test_w23_a_ticket_that_asks_no_more_is_left_alone(known: Known, tmp_path: Path) -> None:
    """Its webhook comes late: a person has solved the ticket meanwhile."""
    async with known.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        played.emulator.outbox.hold()
        await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **known.asks)
        await played.happens(EventKind.TICKET_SOLVED, ticket=ticket)
        played.emulator.outbox.release()
        await played.settled()

        (handoff_id,) = await played.all_handoffs()
        record = await played.record(handoff_id)
        assert (record.state, [each.kind for each in record.life]) == ("abandoned", ["withdrawn"])
        assert not [note for note in played.emulator.internal_notes(ticket) if "Conversation History" in note]


async def test_v21_a_deleted_ticket_ends_the_handoff(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()
        played.emulator.outbox.hold()
        await played.happens(EventKind.TICKET_SOLVED, ticket=ticket)

        played.emulator.delete_ticket(ticket)  # type: ignore[attr-defined]  # every helpdesk's emulator can
        played.emulator.outbox.release()
        await played.settled()

        record = await played.record(handoff_id)
        assert (record.state, [each.kind for each in record.life]) == ("abandoned", ["ticket_gone"])


async def test_an_ai_agent_may_name_the_ticket_that_is_to_be_enriched(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        before = len(played.emulator.effects("ticket.opened"))

        handoff_id = await played.hand_over(body(helpdesk={"ticket_id": ticket}))
        await played.settled()

        record = await played.record(handoff_id)
        assert record.ticket_id == ticket
        assert len(played.emulator.effects("ticket.opened")) == before


async def test_a_ticket_that_is_not_there_does_not_lose_the_handoff(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        before = len(played.emulator.effects("ticket.opened"))

        handoff_id = await played.hand_over(body(helpdesk={"ticket_id": "999999999"}))
        await played.settled()

        assert (await played.record(handoff_id)).ticket_id is not None
        assert len(played.emulator.effects("ticket.opened")) == before + 1


async def test_the_customer_is_told_once_where_that_is_wanted(known: Known, tmp_path: Path) -> None:
    if not can(known, Capability.REPLY):
        pytest.skip("does not claim reply")
    settings: Mapping[str, Any] = {"tell_customer": True}
    async with known.plays(tmp_path, settings=settings) as played:
        ticket = await opened_by_customer(played)

        await asked(played, known, ticket)

        assert len(played.emulator.effects("reply.appended")) == 1


async def test_a_solved_ticket_that_an_ai_agent_names_is_open_again(known: Known, tmp_path: Path) -> None:
    async with known.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        await played.happens(EventKind.TICKET_SOLVED, ticket=ticket)

        handoff_id = await played.hand_over(body(helpdesk={"ticket_id": ticket}))
        await played.settled()
        await played.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)
        await played.settled()

        record = await played.record(handoff_id)
        assert record.ticket_id == ticket
        assert record.state == "accepted"
        assert len(played.emulator.effects("ticket.opened")) <= 1
