"""The steps that tell the AI agent: of the ticket only after it is known to stand, then what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batonpass.domain.errors import RefusedError
from batonpass.domain.handoff import ClaimedStep, HandoffRecord
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.engine import decide
from batonpass.engine.packing import opened_of
from batonpass.engine.records import ticket_from_json
from batonpass.engine.work import Done
from batonpass.engine.world import World


async def announce(world: World, step: ClaimedStep) -> Done:
    """Send `handoff.ticketed`, or what `step.about` counts in the handoff's life. An event's id is the same at every
    attempt, so that the receiver can drop a repeat."""
    record = await world.journal.handoff(step.handoff_id)
    lived = record.life[int(step.about)] if record is not None and step.about else None
    cancelled = lived is not None and lived.kind is LifeKind.CANCELLED
    if record is None or (record.ticket_id is None and not cancelled):
        raise RefusedError(f"{step.handoff_id}: no ticket to announce", code="no_ticket")
    announcer = world.announcers.get(record.ai_agent)
    if announcer is None:
        return Done(result={"told": False}, plan=decide.on_noted())  # its callback was taken out meanwhile
    kind = "ticketed" if lived is None else lived.kind.value
    more = await _ticketed(world, record) if lived is None else _lived(lived)
    payload = {
        "type": f"handoff.{kind}",
        "timestamp": world.clock.now().isoformat(),
        "data": {
            "handoff_id": record.id,
            "conversation_id": record.conversation_id,
            "ticket": _ticket(world, record),
            **more,
        },
    }
    await announcer.tell(f"evt_{record.id}_{kind}{f'_{step.about}' if step.about else ''}", payload)
    return Done(result={"told": True}, plan=decide.on_noted() if lived else decide.on_announced())


def _ticket(world: World, record: HandoffRecord) -> Mapping[str, Any] | None:
    if record.ticket_id is None:
        return None
    return {"id": record.ticket_id, "url": record.ticket_url, "helpdesk": world.helpdesk_name}


async def tell_delay(world: World, step: ClaimedStep) -> Done:
    """Send `handoff.delayed`: nobody has the conversation yet. Once a ticket stands there is nothing to tell."""
    record = await world.journal.handoff(step.handoff_id)
    if record is None or record.ticket_id is not None:
        return Done(result={"told": False, "why": "it has its ticket"}, plan=decide.on_noted())
    announcer = world.announcers.get(record.ai_agent)
    if announcer is None:
        return Done(result={"told": False, "why": "no callback"}, plan=decide.on_noted())
    language = (await world.recent.asked(record.id)).request.conversation.language
    payload = {
        "type": "handoff.delayed",
        "timestamp": world.clock.now().isoformat(),
        "data": {
            "handoff_id": record.id,
            "conversation_id": record.conversation_id,
            "ticket": None,
            "say": world.say_delayed(language),
        },
    }
    await announcer.tell(f"evt_{record.id}_delayed", payload)
    return Done(result={"told": True}, plan=decide.on_noted())


async def _ticketed(world: World, record: HandoffRecord) -> Mapping[str, Any]:
    request = (await world.recent.asked(record.id)).request
    opened = await opened_of(world, record.id)
    ref = ticket_from_json(opened["ticket"]) if opened else None
    called = (ref.number or ref.id) if ref else record.ticket_id or ""
    return {"say": world.say(request.conversation.language, called)}


def _lived(event: LifeEvent) -> Mapping[str, Any]:
    person = None if event.person is None else {"id": event.person.id, "name": event.person.name}
    told: dict[str, Any] = {"at": event.at.isoformat(), "person": person}
    if event.score is not None:
        told["rating"] = {"score": event.score, "said": event.detail}
    if event.kind is LifeKind.MERGED:
        told["into"] = event.detail
    return told
