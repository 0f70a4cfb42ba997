"""The ticket: what we ask a helpdesk to keep, what it has kept, and what it can keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NewType

TicketKey = NewType("TicketKey", str)
"""Ours, one per ticket to be opened; at most 64 characters of `[A-Za-z0-9_-]`."""
NoteKey = NewType("NoteKey", str)
"""Ours, one per note to be appended; at most 64 characters of `[A-Za-z0-9_-]`."""
FieldId = NewType("FieldId", str)
"""The helpdesk's own key of a field, as a string."""

FieldContent = str | bool | int | Decimal | date | tuple[str, ...]
"""What a field holds. For a dropdown the option's `value`; a tuple is a multi-select."""


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class FieldKind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    CHECKBOX = "checkbox"
    DATE = "date"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DROPDOWN = "dropdown"
    MULTISELECT = "multiselect"
    OTHER = "other"
    """A kind that batonpass does not write."""


class TextUnit(StrEnum):
    """What a vendor counts where a text may be too long."""

    CHARACTERS = "characters"
    """Unicode code points."""
    UTF16 = "utf16"
    """As JavaScript counts: an emoji is two or more."""
    BYTES = "bytes"
    """Of UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOption:
    value: str
    """What is written."""
    label: str
    """What people see."""


class TicketStatus(StrEnum):
    OPEN = "open"
    """Waits for the support team; new, open, on hold."""
    PENDING = "pending"
    """Waits for the customer."""
    SOLVED = "solved"
    CLOSED = "closed"
    """Solved for good: some helpdesks take no change any more."""

    @property
    def is_done(self) -> bool:
        return self in {TicketStatus.SOLVED, TicketStatus.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    id: FieldId
    name: str
    """The title that people see and that mapping files use."""
    kind: FieldKind
    active: bool = True
    required: bool = False
    """Whether the helpdesk's API opens no ticket without it."""
    options: tuple[FieldOption, ...] = ()
    longest: int | None = None
    """The most text that it holds, in `unit`; None: no more than `LONGEST_TEXT` of a text is ever sent."""
    unit: TextUnit = TextUnit.CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person of the support team, as the helpdesk knows them."""

    id: str
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A ticket form, a ticket type or a pipeline: what decides which fields and statuses a ticket has."""

    id: str
    name: str
    fields: tuple[FieldId, ...] = ()
    """The fields on it; empty where the helpdesk does not tell."""
    statuses: tuple[str, ...] = ()
    """The names of its statuses or stages, where it has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewField:
    """A field to be created."""

    name: str
    """The title that people see."""
    kind: FieldKind
    options: tuple[str, ...] = ()
    """Labels of a dropdown or multi-select."""
    unique: bool = False
    """No two tickets may have the same value, where the helpdesk can hold them to it."""
    why: str = ""
    """For the person who is asked to agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLimits:
    """In characters."""

    subject: int
    note: int
    """Of the note's HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSchema:
    """What an account's tickets can hold, as read at `as_of`."""

    fields: tuple[FieldDefinition, ...]
    groups: tuple[Group, ...]
    limits: TicketLimits
    as_of: datetime
    forms: tuple[Form, ...] = ()
    agents: tuple[Agent, ...] = ()
    """Whom a ticket can be assigned to; empty where nobody has asked for them."""
    options_are_tags: bool = False
    """Whether a dropdown's option stands among the ticket's tags by its value, so that a tag of that name sets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One internal note in two forms with the same content. The HTML is safe to show as it is."""

    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The customer as the helpdesk shall know them; no e-mail address means that none is known."""

    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    id: FieldId
    name: str
    value: FieldContent


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    subject: str
    note: Note
    """The first comment: internal, never shown to the customer."""
    requester: Requester | None = None
    """None: the ticket stands in the name of the connection's own user."""
    priority: Priority | None = None
    group: Group | None = None
    assignee: Agent | None = None
    form: Form | None = None
    """None: the helpdesk's own default, or the one that the connection is set to."""
    tags: tuple[str, ...] = ()
    fields: tuple[FieldValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRef:
    id: str
    """The helpdesk's id, as a string."""
    url: str
    """Where an agent opens it."""
    number: str | None = None
    """What people call it, where that is not its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTicket:
    """A ticket as the helpdesk gave it back."""

    ref: TicketRef
    subject: str
    priority: Priority | None = None
    group_id: str | None = None
    status: TicketStatus | None = None
    assignee_id: str | None = None
    form_id: str | None = None
    """None: it has none, or the helpdesk does not tell."""
    tags: frozenset[str] = frozenset()
    fields: Mapping[FieldId, FieldContent | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTicket:
    """A ticket that was opened or changed lately, as it stands now."""

    ticket: StoredTicket
    changed_at: datetime
    """By the helpdesk's clock."""
    key: TicketKey | None = None
    """Our key, where we opened it and the helpdesk tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChange:
    """What is to become of a ticket that stands already; whatever is None or empty stays as it is."""

    subject: str | None = None
    priority: Priority | None = None
    group: Group | None = None
    assignee: Agent | None = None
    status: TicketStatus | None = None
    add_tags: tuple[str, ...] = ()
    """None is ever removed."""
    fields: tuple[FieldValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """How satisfied the customer says they are."""

    score: float
    """From 0 (worst) to 1 (best)."""
    said: str
    """In the helpdesk's own scale: "good", "4 of 5"."""
    comment: str | None = None
    """The customer's words: never into a log."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReply:
    """A public reply of a person of the support team."""

    agent: Agent
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLife:
    """How far a ticket has come, as the helpdesk has it now."""

    status: TicketStatus
    as_of: datetime
    """The helpdesk's own time of the ticket's last change: of two readings the later one counts."""
    assignee: Agent | None = None
    """A person; neither our own user nor the AI agent's."""
    first_reply: AgentReply | None = None
    """The first public one of a person since `since`; neither our own user's nor the AI agent's."""
    solved_at: datetime | None = None
    """None where it is not solved, or where the helpdesk does not tell when it was."""
    rating: Rating | None = None
    """The newest."""
    merged_into: str | None = None
    """The id of the ticket that took this one's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLanded:
    """A value that did not reach its place in the ticket; the note says so instead."""

    field: str
    """The field's name as people see it."""
    value: str
    why: str
    """For the agent and for support ops: `not an option of this field`, `dropped by the helpdesk`, …"""
    where: str | None = None
    """`mappings/zendesk.toml:14`, where a mapping line is to be mended."""


def landed(sent: FieldContent, stored: FieldContent | None) -> bool:
    """Whether what a helpdesk keeps in a field is what was sent.

    Helpdesks give some values back in another dress: numbers and dates as text, white space trimmed, options in
    their own order, an empty value or an unticked box as nothing. None of these is a difference.
    """
    if isinstance(sent, tuple) or isinstance(stored, tuple):
        return _options(sent) == _options(stored)
    if (isinstance(sent, date) or isinstance(stored, date)) and sent and stored:
        return str(sent)[:10] == str(stored)[:10]
    return _plain(sent) == _plain(stored) or _same_number(sent, stored)


def _options(value: FieldContent | None) -> frozenset[str]:
    several = value if isinstance(value, tuple) else (value,)
    return frozenset(text for item in several if (text := _plain(item)))


def _plain(value: FieldContent | None) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _same_number(sent: FieldContent, stored: FieldContent | None) -> bool:
    """Where at least one of the two is a number: 12.50 and "12.5" are the same, two texts are not."""
    numbers = [isinstance(value, int | Decimal) and not isinstance(value, bool) for value in (sent, stored)]
    try:
        return any(numbers) and Decimal(_plain(sent)) == Decimal(_plain(stored))
    except InvalidOperation:
        return False
