"""Freshdesk's JSON, as far as we use it. Its words never leave this folder.

https://developers.freshdesk.com/api/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, RootModel, ValidationError

from batonpass.domain.conversation import Instant
from batonpass.transport import Explanation

Item = TypeVar("Item")
Listed = Annotated[tuple[Item, ...], BeforeValidator(lambda value: value or ())]
"""A list that Freshdesk may leave out or give as null."""
Written = str | bool | int | float | list[str]
"""What a custom field is written as. https://developers.freshdesk.com/api/#tickets"""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


# What we send -------------------------------------------------------------------------------------------------


class NewTicket(_Wire):
    """Unknown attributes are refused (`invalid_field`), so nothing else may stand here."""

    subject: str
    description: str
    """HTML, and public: the customer's own side of the ticket."""
    status: int
    priority: int
    source: int
    requester_id: int | None = None
    email: str | None = None
    name: str | None = None
    group_id: int | None = None
    responder_id: int | None = None
    type: str | None = None
    tags: list[str] | None = None
    custom_fields: dict[str, Written] | None = None


class ChangedTicket(_Wire):
    """Only what stands here is changed; `tags` replaces the whole list."""

    subject: str | None = None
    status: int | None = None
    priority: int | None = None
    responder_id: int | None = None
    group_id: int | None = None
    tags: list[str] | None = None
    custom_fields: dict[str, Written] | None = None


class NewNote(_Wire):
    body: str
    private: bool = True
    """Always sent, though it is the vendor's default: what is private must never depend on a default."""


class NewReply(_Wire):
    body: str


class NewChoice(_Wire):
    id: int | None = None
    """Of a choice that stands already: without it Freshdesk takes it for another."""
    value: str
    position: int


class NewField(_Wire):
    label: str
    label_for_customers: str
    type: str
    customers_can_edit: bool = False
    displayed_to_customers: bool = False
    choices: list[NewChoice] | None = None


class ChangedField(_Wire):
    choices: list[NewChoice]


# What we are given --------------------------------------------------------------------------------------------


class Person(_Wire):
    id: int | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None


class People(RootModel[tuple[Person, ...]]):
    pass


class Stats(_Wire):
    first_responded_at: Instant | None = None
    resolved_at: Instant | None = None
    closed_at: Instant | None = None


class Ticket(_Wire):
    id: int
    subject: str | None = None
    description: str | None = None
    status: int
    priority: int | None = None
    source: int | None = None
    requester_id: int | None = None
    company_id: int | None = None
    responder_id: int | None = None
    group_id: int | None = None
    type: str | None = None
    deleted: bool | None = None
    spam: bool | None = None
    tags: tuple[str, ...] | None = None
    """None: not told. The reference's example of the list has none."""
    custom_fields: Mapping[str, Any] = {}
    """Whatever the account has; `account.contents` reads the values that we know."""
    created_at: Instant | None = None
    updated_at: Instant | None = None
    requester: Person | None = None
    stats: Stats | None = None

    @property
    def gone(self) -> bool:
        """In the bin or marked as spam: both take no change any more (405)."""
        return bool(self.deleted or self.spam)


class Tickets(RootModel[tuple[Ticket, ...]]):
    pass


class ChangedPage(_Wire):
    tickets: tuple[Ticket, ...]
    has_next: bool


class Conversation(_Wire):
    id: int
    body: str | None = None
    incoming: bool = False
    private: bool = False
    user_id: int | None = None
    source: int | None = None
    created_at: Instant | None = None


class Conversations(RootModel[tuple[Conversation, ...]]):
    pass


class Rating(_Wire):
    ratings: Mapping[str, int] = {}
    feedback: str | None = None
    created_at: Instant | None = None


class Ratings(RootModel[tuple[Rating, ...]]):
    pass


