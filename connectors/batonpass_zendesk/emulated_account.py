"""What an emulated Zendesk account holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from batonpass.domain.conversation import ReasonCode

LONG_AGO = datetime(2024, 1, 1, 9, tzinfo=UTC)
"""When what nobody dates was made and changed."""

Stored = str | bool | list[str]
"""Zendesk gives numbers and dates back as text."""


@dataclass(kw_only=True)
class EmulatedField:
    id: int
    type: str
    title: str
    options: dict[str, str] = field(default_factory=dict)
    """Tag → name."""
    active: bool = True
    drops: bool = False
    """Listed like any other, but what is written to it is not kept: https://github.com/blakmatrix/node-zendesk/issues/265"""
    required: bool = False
    """A ticket is solved only where it is filled in."""
    custom: bool = True
    updated_at: datetime = LONG_AGO


@dataclass(kw_only=True)
class EmulatedForm:
    """What is written to a field that is not on the ticket's form is dropped without a word."""

    id: int
    name: str
    field_ids: list[int]
    active: bool = True


@dataclass(kw_only=True)
class EmulatedGroup:
    id: int
    name: str
    updated_at: datetime = LONG_AGO


@dataclass(kw_only=True)
class EmulatedOrganization:
    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    domains: list[str] = field(default_factory=list)
    external_id: str | None = None


@dataclass(kw_only=True)
class EmulatedUser:
    id: int
    name: str
    email: str | None = None
    external_id: str | None = None
    phone: str | None = None
    role: str = "end-user"
    role_type: int | None = None
    active: bool = True
    suspended: bool = False
    group_ids: list[int] | None = None
    """Of an agent, its default group first; None: of every group."""
    created_at: datetime | None = None
    """None: long ago."""
    updated_at: datetime | None = None
    """None: when it was made."""
    organization_id: int | None = None

    @property
    def changed_at(self) -> datetime:
        return self.updated_at or self.created_at or LONG_AGO


@dataclass(kw_only=True)
class EmulatedPresence:
    """What the availability API tells of an agent."""

    agent_id: int
    status_id: int = 3
    status: str = "Online"
    since: datetime | None = None
    channels: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """Channel → status, work items, capacity."""


@dataclass(kw_only=True)
class EmulatedConversation:
    id: str
    messages: list[str] = field(default_factory=list)
    with_agents: bool = False
    ticket_id: int | None = None
    ticket_from: float = 0.0
    """When the ticket can be seen, by the monotonic clock."""


@dataclass(kw_only=True)
class EmulatedAudit:
    id: int
    author_id: int
    at: datetime
    events: list[dict[str, Any]]
    custom: dict[str, Any] = field(default_factory=dict)
    merged: bool = False


@dataclass(kw_only=True)
class EmulatedRating:
    """In the older satisfaction ratings `good` or `bad`; in a survey 1 to 5."""

    id: int
    score: str | int
    comment: str | None
    at: datetime
    changed_at: datetime | None = None


@dataclass(kw_only=True)
class EmulatedComment:
    id: int
    html: str
    public: bool
    author_id: int
    at: datetime


@dataclass(kw_only=True)
class EmulatedTicket:
    id: int
    subject: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: str = "new"
    priority: str | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    form_id: int | None = None
    external_id: str | None = None
    channel: str = "api"
    type: str | None = None
    organization_id: int | None = None
    submitter_id: int | None = None
    """None: the requester."""
    support_type: str = "agent"
    """`ai_agent`: no person has had it."""
    ratings: list[EmulatedRating] = field(default_factory=list)
    audits: list[EmulatedAudit] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    fields: dict[int, Stored] = field(default_factory=dict)
    comments: list[EmulatedComment] = field(default_factory=list)


