"""What the helpdesk refuses or cannot tell costs that, and never the handoff."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batonpass.domain.event import EventKind
from batonpass.testing.desk import Desk
from batonpass.testing.emulator import Fault
from fakes import FakeClock
from helpdesks import HELPDESKS, Known

ZENDESK = next(each for each in HELPDESKS if each.name == "zendesk")
FRESHDESK = next(each for each in HELPDESKS if each.name == "freshdesk")


def body(**more: Any) -> dict[str, Any]:
    turns = [{"role": "customer", "text": "I was charged twice. Please refund one of the charges."}]
    return {"conversation": {"turns": turns}, "customer": {"email": "mia.keller@example.com"}, **more}


async def opened_by_customer(played: Desk) -> str:
    return await played.happens(EventKind.TICKET_OPENED, text="I was charged twice.")


async def asked(played: Desk, known: Known, ticket: str) -> str:
    await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **known.asks)
    await played.settled()
    (handoff_id,) = await played.all_handoffs()
    return handoff_id


async def test_v20_a_ticket_closed_for_good_that_an_ai_agent_names_gives_way_to_a_new_one(
    tmp_path: Path,
) -> None:
    async with ZENDESK.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        played.emulator.tickets[int(ticket)].status = "closed"  # type: ignore[attr-defined]  # Zendesk's emulator

        handoff_id = await played.hand_over(body(helpdesk={"ticket_id": ticket}))
        await played.settled()

        record = await played.record(handoff_id)
        assert record.state == "ticketed"
        assert record.ticket_id not in {None, ticket}


@pytest.mark.parametrize("operation", ["tickets.read", "tickets.update"], ids=["reading", "changing"])
@pytest.mark.parametrize("status", [400, 403, 422], ids=str)
async def test_a_named_ticket_that_is_refused_gives_way_to_a_new_one(
    operation: str, status: int, tmp_path: Path
) -> None:
    async with ZENDESK.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        played.emulator.next_call(Fault.SERVER_ERROR, operation=operation, status=status, times=5)

        handoff_id = await played.hand_over(body(helpdesk={"ticket_id": ticket}))
        found = await played.ticket_of(handoff_id)
        played.emulator.heal()
        await played.settled()

        assert found != ticket
        assert (await played.record(handoff_id)).state == "ticketed"


async def test_a_conversation_that_cannot_be_passed_becomes_a_ticket_all_the_same(tmp_path: Path) -> None:
    emulator = ZENDESK.emulated()
    login = emulator.messaging_login()  # type: ignore[attr-defined]  # Zendesk's emulator
    conversation = emulator.add_conversation("Please refund me.")  # type: ignore[attr-defined]  # as above
    async with ZENDESK.plays(tmp_path, settings=login, emulator=emulator) as played:
        emulator.next_call(Fault.SERVER_ERROR, operation="conversations.pass", status=403, times=9)

        handoff_id = await played.hand_over(body(helpdesk={"conversation_id": conversation.id}))
        await played.settled()

        record = await played.record(handoff_id)
        assert (record.state, len(emulator.effects("ticket.opened"))) == ("ticketed", 1)
        assert record.result_of("pass_conversation") == {"refused": "forbidden"}


async def test_a_ticket_that_asks_is_not_left_alone_because_the_groups_cannot_be_read(tmp_path: Path) -> None:
    """Its rule names a group: without the schema nobody knows the group's id."""
    clock = FakeClock()
    emulator = ZENDESK.emulated(clock=clock)
    settings = {"start": {"group": "Billing"}}
    # Before the service starts: it reads the groups at once, so that the first customer need not wait.
    emulator.next_call(Fault.SERVER_ERROR, operation="groups.list", status=503, times=99)
    async with ZENDESK.plays(tmp_path, settings=settings, clock=clock, emulator=emulator) as played:
        ticket = await opened_by_customer(played)
        await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, group="Billing")
        await played.settled()
        (handoff_id,) = await played.all_handoffs()
        waiting = await played.record(handoff_id)
        emulator.heal()

        clock.go_on(600)
        played.service.engine.wake()
        await played.settled()

        assert (waiting.state, waiting.life) == ("requested", ())
        assert (await played.record(handoff_id)).state == "ticketed"


async def test_a_conversation_that_cannot_be_read_costs_the_turns_and_no_more(tmp_path: Path) -> None:
    async with ZENDESK.plays(tmp_path) as played:
        ticket = await opened_by_customer(played)
        played.emulator.next_call(Fault.SERVER_ERROR, operation="comments.list", status=400, times=9)

        handoff_id = await asked(played, ZENDESK, ticket)

        record = await played.record(handoff_id)
        assert (record.state, record.ticket_id) == ("ticketed", ticket)


async def test_a_note_that_is_refused_keeps_nobody_waiting_for_the_ticket(tmp_path: Path) -> None:
    async with FRESHDESK.plays(tmp_path, settings={"tell_customer": True}) as played:
        ticket = await opened_by_customer(played)
        played.emulator.next_call(Fault.SERVER_ERROR, operation="notes.create", status=400, times=9)

        handoff_id = await asked(played, FRESHDESK, ticket)

        steps = {step.kind: step.status for step in (await played.record(handoff_id)).steps}
        assert (steps["note_context"], steps["tell_customer"]) == ("done", "done")


async def test_a_handoff_of_the_twenty_ninth_of_february_is_followed(tmp_path: Path) -> None:
    clock = FakeClock(at=datetime(2028, 2, 29, 12, tzinfo=UTC))
    async with ZENDESK.plays(tmp_path, clock=clock) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()

        await played.happens(EventKind.TICKET_ASSIGNED, ticket=ticket)
        await played.settled()

        assert (await played.record(handoff_id)).state == "accepted"


async def test_our_own_write_does_not_end_the_look_for_a_rating(tmp_path: Path) -> None:
    clock = FakeClock()
    async with ZENDESK.plays(tmp_path, clock=clock) as played:
        handoff_id = await played.hand_over(body())
        ticket = await played.ticket_of(handoff_id)
        await played.settled()
        await played.happens(EventKind.TICKET_SOLVED, ticket=ticket)
        await played.settled()
        me = str(played.emulator.agent.id)  # type: ignore[attr-defined]  # Zendesk's emulator

        await played.happens(EventKind.AGENT_REPLIED, ticket=ticket, agent=me)
        await played.settled()

        follows = [step for step in (await played.record(handoff_id)).steps if step.kind == "follow_ticket"]
        assert any(step.result and step.result.get("own_writes") for step in follows)
        assert [step.status for step in follows].count("ready") == 1
