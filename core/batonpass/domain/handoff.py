"""A handoff and its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from batonpass.domain.ids import HandoffId
from batonpass.domain.life import LifeEvent


class HandoffState(StrEnum):
    """The life of a handoff."""

    REQUESTED = "requested"
    ENRICHED = "enriched"
    """The facts are gathered, as far as they came in time."""
    TICKETED = "ticketed"
    """One ticket stands in the helpdesk."""
    ANNOUNCED = "announced"
    """The AI agent knows it and can tell the customer."""
    ACCEPTED = "accepted"
    """A person has taken the ticket or answered the customer."""
    RESOLVED = "resolved"
    """The ticket is solved; it may be reopened, then it is accepted again."""
    RETURNED = "returned"
    ABANDONED = "abandoned"
    """The ticket was deleted, or no longer said that it needs a person when we came to read it; or an operator has
    cancelled the handoff before it had a ticket."""
    PARKED = "parked"
    """A person must look."""


class Lane(IntEnum):
    """What is done first when there is more than can be done at once. Between handoffs of one lane each AI agent has
    its fair share."""

    URGENT = 0
    """A customer waits, for a hard reason: a person must take over."""
    LIVE = 1
    """A customer waits."""
    BACKGROUND = 2
    """Nobody waits for it: late facts, reading tickets again."""
    REPLAY = 3
    """What an operator or the reconciliation has put back; and scheduled reading in bulk."""


class StepKind(StrEnum):
    READ_CONVERSATION = "read_conversation"
    GATHER_FACTS = "gather_facts"
    OPEN_TICKET = "open_ticket"
    PASS_CONVERSATION = "pass_conversation"  # noqa: S105 - no password
    ENRICH_TICKET = "enrich_ticket"
    NOTE_CONTEXT = "note_context"
    READ_BACK = "read_back"
    NOTE_NOT_LANDED = "note_not_landed"
    LATE_FACTS = "late_facts"
    NOTE_LATE_FACTS = "note_late_facts"
    TELL_CUSTOMER = "tell_customer"
    TELL_DELAY = "tell_delay"
    """Tell the customer's side honestly that no ticket stands yet."""
    ANNOUNCE = "announce"
    FOLLOW_TICKET = "follow_ticket"

    @property
    def is_effect(self) -> bool:
        """Whether it changes something in the helpdesk: then it is looked for before it is repeated."""
        return self in _EFFECTS

    @property
    def lane(self) -> Lane:
        """The first lane in which it may stand."""
        return Lane.BACKGROUND if self in _BACKGROUND else Lane.URGENT


_EFFECTS = frozenset(
    {
        StepKind.OPEN_TICKET,
        StepKind.PASS_CONVERSATION,
        StepKind.ENRICH_TICKET,
        StepKind.NOTE_CONTEXT,
        StepKind.NOTE_NOT_LANDED,
        StepKind.NOTE_LATE_FACTS,
        StepKind.TELL_CUSTOMER,
    }
)


_BACKGROUND = frozenset({StepKind.LATE_FACTS, StepKind.NOTE_LATE_FACTS, StepKind.FOLLOW_TICKET})


class StepStatus(StrEnum):
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step to be done, as data."""

    kind: StepKind
    about: str = ""
    """What tells it from others of its kind: the source whose facts are late."""
    delay: float = 0.0
    """Seconds until it may begin."""

    @property
    def name(self) -> str:
        """Unique within its handoff; its result is kept under this name."""
        return f"{self.kind}:{self.about}" if self.about else self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What follows: the handoff's next state (None: as it is), the steps to add, what the ticket's life brought."""

    state: HandoffState | None = None
    steps: tuple[NewStep, ...] = ()
    life: tuple[LifeEvent, ...] = ()


class Reaction(StrEnum):
    """What an event at a vendor leads to."""

    NONE = "none"
    """It is kept, that is all."""
    START = "start"
    """A handoff for the ticket that it is about."""
    FOLLOW = "follow"
    """The ticket is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedStep:
    """A step that is ours until `lease_until`, and only while `fence` is still its newest claim."""

    handoff_id: HandoffId
    name: str
    kind: StepKind
    about: str
    fence: int
    """Counts the claims. Above 1, an earlier claim may have taken effect: look first."""
    attempts: int
    """The attempts that count, this one included."""
    first_claimed_at: datetime
    lease_until: datetime
    lane: Lane = Lane.LIVE

    @property
    def may_have_happened(self) -> bool:
        return self.fence > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One attempt at a step, for people who look at it later."""

    step: str
    number: int
    started_at: datetime
    seconds: float
    outcome: str
    """`done`, or the error's code."""
    detail: str = ""
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    name: str
    kind: StepKind
    status: StepStatus
    attempts: int
    due_at: datetime
    created_at: datetime
    done_at: datetime | None
    result: Mapping[str, Any] | None
    because: str | None = None
    """Why it is parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRecord:
    """A handoff as the journal has it."""

    id: HandoffId
    state: HandoffState
    ai_agent: str
    conversation_id: str | None
    created_at: datetime
    updated_at: datetime
    mended: bool
    parked_because: str | None
    ticket_id: str | None
    ticket_url: str | None
    started_by: str | None = None
    """The connection whose webhook asked for it; None: an AI agent did."""
    deadline_at: datetime | None = None
    """When somebody looks at it, if it is still in its state then; None: nobody needs to."""
    life: tuple[LifeEvent, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    attempts: tuple[AttemptRecord, ...] = field(default=())

    def result_of(self, name: str) -> Mapping[str, Any] | None:
        """The kept result of a step; None while it has none."""
        return next((step.result for step in self.steps if step.name == name), None)
