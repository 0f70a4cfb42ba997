"""An emulated account's rules: what a ticket may hold, what is kept of it, what becomes of placeholders."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from batonpass_zendesk.emulated_account import (
    Account,
    EmulatedField,
    EmulatedForm,
    EmulatedTicket,
    EmulatedUser,
    Stored,
)

SUBJECT_LIMIT = 150
COMMENT_LIMIT = 65_535
TEXT_LIMIT = 65_535
"""Of a text in a field. Not documented: what a text column of this kind holds."""
EXTERNAL_ID_LIMIT = 255
PRIORITIES = ("urgent", "high", "normal", "low")
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")


@dataclass(frozen=True)
class Complaint:
    """One reason for a 422."""

    place: str
    description: str
    code: str | None = "InvalidValue"
    field_id: int | None = None


class RecordInvalidError(Exception):
    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__(", ".join(complaint.description for complaint in complaints))
        self.complaints = complaints


def check(account: Account, told: Mapping[str, Any]) -> None:
    """Raises `RecordInvalidError` where a new or changed ticket breaks a rule."""
    complaints = [
        *(
            complaint
            for name, rule in _RULES.items()
            if name in told
            for complaint in rule(account, told[name])
        ),
        *_stranger(account, told),
        *_field_complaints(account, told.get("custom_fields") or ()),
    ]
    if complaints:
        raise RecordInvalidError(complaints)


def _field_complaints(account: Account, values: Any) -> Iterator[Complaint]:
    for value in values:
        known = account.fields.get(value["id"])
        form = _FORMS.get(known.type) if known and known.active else None
        given = value.get("value")
        if known and form and given not in (None, "") and not form(str(given)):
            yield Complaint("base", f"{known.title}: is invalid", field_id=known.id)
        elif known and isinstance(given, str) and len(given) > TEXT_LIMIT:
            said = f"{known.title}: is too long (maximum is {TEXT_LIMIT} characters)"
            yield Complaint("base", said, "TooLong", field_id=known.id)


def _stranger(account: Account, told: Mapping[str, Any]) -> Iterator[Complaint]:
    """An agent who is not in the group: https://github.com/facetoe/zenpy/issues/628"""
    user, group = account.users.get(told.get("assignee_id") or 0), told.get("group_id")
    if user is not None and group is not None and not is_member(user, group):
        yield Complaint("assignee", "Assignee: is not a member of the group", code=None)


def is_member(user: EmulatedUser, group_id: int) -> bool:
    return user.group_ids is None or group_id in user.group_ids


def kept_values(account: Account, values: Any, *, form: EmulatedForm | None) -> dict[int, Stored]:
    """Unknown and inactive fields, those that are not on the form, and unknown options are dropped without a word."""
    kept: dict[int, Stored] = {}
    for value in values:
        known = account.fields.get(value["id"])
        shown = form is None or value["id"] in form.field_ids
        takes = known and known.custom and known.active and shown and not known.drops
        stored = _stored(known, value.get("value")) if known and takes else None
        if known and stored is not None:
            kept[known.id] = stored
    return kept


def tags_of(account: Account, values: Mapping[int, Stored]) -> list[str]:
    """The options of dropdowns are tags of the ticket too."""
    tags: list[str] = []
    for field_id, value in values.items():
        if account.fields[field_id].options:
            tags += value if isinstance(value, list) else [str(value)]
    return tags


def _stored(known: EmulatedField, value: Any) -> Stored | None:
    match known.type:
        case "checkbox":
            return value is True or value == "true"
        case "tagger":
            return value if value in known.options else None
        case "multiselect":
            return [tag for tag in value or [] if tag in known.options] or None
        case _:
            return None if value is None else str(value)


# The rules ----------------------------------------------------------------------------------------------------


def _priority(account: Account, value: Any) -> Iterator[Complaint]:
    del account
    if value is not None and value not in PRIORITIES:
        yield Complaint("priority", f"Priority: {value} is not valid", "InclusionError")


def _status(account: Account, value: Any) -> Iterator[Complaint]:
    del account
    if value not in STATUSES:
        yield Complaint("status", f"Status: {value} is not valid", "InclusionError")


