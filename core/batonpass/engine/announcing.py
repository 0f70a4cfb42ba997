"""The step that tells the AI agent: only after the ticket is known to exist."""

from __future__ import annotations

from batonpass.domain.errors import RefusedError
from batonpass.domain.handoff import ClaimedStep
from batonpass.engine import decide
from batonpass.engine.work import Done
from batonpass.engine.world import World


async def announce(world: World, step: ClaimedStep) -> Done:
    """Send `handoff.ticketed`; its id is the same at every attempt, so that the receiver can drop a repeat."""
    record = await world.journal.handoff(step.handoff_id)
    if record is None or record.ticket_id is None:
        raise RefusedError(f"{step.handoff_id}: no ticket to announce", code="no_ticket")
    announcer = world.announcers.get(record.ai_agent)
    if announcer is None:
        return Done(result={"told": False}, plan=decide.on_noted())  # its callback was taken out meanwhile
    request = (await world.recent.asked(step.handoff_id)).request
    payload = {
        "type": "handoff.ticketed",
        "timestamp": world.clock.now().isoformat(),
        "data": {
            "handoff_id": record.id,
            "conversation_id": record.conversation_id,
            "ticket": {"id": record.ticket_id, "url": record.ticket_url, "helpdesk": world.helpdesk_name},
            "say": announcer.sentence(language=request.conversation.language, ticket_id=record.ticket_id),
        },
    }
    await announcer.tell(f"evt_{record.id}_ticketed", payload)
    return Done(result={"told": True}, plan=decide.on_announced())
