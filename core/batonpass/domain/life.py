"""What becomes of a handoff once its ticket stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batonpass.domain.ticket import Agent


class LifeKind(StrEnum):
    ACCEPTED = "accepted"
    """An agent took the ticket or answered the customer."""
    RESOLVED = "resolved"
    REOPENED = "reopened"
    RATED = "rated"
    """The customer said how satisfied they are."""
    MERGED = "merged"
    """Another ticket took its place; it is followed no more."""
    TICKET_GONE = "ticket_gone"
    """The ticket was deleted; nothing more is written to it."""
    WITHDRAWN = "withdrawn"
    """The ticket no longer said that it needs a person when we came to read it."""
    CANCELLED = "cancelled"
    """An operator has taken it back before it had a ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeEvent:
    kind: LifeKind
    at: datetime
    """By the helpdesk's clock."""
    person: Agent | None = None
    """The agent who did it; None where the helpdesk does not tell, or where the customer did it."""
    score: float | None = None
    """Of RATED: 0 (worst) to 1 (best)."""
    detail: str = ""
    """The rating in the helpdesk's own scale; the id of the ticket that it was merged into. No customer's words."""
