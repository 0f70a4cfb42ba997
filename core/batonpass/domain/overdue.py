"""Handoffs whose time is over, and what follows: every state has an owner and a deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from batonpass.domain.alert import NewAlert
from batonpass.domain.handoff import HandoffState, NewStep
from batonpass.domain.ids import HandoffId


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A handoff that is still in its state at its deadline."""

    id: HandoffId
    state: HandoffState
    ai_agent: str
    helpdesk: str
    created_at: datetime
    updated_at: datetime
    """When it came into its state."""
    deadline_at: datetime
    has_ticket: bool
    warned: bool
    """Whether a deadline of this state has passed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from it, as data."""

    steps: tuple[NewStep, ...] = ()
    look: bool = False
    """Whether its ticket is to be read again."""
    deadline_at: datetime | None = None
    """When to look again; None: no more."""
    alert: NewAlert | None = None


class OnOverdue(Protocol):
    """Decides in the journal's transaction."""

    def __call__(self, overdue: Overdue, now: datetime) -> Verdict: ...
