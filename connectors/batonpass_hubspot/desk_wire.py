"""HubSpot's JSON around tickets: what is written, links between records, conversations, webhook subscriptions.

The shapes are those of the official SDK's models and of HubSpot's own descriptions (`Conversations`, `Webhooks`,
each `2026-09`, in github.com/HubSpot/HubSpot-public-api-spec-collection).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from batonpass.domain.conversation import Instant
from batonpass_hubspot.wire import Wire

HUBSPOT_DEFINED = "HUBSPOT_DEFINED"
TICKET_TYPE = "0-5"
"""The object type of tickets."""


def sent(value: Wire) -> Any:
    """As JSON, without what is not set."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


# What we send -------------------------------------------------------------------------------------------------


class RecordId(Wire):
    id: str


class LinkType(Wire):
    association_category: str = HUBSPOT_DEFINED
    association_type_id: int


class NewLink(Wire):
    to: RecordId
    types: tuple[LinkType, ...]


class NewRecord(Wire):
    properties: Mapping[str, str]
    associations: tuple[NewLink, ...] = ()


def linked_to(record_id: str, type_id: int) -> NewLink:
    return NewLink(to=RecordId(id=record_id), types=(LinkType(association_type_id=type_id),))


class WrittenOption(Wire):
    label: str
    value: str
    display_order: int = -1
    hidden: bool = False


class NewProperty(Wire):
    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    description: str = ""
    options: tuple[WrittenOption, ...] = ()
    has_unique_value: bool | None = None


class Identifier(Wire):
    type: str
    value: str


class Recipient(Wire):
    actor_id: str | None = None
    name: str | None = None
    recipient_field: str = "TO"
    delivery_identifiers: tuple[Identifier, ...] = ()


class NewMessage(Wire):
    type: str = "MESSAGE"
    text: str
    rich_text: str | None = None
    subject: str | None = None
    sender_actor_id: str
    channel_id: str
    channel_account_id: str
    recipients: tuple[Recipient, ...]
    attachments: tuple[str, ...] = ()


class Filter(Wire):
    property_name: str
    operator: str
    value: str


class FilterGroup(Wire):
    """All of them."""

    filters: tuple[Filter, ...]


class Sort(Wire):
    property_name: str
    direction: str = "ASCENDING"


class Search(Wire):
    """HubSpot sorts by one property only."""

    filter_groups: tuple[FilterGroup, ...]
    sorts: tuple[Sort]
    properties: tuple[str, ...]
    limit: int
    after: str | None = None
    """How many results to pass over."""


# What we are given --------------------------------------------------------------------------------------------


class ObjectSchema(Wire):
    required_properties: tuple[str, ...] = ()


class ValidationRule(Wire):
    rule_type: str = ""
    rule_arguments: tuple[str, ...] = ()


class ValidatedProperty(Wire):
    property_name: str
    property_validation_rules: tuple[ValidationRule, ...] = ()


class ValidatedProperties(Wire):
    results: tuple[ValidatedProperty, ...] = ()


class LinkKind(Wire):
    type_id: int | None = None


class LinkEnd(Wire):
    to_object_id: str
    association_types: tuple[LinkKind, ...] = ()


class NextLinks(Wire):
    after: str


class LinksPaging(Wire):
    next: NextLinks | None = None


class Links(Wire):
    from_: RecordId | None = Field(default=None, alias="from")
    to: tuple[LinkEnd, ...] = ()
    paging: LinksPaging | None = None


class LinksAnswer(Wire):
    results: tuple[Links, ...] = ()


class Sender(Wire):
    actor_id: str | None = None
    name: str | None = None
    delivery_identifier: Identifier | None = None


class MessageClient(Wire):
    """The program by which a message was written."""

    client_type: str = ""
    integration_app_id: str | None = None


class Message(Wire):
    """A message, a comment, or a change of the thread."""

    id: str
    type: str = ""
    created_at: Instant | None = None
    created_by: str | None = None
    client: MessageClient | None = None
    direction: str | None = None
    text: str | None = None
    rich_text: str | None = None
    subject: str | None = None
    truncation_status: str | None = None
    senders: tuple[Sender, ...] = ()
    channel_id: str | None = None
    channel_account_id: str | None = None


class MessageContent(Wire):
    text: str | None = None
    rich_text: str | None = None


class Thread(Wire):
    id: str
    status: str | None = None
    created_at: Instant | None = None


class AppSettings(Wire):
    target_url: str = ""


class Subscription(Wire):
    id: str
    event_type: str
    property_name: str | None = None
    object_type_id: str | None = None
    active: bool = False


class Subscriptions(Wire):
    results: tuple[Subscription, ...] = ()


class NewSubscription(Wire):
    event_type: str
    property_name: str | None = None
    object_type_id: str | None = None
    active: bool = True
