"""What people do at the emulated Zendesk."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any, ClassVar

from batonpass.domain.event import EventKind
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_zendesk.emulated_account import EmulatedTicket, EmulatedUser
from batonpass_zendesk.emulated_events import detail
from batonpass_zendesk.emulated_rules import RecordInvalidError
from batonpass_zendesk.emulated_tickets import Tickets

SAMPLE_CUSTOMER = ("Mia Keller", "mia.keller@example.com")
_STATUSES = {"online": 3, "away": 4, "offline": 2}


PLAYS = frozenset(
    {
        EventKind.TICKET_OPENED,
        EventKind.TICKET_ASSIGNED,
        EventKind.AGENT_REPLIED,
        EventKind.CUSTOMER_REPLIED,
        EventKind.NOTE_ADDED,
        EventKind.STATUS_CHANGED,
        EventKind.TICKET_SOLVED,
        EventKind.TICKET_REOPENED,
        EventKind.TICKET_RATED,
        EventKind.HANDOFF_ASKED,
        EventKind.AGENT_PRESENCE_CHANGED,
    }
)


class Playing(Tickets):
    plays: ClassVar[frozenset[EventKind]] = PLAYS

    def happen(self, happening: Happening) -> str:
        """Of `AGENT_PRESENCE_CHANGED` the `value` is online, away or offline."""
        if happening.kind is EventKind.TICKET_OPENED:
            return str(self._open(happening).id)
        if happening.kind is EventKind.AGENT_PRESENCE_CHANGED:
            return self._move(happening)
        play = self._PLAYS.get(happening.kind)
        if play is None:
            raise CannotPlayError(
                f"Zendesk plays no {happening.kind}; it plays {', '.join(sorted(self.plays))}"
            )
        ticket = self._one(happening)
        try:
            play(self, ticket, happening)
        except RecordInvalidError as invalid:
            raise CannotPlayError(f"Zendesk refuses it: {invalid}") from None
        return str(ticket.id)

    def _one(self, happening: Happening) -> EmulatedTicket:
        wanted = happening.ticket
        if wanted is None and self.tickets:
            return self.tickets[max(self.tickets)]
        found = self.tickets.get(int(wanted)) if wanted is not None and wanted.isdigit() else None
        if found is None:
            raise CannotPlayError(f"there is no ticket {wanted or ''}".rstrip())
        return found

    def _who(self, happening: Happening) -> EmulatedUser:
        if happening.agent is None:
            return self.account.person()
        found = self.account.users.get(int(happening.agent)) if happening.agent.isdigit() else None
        if found is None or found.role == "end-user":
            raise CannotPlayError(f"there is no agent {happening.agent}")
        return found

    def _open(self, happening: Happening) -> EmulatedTicket:
        name, email = SAMPLE_CUSTOMER
        email = happening.email or email
        known = self.account.user_with_email(email)
        asker = known or self.add_user(name if email == SAMPLE_CUSTOMER[1] else "Customer", email=email)
        subject = happening.text.splitlines()[0][:80] if happening.text.strip() else "Question"
        return self.add_ticket(subject, requester=asker, status="new", comment=_html(happening.text))

    def _assign(self, ticket: EmulatedTicket, happening: Happening) -> None:
        if happening.group is None:
            self.update(ticket, {"assignee_id": self._who(happening).id}, author=self.account.person())
        else:
            self._assign_group(ticket, happening.group)

    def _assign_group(self, ticket: EmulatedTicket, name: str) -> None:
        groups = self.account.groups.values()
        found = next((each.id for each in groups if name in {each.name, str(each.id)}), None)
        if found is None:
            raise CannotPlayError(f"there is no group {name}")
        self.update(ticket, {"group_id": found, "assignee_id": None}, author=self.account.person())

    def _say(self, ticket: EmulatedTicket, happening: Happening) -> None:
        is_customer = happening.kind is EventKind.CUSTOMER_REPLIED
        author = self.account.users[ticket.requester_id] if is_customer else self._who(happening)
        public = happening.kind is not EventKind.NOTE_ADDED
        self.update(
            ticket, {"comment": {"html_body": _html(happening.text), "public": public}}, author=author
        )

    def _set_status(self, ticket: EmulatedTicket, happening: Happening) -> None:
        status = {EventKind.TICKET_SOLVED: "solved", EventKind.TICKET_REOPENED: "open"}
        told: dict[str, Any] = {"status": status.get(happening.kind, "pending")}
        if happening.tag is not None:
            told["additional_tags"] = [happening.tag]
        self.update(ticket, told, author=self._who(happening))

    def _rate(self, ticket: EmulatedTicket, happening: Happening) -> None:
        score: str | int = round(1 + 4 * happening.score)
        if not self.surveys:
            score = "good" if happening.score >= 0.5 else "bad"
        now = self.clock.now()
        self.account.add_rating(ticket, score, happening.text, now)
        ticket.updated_at = now
        about = detail(ticket, self.account.users[ticket.requester_id])
        subject = f"zen:ticket:{ticket.id}"
        self.tell_event("zen:event-type:ticket.csat_received", subject=subject, event={}, about=about)

    def _ask(self, ticket: EmulatedTicket, happening: Happening) -> None:
        if happening.group is not None:
            self._assign_group(ticket, happening.group)
            return
        told: dict[str, Any] = {}
        if happening.field is not None:
            told["custom_fields"] = [self._field_value(happening.field, happening.value)]
        else:
            told["additional_tags"] = [happening.tag or "needs_person"]
        self.update(ticket, told, author=self._who(happening))

    def _field_value(self, name: str, value: str | None) -> dict[str, Any]:
        known = next(
            (each for each in self.account.fields.values() if name in {each.title, str(each.id)}), None
        )
        if known is None:
            raise CannotPlayError(f"there is no field {name}")
        tags = {label: tag for tag, label in known.options.items()}
        return {"id": known.id, "value": tags.get(value or "", value)}

    def _move(self, happening: Happening) -> str:
        who, word = self._who(happening), happening.value or "away"
        if word not in _STATUSES:
            raise CannotPlayError(f"an agent is {', '.join(_STATUSES)}; not {word}")
        presence = (self.account.presences or {}).get(who.id) or self.account.add_presence(who)
        presence.status_id, presence.status = _STATUSES[word], word.capitalize()
        presence.since = self.clock.now()
        about = {"account_id": "2", "agent_id": str(who.id), "version": "3"}
        self.tell_event(
            "zen:event-type:agent.unified_state_changed",
            subject=f"zen:agent:{who.id}",
            event={"new_state": word},
            about=about,
        )
        return str(who.id)

    _PLAYS: dict[EventKind, Callable[[Playing, EmulatedTicket, Happening], None]] = {  # noqa: RUF012 - a table
        EventKind.TICKET_ASSIGNED: _assign,
        EventKind.AGENT_REPLIED: _say,
        EventKind.CUSTOMER_REPLIED: _say,
        EventKind.NOTE_ADDED: _say,
        EventKind.STATUS_CHANGED: _set_status,
        EventKind.TICKET_SOLVED: _set_status,
        EventKind.TICKET_REOPENED: _set_status,
        EventKind.TICKET_RATED: _rate,
        EventKind.HANDOFF_ASKED: _ask,
    }


def _html(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"
