"""Acme Desk's JSON, as far as we use it. Its words never leave this folder."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from batonpass.domain.conversation import Instant
from batonpass.transport import Explanation

Content = bool | int | float | str | tuple[str, ...] | None


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


# What we send -------------------------------------------------------------------------------------------------


class NewPerson(_Wire):
    name: str | None = None
    email: str | None = None


class ChangedTicket(_Wire):
    subject: str | None = None
    priority: int | None = None
    team_id: str | None = None
    assignee_id: str | None = None
    state: str | None = None
    add_labels: tuple[str, ...] | None = None
    fields: dict[str, Content] | None = None


class NewTicket(_Wire):
    reference: str
    subject: str
    note: str
    requester: NewPerson | None = None
    priority: int | None = None
    team_id: str | None = None
    assignee_id: str | None = None
    form_id: str | None = None
    labels: tuple[str, ...] = ()
    fields: dict[str, Content] = {}


class NewMessage(_Wire):
    public: bool
    text: str
    reference: str


# What we are given --------------------------------------------------------------------------------------------


class Person(_Wire):
    id: str
    name: str | None = None
    email: str | None = None


class GivenRating(_Wire):
    stars: int
    comment: str | None = None
    at: Instant


class Ticket(_Wire):
    id: str
    subject: str = ""
    state: str
    priority: int | None = None
    team_id: str | None = None
    assignee: Person | None = None
    form_id: str | None = None
    labels: tuple[str, ...] = ()
    reference: str | None = None
    fields: dict[str, Content] = {}
    requester: Person | None = None
    created_at: Instant
    updated_at: Instant
    done_at: Instant | None = None
    rating: GivenRating | None = None


class Tickets(_Wire):
    tickets: tuple[Ticket, ...]


class Changes(Tickets):
    after: str | None = None


class Message(_Wire):
    id: str
    public: bool
    text: str
    author: Person
    staff: bool
    reference: str | None = None
    at: Instant


class Messages(_Wire):
    messages: tuple[Message, ...]
    next: int | None = None


class Option(_Wire):
    value: str
    label: str


class Field(_Wire):
    key: str
    title: str
    type: str
    active: bool = True
    required: bool = False
    most_bytes: int | None = None
    options: tuple[Option, ...] = ()


class Fields(_Wire):
    fields: tuple[Field, ...]


class Form(_Wire):
    id: str
    name: str
    fields: tuple[str, ...] = ()


class Forms(_Wire):
    forms: tuple[Form, ...]


class Team(_Wire):
    id: str
    name: str


class Teams(_Wire):
    teams: tuple[Team, ...]


class Colleague(Person):
    state: str = "unknown"
    team_ids: tuple[str, ...] = ()
    open_tickets: int | None = None
    most_tickets: int | None = None


class Colleagues(_Wire):
    agents: tuple[Colleague, ...]


class Me(_Wire):
    id: str
    name: str
    account: str


class Webhook(_Wire):
    id: str
    url: str
    on: bool
    events: tuple[str, ...] = ()
    secret: str | None = None


class Webhooks(_Wire):
    webhooks: tuple[Webhook, ...]


class Passed(_Wire):
    ticket: Ticket | None = None


# What it says when it refuses ---------------------------------------------------------------------------------

IN_OUR_WORDS = {
    "team_id": "group",
    "assignee_id": "assignee",
    "form_id": "form",
    "state": "status",
    "labels": "tags",
}
_CODE = re.compile(r"[a-z_]{1,40}")


def explain(body: Any) -> Explanation:
    """`{"errors": [{"field": "team_id", "code": "unknown"}]}`; a ticket field goes by its key."""
    complaints = [each for each in body["errors"] if isinstance(each, dict)]
    fields = [str(each["field"]) for each in complaints if each.get("field")]
    codes = [str(each.get("code")) for each in complaints]
    return Explanation(
        fields=tuple(IN_OUR_WORDS.get(field, field) for field in fields),
        reasons=tuple(code for code in codes if _CODE.fullmatch(code)),
    )
