"""What an emulated workspace takes: attributes by name, list items, whole numbers, times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from batonpass_intercom.emulated_account import Account, EmulatedField, Stored
from batonpass_intercom.emulated_http import Refusal

TITLE_LIMIT = 255
BODY_LIMIT = 65_535
"""Neither is documented."""


def check_required(account: Account, type_id: int, told: Mapping[str, Any]) -> None:
    for known in account.types[type_id].fields.values():
        needed = known.required and known.active and not known.built_in and account.needs_required
        if needed and told.get(known.name) in (None, ""):
            raise Refusal(400, "parameter_not_found", f"Ticket attribute '{known.name}' is required")


def kept(account: Account, kind: str, told: Mapping[str, Any], *, type_id: int) -> dict[str, Stored]:
    """What is stored of attributes that are written. Raises `Refusal` on one that this kind of thing lacks, and on a
    value of another type; what a field drops is dropped without a word."""
    made: dict[str, Stored] = {}
    for name, value in told.items():
        known = _known(account.fields_of(kind, type_id), name)
        if known is None:
            raise Refusal(400, "parameter_invalid", f"{kind.capitalize()} attribute '{name}' does not exist")
        stored = None if value in {None, ""} else _TYPES[known.data_type](known, kind, value)
        if not known.drops:
            made[name] = stored
    return made


def _known(fields: Mapping[int, EmulatedField], name: str) -> EmulatedField | None:
    return next((each for each in fields.values() if each.name == name and each.active), None)


def _wrong(known: EmulatedField, kind: str) -> Refusal:
    what = f"{kind.capitalize()} attribute '{known.name}' has an invalid value"
    return Refusal(400, "parameter_invalid", what)


def _text(known: EmulatedField, kind: str, value: Any) -> Stored:
    if not isinstance(value, str) or len(value) > BODY_LIMIT:
        raise _wrong(known, kind)
    return value


def _item(known: EmulatedField, kind: str, value: Any) -> Stored:
    """Of a ticket the list item's id is written, of a conversation its label."""
    options = set(known.items) if kind == "ticket" else set(known.items.values())
    if value not in options:
        raise _wrong(known, kind)
    return str(value)


def _whole(known: EmulatedField, kind: str, value: Any) -> Stored:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(known, kind)
    return value


def _number(known: EmulatedField, kind: str, value: Any) -> Stored:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(known, kind)
    return value


def _box(known: EmulatedField, kind: str, value: Any) -> Stored:
    if not isinstance(value, bool):
        raise _wrong(known, kind)
    return value


def _time(known: EmulatedField, kind: str, value: Any) -> Stored:
    """ISO 8601 or seconds; given back in seconds."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(datetime.fromisoformat(str(value)).timestamp())
    except ValueError:
        raise _wrong(known, kind) from None


def _files(known: EmulatedField, kind: str, value: Any) -> Stored:
    del value
    raise _wrong(known, kind)


_TYPES: Mapping[str, Callable[[EmulatedField, str, Any], Stored]] = {
    "string": _text,
    "list": _item,
    "integer": _whole,
    "decimal": _number,
    "boolean": _box,
    "datetime": _time,
    "files": _files,
    "relationship": _files,
}


def check_title(told: str) -> None:
    if len(told) > TITLE_LIMIT:
        raise Refusal(400, "parameter_invalid", "title is too long", field="title")


def check_body(told: Any) -> str:
    if not isinstance(told, str) or not told.strip():
        raise Refusal(400, "parameter_not_found", "body is required", field="body")
    if len(told) > BODY_LIMIT:
        raise Refusal(400, "parameter_invalid", "body is too long", field="body")
    return told
