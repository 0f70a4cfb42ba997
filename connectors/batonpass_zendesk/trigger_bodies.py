"""The bodies that our own triggers send: written here, read here. Pure.

Only ids stand in them, and are read again by the API: Zendesk fills in placeholders without escaping them for JSON.
https://developer.zendesk.com/documentation/ticketing/reference-guides/placeholders-reference/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from batonpass.domain.event import Event, EventKind

MARK = "batonpass"
COMMENTED = "commented"
KINDS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        EventKind.HANDOFF_ASKED.value: (EventKind.HANDOFF_ASKED,),
        EventKind.TICKET_OPENED.value: (EventKind.TICKET_OPENED,),
        EventKind.TICKET_ASSIGNED.value: (EventKind.TICKET_ASSIGNED,),
        EventKind.NOTE_ADDED.value: (EventKind.NOTE_ADDED,),
        COMMENTED: (EventKind.AGENT_REPLIED, EventKind.CUSTOMER_REPLIED),
        EventKind.STATUS_CHANGED.value: (EventKind.STATUS_CHANGED,),
        EventKind.TICKET_SOLVED.value: (EventKind.TICKET_SOLVED,),
        EventKind.TICKET_REOPENED.value: (EventKind.TICKET_REOPENED,),
        EventKind.TICKET_RATED.value: (EventKind.TICKET_RATED,),
    }
)
"""What stands behind `batonpass` in a body → what it means."""
_NO_LETTER = re.compile(r"[^a-z]")
_TICKET_ID = re.compile(r"[0-9]{1,19}")
_LONGEST_TIME = 40


def body_for(word: str) -> str:
    """The JSON that a trigger sends."""
    told = {
        MARK: word,
        "ticket_id": "{{ticket.id}}",
        "at": "{{ticket.updated_at_with_timestamp}}",
        "by": "{{current_user.id}}",
    }
    if word == COMMENTED:
        told["role"] = "{{current_user.role}}"
    return json.dumps(told)


def read_trigger(body: Mapping[str, Any], *, received_at: datetime, starts: bool) -> tuple[Event, ...] | None:
    """None where this is none.

    A trigger has no event id: what was said of which ticket as of which of its changes makes one, the same in every
    delivery. A body that a person has written without `at` tells nothing of the kind: each delivery of it is an event of
    its own, known by the time at which it came, which is kept with it. Without a `start` rule (`starts`) a trigger that asks for a
    person, left over from when there was one, means nothing.
    """
    word, ticket_id = body.get(MARK), body.get("ticket_id")
    if not isinstance(word, str) or isinstance(ticket_id, bool) or not isinstance(ticket_id, str | int):
        return None
    if not _TICKET_ID.fullmatch(str(ticket_id)):
        return None
    at = _time(body.get("at"))
    once = (at or received_at.astimezone(UTC)).isoformat()
    event = Event(
        kind=_kind(word, body.get("role"), starts=starts),
        id=f"{MARK}:{word[:40]}:{ticket_id}:{once[:100]}",
        subject_id=str(ticket_id),
        at=at or received_at,
        vendor_kind=f"{MARK}:{word[:40]}",
        actor_id=_actor(body.get("by")),
    )
    return (event,)


def _kind(word: str, role: Any, *, starts: bool) -> EventKind:
    if word == EventKind.HANDOFF_ASKED.value and not starts:
        return EventKind.UNKNOWN
    if word != COMMENTED:
        return KINDS.get(word, (EventKind.UNKNOWN,))[0]
    spoke = _NO_LETTER.sub("", role.lower()) if isinstance(role, str) else ""
    if not spoke:
        return EventKind.UNKNOWN
    return EventKind.CUSTOMER_REPLIED if spoke == "enduser" else EventKind.AGENT_REPLIED


def _actor(by: Any) -> str | None:
    return str(by) if isinstance(by, str | int) and _TICKET_ID.fullmatch(str(by)) else None


def _time(told: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(told[:_LONGEST_TIME]) if isinstance(told, str) else None
    except ValueError:
        return None
    if time is None:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
