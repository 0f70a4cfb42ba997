"""What we send to Intercom (API 2.16), in its JSON. Its words never leave this folder.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from batonpass_intercom.wire import Written

COMMENT, NOTE = "comment", "note"


class Sent(BaseModel):
    """Left out is what is None."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


# Tickets and conversations --------------------------------------------------------------------------------------


class ContactId(Sent):
    id: str


class Assignment(Sent):
    team_assignee_id: str | None = None
    admin_assignee_id: str | None = None


class NewTicket(Sent):
    ticket_type_id: str
    contacts: tuple[ContactId]
    ticket_attributes: Mapping[str, Written]
    assignment: Assignment | None = None


class TicketUpdate(Sent):
    admin_id: str
    ticket_attributes: Mapping[str, Written] | None = None
    ticket_state_id: str | None = None
    open: bool | None = None
    assignee_id: str | None = None
    """A teammate's or a team's."""


class ConversationUpdate(Sent):
    title: str | None = None
    custom_attributes: Mapping[str, Written] | None = None


class Move(Sent):
    """To be assigned, opened or closed."""

    message_type: str
    admin_id: str
    type: str | None = None
    assignee_id: str | None = None


def assignment(kind: str, assignee_id: str, *, by: str) -> Move:
    """`kind` is `team` or `admin`."""
    return Move(message_type="assignment", admin_id=by, type=kind, assignee_id=assignee_id)


def opening(*, by: str) -> Move:
    return Move(message_type="open", admin_id=by)


def closing(*, by: str) -> Move:
    return Move(message_type="close", admin_id=by, type="admin")


class NewPart(Sent):
    message_type: str
    """`COMMENT`, which the customer reads, or `NOTE`."""
    type: str = "admin"
    admin_id: str
    body: str


class Tagging(Sent):
    id: str
    admin_id: str


# People and tags ------------------------------------------------------------------------------------------------


class NewContact(Sent):
    role: str = "user"
    name: str
    email: str | None = None
    external_id: str | None = None


class NewTag(Sent):
    name: str


# Searching ------------------------------------------------------------------------------------------------------


class Filter(Sent):
    field: str
    operator: str
    value: str | int


class All(Sent):
    """Every one of these must hold."""

    operator: str = "AND"
    value: tuple[Filter, ...]


class Sort(Sent):
    field: str
    order: str = "ascending"


class Paging(Sent):
    per_page: int
    starting_after: str | None = None


class Search(Sent):
    query: Filter | All
    sort: Sort | None = None
    pagination: Paging


def changed_since(second: int) -> Filter:
    """In this second or later; 0: ever. `>` is documented for every date, `>=` for `created_at` only."""
    return Filter(field="updated_at", operator=">", value=max(second - 1, 0))


def rated_since(second: int) -> All:
    """Has a rating, and changed in this second or later."""
    rated = Filter(field="conversation_rating.score", operator=">", value=0)
    return All(value=(changed_since(second), rated))


LONGEST_DAY = 25 * 3600
"""Seconds: of the day on which clocks are set back."""


def contact_changed_since(second: int) -> Filter:
    """On the calendar day of this second or later, and on the day before: of contacts Intercom compares whole days, in
    the workspace's time zone, and `>` begins on the day after the one that the value is of.
    https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts"""
    return Filter(field="updated_at", operator=">", value=max(second - LONGEST_DAY, 0))


# Fields ---------------------------------------------------------------------------------------------------------


class NewTicketAttribute(Sent):
    name: str
    description: str
    data_type: str
    multiline: bool | None = None
    list_items: str | None = None
    """With commas between."""
    required_to_create: bool = False
    required_to_create_for_contacts: bool = False
    visible_on_create: bool = True
    visible_to_contacts: bool = False
    """What it will hold is for the team."""


class ListItems(Sent):
    list_items: str


class NewOption(Sent):
    label: str


class NewConversationAttribute(Sent):
    name: str
    description: str
    data_type: str
    multiline: bool | None = None
    options: tuple[NewOption, ...] | None = None
