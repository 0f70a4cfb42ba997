"""How far a handoff has come, decided from what the helpdesk says of its ticket: pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from batonpass.domain.event import Event, EventKind
from batonpass.domain.handoff import HandoffState, NewStep, Plan, StepKind
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.domain.ticket import TicketLife

TOLD = frozenset(
    {
        LifeKind.ACCEPTED,
        LifeKind.RESOLVED,
        LifeKind.REOPENED,
        LifeKind.RATED,
        LifeKind.MERGED,
        LifeKind.TICKET_GONE,
        LifeKind.CANCELLED,
    }
)
"""What the AI agent hears of."""


FIRST_LOOK = timedelta(hours=1)
RATED_WITHIN = timedelta(days=7)


def on_followed(
    told: Sequence[LifeEvent], life: TicketLife, events: Sequence[Event], *, announces: bool
) -> Plan:
    """What the ticket's life brought that is not in `told` yet. `events` are the reasons to have looked."""
    if life.merged_into is not None:
        merged = LifeEvent(kind=LifeKind.MERGED, at=life.as_of, detail=life.merged_into)
        return _plan(HandoffState.RESOLVED, told, () if _has(told, LifeKind.MERGED) else (merged,), announces)
    found = [
        event for event in (_accepted(told, life, events), _turned(told, life), _rated(told, life)) if event
    ]
    return _plan(_state(told, found, life), told, tuple(found), announces)


def on_gone(told: Sequence[LifeEvent], at: datetime, *, announces: bool) -> Plan:
    """The ticket was deleted."""
    if _has(told, LifeKind.TICKET_GONE):
        return Plan()
    return _plan(HandoffState.ABANDONED, told, (LifeEvent(kind=LifeKind.TICKET_GONE, at=at),), announces)


def on_withdrawn(at: datetime) -> Plan:
    """The ticket does not ask for a person any more."""
    return Plan(state=HandoffState.ABANDONED, life=(LifeEvent(kind=LifeKind.WITHDRAWN, at=at),))


def look_for_rating_at(told: Sequence[LifeEvent], now: datetime) -> datetime | None:
    """When to look for a rating that nobody may tell of: after an hour, then in steps that double, for a week after
    the ticket was solved. None: no more."""
    turns = [event for event in told if event.kind in {LifeKind.RESOLVED, LifeKind.REOPENED}]
    if not turns or turns[-1].kind is LifeKind.REOPENED:
        return None
    solved = turns[-1].at
    if any(event.kind is LifeKind.RATED and event.at >= solved for event in told):
        return None
    waited = max(now - solved, timedelta())
    return now + max(FIRST_LOOK, waited) if waited < RATED_WITHIN else None


def _accepted(told: Sequence[LifeEvent], life: TicketLife, events: Sequence[Event]) -> LifeEvent | None:
    """The first time that a person took it: by answering, or by being assigned."""
    if _has(told, LifeKind.ACCEPTED):
        return None
    assigned_at = min(
        (event.at for event in events if event.kind is EventKind.TICKET_ASSIGNED), default=life.as_of
    )
    reply = life.first_reply
    if reply is not None and (life.assignee is None or reply.at <= assigned_at):
        return LifeEvent(kind=LifeKind.ACCEPTED, at=reply.at, person=reply.agent, detail="answered")
    if life.assignee is not None:
        return LifeEvent(kind=LifeKind.ACCEPTED, at=assigned_at, person=life.assignee, detail="assigned")
    return None


def _turned(told: Sequence[LifeEvent], life: TicketLife) -> LifeEvent | None:
    """Solved, or open again."""
    turns = [event.kind for event in told if event.kind in {LifeKind.RESOLVED, LifeKind.REOPENED}]
    was_done = bool(turns) and turns[-1] is LifeKind.RESOLVED
    if life.status.is_done and not was_done:
        return LifeEvent(kind=LifeKind.RESOLVED, at=life.solved_at or life.as_of, person=life.assignee)
    if was_done and not life.status.is_done:
        return LifeEvent(kind=LifeKind.REOPENED, at=life.as_of)
    return None


def _rated(told: Sequence[LifeEvent], life: TicketLife) -> LifeEvent | None:
    last = next((event for event in reversed(told) if event.kind is LifeKind.RATED), None)
    if life.rating is None or (
        last is not None and (last.score, last.detail) == (life.rating.score, life.rating.said)
    ):
        return None
    return LifeEvent(
        kind=LifeKind.RATED, at=life.rating.at or life.as_of, score=life.rating.score, detail=life.rating.said
    )


def _state(told: Sequence[LifeEvent], found: Sequence[LifeEvent], life: TicketLife) -> HandoffState | None:
    if life.status.is_done:
        return HandoffState.RESOLVED
    accepted = _has([*told, *found], LifeKind.ACCEPTED) or _has(found, LifeKind.REOPENED)
    return HandoffState.ACCEPTED if accepted else None


def _plan(
    state: HandoffState | None, told: Sequence[LifeEvent], found: tuple[LifeEvent, ...], announces: bool
) -> Plan:
    if not found:
        return Plan()
    steps = tuple(
        NewStep(kind=StepKind.ANNOUNCE, about=str(number))
        for number, event in enumerate(found, len(told))
        if announces and event.kind in TOLD
    )
    return Plan(state=state, steps=steps, life=found)


def _has(events: Sequence[LifeEvent], kind: LifeKind) -> bool:
    return any(event.kind is kind for event in events)
