"""What an emulated Acme Desk account holds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LONGEST = {"line": 250, "lines": 5000}
"""Field type → the most bytes of UTF-8 that it holds."""


@dataclass(kw_only=True)
class EmulatedPerson:
    id: str
    name: str | None
    email: str | None = None
    staff: bool = False
    state: str = "here"
    team_ids: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "email": self.email}


@dataclass(kw_only=True)
class EmulatedField:
    key: str
    title: str
    type: str
    options: list[str] = field(default_factory=list)
    active: bool = True
    required: bool = False
    drops: bool = False
    """Whether it takes a value and keeps none."""

    @property
    def most_bytes(self) -> int | None:
        return LONGEST.get(self.type)

    def as_json(self) -> dict[str, Any]:
        options = [{"value": each, "label": each} for each in self.options]
        told = {"key": self.key, "title": self.title, "type": self.type, "options": options}
        return {**told, "active": self.active, "required": self.required, "most_bytes": self.most_bytes}


@dataclass(kw_only=True)
class EmulatedForm:
    id: str
    name: str
    keys: list[str]

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "fields": self.keys}


@dataclass(kw_only=True)
class EmulatedMessage:
    id: str
    public: bool
    text: str
    author: EmulatedPerson
    at: datetime
    reference: str | None = None

    def as_json(self) -> dict[str, Any]:
        told = {"id": self.id, "public": self.public, "text": self.text, "author": self.author.as_json()}
        return {**told, "staff": self.author.staff, "reference": self.reference, "at": self.at.isoformat()}


@dataclass(kw_only=True)
class EmulatedTicket:
    id: str
    subject: str
    requester: EmulatedPerson
    created_at: datetime
    updated_at: datetime
    reference: str | None = None
    state: str = "new"
    priority: int | None = None
    team_id: str | None = None
    assignee: EmulatedPerson | None = None
    form_id: str | None = None
    labels: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    messages: list[EmulatedMessage] = field(default_factory=list)
    done_at: datetime | None = None
    rating: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "subject": self.subject,
            "reference": self.reference,
            "requester": self.requester.as_json(),
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
            "state": self.state,
            "priority": self.priority,
            "team_id": self.team_id,
            "assignee": None if self.assignee is None else self.assignee.as_json(),
            "form_id": self.form_id,
            "labels": self.labels,
            "fields": self.fields,
            "done_at": None if self.done_at is None else self.done_at.isoformat(),
            "rating": self.rating,
        }


@dataclass(kw_only=True)
class EmulatedWebhook:
    id: str
    url: str
    secret: str
    events: tuple[str, ...] | None = None
    """None: all."""
    on: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "url": self.url, "on": self.on, "events": list(self.events or ())}


@dataclass
class AcmeAccount:
    people: dict[str, EmulatedPerson] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    fields: dict[str, EmulatedField] = field(default_factory=dict)
    forms: dict[str, EmulatedForm] = field(default_factory=dict)
    tickets: dict[str, EmulatedTicket] = field(default_factory=dict)
    webhooks: dict[str, EmulatedWebhook] = field(default_factory=dict)
    chats: dict[str, str | None] = field(default_factory=dict)
    """Chat → the ticket that it became."""
    _numbers: Any = field(default_factory=lambda: itertools.count(101))

    def next_id(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"

    def add_person(
        self, name: str | None, email: str | None = None, *, staff: bool = False
    ) -> EmulatedPerson:
        made = EmulatedPerson(id=self.next_id("P"), name=name, email=email, staff=staff)
        self.people[made.id] = made
        return made

    def add_team(self, name: str) -> str:
        made = self.next_id("G")
        self.teams[made] = name
        return made

    def add_field(self, title: str, type: str, options: tuple[str, ...] = ()) -> EmulatedField:  # noqa: A002
        made = EmulatedField(key=self.next_id("F"), title=title, type=type, options=list(options))
        self.fields[made.key] = made
        return made

    def customer(self, email: str | None, name: str | None = None) -> EmulatedPerson:
        known = [each for each in self.people.values() if email and each.email == email]
        return known[0] if known else self.add_person(name, email)

    def staff(self) -> list[EmulatedPerson]:
        return [each for each in self.people.values() if each.staff]

    def furnish(self) -> None:
        """What a support team has."""
        for team in ("Support", "Billing", "Security", "Technical"):
            self.add_team(team)
        self.add_person("Nora Night", "nora@helpdesk.example", staff=True).team_ids.append(
            next(iter(self.teams))
        )
        self.add_person("Ben Day", "ben@helpdesk.example", staff=True)
        self.add_person("Robo", "robo@helpdesk.example", staff=True)
        self.add_person("Mia Keller", "mia.keller@example.com")
        self.add_field("Plan", "choice", ("Free", "Plus", "Enterprise"))
        self.add_field("Products", "choices", ("App", "Web", "Phone"))
        self.add_field("Order", "line")
        self.add_field("Details", "lines")
        self.add_field("Identity verified", "tick")
        self.add_field("Renewal date", "day")
        self.add_field("MRR", "number")
        self.add_field("AI confidence", "whole")
