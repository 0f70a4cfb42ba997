"""What a step's handler gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batonpass.domain.handoff import Plan
from batonpass.domain.landing import Landing
from batonpass.domain.ticket import TicketRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The step is done: its result for the journal, and what follows."""

    result: Mapping[str, Any]
    plan: Plan
    ticket: TicketRef | None = None
    """The ticket that the handoff now has."""
    request: bytes | None = None
    """What the conversation in the helpdesk says, as a request in JSON, where it has just been read."""
    followed_to: int | None = None
    """The number of the last event that was taken into account."""
    look_again_at: datetime | None = None
    """When the ticket is to be read again although nothing is told of it."""
    landings: tuple[Landing, ...] = ()
    """What has become of the values for the ticket's fields, as far as this step tells it."""
