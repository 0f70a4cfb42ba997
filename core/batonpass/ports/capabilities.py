"""What a connection can do; data, asked before planning."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    OPEN_TICKET = "open_ticket"
    """Opens, finds, reads and changes tickets, appends notes, tells its fields: the protocol `Helpdesk`."""
    IDEMPOTENT_CREATE = "idempotent_create"
    """The vendor itself takes an idempotency key, so a repeat need not wait for the first call to die."""
    NOTE_APART = "note_apart"
    """A ticket is opened without its note: the engine appends it as a step of its own."""
    READ_BACK = "read_back"
    APPEND_NOTE = "append_note"
    FIELD_SCHEMA = "field_schema"
    CHANGE_TICKET = "change_ticket"
    REPLY = "reply"
    READ_CONVERSATION = "read_conversation"
    FOLLOW_TICKET = "follow_ticket"
    LIST_CHANGES = "list_changes"
    """Lists every ticket that changed since a time: what a lost webhook did not tell."""
    AGENTS = "agents"
    AGENT_PRESENCE = "agent_presence"
    PROVISION_FIELDS = "provision_fields"
    PASS_CONVERSATION = "pass_conversation"  # noqa: S105 - no password
    SATISFACTION = "satisfaction"
    """`TicketLife.rating` is told."""
    REGISTER_WEBHOOKS = "register_webhooks"
    TICKET_HISTORY = "ticket_history"
    """Tells a person's recent tickets and their number per period."""
    CRM_FACTS = "crm_facts"
    BILLING_FACTS = "billing_facts"
    SYNC = "sync"
    """Its records can be read in bulk, to be known before they are asked for."""
