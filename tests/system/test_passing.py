"""A messaging conversation that the AI agent holds is passed to the agents, with its context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from batonpass_zendesk.emulator import ZendeskEmulator
from helpdesks import HELPDESKS

ZENDESK = HELPDESKS[0]


def body(conversation: str) -> dict[str, Any]:
    turns = [
        {"role": "customer", "text": "I was charged twice for my plan. Please refund one of the charges."},
        {"role": "ai", "text": "Refunds need a colleague of mine; I pass you on."},
    ]
    customer = {"name": "Mia Keller", "email": "mia.keller@example.com", "identity": "verified"}
    return {
        "conversation": {"turns": turns},
        "customer": customer,
        "reason": {"code": "billing_dispute"},
        "helpdesk": {"conversation_id": conversation},
    }


def emulated() -> tuple[ZendeskEmulator, str]:
    emulator = ZENDESK.emulated()
    assert isinstance(emulator, ZendeskEmulator)
    return emulator, emulator.add_conversation("I was charged twice.", "I pass you on.").id


async def test_a_passed_conversation_is_one_ticket_with_fields_and_note(tmp_path: Path) -> None:
    emulator, conversation = emulated()
    settings = emulator.messaging_login()
    async with ZENDESK.plays(tmp_path, emulator=emulator, settings=settings) as played:
        handoff_id = await played.hand_over(body(conversation))
        ticket = await played.ticket_of(handoff_id)
        await played.settled()

        steps = [step.name for step in (await played.record(handoff_id)).steps]
        notes = [note for note in emulator.internal_notes(ticket) if "Conversation History" in note]
        assert [name for name in steps if name in {"pass_conversation", "enrich_ticket", "open_ticket"}] == [
            "pass_conversation",
            "enrich_ticket",
        ]
        assert len(emulator.tickets) == 1
        assert len(notes) == 1


async def test_a_conversation_that_is_not_there_gets_a_ticket_all_the_same(tmp_path: Path) -> None:
    emulator, _ = emulated()
    settings = emulator.messaging_login()
    async with ZENDESK.plays(tmp_path, emulator=emulator, settings=settings) as played:
        handoff_id = await played.hand_over(body("0123456789abcdef01234567"))
        await played.settled()

        assert (await played.record(handoff_id)).ticket_id is not None
        assert len(emulator.effects("ticket.opened")) == 1


async def test_without_the_keys_of_messaging_a_ticket_is_opened(tmp_path: Path) -> None:
    emulator, conversation = emulated()
    async with ZENDESK.plays(tmp_path, emulator=emulator) as played:
        handoff_id = await played.hand_over(body(conversation))
        await played.settled()

        steps = [step.name for step in (await played.record(handoff_id)).steps]
        assert "open_ticket" in steps
        assert "pass_conversation" not in steps
