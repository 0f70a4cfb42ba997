"""Which of an emulated account's triggers a change of a ticket sets off, and what they send."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from batonpass_zendesk.emulated_events import STAFF, Change
from batonpass_zendesk.emulated_json import at
from batonpass_zendesk.emulated_rules import STATUSES

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def is_met(conditions: Mapping[str, Any], change: Change) -> bool:
    """All of `all`, and one of `any` where there are some."""
    every = [_holds(each, change) for each in conditions.get("all") or ()]
    some = [_holds(each, change) for each in conditions.get("any") or ()]
    return all(every) and (any(some) or not some)


def body_of(template: str, change: Change) -> str:
    """The trigger's body with its placeholders filled in, nothing escaped: as Zendesk does."""
    ticket, author = change.ticket, change.author
    known = {
        "ticket.id": str(ticket.id),
        "ticket.status": ticket.status,
        "ticket.external_id": ticket.external_id or "",
        "ticket.updated_at_with_timestamp": at(ticket.updated_at),
        "current_user.id": str(author.id),
        "current_user.role": "Agent" if author.role in STAFF else "End user",
    }
    return _PLACEHOLDER.sub(lambda found: known.get(found[1], ""), template)


def _holds(condition: Mapping[str, Any], change: Change) -> bool:
    field, operator, value = condition["field"], condition["operator"], condition.get("value")
    known = _OF_THE_UPDATE.get(field)
    if known is not None:
        return known(change) == value
    if field == "current_tags":
        return bool(set(str(value).split()) & set(change.ticket.tags))
    if field == "status":
        return _status(operator, str(value), change)
    if field.startswith("custom_fields_"):
        stored = change.ticket.fields.get(int(field.removeprefix("custom_fields_")))
        return str(stored).lower() == str(value).lower()
    now = getattr(change.ticket, field)
    return change.changed(field) if operator == "changed" else str(now) == str(value)


def _status(operator: str, value: str, change: Change) -> bool:
    now = change.ticket.status
    before = change.before.status if change.before is not None else None
    match operator:
        case "value":
            return now == value and before != now
        case "value_previous":
            return before == value and before != now
        case "not_value_previous":
            return before != value
        case "less_than":
            return STATUSES.index(now) < STATUSES.index(value)
        case "changed":
            return change.changed("status")
        case _:
            return now == value


def _comment_is(change: Change) -> str:
    if change.comment is None:
        return "none"
    return "true" if change.comment.public else "false"


_OF_THE_UPDATE: Mapping[str, Callable[[Change], str]] = {
    "update_type": lambda change: "Create" if change.created else "Change",
    "comment_is_public": _comment_is,
}
