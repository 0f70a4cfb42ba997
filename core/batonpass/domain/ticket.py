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


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOption:
    value: str
    """What is written."""
    label: str
    """What people see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    id: FieldId
    name: str
    """The title that people see and that mapping files use."""
    kind: FieldKind
    active: bool = True
    required: bool = False
    options: tuple[FieldOption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    name: str


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
    tags: tuple[str, ...] = ()
    fields: tuple[FieldValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRef:
    id: str
    """The helpdesk's id, as a string."""
    url: str
    """Where an agent opens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTicket:
    """A ticket as the helpdesk gave it back."""

    ref: TicketRef
    subject: str
    priority: Priority | None = None
    group_id: str | None = None
    tags: frozenset[str] = frozenset()
    fields: Mapping[FieldId, FieldContent | None] = field(default_factory=dict)


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
