"""What an emulated Acme Desk refuses, and what it drops without a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.responses import JSONResponse, Response

from batonpass_acme.emulated_account import AcmeAccount, EmulatedField

SUBJECT_LIMIT = 200
TEXT_LIMIT = 20_000
STATES = ("new", "open", "waiting", "done", "archived")
KNOWN = {
    *("reference", "subject", "note", "requester", "priority", "team_id"),
    *("assignee_id", "form_id", "labels", "add_labels", "fields", "state"),
}


class RefusalError(Exception):
    def __init__(self, status: int, *complaints: tuple[str | None, str]) -> None:
        super().__init__(str(complaints))
        errors = [{"field": field, "code": code} for field, code in complaints]
        self.response: Response = JSONResponse({"errors": errors}, status)


def check(account: AcmeAccount, told: Mapping[str, Any]) -> None:
    """Raises `RefusalError` with everything that is wrong."""
    complaints = list(_complaints(account, told))
    if complaints:
        raise RefusalError(422, *complaints)


def _complaints(account: AcmeAccount, told: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    for name in told.keys() - KNOWN:
        yield name, "unknown"
    if "subject" in told and not 0 < len(told["subject"]) <= SUBJECT_LIMIT:
        yield "subject", "length"
    if "note" in told and not 0 < len(told["note"]) <= TEXT_LIMIT:
        yield "note", "length"
    email = (told.get("requester") or {}).get("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        yield "requester", "no_address"
    if told.get("priority", 1) not in {1, 2, 3, 4}:
        yield "priority", "unknown"
    if "state" in told and told["state"] not in STATES:
        yield "state", "unknown"
    yield from _wrong_references(account, told)


def _wrong_references(account: AcmeAccount, told: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    if "team_id" in told and told["team_id"] not in account.teams:
        yield "team_id", "unknown"
    if "assignee_id" in told and told["assignee_id"] not in {each.id for each in account.staff()}:
        yield "assignee_id", "unknown"
    if "form_id" in told and told["form_id"] not in account.forms:
        yield "form_id", "unknown"
    form = account.forms.get(told.get("form_id", ""))
    for key, value in (told.get("fields") or {}).items():
        known = account.fields.get(key)
        if form is not None and known is not None and key not in form.keys:
            yield key, "not_on_form"
        if known is None or (known.active and not _FORMS[known.type](known, value)):
            yield key, "unknown" if known is None else "invalid"


def check_required(account: AcmeAccount, told: Mapping[str, Any]) -> None:
    """Of a new ticket."""
    values = told.get("fields") or {}
    lacking = [
        key
        for key, known in account.fields.items()
        if known.required and known.active and not values.get(key)
    ]
    if lacking:
        raise RefusalError(422, *((key, "required") for key in lacking))


def _fits(known: EmulatedField, value: Any) -> bool:
    most = known.most_bytes
    return isinstance(value, str) and (most is None or len(value.encode()) <= most)


def kept(account: AcmeAccount, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: account.fields[key] for key in values}
    return {key: values[key] for key, known in fields.items() if known.active and not known.drops}


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_number(value: Any) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


_FORMS: Mapping[str, Callable[[EmulatedField, Any], bool]] = {
    "line": lambda known, value: _fits(known, value) and "\n" not in value,
    "lines": _fits,
    "tick": lambda _, value: isinstance(value, bool),
    "day": lambda _, value: _is_day(value),
    "whole": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda _, value: _is_number(value),
    "choice": lambda known, value: value in known.options,
    "choices": lambda known, value: isinstance(value, list) and set(value) <= set(known.options),
}
