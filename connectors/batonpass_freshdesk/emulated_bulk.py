"""An emulated account with as much in it as a test needs, and what people do to one record of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from batonpass.testing.happenings import CannotPlayError
from batonpass_freshdesk.emulated_account import EmulatedRating, EmulatedTicket, EmulatedUser
from batonpass_freshdesk.emulated_automation import SYSTEM
from batonpass_freshdesk.emulated_tickets import Desk

_FIRST, _LAST = "Abel", "Zoe"
"""Names by which a record stands at the one and at the other end of a list."""
_SCORES = (103, 100, -103)


TICKETS_EACH = 10
"""How many of the tickets that are made have the same requester."""


def fill(desk: Desk, stream: str, number: int) -> tuple[str, ...]:
    made = _FILLED.get(stream)
    if made is None:
        raise CannotPlayError(f"Freshdesk has no list of {stream}; it has {', '.join(_FILLED)}")
    return tuple([made(desk, place) for place in range(number)])


def _contact(desk: Desk) -> EmulatedUser:
    made = desk.account.add_user("")
    made.name, made.email = f"Customer {made.id}", f"customer.{made.id}@example.com"
    return made


def _filled_contact(desk: Desk, place: int) -> str:
    del place
    return str(_contact(desk).id)


def _filled_company(desk: Desk, place: int) -> str:
    del place
    made = desk.account.add_company("")
    made.name, made.domains = f"Company {made.id}", [f"company-{made.id}.example"]
    return str(made.id)


def _filled_agent(desk: Desk, place: int) -> str:
    made = desk.account.add_user(f"Agent {place}", is_agent=True)
    made.email = f"agent.{made.id}@helpdesk.example"
    return str(made.id)


def _filled_group(desk: Desk, place: int) -> str:
    made = desk.account.add_group("")
    made.name = f"Group {made.id}"
    del place
    return str(made.id)


def _filled_field(desk: Desk, place: int) -> str:
    return desk.account.add_field(f"Field {len(desk.account.fields)} {place}", "custom_text").name


def _ticket(desk: Desk, place: int) -> EmulatedTicket:
    account = desk.account
    told = {"subject": f"Question {place}", "description": "<p>Hello</p>", "source": 2}
    last = next(reversed(account.tickets.values()), None) if place % TICKETS_EACH else None
    requester = _contact(desk) if last is None else account.users[last.requester_id]
    return desk.made(told, requester, desk.clock.now())


def _filled_ticket(desk: Desk, place: int) -> str:
    return str(_ticket(desk, place).id)


def _filled_rating(desk: Desk, place: int) -> str:
    ticket, now = _ticket(desk, place), desk.clock.now()
    made = EmulatedRating(
        id=desk.account.next_id(), score=_SCORES[place % len(_SCORES)], feedback="", at=now, changed_at=now
    )
    ticket.ratings.append(made)
    return str(made.id)


_FILLED: Mapping[str, Callable[[Desk, int], str]] = {
    "companies": _filled_company,
    "contacts": _filled_contact,
    "groups": _filled_group,
    "agents": _filled_agent,
    "ticket_fields": _filled_field,
    "tickets": _filled_ticket,
    "satisfaction_ratings": _filled_rating,
}


# What people do to one of them --------------------------------------------------------------------------------


def touch(desk: Desk, stream: str, record: str) -> None:
    """Give it another name: what is listed by name moves to one of the list's ends, and to the other one the next time;
    a ticket gets another priority, a rating another score."""
    account, now = desk.account, desk.clock.now()
    match stream:
        case "tickets":
            ticket = account.tickets[int(record)]
            desk.changed(ticket, {"priority": ticket.priority % 4 + 1}, by=SYSTEM)
        case "contacts" | "agents":
            user = account.users[int(record)]
            user.name, user.updated_at = _renamed(user.name or "", record), now
        case "companies":
            company = account.companies[int(record)]
            company.name, company.updated_at = _renamed(company.name, record), now
        case "groups":
            account.groups[int(record)].name = _renamed(account.groups[int(record)].name, record)
        case "ticket_fields":
            account.fields[record].label = _renamed(account.fields[record].label, record)
        case "satisfaction_ratings":
            rating = next(
                each
                for ticket in account.tickets.values()
                for each in ticket.ratings
                if each.id == int(record)
            )
            rating.score, rating.changed_at = -rating.score, now
        case _:
            raise CannotPlayError(f"Freshdesk has no list of {stream}")


def _renamed(name: str, record: str) -> str:
    return f"{_FIRST if name.startswith(_LAST) else _LAST} {record}"


def drop(desk: Desk, stream: str, record: str) -> None:
    """Tickets and contacts go to the bin; an agent becomes a contact."""
    account, now = desk.account, desk.clock.now()
    match stream:
        case "tickets":
            ticket = account.tickets[int(record)]
            ticket.deleted, ticket.updated_at = True, now
        case "contacts":
            user = account.users[int(record)]
            user.deleted, user.updated_at = True, now
        case "agents":
            agent = account.users[int(record)]
            agent.is_agent, agent.updated_at = False, now
        case "companies":
            del account.companies[int(record)]
        case "groups":
            del account.groups[int(record)]
        case "ticket_fields":
            del account.fields[record]
        case _:
            raise CannotPlayError(f"nobody can delete one of {stream} at Freshdesk")
