"""What becomes of an emulated account's tickets, whoever does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from starlette.datastructures import QueryParams

from batonpass.domain.clock import Clock
from batonpass.testing.outbox import Outbox
from batonpass_freshdesk import KEY_FIELD
from batonpass_freshdesk import emulated_automation as automation
from batonpass_freshdesk.emulated_account import Account, EmulatedConversation, EmulatedTicket, EmulatedUser
from batonpass_freshdesk.emulated_automation import Change, Doer
from batonpass_freshdesk.emulated_http import Complaint, invalid, not_allowed, not_found
from batonpass_freshdesk.emulated_rules import check_changed, check_new, kept

REPLY, NOTE = 0, 2
_RESOLVED, _CLOSED = 4, 5
_REFERENCE = re.compile(r"ref: ([A-Za-z0-9_-]+)(?:<[^<>]*>|\s)*\Z")
_ACTIVE_CONTENT = re.compile(
    r"<(script|style|iframe)\b.*?</\1\s*>|\son\w+=(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE | re.DOTALL
)


class Commit(Protocol):
    def __call__(self, kind: str, id: str, *, key: str | None = None) -> None:  # noqa: A002 - the ledger's word
        ...


class Desk:
    def __init__(
        self, account: Account, *, clock: Clock, outbox: Outbox, own: EmulatedUser, commit: Commit
    ) -> None:
        self.account = account
        self.clock = clock
        self.outbox = outbox
        self.own = own
        self._commit = commit

    def ticket(self, ticket_id: int) -> EmulatedTicket:
        found = self.account.tickets.get(ticket_id)
        if found is None:
            raise not_found()
        return found

    def changeable(self, ticket_id: int) -> EmulatedTicket:
        found = self.ticket(ticket_id)
        if found.deleted or found.spam:
            raise not_allowed()
        return found

    def opened(self, told: Mapping[str, Any]) -> EmulatedTicket:
        """By a call of the API."""
        check_new(self.account, told)
        return self.made(told, self._requester(told), self.clock.now())

    def made(self, told: Mapping[str, Any], requester: EmulatedUser, at: datetime) -> EmulatedTicket:
        made = EmulatedTicket(
            id=self.account.next_ticket_id(),
            subject=told["subject"],
            description=_cleaned(told["description"]),
            requester_id=requester.id,
            created_at=at,
            updated_at=at,
            status=told.get("status", 2),
            priority=told.get("priority", 1),
            source=told.get("source", 2),
            type=told.get("type"),
            group_id=told.get("group_id"),
            responder_id=told.get("responder_id"),
            tags=list(dict.fromkeys(told.get("tags") or ())),
            fields=kept(self.account, told.get("custom_fields")),
        )
        self.account.tickets[made.id] = made
        return made

    def _requester(self, told: Mapping[str, Any]) -> EmulatedUser:
        """Made where nobody has this e-mail address yet; an id must be somebody's."""
        if told.get("requester_id"):
            return self.account.users[told["requester_id"]]
        return self.contact(told.get("email"), name=told.get("name"))

    def contact(self, email: str | None, *, name: str | None = None) -> EmulatedUser:
        known = self.account.user_with_email(email) if email else None
        if known is None:
            known = self.account.add_user(name or (email or "").partition("@")[0], email=email)
            self._commit("contact.created", str(known.id))
        return known

    def requester_asked_for(self, asked: QueryParams) -> int | None:
        """Whose tickets a list is limited to; a 400 where there is nobody."""
        for name in ("email", "requester_id", "unique_external_id"):
            if name not in asked:
                continue
            for user in self.account.users.values():
                value = {
                    "email": user.email,
                    "requester_id": str(user.id),
                    "unique_external_id": user.external_id,
                }
                if (value[name] or "").casefold() == asked[name].casefold():
                    return user.id
            raise invalid(Complaint(name, f"There is no contact matching the given {name}"))
        return None

    def changed(self, ticket: EmulatedTicket, told: Mapping[str, Any], *, by: Doer) -> None:
        """Change its properties and run the rules; `tags` replaces the whole list."""
        check_changed(self.account, told)
        changes = []
        for name in ("subject", "status", "priority", "group_id", "responder_id", "type"):
            if name in told and told[name] != getattr(ticket, name):
                changes.append(Change(field=name, before=getattr(ticket, name), after=told[name]))
                setattr(ticket, name, told[name])
        for name, value in kept(self.account, told.get("custom_fields")).items():
            if ticket.fields.get(name) != value:
                changes.append(Change(field=name, before=ticket.fields.get(name), after=value))
                ticket.fields[name] = value
        if "tags" in told and told["tags"] != ticket.tags:
            ticket.tags = list(dict.fromkeys(told["tags"]))
            changes.append(Change(field="tag_names", after=ticket.tags))
        self._keep_times(ticket, changes)
        ticket.updated_at = self.clock.now()
        automation.changed(
            self.account, self.outbox, ticket, by, [*changes, automation.UPDATED] if changes else ()
        )

    def _keep_times(self, ticket: EmulatedTicket, changes: list[Change]) -> None:
        if not any(change.field == "status" for change in changes):
            return
        now = self.clock.now()
        done = ticket.status in {_RESOLVED, _CLOSED}
        ticket.resolved_at = (ticket.resolved_at or now) if done else None
        ticket.closed_at = now if ticket.status == _CLOSED else None

    def noted(self, ticket: EmulatedTicket, told: Mapping[str, Any]) -> EmulatedConversation:
        _only(told, {"body", "incoming", "notify_emails", "private", "user_id"})
        private = told.get("private", True)
        made = self.say(ticket, told["body"], user=self.own, private=private, source=NOTE)
        self._commit("note.appended" if private else "reply.appended", str(made.id), key=_key(made))
        return made

    def replied(self, ticket: EmulatedTicket, told: Mapping[str, Any]) -> EmulatedConversation:
        _only(told, {"body", "from_email", "user_id", "cc_emails", "bcc_emails"})
        made = self.say(ticket, told["body"], user=self.own, private=False, source=REPLY)
        self._commit("reply.appended", str(made.id), key=_key(made))
        return made

    def say(
        self, ticket: EmulatedTicket, body: str, *, user: EmulatedUser, private: bool, source: int
    ) -> EmulatedConversation:
        """A reply of the customer, or a reply or note of an agent; runs the rules."""
        now = self.clock.now()
        incoming = user.id == ticket.requester_id and not user.is_agent
        made = EmulatedConversation(
            id=self.account.next_id(),
            body=_cleaned(body),
            private=private,
            incoming=incoming,
            user_id=user.id,
            source=source,
            at=now,
        )
        ticket.conversations.append(made)
        ticket.updated_at = now
        if not private and not incoming:
            ticket.first_responded_at = ticket.first_responded_at or now
        by = automation.REQUESTER if incoming else Doer.agent(user.id)
        word = ("note_type", "private" if private else "public") if source == NOTE else ("reply_sent", "sent")
        change = Change(field=word[0], value=word[1])
        automation.changed(self.account, self.outbox, ticket, by, [change])
        return made

    def key_of(self, ticket: EmulatedTicket) -> str | None:
        """The caller's own key: in the field that is named for it, else the tag that stands for it."""
        fields = (each.name for each in self.account.fields.values() if each.label == KEY_FIELD)
        held = next((ticket.fields[name] for name in fields if ticket.fields.get(name)), None)
        return held or next((tag for tag in ticket.tags if tag.startswith("bp-")), None)

    def load_of(self, agent: EmulatedUser) -> int:
        mine = [each for each in self.account.tickets.values() if each.responder_id == agent.id]
        return sum(each.status not in {_RESOLVED, _CLOSED} for each in mine)


def _only(told: Mapping[str, Any], allowed: set[str]) -> None:
    unknown = [
        Complaint(name, "Unexpected/invalid field in request", "invalid_field")
        for name in told.keys() - allowed
    ]
    if unknown:
        raise invalid(*unknown)
    if not isinstance(told.get("body"), str) or not told["body"].strip():
        raise invalid(Complaint("body", "It should not be blank", "missing_field"))


def _cleaned(body: str) -> str:
    return _ACTIVE_CONTENT.sub("", body)


def _key(made: EmulatedConversation) -> str | None:
    found = _REFERENCE.search(made.body)
    return found[1] if found else None
