"""An emulated account with as many records as are wanted, and what people do to one of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from batonpass.testing.happenings import CannotPlayError
from batonpass_zendesk import emulated_json as as_json
from batonpass_zendesk.emulated_account import (
    EmulatedOrganization,
    EmulatedRating,
    EmulatedTicket,
    EmulatedUser,
)
from batonpass_zendesk.emulated_changes import Changes
from batonpass_zendesk.emulated_directory import Directory
from batonpass_zendesk.emulated_exports import second
from batonpass_zendesk.emulated_http import Item, Refusal, listed

_ASKED = frozenset({"tickets", "satisfaction_ratings"})
"""What somebody has asked for."""
_SCORES = ("good", "good", "good", "bad")
_SUBJECTS = ("Charged twice", "Cannot log in", "Where is my parcel?", "Change of plan", "Invoice for March")
_TYPES = ("question", "problem", "incident", "task")
_SCORE_FILTERS: Mapping[str | None, frozenset[str]] = MappingProxyType(
    {
        None: frozenset({"good", "bad", "offered"}),
        "received": frozenset({"good", "bad"}),
        "good": frozenset({"good"}),
        "bad": frozenset({"bad"}),
        "offered": frozenset({"offered"}),
    }
)


class Filling(Changes, Directory):
    _askers: Iterator[EmulatedUser]

    def fill(self, stream: str, number: int) -> tuple[str, ...]:
        make = _of(self._MAKES, stream)
        if stream in _ASKED:
            self._askers = itertools.cycle(self._customers())
        return tuple([str(make(self, place)) for place in range(number)])

    def touch(self, stream: str, record: str) -> None:
        _of(self._CHANGES, stream)(self, int(record))

    def drop(self, stream: str, record: str) -> None:
        """A user stays, as no longer active; a rating goes with its ticket, for nobody can delete it alone."""
        _of(self._DELETES, stream)(self, int(record))

    # Making -----------------------------------------------------------------------------------------------------

    def _make_organization(self, place: int) -> int:
        now, made = self.clock.now(), self.account.next_id()
        self.account.organizations[made] = EmulatedOrganization(
            id=made,
            name=f"Company {made}",
            created_at=now,
            updated_at=now,
            domains=[f"company-{place}.example"],
            external_id=f"crm-{made}",
        )
        return made

    def _make_group(self, place: int) -> int:
        made = self.add_group(f"Group {place}")
        made.updated_at = self.clock.now()
        return made.id

    def _make_user(self, place: int) -> int:
        now, made = self.clock.now(), self.account.next_id()
        self.account.users[made] = EmulatedUser(
            id=made,
            name=f"Customer {place}",
            email=f"customer.{made}@example.com",
            external_id=f"crm-{made}",
            phone=f"+4930{made % 10_000_000:07}",
            created_at=now,
            updated_at=now,
        )
        return made

    def _make_agent(self, place: int) -> int:
        made = self.account.users[self._make_user(place)]
        made.name, made.role, made.email = f"Agent {place}", "agent", f"agent.{made.id}@helpdesk.example"
        return made.id

    def _make_field(self, place: int) -> int:
        made = self.add_field(f"Field {place}", "tagger", options={f"field_{place}_yes": "Yes"})
        made.updated_at = self.clock.now()
        return made.id

    def _make_ticket(self, place: int) -> int:
        return self._ticket_of(next(self._askers), place).id

    def _make_rating(self, place: int) -> int:
        ticket, now = self._ticket_of(next(self._askers), place), self.clock.now()
        return self.account.add_rating(ticket, _SCORES[place % len(_SCORES)], None, now).id

    def _ticket_of(self, asker: EmulatedUser, place: int) -> EmulatedTicket:
        now = self.clock.now()
        made = EmulatedTicket(
            id=self.account.next_ticket_id(),
            subject=_SUBJECTS[place % len(_SUBJECTS)],
            requester_id=asker.id,
            created_at=now,
            updated_at=now,
            status="open",
            group_id=next(iter(self.account.groups), None),
            assignee_id=self.agent.id,
            organization_id=asker.organization_id,
            type=_TYPES[place % len(_TYPES)],
            channel="email",
        )
        self.tickets[made.id] = made
        return made

    def _customers(self) -> list[EmulatedUser]:
        known = [each for each in self.account.users.values() if each.role == "end-user" and each.active]
        return known or [self.add_user("Customer", email="customer@example.com")]

    # Changing and deleting --------------------------------------------------------------------------------------

    def _change_ticket(self, id_: int) -> None:
        ticket = self.tickets[id_]
        self.update(ticket, {"subject": self._renamed(ticket.subject)}, author=self.account.person())

    def _change_rating(self, id_: int) -> None:
        """Its ticket is changed by it."""
        rating, ticket = self.account.ratings[id_]
        rating.score = "bad" if rating.score == "good" else "good"
        rating.changed_at = ticket.updated_at = self.clock.now()

    def _change_user(self, id_: int) -> None:
        user = self.account.users[id_]
        user.name, user.updated_at = self._renamed(user.name), self.clock.now()

    def _change_organization(self, id_: int) -> None:
        known = self.account.organizations[id_]
        known.name, known.updated_at = self._renamed(known.name), self.clock.now()

    def _change_group(self, id_: int) -> None:
        group = self.account.groups[id_]
        group.name, group.updated_at = self._renamed(group.name), self.clock.now()

    def _change_field(self, id_: int) -> None:
        known = self.account.fields[id_]
        known.title, known.updated_at = self._renamed(known.title), self.clock.now()

    def _renamed(self, name: str) -> str:
        return f"{name.partition(' · ')[0]} · {second(self.clock.now())}"

    def _delete_user(self, id_: int) -> None:
        user = self.account.users[id_]
        user.active, user.updated_at = False, self.clock.now()

    def _dismiss(self, id_: int) -> None:
        """Zendesk deletes an agent only as the end user that they have been made before."""
        self.account.users[id_].role = "end-user"
        self._delete_user(id_)

    _MAKES: ClassVar[Mapping[str, Callable[[Filling, int], int]]] = MappingProxyType(
        {
            "organizations": _make_organization,
            "groups": _make_group,
            "agents": _make_agent,
            "users": _make_user,
            "ticket_fields": _make_field,
            "tickets": _make_ticket,
            "satisfaction_ratings": _make_rating,
        }
    )
    _CHANGES: ClassVar[Mapping[str, Callable[[Filling, int], None]]] = MappingProxyType(
        {
            "organizations": _change_organization,
            "groups": _change_group,
            "agents": _change_user,
            "users": _change_user,
            "ticket_fields": _change_field,
            "tickets": _change_ticket,
            "satisfaction_ratings": _change_rating,
        }
    )
    _DELETES: ClassVar[Mapping[str, Callable[[Filling, int], None]]] = MappingProxyType(
        {
            "organizations": lambda self, id_: _out_of(self.account.organizations, id_),
            "groups": lambda self, id_: _out_of(self.account.groups, id_),
            "agents": _dismiss,
            "users": _delete_user,
            "ticket_fields": lambda self, id_: _out_of(self.account.fields, id_),
            "tickets": lambda self, id_: self.delete_ticket(id_),
            "satisfaction_ratings": lambda self, id_: self.delete_ticket(self.account.ratings[id_][1].id),
        }
    )

    # The list of the older ratings --------------------------------------------------------------------------------

    def _list_ratings(self, request: Request) -> Response:
        """https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/

        `start_time` is the "time of the oldest satisfaction rating": a change of an older one is not told.
        """
        self._admins_only()
        asked = request.query_params
        score, start = asked.get("score"), asked.get("start_time")
        if score not in _SCORE_FILTERS or not (start or "0").isdecimal():
            raise Refusal(400, "InvalidValue", "score or start_time is not valid")
        scores, since = _SCORE_FILTERS[score], int(start or 0)

        def wanted(rated: tuple[EmulatedRating, EmulatedTicket]) -> bool:
            """Surveys are no ratings of this kind."""
            rating, ticket = rated
            return rating.score in scores and ticket.id in self.tickets and second(rating.at) >= since

        return listed(
            request,
            "satisfaction_ratings",
            self.account.ratings,
            lambda each: as_json.rating(*each),
            wanted=wanted,
        )


Doing = TypeVar("Doing")


def _of(table: Mapping[str, Doing], stream: str) -> Doing:
    if stream not in table:
        raise CannotPlayError(f"Zendesk has no stream {stream}; it has {', '.join(sorted(table))}")
    return table[stream]


def _out_of(known: dict[int, Item], id_: int) -> None:
    del known[id_]
