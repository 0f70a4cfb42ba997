"""What happened at a vendor, in our words: what a webhook delivery is translated into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What happened. A kind says which object to read again; it carries no content of its own."""

    HANDOFF_ASKED = "handoff_asked"
    """Somebody, or a rule of the helpdesk, says that this conversation needs a person."""
    TICKET_OPENED = "ticket_opened"
    TICKET_ASSIGNED = "ticket_assigned"
    """To a person or to another group."""
    AGENT_REPLIED = "agent_replied"
    """A person of the support team wrote something that the customer sees."""
    CUSTOMER_REPLIED = "customer_replied"
    NOTE_ADDED = "note_added"
    """Somebody wrote something that the customer does not see."""
    STATUS_CHANGED = "status_changed"
    """Neither to solved nor back from it."""
    TICKET_SOLVED = "ticket_solved"
    TICKET_REOPENED = "ticket_reopened"
    TICKET_RATED = "ticket_rated"
    AGENT_PRESENCE_CHANGED = "agent_presence_changed"
    CONTACT_CHANGED = "contact_changed"
    COMPANY_CHANGED = "company_changed"
    DEAL_CHANGED = "deal_changed"
    SUBSCRIPTION_CHANGED = "subscription_changed"
    INVOICE_CHANGED = "invoice_changed"
    CHARGE_CHANGED = "charge_changed"
    DISPUTE_CHANGED = "dispute_changed"
    UNKNOWN = "unknown"
    """No kind that we know: kept, counted, never refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. The same event may arrive several times and in any order."""

    kind: EventKind
    id: str
    """The vendor's id of the event, the same in every delivery of it."""
    subject_id: str | None
    """The vendor's id of the object that it happened to (a ticket, an agent, a contact); None where none is told."""
    at: datetime
    """When it happened, by the vendor's clock: for order, never for deadlines."""
    vendor_kind: str
    """The vendor's own word for what happened, as the supported list in the documentation has it."""
    actor_id: str | None = None
    """The vendor's id of who did it, where it is told: our own writes are known by it."""
    test: bool = False
    """Whether it is a test delivery, or comes from the vendor's test mode where the connection is a live one: then it
    is kept and has no effect."""
