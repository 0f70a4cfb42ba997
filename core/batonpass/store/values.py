"""What goes into the journal and what comes out of it, at the height of the domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from batonpass.domain.errors import BatonpassError
from batonpass.domain.event import Event
from batonpass.domain.handoff import HandoffState, Lane, Plan, Reaction
from batonpass.domain.ids import HandoffId


class StaleClaimError(BatonpassError):
    """The step was claimed by another worker meanwhile: what we did for it is not written."""

    code = "stale_claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHandoff:
    """A delivery to be accepted."""

    id: HandoffId
    ai_agent: str
    conversation_id: str | None
    body: bytes
    """As it came."""
    request: bytes
    """As JSON, mended."""
    mended: bool
    idempotency_key: str | None
    body_sha256: bytes
    received_at: datetime
    helpdesk: str
    """The connection that keeps the tickets."""
    asked_about: str | None = None
    """The ticket that stands there already."""
    lane: Lane = Lane.LIVE
    rank: int = 0
    """Its place in its lane."""
    reason: str | None = None
    """The code of why a person is needed."""
    person: bytes | None = None
    """A keyed hash of whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """What a vendor delivered, proven to be the vendor's."""

    connection: str
    body: bytes | None
    """As it came; None where nothing is to be kept: it has been before, or we have looked ourselves."""
    received_at: datetime
    door_time: datetime | None = None
    """The time that its proof was checked at, by the machine's clock, to the millisecond: reading it again must give
    the same events. None: `received_at`."""
    again: bool = False
    """Whether events that are known count as new ones: a person wants them looked at once more."""
    events: tuple[Event, ...]


class Reacts(Protocol):
    """Decides in the journal's transaction what an event leads to."""

    def __call__(self, event: Event, known: HandoffState | None) -> Reaction: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """How a handoff that a ticket asks for begins."""

    new_id: Callable[[], HandoffId]
    ai_agent: str
    plan: Plan
    lane: Lane = Lane.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The delivery is on the disk."""

    new: int
    """Events that were not there before."""
    seen: int
    started: tuple[HandoffId, ...] = ()
    followed: int = 0
    """Handoffs whose ticket will be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """It is on the disk."""

    handoff_id: HandoffId
    replayed: bool
    """Whether it was there before, under the same key and with the same body."""


class FirstDeadline(Protocol):
    """When somebody must look at a handoff that comes into a state; None: never."""

    def __call__(self, state: HandoffState, *, at: datetime, created_at: datetime) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is to be done, in few words."""

    states: dict[str, int]
    """How many handoffs stand in each state."""
    oldest: dict[str, datetime]
    """When the oldest of each state came into it, of those that are not over."""
    queued: int
    """Steps that wait for their turn, counted up to `MOST_COUNTED`."""
    fronts: dict[Lane, int]
    """The lowest rank that waits in each lane, where any does."""


MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The key was used before with another body."""

    handoff_id: HandoffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    body: bytes
    """Empty until the conversation has been read, where a ticket asked."""
    ai_agent: str
    created_at: datetime
    mended: bool
    started_by: str | None = None
    asked_about: str | None = None
