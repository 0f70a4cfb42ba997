"""What an emulated Intercom workspace holds."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batonpass.domain.conversation import ReasonCode

Stored = str | bool | int | float | None
CATEGORIES = {
    "submitted": ("Submitted", "Submitted"),
    "in_progress": ("In progress", "In progress"),
    "waiting_on_customer": ("Waiting on customer", "Waiting on you"),
    "resolved": ("Resolved", "Resolved"),
}
"""Of a ticket state: what teammates and customers read."""


@dataclass(kw_only=True)
class EmulatedField:
    """One attribute: of the ticket type, or of conversations."""

    id: int
    name: str
    data_type: str
    description: str = ""
    items: dict[str, str] = field(default_factory=dict)
    """Of a list: id → label."""
    multiline: bool = False
    active: bool = True
    """False: archived."""
    required: bool = False
    drops: bool = False
    """Listed like any other, but what is written to it is not kept."""
    visible_to_contacts: bool = True
    built_in: bool = False


@dataclass(kw_only=True)
class EmulatedType:
    """A ticket type."""

    id: int
    name: str
    fields: dict[int, EmulatedField] = field(default_factory=dict)
    archived: bool = False


@dataclass(kw_only=True)
class EmulatedAdmin:
    id: int
    name: str
    email: str
    has_inbox_seat: bool = True
    role: str | None = None
    away: bool = False
    away_reason_id: int | None = None
    team_ids: list[int] = field(default_factory=list)


@dataclass(kw_only=True)
class EmulatedContact:
    id: str
    role: str
    name: str | None
    email: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    phone: str | None = None
    company_ids: list[str] = field(default_factory=list)
    merged_ids: list[str] = field(default_factory=list)
    """Of the contacts that were merged into this one."""


@dataclass(kw_only=True)
class EmulatedCompany:
    """`contacts`: how many it has; one without any is in no list."""

    id: str
    name: str
    company_id: str
    created_at: datetime
    updated_at: datetime
    website: str | None = None
    contacts: int = 1


@dataclass(kw_only=True)
class EmulatedPart:
    id: int
    type: str
    author: dict[str, str | None]
    at: datetime
    body: str | None = None
    state: str | None = None
    previous_state: str | None = None


@dataclass(kw_only=True)
class EmulatedWork:
    """A ticket or a conversation."""

    kind: str
    id: int
    contact_id: str
    created_at: datetime
    updated_at: datetime
    title: str = ""
    description: str = ""
    """Of a ticket its description, of a conversation its first message: HTML."""
    number: int | None = None
    """Of a ticket what people call it."""
    type_id: int = 0
    """Of a ticket its type's."""
    category: str = "submitted"
    """Of a ticket its state's category."""
    state: str = "open"
    priority: str = "none"
    admin_id: int = 0
    team_id: int = 0
    tags: dict[int, str] = field(default_factory=dict)
    attributes: dict[str, Stored] = field(default_factory=dict)
    parts: list[EmulatedPart] = field(default_factory=list)
    rating: tuple[int, str, datetime] | None = None
    closed_at: datetime | None = None
    ticket_id: int | None = None
    """Of a ticket's own conversation: whose it is."""
    ai_state: str | None = None
    """Of a conversation that the AI agent took part in: how it ended there; empty: nothing is told of that."""
    reopens: int = 0


