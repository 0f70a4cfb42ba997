"""The metrics that Zendesk keeps of a ticket, from its comments and audits.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from batonpass_zendesk.emulated_account import Account, EmulatedTicket
from batonpass_zendesk.emulated_events import STAFF
from batonpass_zendesk.emulated_json import at

_DONE = frozenset({"solved", "closed"})


def metric_set(ticket: EmulatedTicket, account: Account) -> dict[str, Any]:
    replies = [each.at for each in ticket.comments if each.public and _is_staff(account, each.author_id)]
    seconds = int((min(replies) - ticket.created_at).total_seconds()) if replies else None
    solved_at, reopens = _solved(ticket)
    return {
        "id": ticket.id,
        "ticket_id": ticket.id,
        "created_at": at(ticket.created_at),
        "updated_at": at(ticket.updated_at),
        "group_stations": _stations(ticket, "group_id", ticket.group_id),
        "assignee_stations": _stations(ticket, "assignee_id", ticket.assignee_id),
        "reopens": reopens,
        "replies": len(replies),
        "solved_at": None if solved_at is None else at(solved_at),
        "reply_time_in_minutes": _duration(None if seconds is None else seconds // 60),
        "reply_time_in_seconds": {"calendar": seconds},
    }


def _is_staff(account: Account, author_id: int) -> bool:
    author = account.users.get(author_id)
    return author is not None and author.role in STAFF


def _solved(ticket: EmulatedTicket) -> tuple[datetime | None, int]:
    """When it was solved for the last time, and how often it was opened again."""
    solved_at: datetime | None = None
    was_done, reopens = False, 0
    for status, time in _changes(ticket, "status"):
        is_done = status in _DONE
        if is_done and not was_done:
            solved_at = time
        reopens += was_done and not is_done
        was_done = is_done
    return solved_at, reopens


def _stations(ticket: EmulatedTicket, field: str, now: int | None) -> int:
    been = {value for value, _ in _changes(ticket, field) if value is not None}
    return len(been if now is None else been | {now})


def _changes(ticket: EmulatedTicket, field: str) -> Iterator[tuple[Any, datetime]]:
    for audit in ticket.audits:
        for event in audit.events:
            if event.get("field_name") == field:
                yield event.get("value"), audit.at


def _duration(minutes: int | None) -> dict[str, int | None]:
    return {"calendar": minutes, "business": minutes}
