"""An emulated account's rules: what a ticket may hold, and what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from batonpass_freshdesk.emulated_account import STATUSES, Account, EmulatedField
from batonpass_freshdesk.emulated_http import Complaint, invalid

REQUESTERS = ("requester_id", "email", "facebook_id", "phone", "twitter_id", "unique_external_id")
CHANGEABLE = frozenset(
    {
        *REQUESTERS, "name", "subject", "type", "status", "priority", "description", "responder_id", "custom_fields",
        "due_by", "email_config_id", "fr_due_by", "group_id", "parent_id", "product_id", "source", "tags",
        "company_id", "internal_agent_id", "internal_group_id", "lookup_parameter",
    }
)  # fmt: skip
CREATABLE = CHANGEABLE | {"cc_emails", "related_ticket_ids"}
SUBJECT_LIMIT = 255
TAG_LIMIT = 32
TEXT_LIMIT, PARAGRAPH_LIMIT = 255, 65_535
"""Of single-line and multi-line texts in fields: reported, not documented."""
_SOURCES = frozenset({1, 2, 3, 7, 9, 10})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def check_new(account: Account, told: Mapping[str, Any]) -> None:
    """Raises the 400 of a new ticket that breaks a rule."""
    complaints = [*_common(account, told, CREATABLE)]
    if not any(told.get(name) for name in REQUESTERS):
        complaints.append(
            _missing("requester_id", "One of the following is mandatory: requester_id, phone, email")
        )
    complaints += [
        _missing(name, "It should not be blank") for name in ("subject", "description") if not told.get(name)
    ]
    if account.needs_type and not told.get("type"):
        complaints.append(_missing("type", "It should not be blank as this is a mandatory field"))
    held = told.get("custom_fields") or {}
    complaints += [
        _missing(f"custom_fields.{known.name}", "It should not be blank as this is a mandatory field")
        for known in account.fields.values()
        if known.required and known.active and held.get(known.name) in (None, "")
    ]
    if complaints:
        raise invalid(*complaints)


def check_changed(account: Account, told: Mapping[str, Any]) -> None:
    complaints = [*_common(account, told, CHANGEABLE)]
    if complaints:
        raise invalid(*complaints)


def kept(account: Account, values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if not account.fields[name].drops}


def _missing(field: str, message: str) -> Complaint:
    return Complaint(field, message, "missing_field")


def _common(account: Account, told: Mapping[str, Any], allowed: frozenset[str]) -> Iterator[Complaint]:
    for name in told:
        if name not in allowed:
            yield Complaint(name, "Unexpected/invalid field in request", "invalid_field")
        elif name in _RULES:
            yield from _RULES[name](account, told[name])
    yield from _stranger(account, told)
    for name, value in (told.get("custom_fields") or {}).items():
        known = account.fields.get(name)
        if known is None or not known.active:
            yield Complaint(name, "Unexpected/invalid field in request", "invalid_field")
        elif value is not None:
            yield from _value(known, value)


def _stranger(account: Account, told: Mapping[str, Any]) -> Iterator[Complaint]:
    """An agent who is not in the group that is named with them. Freshdesk documents neither that it refuses this nor
    that it does not: the emulator takes the worse case."""
    agent, group = account.users.get(told.get("responder_id") or 0), told.get("group_id")
    if agent is not None and group in account.groups and group not in agent.group_ids:
        yield Complaint("responder_id", "The agent is not a member of this group")


def _value(known: EmulatedField, value: Any) -> Iterator[Complaint]:
    place = f"custom_fields.{known.name}"
    wanted = _TYPES.get(known.type, ())
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        yield Complaint(place, f"Value set is of type {type(value).__name__}", "datatype_mismatch")
    elif known.choices:
        labels = list(known.choices.values())
        if any(each not in labels for each in (value if isinstance(value, list) else [value])):
            yield Complaint(place, f"It should be one of these values: '{','.join(labels)}'")
    elif len(str(value)) > _LONGEST.get(known.type, len(str(value))):
        most = _LONGEST[known.type]
        said = f"Has {len(str(value))} characters, it can have maximum of {most} characters"
        yield Complaint(place, said)
    elif known.type == "custom_date" and not _is_date(str(value)):
        yield Complaint(place, "It should be in the 'YYYY-MM-DD' format")


_LONGEST: Mapping[str, int] = {"custom_text": TEXT_LIMIT, "custom_paragraph": PARAGRAPH_LIMIT}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "custom_text": (str,),
    "custom_paragraph": (str,),
    "custom_dropdown": (str,),
    "custom_date": (str,),
    "custom_checkbox": (bool,),
    "custom_number": (int,),
    "custom_decimal": (int, float),
    "custom_multi_select_dropdown": (list,),
}


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# The rules ----------------------------------------------------------------------------------------------------


def _one_of(
    field: str, allowed: Callable[[Account, Any], bool]
) -> Callable[[Account, Any], Iterator[Complaint]]:
    def rule(account: Account, value: Any) -> Iterator[Complaint]:
        if isinstance(value, str) and field != "email":
            yield Complaint(
                field, "Value set is of type String.It should be a/an Integer", "datatype_mismatch"
            )
        elif not allowed(account, value):
            yield Complaint(field, "It is not one of the allowed values")

    return rule


def _is_agent(account: Account, value: Any) -> bool:
    known = account.users.get(value)
    return value is None or (known is not None and known.is_agent and known.active)


def _subject(account: Account, value: Any) -> Iterator[Complaint]:
    del account
    if len(value or "") > SUBJECT_LIMIT:
        yield Complaint(
            "subject", f"Has {len(value)} characters, it can have maximum of {SUBJECT_LIMIT} characters"
        )


def _tags(account: Account, value: Any) -> Iterator[Complaint]:
    del account
    if any(len(tag) > TAG_LIMIT for tag in value or ()):
        yield Complaint("tags", f"It should contain elements that have maximum of {TAG_LIMIT} characters")


def _type(account: Account, value: Any) -> Iterator[Complaint]:
    if value is not None and value not in account.types:
        yield Complaint("type", f"It should be one of these values: '{','.join(account.types)}'")


_RULES: Mapping[str, Callable[[Account, Any], Iterator[Complaint]]] = {
    "status": _one_of("status", lambda _, value: value in STATUSES),
    "priority": _one_of("priority", lambda _, value: value in (1, 2, 3, 4)),
    "source": _one_of("source", lambda _, value: value in _SOURCES or value > 100),
    "group_id": _one_of("group_id", lambda account, value: value is None or value in account.groups),
    "responder_id": _one_of("responder_id", _is_agent),
    "requester_id": _one_of("requester_id", lambda account, value: value in account.users),
    "email": _one_of("email", lambda _, value: isinstance(value, str) and bool(_EMAIL.fullmatch(value))),
    "subject": _subject,
    "tags": _tags,
    "type": _type,
}
