"""Records in bulk for an emulated workspace, and what becomes of one of them: as an import or people would do it, without
a word to us. Each by the id that it has in a stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

from batonpass.domain.clock import Clock
from batonpass.testing.happenings import CannotPlayError
from batonpass_intercom.emulated_account import Account, EmulatedContact, EmulatedField, EmulatedWork
from batonpass_intercom.emulated_playing import named

CUSTOMERS = 50
"""How many contacts made-up tickets and conversations are spread over."""
OF_CUSTOMERS = frozenset({"conversations", "tickets", "ratings"})


class Filling:
    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._customers: list[EmulatedContact] = []
        """Whose made-up tickets and conversations are."""
        self._fills: Mapping[str, Callable[[int], str]] = {
            "companies": self._company,
            "contacts": self._contact,
            "admins": self._admin,
            "teams": self._team,
            "ticket_types": self._ticket_type,
            "attributes": self._attribute,
            "conversations": self._conversation,
            "tickets": self._ticket,
            "ratings": self._rated,
        }

    def fill(self, stream: str, number: int) -> tuple[str, ...]:
        if stream not in self._fills:
            raise CannotPlayError(f"there is no stream {stream}; there are {', '.join(self._fills)}")
        one = self._fills[stream]
        if stream in OF_CUSTOMERS:
            self._customers = self._some_customers()
        return tuple([one(place) for place in range(number)])

    def touch(self, stream: str, record: str) -> None:
        now = self._clock.now()
        match stream:
            case "companies":
                company = self._account.companies[record]
                company.name, company.updated_at = f"{company.name}, renamed", now
            case "contacts":
                contact = self._account.contacts[record]
                contact.name, contact.updated_at = f"{contact.name} II", now
            case "admins":
                admin = self._account.admins[int(record)]
                admin.name = f"{admin.name} II"
            case "teams":
                self._account.teams[int(record)] += " II"
            case "ticket_types":
                type_ = self._account.types[_number(record)]
                type_.name = f"{type_.name} II"
            case "attributes":
                field = self._field(record)
                field.name = f"{field.name} II"
            case "ratings":
                work = self._work(record)
                stars = 1 if work.rating is None else work.rating[0] % 5 + 1
                work.rating, work.updated_at = (stars, "Another opinion", now), now
            case _:
                work = self._work(record)
                work.title, work.updated_at = f"{work.title or 'Untitled'}, again", now

    def drop(self, stream: str, record: str) -> None:
        """Ticket types and attributes can only be archived."""
        match stream:
            case "companies":
                del self._account.companies[record]
            case "contacts":
                del self._account.contacts[record]
            case "admins":
                del self._account.admins[int(record)]
            case "teams":
                del self._account.teams[int(record)]
            case "ticket_types":
                self._account.types[_number(record)].archived = True
            case "attributes":
                self._field(record).active = False
            case _:
                del self._account.work[self._work(record).id]

    # One of each ------------------------------------------------------------------------------------------------

    def _company(self, place: int) -> str:
        name = f"Company {place}"
        return self._account.add_company(
            self._clock.now(), name=name, website=f"https://www.company-{place}.example"
        ).id

    def _contact(self, place: int) -> str:
        number = len(self._account.contacts)
        made = self._account.add_contact(
            self._clock.now(),
            name=f"Customer {number}",
            email=f"customer.{number}.{place}@example.com",
            external_id=f"user-{number}",
        )
        return made.id

    def _admin(self, place: int) -> str:
        return str(self._account.add_admin(f"Teammate {place}", f"teammate.{place}@helpdesk.example").id)

    def _team(self, place: int) -> str:
        return str(self._account.add_team(f"Team {place}"))

    def _ticket_type(self, place: int) -> str:
        return f"ticket_type-{self._account.add_type(f'Type {place}').id}"

    def _attribute(self, place: int) -> str:
        number = len(self._account.conversation_fields)
        made = self._account.add_conversation_field(f"Attribute {number}.{place}", "string")
        return f"conversation_attribute-{made.id}"

    def _conversation(self, place: int) -> str:
        return named(self._made("conversation", place))

    def _ticket(self, place: int) -> str:
        made = self._made("ticket", place)
        made.number, made.type_id = self._account.next_number(), self._account.type_id
        return named(made)

    def _rated(self, place: int) -> str:
        made = self._made("conversation", place)
        made.rating = (1 + place % 5, "", self._clock.now())
        return named(made)

    def _made(self, kind: str, place: int) -> EmulatedWork:
        now = self._clock.now()
        made = EmulatedWork(
            kind=kind,
            id=self._account.next_id(),
            contact_id=self._customers[place % len(self._customers)].id,
            created_at=now,
            updated_at=now,
            title=f"Question {place}",
            description="<p>Where is it?</p>",
        )
        self._account.work[made.id] = made
        return made

    def _some_customers(self) -> list[EmulatedContact]:
        known = self._account.contacts.values()
        if not known:
            self._account.add_contact(self._clock.now(), name="Customer", email="customer@example.com")
        return list(islice(known, CUSTOMERS))

    def _work(self, record: str) -> EmulatedWork:
        return self._account.work[_number(record)]

    def _field(self, record: str) -> EmulatedField:
        return self._account.conversation_fields[_number(record)]


def _number(record: str) -> int:
    return int(record.rpartition("-")[2])
