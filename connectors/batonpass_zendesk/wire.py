"""Zendesk's JSON, as far as we use it. Its words never leave this folder.

https://developer.zendesk.com/api-reference/ticketing/introduction/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from batonpass.transport import Explanation

Item = TypeVar("Item")
Listed = Annotated[tuple[Item, ...], BeforeValidator(lambda value: value or ())]
"""A list that Zendesk may leave out or give as null."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


# What we send -------------------------------------------------------------------------------------------------


class NewComment(_Wire):
    html_body: str
    public: bool = False
    """Always sent: without it the first comment is public, and later ones follow the last."""


class NewRequester(_Wire):
    name: str
    email: str | None = None


class NewFieldValue(_Wire):
    id: int
    value: bool | int | str | list[str]


class NewTicket(_Wire):
    subject: str
    external_id: str
    comment: NewComment
    requester: NewRequester | None = None
    priority: str | None = None
    group_id: int | None = None
    tags: list[str] | None = None
    custom_fields: list[NewFieldValue] | None = None


class ChangedTicket(_Wire):
    """Only what stands here is changed; `tags` would replace the whole list."""

    subject: str | None = None
    priority: str | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    status: str | None = None
    additional_tags: list[str] | None = None
    custom_fields: list[NewFieldValue] | None = None


# What we are given --------------------------------------------------------------------------------------------


class FieldValue(_Wire):
    id: int
    value: bool | int | float | str | tuple[str, ...] | None = None


class Ticket(_Wire):
    id: int
    subject: str | None = None
    status: str | None = None
    priority: str | None = None
    group_id: int | None = None
    tags: Listed[str] = ()
    custom_fields: Listed[FieldValue] = ()
    created_at: datetime | None = None


class TicketAnswer(_Wire):
    ticket: Ticket


class Comment(_Wire):
    id: int
    html_body: str | None = None
    public: bool = True


class FieldOption(_Wire):
    name: str
    value: str


class TicketField(_Wire):
    id: int
    type: str
    title: str
    active: bool = True
    required: bool = False
    custom_field_options: Listed[FieldOption] = ()


class Group(_Wire):
    id: int
    name: str
    deleted: bool = False


class User(_Wire):
    id: int | None = None
    name: str = ""
    email: str | None = None
    role: str | None = None
    active: bool = True


class UserAnswer(_Wire):
    user: User


class TokenAnswer(_Wire):
    access_token: str
    expires_in: float | None = None


class Meta(_Wire):
    has_more: bool = False
    after_cursor: str | None = None


class Page(_Wire):
    """https://developer.zendesk.com/api-reference/introduction/pagination/#using-cursor-pagination"""

    meta: Meta = Meta()


class TicketsPage(Page):
    tickets: Listed[Ticket]


class CommentsPage(Page):
    comments: Listed[Comment]


class FieldsPage(Page):
    ticket_fields: Listed[TicketField]


class GroupsPage(Page):
    groups: Listed[Group]


class UsersPage(Page):
    users: Listed[User]


# What it says when it refuses ---------------------------------------------------------------------------------

IN_OUR_WORDS = {
    "requester": "requester",
    "email": "requester",
    "name": "requester",
    "subject": "subject",
    "priority": "priority",
    "group": "group",
    "group_id": "group",
    "tags": "tags",
    "comment": "note",
    "description": "note",
    "body": "note",
    "html_body": "note",
}
_BEFORE_COLON = re.compile(r"\s*([A-Za-z_]+)[A-Za-z_ ]{0,40}:")
_CODE = re.compile(r"[A-Za-z_]{1,60}")


def explain(body: Any) -> Explanation:
    """The parts of a ticket that a 4xx complains about, as `TicketDraft` names them, and Zendesk's codes.

    A 422 lists its complaints under the attribute's name or under `base`, there with the field's id or with the
    attribute's name before a colon: `{"details": {"base": [{"description": "Requester: Email is invalid"}]}}`.
    """
    complaints = list(_complaints(body.get("details") or {}))
    fields = [field for place, complaint in complaints if (field := _field(place, complaint)) is not None]
    codes = [body.get("error"), *(complaint.get("error") for _, complaint in complaints)]
    reasons = [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]
    return Explanation(fields=tuple(dict.fromkeys(fields)), reasons=tuple(dict.fromkeys(reasons)))


def _complaints(details: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, complaints in details.items():
        for complaint in complaints:
            yield place, complaint


def _field(place: str, complaint: dict[str, Any]) -> str | None:
    if "ticket_field_id" in complaint:
        return str(complaint["ticket_field_id"])
    if place in IN_OUR_WORDS:
        return IN_OUR_WORDS[place]
    named = _BEFORE_COLON.match(complaint.get("description", ""))
    return IN_OUR_WORDS.get(named[1].lower()) if named else None
