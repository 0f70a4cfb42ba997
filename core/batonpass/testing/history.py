"""What is known of a run, from every side: what was acknowledged and told, what the helpdesk and the store hold.

A history is plain data. A crash test gathers it after the last restart, a soak from time to time, a test of your own
connector after one call; `batonpass.testing.invariants.check` says what is wrong in it. What is not gathered is left
empty, and what hangs on it alone is not checked then.

All times come from one clock, or from clocks that agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffRecord, HandoffState
from batonpass.testing.emulator import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """One 2xx given to an AI agent; several with one key are several."""

    key: str
    """Its Idempotency-Key; empty where it sent none."""
    handoff_id: str
    conversation_id: str | None
    sent_at: datetime
    """When the request went out."""
    at: datetime
    """When the answer came."""
    canary: str = ""
    """A word of letters and digits (with anything between them) that stands in this conversation and nowhere else."""
    ai_agent: str = ""
    """Keys and conversations of two AI agents have nothing to do with each other."""
    request_hash: str = ""
    """Of all that was asked, without what differs on purpose; empty: it is compared with no other."""

    def __post_init__(self) -> None:
        if self.canary and not any(map(str.isalnum, self.canary)):
            raise ValueError(f"{self.handoff_id}: a canary without letters and digits would never be found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One 2xx given to a vendor's webhook."""

    ticket_id: str
    kind: EventKind
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an AI agent's callback received and answered with 2xx; a repeat is one more."""

    event_id: str
    """The webhook's id, the same in every repeat."""
    kind: str
    """`ticketed`, `delayed`, `resolved`, …; `handoff.` before it does no harm."""
    handoff_id: str
    ticket_id: str | None
    at: datetime
    say: str = ""
    """What the customer is to be told."""

    @property
    def what(self) -> str:
        return self.kind.removeprefix("handoff.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the customer saw on the ticket."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSeen:
    """One ticket at the helpdesk at the end, whoever opened it."""

    id: str
    """As `TicketRef.id`."""
    key: str | None
    """Ours; None: it has none, or the helpdesk does not tell."""
    opened_at: datetime
    internal_notes: tuple[str, ...] = ()
    """As `Emulator.internal_notes` gives them."""
    public_replies: tuple[Reply, ...] = ()
    other_texts: tuple[str, ...] = ()
    """Its subject, the values of its fields, its tags."""
    asks: bool = False
    """Whether it asks for a person by the connection's own rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """A deadline that a handoff has passed in its state."""

    handoff_id: str
    state: HandoffState
    deadline_at: datetime
    alerted_at: datetime | None
    """None: nobody was told of it."""
    left_at: datetime | None = None
    """When it left the state all the same; None: it is still in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Something that must not grow without end."""

    name: str
    most: float
    seen: float
    """The largest that was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSeen:
    """A handoff's state at one moment, as the API showed it."""

    handoff_id: str
    state: HandoffState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One run with one helpdesk: tickets of two helpdesks may have the same id."""

    acknowledged: tuple[Acknowledged, ...] = ()
    delivered: tuple[Delivered, ...] = ()
    told: tuple[Told, ...] = ()
    hears: bool = True
    """Whether the AI agents have a callback, and `told` is all that it received."""
    tickets: tuple[TicketSeen, ...] = ()
    """All that stand at the end."""
    ledger: tuple[Effect, ...] = ()
    """The helpdesk's, whole: every effect that it has committed."""
    kept: Mapping[str, HandoffRecord] = field(default_factory=dict)
    """The store at the end, whole: every handoff by its id."""
    kept_before: Mapping[str, HandoffRecord] = field(default_factory=dict)
    """An earlier look at the store."""
    asked_about: Mapping[str, str] = field(default_factory=dict)
    """Handoff → the ticket that stood already when it was asked for; wanted where that handoff got no further."""
    states_seen: tuple[StateSeen, ...] = ()
    expired: tuple[Expired, ...] = ()
    bounds: tuple[Bound, ...] = ()
    failed_by_reload: Mapping[str, int] = field(default_factory=dict)
    """Change of the configuration → requests that failed for it."""
    config_versions: tuple[str, ...] = ()
    """The mapping versions that were in force; empty: not gathered."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Name → text of what we wrote for machines and operators: logs, metrics, error pages, crash files."""
    secrets: tuple[str, ...] = ()
    ended_at: datetime
    still_broken: bool = False
    """Whether faults may still be under way: what is merely unfinished is no violation then."""
    ticket_within: timedelta = timedelta(seconds=120)
    """After the handoff was asked for; whoever has no ticket then is told so."""
    told_tolerance: timedelta = timedelta(seconds=10)
    """How much later that may be heard; longer where we were dead or the callback was away."""
    alert_within: timedelta = timedelta(minutes=5)
    """After a deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that must never be so. No customer's text and no secret stands in it."""

    invariant: str
    """`I1` to `I10`."""
    what: str
    about: str
    """The handoff's id or the ticket's; the name of an output, a bound, a change of the configuration."""
