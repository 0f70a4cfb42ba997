"""What HubSpot's webhook events mean in our words.

https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide and, for `object.*`,
https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.json_text import JsonError, parse_json
from batonpass.ports import StartRule
from batonpass_hubspot.fields import (
    CLOSED_AT,
    FIRST_REPLY_AT,
    OWNER,
    STAGE,
    TAGS_PROPERTY,
    TEAM,
    tags_of,
)
from batonpass_hubspot.names import option_value, property_name
from batonpass_hubspot.settings import HubSpotSettings
from batonpass_hubspot.wire import Notification

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGES = ("creation", "propertyChange", "deletion", "merge", "restore", "associationChange")

SIMPLE: Mapping[str, EventKind] = MappingProxyType(
    {
        **{f"contact.{change}": EventKind.CONTACT_CHANGED for change in (*_CHANGES, "privacyDeletion")},
        **{f"company.{change}": EventKind.COMPANY_CHANGED for change in _CHANGES},
        **{f"deal.{change}": EventKind.DEAL_CHANGED for change in _CHANGES},
        "ticket.creation": EventKind.TICKET_OPENED,
    }
)
"""HubSpot's subscription type → ours."""

REOPENED_AT = "hs_ticket_reopened_at"
RECEIVED_AT, SENT_AT = "hs_last_message_received_at", "hs_last_message_sent_at"
TICKET_PROPERTIES: Mapping[str, EventKind] = MappingProxyType(
    {
        OWNER: EventKind.TICKET_ASSIGNED,
        TEAM: EventKind.TICKET_ASSIGNED,
        STAGE: EventKind.STATUS_CHANGED,
        CLOSED_AT: EventKind.TICKET_SOLVED,
        REOPENED_AT: EventKind.TICKET_REOPENED,
        RECEIVED_AT: EventKind.CUSTOMER_REPLIED,
        SENT_AT: EventKind.AGENT_REPLIED,
        FIRST_REPLY_AT: EventKind.AGENT_REPLIED,
    }
)
"""Of `ticket.propertyChange`: the property that changed → ours. Which stage is a closed one only its pipeline tells,
and a sent message may be a chatbot's: whoever acts on them reads the ticket. A new message is told by these times and
not by `conversation.newMessage`, which names the thread and no ticket. The names of these times were seen in use;
where an account has other ones, their events do not come, and a rating is found when a solved ticket is looked at again."""

LINKED: Mapping[str, EventKind] = MappingProxyType(
    {"0-46": EventKind.NOTE_ADDED, "0-19": EventKind.TICKET_RATED}
)
"""Of a link that a ticket gets: the type of what it is linked to (a note, a survey answer) → ours."""

OBJECT_TYPES: Mapping[str, str] = MappingProxyType(
    {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket"}
)
"""The object type id of a generic `object.*` event → the word in the tables above."""

KINDS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        **{word: (kind,) for word, kind in SIMPLE.items()},
        "ticket.propertyChange": (EventKind.HANDOFF_ASKED, *dict.fromkeys(TICKET_PROPERTIES.values())),
        "object.creation": (
            EventKind.CONTACT_CHANGED,
            EventKind.COMPANY_CHANGED,
            EventKind.DEAL_CHANGED,
            EventKind.TICKET_OPENED,
        ),
        "object.propertyChange": (
            EventKind.CONTACT_CHANGED,
            EventKind.COMPANY_CHANGED,
            EventKind.DEAL_CHANGED,
            EventKind.HANDOFF_ASKED,
            *dict.fromkeys(TICKET_PROPERTIES.values()),
        ),
        "object.associationChange": (
            EventKind.CONTACT_CHANGED,
            EventKind.COMPANY_CHANGED,
            EventKind.DEAL_CHANGED,
            *LINKED.values(),
        ),
        **{
            f"object.{change}": (
                EventKind.CONTACT_CHANGED,
                EventKind.COMPANY_CHANGED,
                EventKind.DEAL_CHANGED,
            )
            for change in ("deletion", "merge", "restore")
        },
    }
)
"""HubSpot's subscription type → what it can mean."""


