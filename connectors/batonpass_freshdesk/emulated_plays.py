"""What people do in the emulated account, for `happen`."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

from batonpass.domain.event import EventKind
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_freshdesk import emulated_automation as automation
from batonpass_freshdesk.emulated_account import EmulatedRating, EmulatedTicket, EmulatedUser
from batonpass_freshdesk.emulated_automation import SYSTEM, Change, Doer
from batonpass_freshdesk.emulated_tickets import NOTE, REPLY, Desk
from batonpass_freshdesk.tables import SCORES

_DEFAULT_CUSTOMER = "mia.keller@example.com"


def play(desk: Desk, happening: Happening) -> int:
    """Gives the ticket's id."""
    if happening.kind is EventKind.TICKET_OPENED:
        return _opened(desk, happening).id
    played = _PLAYED.get(happening.kind)
    if played is None:
        known = ", ".join(sorted(PLAYS))
        raise CannotPlayError(f"Freshdesk has no webhook of {happening.kind}; it plays {known}")
    ticket = _ticket(desk, happening)
    played(desk, ticket, happening)
    return ticket.id


def _opened(desk: Desk, happening: Happening) -> EmulatedTicket:
    told = {
        "subject": " ".join(happening.text.split()[:10]) or "Hello",
        "description": _html(happening.text),
        "source": 2,
    }
    made = desk.made(told, desk.contact(happening.email or _DEFAULT_CUSTOMER), desk.clock.now())
    made.tags = [happening.tag] if happening.tag else []
    automation.created(desk.account, desk.outbox, made)
    return made


def _assigned(desk: Desk, ticket: EmulatedTicket, happening: Happening) -> None:
    agent = _agent(desk, happening)
    told = (
        {"group_id": _group(desk, happening.group)}
        if happening.group and not happening.agent
        else {"responder_id": agent.id}
    )
    desk.changed(ticket, told, by=Doer.agent(agent.id))


def _agent_replied(desk: Desk, ticket: EmulatedTicket, happening: Happening) -> None:
    desk.say(ticket, _html(happening.text), user=_agent(desk, happening), private=False, source=REPLY)


def _noted(desk: Desk, ticket: EmulatedTicket, happening: Happening) -> None:
    desk.say(ticket, _html(happening.text), user=_agent(desk, happening), private=True, source=NOTE)


def _customer_replied(desk: Desk, ticket: EmulatedTicket, happening: Happening) -> None:
    """A ticket that waits for the customer, or is done, opens again."""
    customer = desk.account.users[ticket.requester_id]
    if customer.is_agent:
        raise CannotPlayError(f"ticket {ticket.id} has no customer: our own agent stands for them")
    desk.say(ticket, _html(happening.text), user=customer, private=False, source=REPLY)
    if ticket.status != 2:
        desk.changed(ticket, {"status": 2}, by=automation.REQUESTER)


def _moves_to(status: int) -> Callable[[Desk, EmulatedTicket, Happening], None]:
    def moved(desk: Desk, ticket: EmulatedTicket, happening: Happening) -> None:
        told: dict[str, Any] = {"status": status}
        if happening.tag:
            told["tags"] = list(dict.fromkeys([*ticket.tags, happening.tag]))
        desk.changed(ticket, told, by=Doer.agent(_agent(desk, happening).id))

    return moved


def _rated(desk: Desk, ticket: EmulatedTicket, happening: Happening) -> None:
    new = {number: score for number, (score, _) in SCORES.items() if abs(number) >= 100}
    nearest = min(new, key=lambda number: abs(new[number] - happening.score))
    now = desk.clock.now()
    rating = EmulatedRating(
        id=desk.account.next_id(), score=nearest, feedback=happening.text, at=now, changed_at=now
    )
    ticket.ratings.append(rating)
    ticket.updated_at = desk.clock.now()
    given = Change(field="customer_feedback", value=str(nearest))
    automation.changed(desk.account, desk.outbox, ticket, automation.REQUESTER, [given])


def _asked(desk: Desk, ticket: EmulatedTicket, happening: Happening) -> None:
    """By a rule of the account, unless an agent is named."""
    told: dict[str, Any] = {}
    if happening.tag:
        told["tags"] = list(dict.fromkeys([*ticket.tags, happening.tag]))
    if happening.field:
        told["custom_fields"] = dict([_set(desk, happening.field, happening.value)])
    if happening.group:
        told["group_id"] = _group(desk, happening.group)
    if not told:
        raise CannotPlayError("say by what it is asked: tag, field with value, or group")
    by = Doer.agent(_agent(desk, happening).id) if happening.agent else SYSTEM
    desk.changed(ticket, told, by=by)


_PLAYED: Mapping[EventKind, Callable[[Desk, EmulatedTicket, Happening], None]] = {
    EventKind.TICKET_ASSIGNED: _assigned,
    EventKind.AGENT_REPLIED: _agent_replied,
    EventKind.CUSTOMER_REPLIED: _customer_replied,
    EventKind.NOTE_ADDED: _noted,
    EventKind.STATUS_CHANGED: _moves_to(3),
    EventKind.TICKET_SOLVED: _moves_to(4),
    EventKind.TICKET_REOPENED: _moves_to(2),
    EventKind.TICKET_RATED: _rated,
    EventKind.HANDOFF_ASKED: _asked,
}
PLAYS = frozenset({EventKind.TICKET_OPENED, *_PLAYED})


def _ticket(desk: Desk, happening: Happening) -> EmulatedTicket:
    tickets = desk.account.tickets
    if happening.ticket is None and tickets:
        return tickets[max(tickets)]
    wanted = happening.ticket or ""
    found = tickets.get(int(wanted)) if wanted.isdecimal() else None
    if found is None or found.deleted:
        raise CannotPlayError(f"there is no ticket {wanted}".rstrip())
    return found


def _agent(desk: Desk, happening: Happening) -> EmulatedUser:
    team = [agent for agent in desk.account.agents() if agent.id != desk.own.id and agent.active]
    found = next((agent for agent in team if happening.agent in {None, str(agent.id)}), None)
    if found is None:
        raise CannotPlayError(f"there is no agent {happening.agent or ''}".rstrip())
    return found


def _group(desk: Desk, name: str) -> int:
    same = name.casefold()
    found = next((group.id for group in desk.account.groups.values() if group.name.casefold() == same), None)
    if found is None:
        raise CannotPlayError(f"there is no group {name}")
    return found


def _set(desk: Desk, label: str, value: str | None) -> tuple[str, Any]:
    same = label.casefold()
    for field in desk.account.fields.values():
        if same in {field.label.casefold(), field.name.casefold()}:
            ticked = (value or "").casefold() == "true"
            return field.name, ticked if field.type == "custom_checkbox" else value
    raise CannotPlayError(f"there is no field {label}")


def _html(text: str) -> str:
    return "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
