"""What happens in an emulated Acme Desk, and the webhooks that it posts for it."""

from __future__ import annotations

import functools
import json
from datetime import datetime
from typing import Any

from batonpass.domain.event import EventKind
from batonpass.testing.emulator import Emulator
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass.testing.outbox import Outgoing
from batonpass_acme.emulated_account import (
    AcmeAccount,
    EmulatedMessage,
    EmulatedPerson,
    EmulatedTicket,
    EmulatedWebhook,
)
from batonpass_acme.webhooks import sign

_MESSAGES = {
    EventKind.AGENT_REPLIED: (True, True),
    EventKind.CUSTOMER_REPLIED: (True, False),
    EventKind.NOTE_ADDED: (False, True),
}
"""Whether the customer sees it, and whether somebody of the team has written it."""


class EventsOf:
    """Changes an account and tells the registered webhooks."""

    def __init__(self, account: AcmeAccount, emulator: Emulator) -> None:
        self._account = account
        self._emulator = emulator

    def told(self, event: str, subject: str, actor: EmulatedPerson | None, **more: Any) -> None:
        now = self._emulator.clock.now()
        item = {"id": self._account.next_id("E"), "event": event, "at": now.isoformat(), "subject": subject}
        body = json.dumps(
            {"events": [{**item, "actor": None if actor is None else actor.id, **more}]}
        ).encode()
        for webhook in self._account.webhooks.values():
            if webhook.on and (webhook.events is None or event in webhook.events):
                post = functools.partial(_signed, webhook, body)
                self._emulator.outbox.post(event, webhook.url, post)

    # What changes a ticket, whoever does it -----------------------------------------------------------------------

    def opened(self, ticket: EmulatedTicket, actor: EmulatedPerson) -> None:
        self._account.tickets[ticket.id] = ticket
        self.told("ticket.created", ticket.id, actor)

    def message(
        self, ticket: EmulatedTicket, text: str, author: EmulatedPerson, *, public: bool, reference: str | None = None
    ) -> EmulatedMessage:  # fmt: skip
        made = EmulatedMessage(
            id=self._account.next_id("M"),
            public=public,
            text=text,
            author=author,
            at=self._emulator.clock.now(),
            reference=reference,
        )
        ticket.messages.append(made)
        self._touched(ticket)
        self.told("message.added", ticket.id, author, public=public, by_staff=author.staff)
        return made

    def state(self, ticket: EmulatedTicket, state: str, actor: EmulatedPerson) -> None:
        was, ticket.state = ticket.state, state
        done = state in {"done", "archived"}
        ticket.done_at = (ticket.done_at or self._emulator.clock.now()) if done else None
        self._touched(ticket)
        if was != state:
            self.told("ticket.state_changed", ticket.id, actor, was=was, now=state)

    def assigned(
        self, ticket: EmulatedTicket, actor: EmulatedPerson, *, to: EmulatedPerson | None, team: str | None
    ) -> None:
        ticket.assignee = to or ticket.assignee
        ticket.team_id = team or ticket.team_id
        self._touched(ticket)
        name = None if team is None else self._account.teams[team]
        self.told("ticket.assigned", ticket.id, actor, key=team, name=name)

    def labelled(self, ticket: EmulatedTicket, label: str, actor: EmulatedPerson) -> None:
        if label not in ticket.labels:
            ticket.labels.append(label)
            self._touched(ticket)
            self.told("ticket.labelled", ticket.id, actor, name=label)

    def field_set(self, ticket: EmulatedTicket, key: str, value: Any, actor: EmulatedPerson) -> None:
        ticket.fields[key] = value
        self._touched(ticket)
        said = str(value).lower() if isinstance(value, bool) else str(value)
        self.told(
            "ticket.field_set", ticket.id, actor, key=key, name=self._account.fields[key].title, value=said
        )

    def _touched(self, ticket: EmulatedTicket) -> None:
        ticket.updated_at = self._emulator.clock.now()

    # What people do -----------------------------------------------------------------------------------------------

    def play(self, happening: Happening) -> str:
        agent = self._agent(happening)
        if happening.kind is EventKind.AGENT_PRESENCE_CHANGED:
            agent.state = "break" if agent.state == "here" else "here"
            self.told("agent.state_changed", agent.id, agent)
            return agent.id
        if happening.kind is EventKind.TICKET_OPENED:
            asks = self._account.customer(happening.email or "mia.keller@example.com")
            return self.opened_by(asks, happening.text).id
        ticket = self._ticket(happening)
        if happening.kind in _MESSAGES:
            public, staff = _MESSAGES[happening.kind]
            self.message(ticket, happening.text, agent if staff else ticket.requester, public=public)
        else:
            self._moved(ticket, happening, agent)
        return ticket.id

    def _moved(self, ticket: EmulatedTicket, happening: Happening, agent: EmulatedPerson) -> None:
        match happening.kind:
            case EventKind.TICKET_ASSIGNED:
                team = self._team(happening.group) if happening.group else None
                self.assigned(ticket, agent, to=None if team else agent, team=team)
            case EventKind.STATUS_CHANGED:
                self.state(ticket, "waiting" if ticket.state != "waiting" else "open", agent)
            case EventKind.TICKET_SOLVED:
                self.state(ticket, "done", agent)
            case EventKind.TICKET_REOPENED:
                self.state(ticket, "open", ticket.requester)
            case EventKind.TICKET_RATED:
                stars = round(happening.score * 4) + 1
                at = self._emulator.clock.now()
                ticket.rating = {"stars": stars, "comment": happening.text, "at": at.isoformat()}
                self._touched(ticket)
                self.told("ticket.rated", ticket.id, ticket.requester)
            case _:
                self._ask(ticket, happening, agent)

    def _ask(self, ticket: EmulatedTicket, happening: Happening, agent: EmulatedPerson) -> None:
        if happening.tag is not None:
            self.labelled(ticket, happening.tag, agent)
        elif happening.group is not None:
            self.assigned(ticket, agent, to=None, team=self._team(happening.group))
        else:
            known = [each for each in self._account.fields.values() if each.title == happening.field]
            if not known:
                raise CannotPlayError("a handoff is asked for by a tag, a group, or a known field and value")
            value = happening.value == "true" if known[0].type == "tick" else happening.value
            self.field_set(ticket, known[0].key, value, agent)

    def opened_by(self, asks: EmulatedPerson, text: str) -> EmulatedTicket:
        now = self._emulator.clock.now()
        made = EmulatedTicket(
            id=self._account.next_id("T"),
            subject=text[:60],
            requester=asks,
            created_at=now,
            updated_at=now,
        )
        self.opened(made, asks)
        self.message(made, text, asks, public=True)
        return made

    def _agent(self, happening: Happening) -> EmulatedPerson:
        staff = [each for each in self._account.staff() if happening.agent in {None, each.id}]
        if not staff:
            raise CannotPlayError(f"there is no agent {happening.agent}")
        return staff[0] if happening.agent else staff[1 % len(staff)]  # the first is our own user

    def _team(self, name: str) -> str:
        found = [team for team, known in self._account.teams.items() if name in {team, known}]
        if not found:
            raise CannotPlayError(f"there is no team {name}")
        return found[0]

    def _ticket(self, happening: Happening) -> EmulatedTicket:
        tickets = self._account.tickets
        found = tickets.get(happening.ticket) if happening.ticket else next(reversed(tickets.values()), None)
        if found is None:
            raise CannotPlayError("there is no such ticket")
        return found


def _signed(webhook: EmulatedWebhook, body: bytes, url: str, at: datetime) -> Outgoing:
    del url
    headers = {"Content-Type": "application/json", **sign(body, secret=webhook.secret, at=at)}
    return Outgoing(headers=headers, body=body)
