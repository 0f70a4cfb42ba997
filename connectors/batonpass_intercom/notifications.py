"""Intercom's topics in our words. Pure.

https://developers.intercom.com/docs/references/2.16/webhooks/webhook-models
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.ports import StartRule
from batonpass_intercom.wire import Notification

NOTIFICATION = "notification_event"
_Told = Mapping[str, Any]

KINDS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        "conversation.user.created": (EventKind.TICKET_OPENED,),
        "conversation.user.replied": (EventKind.CUSTOMER_REPLIED,),
        "conversation.admin.replied": (EventKind.AGENT_REPLIED,),
        "conversation.admin.noted": (EventKind.NOTE_ADDED,),
        "conversation.admin.assigned": (EventKind.TICKET_ASSIGNED, EventKind.HANDOFF_ASKED),
        "conversation.admin.closed": (EventKind.TICKET_SOLVED,),
        "conversation.admin.opened": (EventKind.TICKET_REOPENED,),
        "conversation.admin.snoozed": (EventKind.STATUS_CHANGED,),
        "conversation.admin.unsnoozed": (EventKind.STATUS_CHANGED,),
        "conversation.rating.added": (EventKind.TICKET_RATED,),
        "conversation_part.tag.created": (EventKind.HANDOFF_ASKED, EventKind.UNKNOWN),
        "ticket.created": (EventKind.TICKET_OPENED, EventKind.HANDOFF_ASKED),
        "ticket.admin.assigned": (EventKind.TICKET_ASSIGNED,),
        "ticket.team.assigned": (EventKind.TICKET_ASSIGNED, EventKind.HANDOFF_ASKED),
        "ticket.attribute.updated": (EventKind.HANDOFF_ASKED, EventKind.UNKNOWN),
        "ticket.state.updated": (
            EventKind.TICKET_SOLVED,
            EventKind.TICKET_REOPENED,
            EventKind.STATUS_CHANGED,
        ),
        "ticket.closed": (EventKind.TICKET_SOLVED,),
        "ticket.note.created": (EventKind.NOTE_ADDED,),
        "ticket.admin.replied": (EventKind.AGENT_REPLIED,),
        "ticket.contact.replied": (EventKind.CUSTOMER_REPLIED,),
        "ticket.rating.provided": (EventKind.TICKET_RATED,),
        "admin.away_mode_updated": (EventKind.AGENT_PRESENCE_CHANGED,),
        "contact.user.created": (EventKind.CONTACT_CHANGED,),
        "contact.user.updated": (EventKind.CONTACT_CHANGED,),
        "contact.email.updated": (EventKind.CONTACT_CHANGED,),
        "company.created": (EventKind.COMPANY_CHANGED,),
        "company.updated": (EventKind.COMPANY_CHANGED,),
        "ping": (EventKind.UNKNOWN,),
    }
)
"""The supported topics. `ticket.resolved` says again what `ticket.state.updated` has said."""

_ABOUT_WORK = ("conversation.", "conversation_part.", "ticket.")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)


def events_in(told: _Told, start: StartRule | None) -> tuple[Event, ...]:
    """What happened; besides, that a handoff was asked for, where the start rule may be met. Raises
    `RejectedDeliveryError` with code `malformed_body`."""
    try:
        read = Notification.model_validate(dict(told))
    except ValidationError:
        raise RejectedDeliveryError("the body is no Intercom notification", code="malformed_body") from None
    if read.type != NOTIFICATION:
        raise RejectedDeliveryError("the body is no Intercom notification", code="malformed_body")
    item = _dict(_dict(read.data).get("item"))
    asked = _may_meet(start, read.topic, item) and EventKind.HANDOFF_ASKED in KINDS.get(read.topic, ())
    kind = _kind(read.topic, item)
    if kind is EventKind.UNKNOWN and asked:
        return (_event(read, item, EventKind.HANDOFF_ASKED, read.id),)
    happened = _event(read, item, kind, read.id)
    return (
        (happened, _event(read, item, EventKind.HANDOFF_ASKED, f"{read.id}:handoff"))
        if asked
        else (happened,)
    )


def _event(read: Notification, item: _Told, kind: EventKind, id_: str) -> Event:
    return Event(
        kind=kind,
        id=id_,
        subject_id=_subject(read.topic, item),
        at=datetime.fromtimestamp(read.created_at, UTC),
        vendor_kind=read.topic,
        actor_id=_actor(item),
        test=read.topic == "ping",
    )


def _kind(topic: str, item: _Told) -> EventKind:
    if topic == "ticket.state.updated":
        return _state(item)
    known = KINDS.get(topic, (EventKind.UNKNOWN,))
    return known[0] if known[0] is not EventKind.HANDOFF_ASKED else EventKind.UNKNOWN


def _state(item: _Told) -> EventKind:
    ticket = _ticket(item)
    told = ticket.get("ticket_state")
    now = told.get("category") if isinstance(told, dict) else told
    before = _last_part(ticket).get("previous_ticket_state")
    if now == "resolved":
        return EventKind.TICKET_SOLVED
    return EventKind.TICKET_REOPENED if before == "resolved" else EventKind.STATUS_CHANGED


# What it is about ---------------------------------------------------------------------------------------------


def _subject(topic: str, item: _Told) -> str | None:
    """`TicketRef.id` of what agents work on; of people and companies Intercom's own id."""
    if not topic.startswith(_ABOUT_WORK):
        return _id(item)
    if topic.startswith("ticket."):
        found = _id(_ticket(item))
        return None if found is None else f"ticket-{found}"
    nested = _dict(item.get("conversation"))
    found = _id(nested) or _text_id(item.get("conversation_id"))
    if found is None and item.get("type") != "conversation_part":
        found = _id(item)
    return None if found is None else f"conversation-{found}"