@dataclass
class Account:
    """Everything in it, and the numbers that come next."""

    admins: dict[int, EmulatedAdmin] = field(default_factory=dict)
    teams: dict[int, str] = field(default_factory=dict)
    contacts: dict[str, EmulatedContact] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    ticket_fields: dict[int, EmulatedField] = field(default_factory=dict)
    """Of the first ticket type."""
    conversation_fields: dict[int, EmulatedField] = field(default_factory=dict)
    work: dict[int, EmulatedWork] = field(default_factory=dict)
    """Tickets and conversations: their ids are of one kind."""
    contact_fields: dict[int, EmulatedField] = field(default_factory=dict)
    companies: dict[str, EmulatedCompany] = field(default_factory=dict)
    time_zone: str = "Europe/London"
    away_reasons: dict[int, str] = field(default_factory=dict)
    type_id: int = 88
    type_name: str = "Support request"
    types: dict[int, EmulatedType] = field(default_factory=dict)
    needs_required: bool = True
    """Whether the API opens no ticket without what teammates must fill in: Intercom does not say, so the worse case."""

    def __post_init__(self) -> None:
        self._ids: Iterator[int] = itertools.count(1001)
        self._admin_ids: Iterator[int] = itertools.count(991267001)
        self._numbers: Iterator[int] = itertools.count(1)
        self.states = {category: 8481 + place for place, category in enumerate(CATEGORIES)}
        self.types[self.type_id] = EmulatedType(
            id=self.type_id, name=self.type_name, fields=self.ticket_fields
        )
        self._add_built_in(self.ticket_fields)

    def next_id(self) -> int:
        return next(self._ids)

    def next_number(self) -> int:
        return next(self._numbers)

    def furnish(self) -> None:
        """Add what a support team would have: the demo's teams and attributes, for tickets and conversations."""
        for name in ("Support", "Billing", "Security", "Technical"):
            self.add_team(name)
        reasons = [code.replace("_", " ").capitalize() for code in ReasonCode]
        listed: Sequence[tuple[str, str, Sequence[str]]] = (
            ("Customer tier", "list", ("Free", "Pro", "Enterprise")),
            ("Plan", "string", ()),
            ("MRR", "decimal", ()),
            ("Renewal date", "datetime", ()),
            ("Handoff reason", "list", reasons),
            ("AI confidence", "integer", ()),
            ("Identity verified", "boolean", ()),
            ("Open balance", "decimal", ()),
            ("Conversation ID", "string", ()),
            ("Urgency", "list", ("Low", "Normal", "High", "Urgent")),
        )
        for name, data_type, labels in listed:
            self.add_ticket_field(name, data_type, labels=labels)
            self.add_conversation_field(name, data_type, labels=labels)
        self.add_ticket_field("Batonpass key", "string")

    def add_ticket_field(
        self, name: str, data_type: str, *, labels: Sequence[str] = (), type_id: int = 0, **more: bool
    ) -> EmulatedField:
        """`type_id` 0: of the first ticket type."""
        return self._added(self.types[type_id or self.type_id].fields, name, data_type, labels, more)

    def add_conversation_field(
        self, name: str, data_type: str, *, labels: Sequence[str] = (), **more: bool
    ) -> EmulatedField:
        return self._added(self.conversation_fields, name, data_type, labels, more)

    def add_contact_field(self, name: str, data_type: str, *, labels: Sequence[str] = ()) -> EmulatedField:
        return self._added(self.contact_fields, name, data_type, labels, {})

    def _add_built_in(self, fields: dict[int, EmulatedField]) -> None:
        self._added(fields, "_default_title_", "string", (), {"built_in": True})
        self._added(fields, "_default_description_", "string", (), {"built_in": True, "multiline": True})

    def add_type(self, name: str) -> EmulatedType:
        """With attributes of the same names as the first, which are others: their ids and their items' are its own."""
        made = EmulatedType(id=max(self.types) + 1, name=name)
        self._add_built_in(made.fields)
        for like in [each for each in self.ticket_fields.values() if not each.built_in]:
            more = {"multiline": like.multiline, "active": like.active}
            copy = self._added(made.fields, like.name, like.data_type, (), more)
            copy.items = {item_id(f"{made.id}/{like.name}", label): label for label in like.items.values()}
        self.types[made.id] = made
        return made

    def all_fields(self) -> Iterator[EmulatedField]:
        """Of tickets of all types, and of conversations."""
        for known in self.types.values():
            yield from known.fields.values()
        yield from self.conversation_fields.values()

    def _added(
        self,
        fields: dict[int, EmulatedField],
        name: str,
        data_type: str,
        labels: Sequence[str],
        more: Mapping[str, Any],
    ) -> EmulatedField:
        items = {item_id(name, label): label for label in labels}
        made = EmulatedField(id=self.next_id(), name=name, data_type=data_type, items=items, **more)
        fields[made.id] = made
        return made

    def fields_of(self, kind: str, type_id: int) -> dict[int, EmulatedField]:
        return self.types[type_id].fields if kind == "ticket" else self.conversation_fields

    def add_team(self, name: str) -> int:
        made = self.next_id()
        self.teams[made] = name
        return made

    def add_admin(self, name: str, email: str, *, has_inbox_seat: bool = True) -> EmulatedAdmin:
        made = EmulatedAdmin(id=next(self._admin_ids), name=name, email=email, has_inbox_seat=has_inbox_seat)
        self.admins[made.id] = made
        return made

    def add_contact(
        self,
        at: datetime,
        *,
        name: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        role: str = "user",
    ) -> EmulatedContact:
        made = EmulatedContact(
            id=f"{0x6762F2D8_1BB69F9F_00000000 + self.next_id():024x}",
            role=role,
            name=name,
            email=email.lower() if email else None,
            external_id=external_id,
            created_at=at,
            updated_at=at,
        )
        self.contacts[made.id] = made
        return made

    def add_company(self, at: datetime, *, name: str, website: str | None = None) -> EmulatedCompany:
        number = self.next_id()
        made = EmulatedCompany(
            id=f"{0x6762F07F_1BB69F9F_00000000 + number:024x}",
            name=name,
            company_id=f"company-{number}",
            website=website,
            created_at=at,
            updated_at=at,
        )
        self.companies[made.id] = made
        return made

    def tag(self, name: str) -> int:
        """The tag's id; made where there is none."""
        known = next((id_ for id_, each in self.tags.items() if each == name), None)
        if known is None:
            known = self.next_id()
            self.tags[known] = name
        return known


def item_id(name: str, label: str) -> str:
    """Always the same for the same list and label."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{label}"))
