"""Zendesk's own events in our words. Pure.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
https://developer.zendesk.com/api-reference/webhooks/event-types/agent-availability-events/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from batonpass.domain.event import Event, EventKind
from batonpass.ports import StartRule

PREFIX = "zen:event-type:"
_DONE = ("SOLVED", "CLOSED")

TICKET_EVENTS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        f"{PREFIX}ticket.created": (EventKind.TICKET_OPENED, EventKind.HANDOFF_ASKED),
        f"{PREFIX}ticket.agent_assignment_changed": (EventKind.TICKET_ASSIGNED,),
        f"{PREFIX}ticket.group_assignment_changed": (EventKind.TICKET_ASSIGNED, EventKind.HANDOFF_ASKED),
        f"{PREFIX}ticket.comment_added": (
            EventKind.AGENT_REPLIED,
            EventKind.CUSTOMER_REPLIED,
            EventKind.NOTE_ADDED,
        ),
        f"{PREFIX}ticket.status_changed": (
            EventKind.STATUS_CHANGED,
            EventKind.TICKET_SOLVED,
            EventKind.TICKET_REOPENED,
        ),
        f"{PREFIX}ticket.tags_changed": (EventKind.HANDOFF_ASKED,),
        f"{PREFIX}ticket.custom_field_changed": (EventKind.HANDOFF_ASKED,),
        f"{PREFIX}ticket.merged": (EventKind.STATUS_CHANGED,),
        f"{PREFIX}ticket.soft_deleted": (EventKind.STATUS_CHANGED,),
        f"{PREFIX}ticket.permanently_deleted": (EventKind.STATUS_CHANGED,),
    }
)
LATER_EVENTS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {f"{PREFIX}ticket.csat_received": (EventKind.TICKET_RATED,)}
)
"""Not on the vendor's page of ticket events, but in lists of those who subscribe to them: asked for, and done
without where an account refuses it. Ratings are read with the ticket in any case."""
AGENT_EVENTS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        f"{PREFIX}agent.state_changed": (EventKind.AGENT_PRESENCE_CHANGED,),
        f"{PREFIX}agent.unified_state_changed": (EventKind.AGENT_PRESENCE_CHANGED,),
    }
)
EVENTS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {**TICKET_EVENTS, **LATER_EVENTS, **AGENT_EVENTS}
)


class _Detail(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    actor_id: str | int | None = None
    agent_id: str | int | None = None
    group_id: str | int | None = None
    tags: tuple[str, ...] | None = None


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    type: str
    id: str
    time: AwareDatetime
    subject: str | None = None
    detail: _Detail | None = None
    event: dict[str, Any] | None = None

    @property
    def about(self) -> Mapping[str, Any]:
        return self.event or {}

    @property
    def facts(self) -> _Detail:
        return self.detail or _Detail()


def read_event(body: Mapping[str, Any], *, start: StartRule | None) -> tuple[Event, ...] | None:
    """None where this is none. What meets the `start` rule is an event of its own, beside what happened."""
    try:
        told = _Told.model_validate(body)
    except ValidationError:
        return None
    if not told.id:
        return None
    if told.type not in EVENTS:
        return (_event(told, EventKind.UNKNOWN),)
    kind = _KINDS.get(told.type)
    happened = kind(told.about) if callable(kind) else kind
    events = [] if happened is None else [_event(told, happened)]
    if start is not None and _may_meet(told, start):
        events.append(_event(told, EventKind.HANDOFF_ASKED, suffix=":handoff_asked" if events else ""))
    return tuple(events)


def _event(told: _Told, kind: EventKind, *, suffix: str = "") -> Event:
    subject = (told.subject or "").rpartition(":")[2] or None
    agent = told.facts.agent_id
    is_of_agent = kind is EventKind.AGENT_PRESENCE_CHANGED and agent is not None
    return Event(
        kind=kind,
        id=told.id + suffix,
        subject_id=str(agent) if is_of_agent else subject,
        at=told.time,
        vendor_kind=told.type,
        actor_id=_actor(told),
    )


def _actor(told: _Told) -> str | None:
    """-1 is Zendesk itself. A comment's author speaks for the comment where no actor is told."""
    actor = told.facts.actor_id
    if actor is None:
        match told.about:
            case {"comment": {"author": {"id": str() | int() as author}}}:
                actor = author
    return None if actor is None or str(actor) in {"", "-1", "0"} else str(actor)


# What happened ------------------------------------------------------------------------------------------------


def _comment(event: Mapping[str, Any]) -> EventKind:
    match event:
        case {"comment": {"is_public": False}}:
            return EventKind.NOTE_ADDED
        case {"comment": {"is_public": True, "author": {"is_staff": True}}}:
            return EventKind.AGENT_REPLIED
        case {"comment": {"is_public": True, "author": {"is_staff": False}}}:
            return EventKind.CUSTOMER_REPLIED
        case _:
            return EventKind.UNKNOWN


def _status(event: Mapping[str, Any]) -> EventKind:
    was_done, is_done = event.get("previous") in _DONE, event.get("current") in _DONE
    if is_done == was_done:
        return EventKind.STATUS_CHANGED
    return EventKind.TICKET_SOLVED if is_done else EventKind.TICKET_REOPENED


_KINDS: Mapping[str, EventKind | Callable[[Mapping[str, Any]], EventKind]] = {
    **{type_: kinds[0] for type_, kinds in EVENTS.items() if kinds != (EventKind.HANDOFF_ASKED,)},
    f"{PREFIX}ticket.comment_added": _comment,
    f"{PREFIX}ticket.status_changed": _status,
}


# Whether it may start a handoff: a hint, for the ticket is read again and decides --------------------------------


def _may_meet(told: _Told, start: StartRule) -> bool:
    if start.tag is not None:
        return _has_tag(told, start.tag.lower())
    if start.group is not None:
        return _is_in_group(told, start.group)
    return told.type == f"{PREFIX}ticket.custom_field_changed" and _is_field(told.about, start.field or "")


def _has_tag(told: _Told, tag: str) -> bool:
    """Zendesk keeps tags in lower case. Where the event does not say which were added, the ticket's own count."""
    if told.type == f"{PREFIX}ticket.tags_changed":
        added = told.about.get("tags_added", told.about.get("added"))
        if isinstance(added, list):
            return tag in added
        return tag in (told.facts.tags or ())
    return told.type == f"{PREFIX}ticket.created" and tag in (told.facts.tags or ())


def _is_in_group(told: _Told, group: str) -> bool:
    """Events tell ids only: a group that is named may be this one."""
    if told.type == f"{PREFIX}ticket.group_assignment_changed":
        current = told.about.get("current")
    elif told.type == f"{PREFIX}ticket.created":
        current = told.facts.group_id
    else:
        return False
    if current in {None, "", "0", 0}:
        return False
    return str(current) == group if group.isdigit() else True


def _is_field(event: Mapping[str, Any], name: str) -> bool:
    """Its value is not looked at: it comes as a tag, and the rule may name a label."""
    match event:
        case {"custom_field": dict() as field} | {"field": dict() as field}:
            known_as = {str(field.get(key, "")).strip().casefold() for key in ("id", "title", "name")}
            return name.strip().casefold() in known_as
        case _:
            return True
