"""Automation rules at work: who did what on a ticket → the webhooks that the account's rules send for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batonpass.testing.outbox import Outbox, Outgoing, Sign
from batonpass_freshdesk.emulated_account import Account, EmulatedRule, EmulatedTicket

ANY = "--"
_AGENT, _REQUESTER, _EITHER, _SYSTEM = 1, 2, 3, 4
_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doer:
    """Who changes a ticket; an agent by their id."""

    performer: int
    id: int | None = None

    @classmethod
    def agent(cls, agent_id: int) -> Doer:
        return cls(performer=_AGENT, id=agent_id)


REQUESTER = Doer(performer=_REQUESTER)
SYSTEM = Doer(performer=_SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`value` for what happens (a reply), `before` and `after` for what changes."""

    field: str
    before: Any = None
    after: Any = None
    value: str | None = None


UPDATED = Change(field="ticket_action", value="update")


def created(account: Account, outbox: Outbox, ticket: EmulatedTicket) -> None:
    for rule in list(account.rules.values()):
        if rule.type == 1 and rule.active and _meets(rule, ticket):
            _call(rule, ticket, outbox)


def changed(
    account: Account, outbox: Outbox, ticket: EmulatedTicket, by: Doer, changes: Sequence[Change]
) -> None:
    for rule in list(account.rules.values()):
        if rule.type != 4 or not rule.active or not _performed(rule.told.get("performer") or {}, by):
            continue
        happened = any(
            _happened(event, change) for event in rule.told.get("events") or () for change in changes
        )
        if happened and _meets(rule, ticket):
            _call(rule, ticket, outbox)


def _performed(wanted: Mapping[str, Any], by: Doer) -> bool:
    kind = wanted.get("type", _EITHER)
    if kind == _EITHER:
        return by.performer in {_AGENT, _REQUESTER}
    members = {int(each) for each in wanted.get("members") or ()}
    return bool(kind == by.performer and (not members or by.performer != _AGENT or by.id in members))


def _happened(event: Mapping[str, Any], change: Change) -> bool:
    if event.get("field_name") != change.field:
        return False
    if "value" in event:
        return change.value is not None and event["value"] in (ANY, change.value)
    sides = ((event.get("from", ANY), change.before), (event.get("to", ANY), change.after))
    return change.value is None and all(wanted in (ANY, given) for wanted, given in sides)


def _meets(rule: EmulatedRule, ticket: EmulatedTicket) -> bool:
    for group in rule.told.get("conditions") or ():
        met = [_holds(each, ticket) for each in group.get("properties") or ()]
        if not (any(met) if group.get("match_type") == "any" else all(met)):
            return False
    return True


def _holds(condition: Mapping[str, Any], ticket: EmulatedTicket) -> bool:
    """An operator that is not known here holds never."""
    held = _value(condition.get("field_name", ""), ticket)
    wanted = condition.get("value")
    several = wanted if isinstance(wanted, list) else [wanted]
    match condition.get("operator"):
        case "in" | "is":
            return any(each in several for each in (held if isinstance(held, list) else [held]))
        case "selected":
            return held is True
        case "not_selected":
            return held is not True
        case _:
            return False


def _value(field: str, ticket: EmulatedTicket) -> Any:
    if field == "tag_names":
        return ticket.tags
    if field in {"priority", "status", "group_id", "responder_id", "source", "type"}:
        return getattr(ticket, field)
    return ticket.fields.get(field)


def _call(rule: EmulatedRule, ticket: EmulatedTicket, outbox: Outbox) -> None:
    for action in rule.told.get("actions") or ():
        if action.get("field_name") == "trigger_webhook" and action.get("url"):
            outbox.post(str(rule.told.get("name", "")), action["url"], _sender(action, ticket))


def _sender(action: Mapping[str, Any], ticket: EmulatedTicket) -> Sign:
    """Filled in when the rule runs, and the same in every try. Nothing is signed."""
    known = {"ticket.id": ticket.id, "ticket.status_id": ticket.status, "ticket.subject": ticket.subject}
    content = action.get("content")
    template = content if isinstance(content, str) else json.dumps(content)
    # As Freshdesk does, without a thought for JSON: a quotation mark in a subject breaks the body.
    body = _PLACEHOLDER.sub(lambda found: str(known.get(found[1], "")), template).encode()
    headers = {"Content-Type": "application/json", **(action.get("custom_headers") or {})}

    def send(url: str, now: datetime) -> Outgoing:
        del url, now
        return Outgoing(headers=headers, body=body)

    return send
