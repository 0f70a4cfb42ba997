"""A conversation as it was read from the helpdesk."""

from __future__ import annotations

from dataclasses import dataclass

from batonpass.domain.conversation import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCustomer:
    """The ticket's requester, as the helpdesk knows them."""

    id: str | None = None
    """The helpdesk's own id of the person."""
    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadConversation:
    """What was said on a ticket, oldest first."""

    turns: tuple[Turn, ...]
    """Public messages only, as plain text. Role `ai` for what the AI agent's own user wrote, `agent` for people."""
    customer: ReadCustomer
    subject: str | None = None
    channel: str | None = None
    """The helpdesk's own word."""
    language: str | None = None
    """BCP 47 tag, where the helpdesk tells one."""
    cut: int = 0
    """How many older turns the helpdesk did not give."""
