"""What an emulated Freshdesk account holds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.conversation import ReasonCode

STATUSES = {
    2: "Open",
    3: "Pending",
    4: "Resolved",
    5: "Closed",
    6: "Waiting on Customer",
    7: "Waiting on Third Party",
}


@dataclass(kw_only=True)
class EmulatedField:
    id: int
    name: str
    label: str
    type: str
    choices: dict[int, str] = field(default_factory=dict)
    """Id → label."""
    active: bool = True
    required: bool = False
    drops: bool = False
    """Listed like any other, but what is written to it is not kept."""
    busy_until: float = 0.0
    """Until when its choices are being applied in the background."""


@dataclass(kw_only=True)
class EmulatedGroup:
    id: int
    name: str


@dataclass(kw_only=True)
class EmulatedUser:
    """A contact, or an agent."""

    id: int
    name: str | None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    external_id: str | None = None
    is_agent: bool = False
    company_id: int | None = None
    other_emails: list[str] = field(default_factory=list)
    created_at: datetime
    updated_at: datetime
    active: bool = True
    deleted: bool = False
    """Of a contact: to the bin, until it is deleted for good."""
    blocked: bool = False
    available: bool = True
    logged_in: bool = True
    group_ids: list[int] = field(default_factory=list)


@dataclass(kw_only=True)
class EmulatedCompany:
    id: int
    name: str
    domains: list[str]
    created_at: datetime
    updated_at: datetime


@dataclass(kw_only=True)
class EmulatedConversation:
    id: int
    body: str
    private: bool
    incoming: bool
    user_id: int
    source: int
    at: datetime


@dataclass(kw_only=True)
class EmulatedRating:
    id: int
    score: int
    feedback: str
    at: datetime
    changed_at: datetime


@dataclass(kw_only=True)
class EmulatedTicket:
    id: int
    subject: str
    description: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: int = 2
    priority: int = 1
    source: int = 2
    type: str | None = None
    group_id: int | None = None
    responder_id: int | None = None
    tags: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    conversations: list[EmulatedConversation] = field(default_factory=list)
    ratings: list[EmulatedRating] = field(default_factory=list)
    first_responded_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    deleted: bool = False
    spam: bool = False


@dataclass(kw_only=True)
class EmulatedRule:
    id: int
    type: int
    told: dict[str, Any]
    """As it was sent."""

    @property
    def active(self) -> bool:
        return bool(self.told.get("active", True))


@dataclass
class Account:
    """Everything in it, and the numbers that come next."""

    clock: Clock = field(default_factory=SystemClock)
    users: dict[int, EmulatedUser] = field(default_factory=dict)
    companies: dict[int, EmulatedCompany] = field(default_factory=dict)
    groups: dict[int, EmulatedGroup] = field(default_factory=dict)
    fields: dict[str, EmulatedField] = field(default_factory=dict)
    tickets: dict[int, EmulatedTicket] = field(default_factory=dict)
    rules: dict[int, EmulatedRule] = field(default_factory=dict)
    types: list[str] = field(
        default_factory=lambda: ["Question", "Incident", "Problem", "Feature Request", "Refund"]
    )
    """Of tickets."""
    needs_type: bool = False
    """Whether agents, and so the API, must give a type."""

    def __post_init__(self) -> None:
        self._ids: Iterator[int] = itertools.count(82_000_000_001)
        self._ticket_ids: Iterator[int] = itertools.count(1)

    def next_id(self) -> int:
        return next(self._ids)

    def next_ticket_id(self) -> int:
        return next(self._ticket_ids)

    def furnish(self) -> None:
        """Add what a support team would have: the demo's people, groups and fields, and the field of our key."""
        groups = [self.add_group(name) for name in ("Support", "Billing", "Security", "Technical")]
        for name, email in (
            ("Nadia Haddad", "nadia@helpdesk.example"),
            ("Tom Becker", "tom@helpdesk.example"),
        ):
            self.add_user(name, email=email, is_agent=True)
        for agent in self.agents():
            agent.group_ids = [group.id for group in groups]
        self.add_user("Mia Keller", email="mia.keller@example.com")
        reasons = [code.replace("_", " ").capitalize() for code in ReasonCode]
        self.add_field("Customer tier", "custom_dropdown", choices=["Free", "Pro", "Enterprise"])
        self.add_field("Plan", "custom_text")
        self.add_field("MRR", "custom_decimal")
        self.add_field("Renewal date", "custom_date")
        self.add_field("Handoff reason", "custom_dropdown", choices=reasons)
        self.add_field("AI confidence", "custom_number")
        self.add_field("Identity verified", "custom_checkbox")
        self.add_field("Open balance", "custom_decimal")
        self.add_field("Conversation ID", "custom_text")
        self.add_field("Batonpass key", "custom_text")

    def add_field(
        self,
        label: str,
        type_: str,
        *,
        choices: list[str] | None = None,
        required: bool = False,
        active: bool = True,
    ) -> EmulatedField:
        """Its name comes from its label, with a number where that name is taken, as Freshdesk does it."""
        plain = "cf_" + re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
        made = EmulatedField(
            id=self.next_id(),
            name=plain if plain not in self.fields else f"{plain}_{self.next_id() % 1_000_000}",
            label=label,
            type=type_,
            choices={self.next_id(): each for each in choices or ()},
            required=required,
            active=active,
        )
        self.fields[made.name] = made
        return made

    def add_group(self, name: str) -> EmulatedGroup:
        made = EmulatedGroup(id=self.next_id(), name=name)
        self.groups[made.id] = made
        return made

    def add_user(
        self,
        name: str | None,
        *,
        email: str | None = None,
        external_id: str | None = None,
        is_agent: bool = False,
    ) -> EmulatedUser:
        now = self.clock.now()
        made = EmulatedUser(
            id=self.next_id(),
            name=name,
            email=email,
            external_id=external_id,
            created_at=now,
            updated_at=now,
            is_agent=is_agent,
        )
        self.users[made.id] = made
        return made

    def add_company(self, name: str, *domains: str) -> EmulatedCompany:
        now = self.clock.now()
        made = EmulatedCompany(
            id=self.next_id(), name=name, domains=list(domains), created_at=now, updated_at=now
        )
        self.companies[made.id] = made
        return made

    def user_with_email(self, email: str) -> EmulatedUser | None:
        same = email.casefold()
        return next((user for user in self.users.values() if (user.email or "").casefold() == same), None)

    def agents(self) -> list[EmulatedUser]:
        return [user for user in self.users.values() if user.is_agent]