class TicketField(_Wire):
    id: int
    name: str
    label: str
    type: str
    archived: bool | None = None
    required_for_agents: bool | None = None
    choices: Any = None
    """A list of labels, or of objects (admin), or an object (default and nested fields): see `labels`."""
    updated_at: Instant | None = None
    field_update_in_progress: bool | None = None
    """100 choices and more are applied in the background."""

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(choice.value for choice in self.known_choices)

    @property
    def known_choices(self) -> tuple[Choice, ...]:
        listed = self.choices if isinstance(self.choices, list) else []
        return tuple(choice for each in listed if (choice := _choice(each)) is not None)


class Choice(_Wire):
    id: int | None = None
    value: str
    position: int | None = None


def _choice(told: Any) -> Choice | None:
    if isinstance(told, str):
        return Choice(value=told)
    if not isinstance(told, dict):
        return None
    try:
        return Choice.model_validate(told)
    except ValidationError:
        return None


class TicketFields(RootModel[tuple[TicketField, ...]]):
    pass


class Group(_Wire):
    id: int
    name: str
    updated_at: Instant | None = None
    agent_ids: Listed[int] = ()


class Groups(RootModel[tuple[Group, ...]]):
    pass


class Channel(_Wire):
    channel: str
    available: bool | None = None
    assignment_limit: int | None = None
    current_assignment_load: int | None = None
    logged_in: bool | None = None


class Availability(_Wire):
    channel_availability: Listed[Channel] = ()
    status_updated_at: Instant | None = None


class Agent(_Wire):
    """A row of the list: with `only=availability` it has `availability`, else `available`."""

    id: int
    contact: Person | None = None
    available: bool | None = None
    available_since: Instant | None = None
    availability: Availability | None = None
    deactivated: bool | None = None
    updated_at: Instant | None = None


class Agents(RootModel[tuple[Agent, ...]]):
    pass


class Performer(_Wire):
    type: int | None = None
    members: Listed[int | str] = ()


class Action(_Wire):
    field_name: str | None = None
    url: str | None = None
    content: Any = None
    custom_headers: Any = None


class Rule(_Wire):
    id: int
    name: str = ""
    active: bool = True
    performer: Performer | None = None
    actions: Listed[Action] = ()


class Rules(_Wire):
    rules: Listed[Rule] = ()


# What it says when it refuses ---------------------------------------------------------------------------------

IN_OUR_WORDS = {
    "requester_id": "requester",
    "email": "requester",
    "name": "requester",
    "phone": "requester",
    "unique_external_id": "requester",
    "group_id": "group",
    "responder_id": "assignee",
    "type": "form",
    "body": "note",
    **{word: word for word in ("subject", "priority", "status", "tags", "source", "description")},
}
_CUSTOM = re.compile(r"(?:custom_fields[.\[])?([A-Za-z0-9_]{1,200})\]?")
_CODE = re.compile(r"[A-Za-z_]{1,60}")


def explain(body: Any) -> Explanation:
    """What a 4xx complains about, as `TicketDraft` names it, and Freshdesk's codes; never its messages, which quote
    allowed values and input. https://developers.freshdesk.com/api/#error"""
    complaints = list(_complaints(body))
    fields = [field for each in complaints if (field := _field(each.get("field"))) is not None]
    codes = [body.get("code"), *(each.get("code") for each in complaints)]
    reasons = [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]
    return Explanation(fields=tuple(dict.fromkeys(fields)), reasons=tuple(dict.fromkeys(reasons)))


def _complaints(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    told = body.get("errors") or ()
    for complaint in (told,) if isinstance(told, dict) else told:
        if isinstance(complaint, dict):
            yield complaint


def _field(named: Any) -> str | None:
    """A custom field's name comes bare or under `custom_fields.`."""
    if not isinstance(named, str):
        return None
    if named in IN_OUR_WORDS:
        return IN_OUR_WORDS[named]
    found = _CUSTOM.fullmatch(named)
    return found[1] if found else None
