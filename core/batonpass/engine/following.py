"""The step that reads a ticket again because something happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from batonpass.domain.errors import RefusedError
from batonpass.domain.handoff import ClaimedStep, HandoffRecord, Plan
from batonpass.domain.life import LifeEvent
from batonpass.engine import decide, living
from batonpass.engine.enriching import is_gone
from batonpass.engine.packing import opened_of
from batonpass.engine.records import ticket_from_json
from batonpass.engine.work import Done
from batonpass.engine.world import World
from batonpass.ports import Capability, FollowsTickets

log = structlog.get_logger()

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


async def follow_ticket(world: World, step: ClaimedStep) -> Done:
    """What the helpdesk says now is what counts, whatever the events said and in whatever order they came."""
    record = await world.journal.handoff(step.handoff_id)
    opened = await opened_of(world, step.handoff_id)
    helpdesk = world.helpdesk
    if record is None or opened is None or not isinstance(helpdesk, FollowsTickets):
        return Done(result={"read": False}, plan=Plan(), followed_to=None)
    before = _followed_to(record)
    kept = await world.journal.events_after(step.handoff_id, before)
    up_to = kept[-1].number if kept else before
    events = [each.event for each in kept]
    if record.state in decide.ENDED:
        return Done(result={"events_up_to": up_to, "read": False}, plan=Plan(), followed_to=up_to)
    own = await helpdesk.own_id()
    if events and own is not None and all(event.actor_id == own for event in events):
        return Done(
            result={"events_up_to": up_to, "read": False, "own_writes": len(events)},
            plan=Plan(),
            followed_to=up_to,
            look_again_at=_look_again_at(world, record.life),
        )
    announces = record.ai_agent in world.announcers
    try:
        life = await helpdesk.follow_ticket(ticket_from_json(opened["ticket"]), since=record.created_at)
    except RefusedError as error:
        if not is_gone(error):
            raise
        log.warning("ticket_gone", handoff=step.handoff_id)
        plan = living.on_gone(record.life, world.clock.now(), announces=announces)
        return Done(result={"events_up_to": up_to, "read": True}, plan=plan, followed_to=up_to)
    result = {"events_up_to": up_to, "read": True, "as_of": life.as_of.isoformat(), "status": life.status}
    if life.as_of < _seen(record):
        again = _look_again_at(world, record.life)
        return Done(result={**result, "older": True}, plan=Plan(), followed_to=up_to, look_again_at=again)
    plan = living.on_followed(record.life, life, events, announces=announces)
    again = _look_again_at(world, (*record.life, *plan.life))
    return Done(result=result, plan=plan, followed_to=up_to, look_again_at=again)


def _look_again_at(world: World, told: Sequence[LifeEvent]) -> datetime | None:
    """No webhook tells of every rating, and the one that does may be lost."""
    if not world.can(Capability.SATISFACTION):
        return None
    return living.look_for_rating_at(told, world.clock.now())


def _followed_to(record: HandoffRecord) -> int:
    """The number of the last event that an earlier step has taken into account."""
    return max((step.result.get("events_up_to", 0) for step in record.steps if step.result), default=0)


def _seen(record: HandoffRecord) -> datetime:
    """The helpdesk's own time of the newest reading; an older one tells nothing new."""
    times = [step.result["as_of"] for step in record.steps if step.result and "as_of" in step.result]
    return max(map(datetime.fromisoformat, times), default=_LONG_AGO)
