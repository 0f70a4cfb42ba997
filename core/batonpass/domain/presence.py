"""Who of the support team is there now, as far as the helpdesk tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batonpass.domain.ticket import Agent


class Availability(StrEnum):
    ONLINE = "online"
    """Takes new work."""
    AWAY = "away"
    """There, but takes no new work; transfers perhaps."""
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    """The helpdesk has a status that says none of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much an agent has on one channel."""

    channel: str
    """The helpdesk's own name of it."""
    assigned: int | None = None
    limit: int | None = None
    """None: no limit is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPresence:
    agent: Agent
    availability: Availability
    since: datetime | None = None
    status: str | None = None
    """The helpdesk's own word for it ("Lunch")."""
    group_ids: tuple[str, ...] = ()
    loads: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    agents: tuple[AgentPresence, ...]
    as_of: datetime
    """When it was read: presence ages by the minute."""