def _group(account: Account, value: Any) -> Iterator[Complaint]:
    if value is not None and value not in account.groups:
        yield Complaint("group", "Group: is invalid")


def _assignee(account: Account, value: Any) -> Iterator[Complaint]:
    user = account.users.get(value)
    if value is not None and (user is None or user.role not in {"agent", "admin"} or not user.active):
        yield Complaint("assignee", "Assignee: is not valid")
    elif user is not None and user.suspended:
        yield Complaint("assignee", "Assignee: is suspended")


def _form(account: Account, value: Any) -> Iterator[Complaint]:
    """A plan without forms takes any and keeps none."""
    if value is not None and account.forms and account.form(value) is None:
        yield Complaint("ticket_form_id", "Ticket form: is invalid")


def check_solving(account: Account, ticket: EmulatedTicket, told: Mapping[str, Any]) -> None:
    """A field that is required must be filled in when a ticket is solved:
    https://github.com/facetoe/zenpy/issues/114"""
    if told.get("status") != "solved":
        return
    form = account.form(ticket.form_id)
    filled = {**ticket.fields, **kept_values(account, told.get("custom_fields") or (), form=form)}
    complaints = [
        Complaint("base", f"{known.title}: is required when solving a ticket", field_id=known.id)
        for known in account.fields.values()
        if known.custom
        and known.active
        and known.required
        and (form is None or known.id in form.field_ids)
        and filled.get(known.id) in (None, "", [], False)
    ]
    if complaints:
        raise RecordInvalidError(complaints)


def _subject(account: Account, value: Any) -> Iterator[Complaint]:
    del account
    if len(value or "") > SUBJECT_LIMIT:
        yield Complaint("base", f"Subject: is too long (maximum is {SUBJECT_LIMIT} characters)", "TooLong")


def _external_id(account: Account, value: Any) -> Iterator[Complaint]:
    del account
    if len(value or "") > EXTERNAL_ID_LIMIT:
        yield Complaint("external_id", "External: is too long (maximum is 255 characters)", "TooLong")


def _comment(account: Account, value: Any) -> Iterator[Complaint]:
    del account
    text = value.get("html_body") or value.get("body") or ""
    if not text.strip():
        yield Complaint("base", "Description: cannot be blank", "BlankValue")
    if len(text) > COMMENT_LIMIT:
        yield Complaint(
            "base", f"Description: is too long (maximum is {COMMENT_LIMIT} characters)", "TooLong"
        )


def _requester(account: Account, value: Any) -> Iterator[Complaint]:
    email = value.get("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        yield Complaint("requester", "Requester: Email is invalid")
    elif not (value.get("name") or "").strip() and not (email and account.user_with_email(email)):
        yield Complaint("base", "Requester: Name: is too short (minimum is 1 character)", "BlankValue")


_RULES: Mapping[str, Callable[[Account, Any], Iterator[Complaint]]] = {
    "subject": _subject,
    "comment": _comment,
    "requester": _requester,
    "priority": _priority,
    "status": _status,
    "group_id": _group,
    "assignee_id": _assignee,
    "ticket_form_id": _form,
    "external_id": _external_id,
}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


_FORMS: Mapping[str, Callable[[str], bool]] = {
    "integer": lambda text: re.fullmatch(r"-?[0-9]+", text) is not None,
    "decimal": _is_decimal,
    "date": _is_date,
}


# Placeholders -------------------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def fill_in(text: str, ticket: EmulatedTicket, requester: EmulatedUser) -> str:
    """The comment with its placeholders filled in, as Zendesk does with everybody's; an unknown one vanishes."""
    known = {
        "ticket.id": str(ticket.id),
        "ticket.title": ticket.subject,
        "ticket.status": ticket.status,
        "ticket.external_id": ticket.external_id or "",
        "ticket.requester.name": requester.name,
        "ticket.requester.email": requester.email or "",
    }
    braces = text.replace("&#123;", "{").replace("&#125;", "}")
    return _PLACEHOLDER.sub(lambda found: html.escape(known.get(found[1], "")), braces)
