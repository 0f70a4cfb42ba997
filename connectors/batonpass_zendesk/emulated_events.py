"""What changed on an emulated ticket, as Zendesk's audits and as its webhook events tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batonpass_zendesk.emulated_account import Account, EmulatedComment, EmulatedTicket, EmulatedUser, Stored
from batonpass_zendesk.emulated_json import at
from batonpass_zendesk.emulated_json import comment as comment_json

PREFIX = "zen:event-type:"
Told = tuple[str, dict[str, Any]]
"""An event's type, and its `event` object."""
STAFF = frozenset({"agent", "admin"})


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a ticket was before a change."""

    status: str
    subject: str
    priority: str | None
    group_id: int | None
    assignee_id: int | None
    tags: tuple[str, ...]
    fields: dict[int, Stored]

    @classmethod
    def of(cls, ticket: EmulatedTicket) -> Snapshot:
        return cls(
            status=ticket.status,
            subject=ticket.subject,
            priority=ticket.priority,
            group_id=ticket.group_id,
            assignee_id=ticket.assignee_id,
            tags=tuple(ticket.tags),
            fields=dict(ticket.fields),
        )


@dataclass(frozen=True, kw_only=True)
class Change:
    """One update of a ticket, by whomever."""

    ticket: EmulatedTicket
    author: EmulatedUser
    before: Snapshot | None
    """None: it was created."""
    comment: EmulatedComment | None = None

    @property
    def created(self) -> bool:
        return self.before is None

    def changed(self, name: str) -> bool:
        return self.before is not None and getattr(self.before, name) != getattr(self.ticket, name)


def audit_events(change: Change, ids: Iterator[int]) -> list[dict[str, Any]]:
    ticket, before = change.ticket, change.before
    told: list[dict[str, Any]] = []
    if change.comment is not None:
        told.append({**comment_json(change.comment), "type": "Comment"})
    for name in ("status", "priority", "group_id", "assignee_id", "subject"):
        now = getattr(ticket, name)
        if before is None or getattr(before, name) != now:
            kind = "Create" if before is None else "Change"
            was = {} if before is None else {"previous_value": getattr(before, name)}
            # Zendesk gives a null for what is empty now; its own contract allows none in a change.
            is_ = {} if now is None and before is not None else {"value": now}
            told.append({"id": next(ids), "type": kind, "field_name": name, **is_, **was})
    return told


def webhook_events(account: Account, change: Change) -> Iterator[Told]:
    ticket, before = change.ticket, change.before
    if before is None:
        yield f"{PREFIX}ticket.created", {}
        return
    if change.comment is not None:
        yield f"{PREFIX}ticket.comment_added", {"comment": _comment(account, change.comment)}
    if change.changed("status"):
        yield f"{PREFIX}ticket.status_changed", _from_to(before.status.upper(), ticket.status.upper())
    if change.changed("assignee_id"):
        yield f"{PREFIX}ticket.agent_assignment_changed", _from_to(before.assignee_id, ticket.assignee_id)
    if change.changed("group_id"):
        yield f"{PREFIX}ticket.group_assignment_changed", _from_to(before.group_id, ticket.group_id)
    if change.changed("tags") and (set(before.tags) != set(ticket.tags)):
        added = [tag for tag in ticket.tags if tag not in before.tags]
        removed = [tag for tag in before.tags if tag not in ticket.tags]
        yield f"{PREFIX}ticket.tags_changed", {"tags_added": added, "tags_removed": removed}
    for field_id, value in ticket.fields.items():
        if before.fields.get(field_id) != value:
            known = account.fields[field_id]
            field = {"id": str(known.id), "title": known.title, "type": known.type}
            yield (
                f"{PREFIX}ticket.custom_field_changed",
                {"custom_field": field, **_from_to(before.fields.get(field_id), value)},
            )


def detail(ticket: EmulatedTicket, author: EmulatedUser) -> dict[str, Any]:
    """Ids as text, words in capitals: not as the API has them."""
    return {
        "id": str(ticket.id),
        "actor_id": str(author.id),
        "assignee_id": str(ticket.assignee_id or ""),
        "group_id": str(ticket.group_id or ""),
        "requester_id": str(ticket.requester_id),
        "external_id": ticket.external_id,
        "status": ticket.status.upper(),
        "priority": (ticket.priority or "").upper(),
        "subject": ticket.subject,
        "tags": ticket.tags,
        "created_at": at(ticket.created_at),
        "updated_at": at(ticket.updated_at),
        "via": {"channel": ticket.channel},
    }


def _comment(account: Account, made: EmulatedComment) -> dict[str, Any]:
    author = account.users[made.author_id]
    return {
        "id": str(made.id),
        "body": comment_json(made)["body"],
        "is_public": made.public,
        "author": {"id": str(author.id), "name": author.name, "is_staff": author.role in STAFF},
    }


def _from_to(previous: Any, current: Any) -> dict[str, Any]:
    def told(value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return {"previous": told(previous), "current": told(current)}