def translate(body: bytes, *, settings: HubSpotSettings, now: datetime) -> tuple[Event, ...]:
    """The events in the body of a delivery. Raises `RejectedDeliveryError` with code `malformed_body` where it is
    no array.

    An element of a shape that we do not know is an UNKNOWN event of `now`: to refuse it would lose the others,
    for HubSpot does not repeat what was answered with a 4xx.
    """
    try:
        told = parse_json(body).value
    except JsonError as error:
        raise RejectedDeliveryError(f"the body is {error}", code="malformed_body") from None
    if not isinstance(told, list):
        raise RejectedDeliveryError("the body is no array of HubSpot events", code="malformed_body")
    digest = sha256(body).hexdigest()
    return tuple(_event(each, f"{digest}-{index}", settings, now) for index, each in enumerate(told))


def _event(told: Any, place: str, settings: HubSpotSettings, now: datetime) -> Event:
    try:
        notification = Notification.model_validate(told)
    except ValidationError:
        return Event(kind=EventKind.UNKNOWN, id=place, subject_id=None, at=now, vendor_kind="")
    subject = _subject(notification)
    return Event(
        kind=_kind(notification, settings),
        id=_id(notification),
        subject_id=None if subject is None else str(subject),
        at=_EPOCH + timedelta(milliseconds=notification.occurred_at),
        vendor_kind=notification.subscription_type,
        actor_id=notification.source_id or None,
    )


def _kind(told: Notification, settings: HubSpotSettings) -> EventKind:
    what, _, change = told.subscription_type.partition(".")
    if what == "object" and change == "associationChange":
        what = OBJECT_TYPES.get(told.from_object_type_id or told.object_type_id or "", what)
    elif what == "object":
        what = OBJECT_TYPES.get(told.object_type_id or "", what)
    if (what, change) == ("ticket", "propertyChange"):
        return _property_change(told, settings)
    if (what, change) == ("ticket", "associationChange"):
        kind = LINKED.get(told.to_object_type_id or "", EventKind.UNKNOWN)
        return EventKind.UNKNOWN if told.association_removed else kind
    return SIMPLE.get(f"{what}.{change}", EventKind.UNKNOWN)


def _property_change(told: Notification, settings: HubSpotSettings) -> EventKind:
    name, value = told.property_name or "", told.property_value or ""
    group = settings.group_property or TEAM
    if settings.start is not None and _asks(name, value, settings.start, group):
        return EventKind.HANDOFF_ASKED
    if name == group:
        return EventKind.TICKET_ASSIGNED
    if name == CLOSED_AT and not value:
        return EventKind.TICKET_REOPENED
    return TICKET_PROPERTIES.get(name, EventKind.UNKNOWN)


def _asks(name: str, value: str, start: StartRule, group: str) -> bool:
    """Whether the rule may be met by this: a hint, for the ticket is read before anything starts. Where the rule says
    what people see, the event says how it is stored."""
    if start.tag is not None:
        return name == TAGS_PROPERTY and start.tag in tags_of(value)
    if start.group is not None:
        return name == group and value in {start.group, option_value(start.group)}
    if start.field is None or name not in {start.field, property_name(start.field)}:
        return False
    wanted = (start.value or "").strip().casefold()
    if wanted in {"true", "false"}:
        return value.casefold() == wanted
    return bool(value)


def _subject(told: Notification) -> int | None:
    if told.subscription_type.endswith(".associationChange") and told.from_object_id is not None:
        return told.from_object_id
    return told.object_id


def _id(told: Notification) -> str:
    """HubSpot does not promise that `eventId` alone is unique. `attemptNumber` is left out: a repeat is the same."""
    parts = (told.portal_id, told.subscription_id, told.event_id, _subject(told), told.occurred_at)
    more = () if told.to_object_id is None else (told.to_object_id,)
    return "-".join("" if part is None else str(part) for part in (*parts, *more))