def _ticket(item: _Told) -> _Told:
    """`ticket.closed` and parts of tickets carry the ticket inside."""
    return _dict(item.get("ticket")) or item


def _actor(item: _Told) -> str | None:
    """The teammate who wrote the last part: where the payload carries one."""
    carried = (
        _last_part(_ticket(item)) or _dict(item.get("ticket_part")) or _dict(item.get("conversation_part"))
    )
    author = _dict(carried.get("author"))
    return _id(author) if author.get("type") == "admin" else None


def _last_part(item: _Told) -> _Told:
    for name in ("conversation_parts", "ticket_parts"):
        listed = _dict(item.get(name)).get(name)
        if isinstance(listed, list) and listed:
            return _dict(listed[-1])
    return {}


# Whether the start rule may be met ------------------------------------------------------------------------------


def _may_meet(start: StartRule | None, topic: str, item: _Told) -> bool:
    """As far as the payload tells: whoever hears of it reads the ticket again and decides by that."""
    if start is None:
        return False
    if start.tag is not None:
        return topic == "conversation_part.tag.created" and start.tag in set(_tags(item))
    if start.group is not None:
        team = _text_id(_ticket(item).get("team_assignee_id"))
        return team is not None and (team == start.group or not start.group.isdigit())
    return topic.startswith("ticket.") and _holds(_ticket(item).get("ticket_attributes"), start)


def _tags(item: _Told) -> Iterator[str]:
    for name in ("tags_added", "tags"):
        listed = _dict(item.get(name)).get("tags")
        for tag in listed if isinstance(listed, list) else ():
            yield str(_dict(tag).get("name"))


def _holds(attributes: Any, start: StartRule) -> bool:
    """A list item may come as its id, whose label only the schema knows."""
    if not isinstance(attributes, dict) or start.field not in attributes:
        return False
    value = attributes[start.field]
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return text.casefold() == str(start.value).casefold() or _GUID.fullmatch(text) is not None


def _dict(value: Any) -> _Told:
    return value if isinstance(value, dict) else {}


def _id(item: _Told) -> str | None:
    return _text_id(item.get("id"))


def _text_id(value: Any) -> str | None:
    """Ids come as text or as a number; of nobody as 0."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not value:
        return None
    text = str(value)
    return text if len(text) <= 64 else None