@dataclass
class Account:
    """Everything in it, and the numbers that come next."""

    users: dict[int, EmulatedUser] = field(default_factory=dict)
    groups: dict[int, EmulatedGroup] = field(default_factory=dict)
    organizations: dict[int, EmulatedOrganization] = field(default_factory=dict)
    fields: dict[int, EmulatedField] = field(default_factory=dict)
    tickets: dict[int, EmulatedTicket] = field(default_factory=dict)
    ratings: dict[int, tuple[EmulatedRating, EmulatedTicket]] = field(default_factory=dict)
    """Of all tickets, by their ids."""
    forms: list[EmulatedForm] | None = field(default_factory=list)
    """None: the plan has no ticket forms."""
    presences: dict[int, EmulatedPresence] | None = None
    """By agent; None: the plan tells no availability."""
    conversations: dict[str, EmulatedConversation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ids: Iterator[int] = itertools.count(360_000_000_001)
        self._ticket_ids: Iterator[int] = itertools.count(1)
        for type_ in ("subject", "description", "status", "tickettype", "priority", "group", "assignee"):
            self.add_field(type_.capitalize(), type_, custom=False)

    def next_id(self) -> int:
        return next(self._ids)

    def next_ticket_id(self) -> int:
        return next(self._ticket_ids)

    def furnish(self) -> None:
        """Add what a support team would have: the demo's groups and fields, and two agents."""
        for name in ("Support", "Billing", "Security", "Technical"):
            self.add_group(name)
        tiers = {"tier_free": "Free", "tier_pro": "Pro", "tier_enterprise": "Enterprise"}
        reasons = {f"handoff_{code}": code.replace("_", " ").capitalize() for code in ReasonCode}
        self.add_field("Customer tier", "tagger", options=tiers)
        self.add_field("Plan", "text")
        self.add_field("MRR", "decimal")
        self.add_field("Renewal date", "date")
        self.add_field("Handoff reason", "tagger", options=reasons)
        self.add_field("AI confidence", "integer")
        self.add_field("Identity verified", "checkbox")
        self.add_field("Open balance", "decimal")
        self.add_field("Conversation ID", "text")
        for name in ("Nora Lind", "Sam Okoye"):
            email = f"{name.split()[0].lower()}@helpdesk.example"
            self.add_presence(self.add_user(name, email=email, role="agent"))
        custom = [each for each in self.fields.values() if each.custom]
        self.add_form("Default ticket form", custom)
        self.add_form("Billing question", [each for each in custom if each.title != "AI confidence"])

    def add_field(
        self,
        title: str,
        type: str,  # noqa: A002 - Zendesk's word
        *,
        options: Mapping[str, str] | None = None,
        active: bool = True,
        required: bool = False,
        custom: bool = True,
    ) -> EmulatedField:
        """A ticket field; `options` are tag → name. A new one stands on the default form too."""
        made = EmulatedField(
            id=self.next_id(),
            type=type,
            title=title,
            options=dict(options or {}),
            active=active,
            required=required,
            custom=custom,
        )
        self.fields[made.id] = made
        if self.forms:
            self.forms[0].field_ids.append(made.id)
        return made

    def add_group(self, name: str) -> EmulatedGroup:
        made = EmulatedGroup(id=self.next_id(), name=name)
        self.groups[made.id] = made
        return made

    def add_form(self, name: str, fields: Iterable[EmulatedField] = ()) -> EmulatedForm:
        made = EmulatedForm(id=self.next_id(), name=name, field_ids=[each.id for each in fields])
        self.forms = [*(self.forms or ()), made]
        return made

    def form(self, form_id: int | None) -> EmulatedForm | None:
        """The form with this id; None for none: the default, the first."""
        forms = [each for each in self.forms or () if each.active]
        return next((each for each in forms if form_id in {None, each.id}), None)

    def add_presence(self, user: EmulatedUser) -> EmulatedPresence:
        made = EmulatedPresence(agent_id=user.id, channels={"support": ("online", 0, 5)})
        self.presences = {**(self.presences or {}), user.id: made}
        return made

    def add_rating(
        self, ticket: EmulatedTicket, score: str | int, comment: str | None, at: datetime
    ) -> EmulatedRating:
        made = EmulatedRating(id=self.next_id(), score=score, comment=comment, at=at)
        ticket.ratings.append(made)
        self.ratings[made.id] = made, ticket
        return made

    def add_user(
        self,
        name: str,
        *,
        email: str | None = None,
        external_id: str | None = None,
        role: str = "end-user",
        created_at: datetime | None = None,
    ) -> EmulatedUser:
        made = EmulatedUser(
            id=self.next_id(),
            name=name,
            email=email,
            external_id=external_id,
            role=role,
            created_at=created_at,
        )
        self.users[made.id] = made
        return made

    def person(self) -> EmulatedUser:
        """The first of the support team who is not the login."""
        team = [user for user in self.users.values() if user.role in {"agent", "admin"}]
        return team[1] if len(team) > 1 else self.add_user("Nora Lind", role="agent")

    def user_with_email(self, email: str) -> EmulatedUser | None:
        same = email.casefold()
        return next((user for user in self.users.values() if (user.email or "").casefold() == same), None)
