"""The automation rules that deliver our webhooks, as data.

The reference describes rules and their performers, and names `url`, `request_type` and `custom_headers` of an action
that calls; it does not name that action, its content or the events' fields. `trigger_webhook`, `POST`, `JSON`, layout
`2` (advanced), `ticket_action`, `note_type` and `--` (anything) are as seen in use by others; `reply_sent`,
`customer_feedback` and the operators are as Freshdesk's own placeholders and pages have them. So what Freshdesk keeps
of the first rule is compared with what was sent, and people are told to make the rules by hand where it differs.

https://developers.freshdesk.com/api/#create_automation_rule
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from batonpass.domain.ticket import FieldKind
from batonpass.ports import StartRule
from batonpass_freshdesk.webhooks import DONE, REOPENED_WORD, SECRET_HEADER, STATUS_WORD, template

CREATED = 1
UPDATED = 4
TYPES = (CREATED, UPDATED)
PREFIX = "batonpass "
_LONGEST_NAME = 250

Told = dict[str, Any]


class By(StrEnum):
    """Who changes a ticket so that a rule runs."""

    ANYBODY = "anybody"
    AGENTS = "agents"
    REQUESTER = "requester"
    SYSTEM = "system"


_PERFORMERS = {By.AGENTS: 1, By.REQUESTER: 2, By.SYSTEM: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRule:
    word: str
    """Of `webhooks.KINDS`."""
    type: int
    by: By
    events: tuple[Told, ...] = ()
    conditions: tuple[Told, ...] = ()
    """Empty: every ticket."""

    def name(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{PREFIX}{self.word} by {self.by}: {parts.netloc}{parts.path}"[:_LONGEST_NAME]

    def as_json(self, url: str, *, secret: str, members: Sequence[int]) -> Told:
        """`members` are the agents whose changes count: all but our own, which would be told of what it did itself.
        Empty: all."""
        told: Told = {
            "name": self.name(url),
            "active": True,
            "automation_type_id": self.type,
            "conditions": [
                {
                    "name": "condition_set_1",
                    "match_type": "all",
                    "properties": list(self.conditions) or [EVERY_TICKET],
                }
            ],
            "actions": [_action(self.word, url, secret)],
        }
        if self.type == UPDATED:
            told["performer"] = _performer(self.by, members)
            told["events"] = list(self.events)
        return told


EVERY_TICKET: Told = {
    "resource_type": "ticket",
    "field_name": "priority",
    "operator": "in",
    "value": [1, 2, 3, 4],
}
"""A rule must have a condition; every ticket has one of these priorities."""


def _action(word: str, url: str, secret: str) -> Told:
    return {
        "field_name": "trigger_webhook",
        "request_type": "POST",
        "url": url,
        "content_type": "JSON",
        "content_layout": "2",
        "content": template(word),
        "custom_headers": {SECRET_HEADER: secret},
    }


def _performer(by: By, members: Sequence[int]) -> Told:
    told: Told = {"type": _PERFORMERS[by]}
    return {**told, "members": list(members)} if by is By.AGENTS and members else told


def _changes(field: str, *, before: str | int = "--") -> Told:
    """From `before`, or anything, to anything."""
    return {"field_name": field, "from": before, "to": "--"}


def _happens(field: str, value: str) -> Told:
    return {"field_name": field, "value": value}


_ASSIGNED = (_changes("responder_id"), _changes("group_id"))
_STATUS = (_changes("status"),)
_FROM_DONE = tuple(_changes("status", before=status) for status in sorted(DONE))

ALWAYS: tuple[WantedRule, ...] = (
    WantedRule(word="ticket_opened", type=CREATED, by=By.ANYBODY),
    WantedRule(word="ticket_assigned", type=UPDATED, by=By.AGENTS, events=_ASSIGNED),
    WantedRule(word="ticket_assigned", type=UPDATED, by=By.SYSTEM, events=_ASSIGNED),
    WantedRule(word=STATUS_WORD, type=UPDATED, by=By.AGENTS, events=_STATUS),
    WantedRule(word=STATUS_WORD, type=UPDATED, by=By.SYSTEM, events=_STATUS),
    WantedRule(word=REOPENED_WORD, type=UPDATED, by=By.AGENTS, events=_FROM_DONE),
    WantedRule(word=REOPENED_WORD, type=UPDATED, by=By.SYSTEM, events=_FROM_DONE),
    WantedRule(
        word="agent_replied",
        type=UPDATED,
        by=By.AGENTS,
        events=(_happens("reply_sent", "sent"), _happens("note_type", "public")),
    ),
    WantedRule(word="note_added", type=UPDATED, by=By.AGENTS, events=(_happens("note_type", "private"),)),
    WantedRule(
        word="customer_replied", type=UPDATED, by=By.REQUESTER, events=(_happens("reply_sent", "sent"),)
    ),
    WantedRule(
        word="ticket_rated", type=UPDATED, by=By.REQUESTER, events=(_happens("customer_feedback", "--"),)
    ),
)
"""What people do on tickets. A rule runs for any of its events, and says one word, so there is one for each word. That
a status may be left by name (`from: 4`) is what Freshdesk's own pages offer; the reference shows `--` only. Were it
never met, a ticket that is reopened would still be told of as one whose status has changed."""


def start_rules(condition: Told | None) -> tuple[WantedRule, ...]:
    """For tickets that ask for a person: those that meet `condition` (None: all) when they are opened or changed.

    They say so at every change of such a ticket; each costs one read of it.
    """
    conditions = () if condition is None else (condition,)
    changed = (_happens("ticket_action", "update"),)
    return (
        WantedRule(word="handoff_asked", type=CREATED, by=By.ANYBODY, conditions=conditions),
        WantedRule(word="handoff_asked", type=UPDATED, by=By.AGENTS, events=changed, conditions=conditions),
        WantedRule(
            word="handoff_asked", type=UPDATED, by=By.REQUESTER, events=changed, conditions=conditions
        ),
        WantedRule(word="handoff_asked", type=UPDATED, by=By.SYSTEM, events=changed, conditions=conditions),
    )


def start_condition(
    start: StartRule, *, groups: Mapping[str, int], fields: Mapping[str, tuple[str, FieldKind]]
) -> Told | None:
    """The condition of a rule that looks for what `start` says; None where the account has no such group or field.

    `groups`: name and id, in small letters → id. `fields`: label and name, in small letters → name and kind.
    """
    if start.tag is not None:
        return _is_one_of("tag_names", start.tag)
    if start.group is not None:
        group = groups.get(start.group.casefold())
        return None if group is None else _is_one_of("group_id", group)
    name, kind = fields.get((start.field or "").casefold(), ("", FieldKind.OTHER))
    if kind is FieldKind.CHECKBOX:
        operator = "selected" if (start.value or "").casefold() == "true" else "not_selected"
        return {"resource_type": "ticket", "field_name": name, "operator": operator}
    return _is_one_of(name, start.value or "") if name else None


def _is_one_of(field: str, value: str | int) -> Told:
    return {"resource_type": "ticket", "field_name": field, "operator": "in", "value": [value]}
