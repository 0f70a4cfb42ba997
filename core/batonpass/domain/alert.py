"""What a person must hear of: one notice for each, however often it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    HANDOFFS_LATE = "handoffs_late"
    """Customers have waited for their ticket for too long; about: the helpdesk's connection."""
    HANDOFF_PARKED = "handoff_parked"
    """Handoffs go no further by themselves; about: the helpdesk's connection, or `no_ticket_in_time`."""
    AI_AGENT_NOT_TOLD = "ai_agent_not_told"
    """Tickets stand of which the AI agent does not know; about: the AI agent."""
    NOT_ACCEPTED = "not_accepted"
    """Tickets stand that no agent has taken; about: the helpdesk's connection."""
    NOT_RESOLVED = "not_resolved"
    """Tickets that agents took long ago and that are not solved; about: the helpdesk's connection."""
    STORM = "storm"
    """Handoffs surge from one cause; about: the AI agent and the reason's code."""
    CREDENTIALS_REFUSED = "credentials_refused"
    """About: the connection."""
    BREAKER_OPEN = "breaker_open"
    """Calls fail again and again; about: the connection and the operation."""
    WEBHOOKS_SILENT = "webhooks_silent"
    """The helpdesk's tickets change, but it delivers nothing; about: the connection."""
    RECONCILED = "reconciled"
    """Reading the helpdesk has found what webhooks had not told; about: the connection."""
    RECONCILE_HELD = "reconcile_held"
    """Reading the helpdesk would start very many handoffs, so it has started none; about: the connection."""
    DOUBLED = "doubled"
    """Handoffs have several tickets; about: the helpdesk's connection."""
    ORPHANED = "orphaned"
    """Tickets were opened for handoffs that the journal does not know; about: the helpdesk's connection."""
    MAPPING_DRIFT = "mapping_drift"
    """The helpdesk's account has changed, and lines of the mapping do not fit it; about: the connection."""
    SYNC_HELD = "sync_held"
    """Very many records are missing from a vendor's list, so none was marked as deleted; about: the stream."""
    SYNC_FAILING = "sync_failing"
    """A stream has not been read to its end several times in a row; about: the stream."""
    STORE_LOW = "store_low"
    """Little space is left for the journal; about: the node."""
    CLOCK_WRONG = "clock_wrong"
    """The machine's clock has jumped; about: the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """Something that a person must hear of. While one of this kind and subject is open, it is only counted."""

    kind: AlertKind
    about: str
    detail: str = ""
    """For people: what is wrong and what to do next; no customer's data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    id: int
    kind: AlertKind
    about: str
    detail: str
    opened_at: datetime
    last_at: datetime
    """When it was last seen to be so."""
    count: int
    closed_at: datetime | None = None
