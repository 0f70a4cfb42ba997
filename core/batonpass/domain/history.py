"""What a person has asked before, wherever it was: one contact each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from batonpass.domain.text import one_line
from batonpass.domain.ticket import TicketStatus

MOST_CONTACTS = 10
"""As many as one source tells: its newest."""
LONGEST_TITLE = 200


class ContactKind(StrEnum):
    TICKET = "ticket"
    CONVERSATION = "conversation"
    HANDOFF = "handoff"
    """An earlier handoff of ours."""


class Outcome(StrEnum):
    """What has become of it, in the words that agents read."""

    OPEN = "open"
    WAITING = "waiting for the customer"
    SOLVED = "solved"
    RETURNED = "returned to the AI agent"
    DROPPED = "dropped"
    UNKNOWN = "state unknown"


_OUTCOMES: Mapping[TicketStatus, Outcome] = MappingProxyType(
    {
        TicketStatus.OPEN: Outcome.OPEN,
        TicketStatus.PENDING: Outcome.WAITING,
        TicketStatus.SOLVED: Outcome.SOLVED,
        TicketStatus.CLOSED: Outcome.SOLVED,
    }
)


def outcome_of(status: TicketStatus | None) -> Outcome:
    return Outcome.UNKNOWN if status is None else _OUTCOMES[status]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastContact:
    kind: ContactKind
    source: str
    """The connection that told it; of a handoff, the one that keeps its ticket."""
    id: str
    """There: of a ticket the id by which `TicketRef` names it."""
    at: datetime
    """When it began."""
    title: str = ""
    outcome: Outcome = Outcome.UNKNOWN
    number: str | None = None
    """What people call it there, where that is not the id."""
    url: str | None = None
    channel: str | None = None
    reason: str | None = None
    """Of a handoff: the code of its reason."""
    ticket_id: str | None = None
    """Of a handoff: the ticket that it opened or enriched."""

    @property
    def shown_as(self) -> str:
        """ "#123", "handoff ho_…"."""
        if self.kind is ContactKind.TICKET:
            return f"#{self.number or self.id}"
        return f"{self.kind} {self.number or self.id}"


def titled(text: str | None) -> str:
    """A contact's title as it is kept: one line, bounded."""
    return one_line((text or "")[: 4 * LONGEST_TITLE])[:LONGEST_TITLE]


def contact_to_json(contact: PastContact) -> dict[str, Any]:
    """For the journal: back by `contact_from_json` without loss; what is not known is left out."""
    told = {
        "kind": contact.kind.value,
        "source": contact.source,
        "id": contact.id,
        "at": contact.at.isoformat(),
        "title": contact.title,
        "outcome": contact.outcome.value,
        "number": contact.number,
        "url": contact.url,
        "channel": contact.channel,
        "reason": contact.reason,
        "ticket_id": contact.ticket_id,
    }
    return {key: value for key, value in told.items() if value is not None}


def contact_from_json(data: Mapping[str, Any]) -> PastContact:
    return PastContact(
        kind=ContactKind(data["kind"]),
        source=data["source"],
        id=data["id"],
        at=datetime.fromisoformat(data["at"]),
        title=data["title"],
        outcome=Outcome(data["outcome"]),
        number=data.get("number"),
        url=data.get("url"),
        channel=data.get("channel"),
        reason=data.get("reason"),
        ticket_id=data.get("ticket_id"),
    )
