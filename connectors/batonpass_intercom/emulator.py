"""Intercom as an ASGI application: for the demo, for tests, for trying things out.

As strict as Intercom: it wants a token, one contact a ticket, a teammate behind each note; attributes by name and list
items by id; it refuses what a ticket type or a conversation does not have. Its search index lags by `search_lag`.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any, ClassVar, Self

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from batonpass.domain.event import EventKind
from batonpass.domain.plain_text import plain_text
from batonpass.testing.emulator import Operation
from batonpass.testing.happenings import Happening
from batonpass.testing.outbox import Outgoing, Sent
from batonpass_intercom import emulated_http
from batonpass_intercom import emulated_json as as_json
from batonpass_intercom.emulated_account import EmulatedContact, EmulatedWork
from batonpass_intercom.emulated_calls import Calls
from batonpass_intercom.emulated_companies import Companies
from batonpass_intercom.emulated_desk import Desk
from batonpass_intercom.emulated_field_admins import FieldAdmins
from batonpass_intercom.emulated_filling import Filling
from batonpass_intercom.emulated_people import People
from batonpass_intercom.emulated_playing import PLAYS, Play
from batonpass_intercom.emulated_search import Search

_CODES = {401: "unauthorized", 404: "not_found", 429: "rate_limit_exceeded"}
_PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>{0}</title><h1>{0}</h1><pre>{1}</pre></html>"


@dataclass
class IntercomEmulator(FieldAdmins):
    APP_LIMIT: ClassVar[int] = 1666
    """Calls in ten seconds of one app."""
    ERRORS_TO_PAUSE: ClassVar[int] = 1000
    plays: ClassVar[frozenset[EventKind]] = PLAYS

    access_token: str = "dG9rOmVtdWxhdGVkX2ludGVyY29tX3Rva2VuXzAx"  # noqa: S105 - its own, known to everybody
    paused_until: datetime | None = None
    """Notifications are dropped until then: more than a thousand failures in a row within 15 minutes. Intercom's API
    tells nobody of it."""

    def __post_init__(self) -> None:
        self.admin = self.account.add_admin(
            "Batonpass Connector", "connector@helpdesk.example", has_inbox_seat=False
        )
        self.desk = Desk(self.account, self.clock, self._notify)
        self._calls = Calls(
            self.account,
            self.desk,
            own=self.admin,
            commit=lambda kind, id_, key: self.commit(kind, id_, key=key),
            horizon=self._horizon,
        )
        self._people = People(
            self.account, self.clock, own=self.admin, commit=self.commit, horizon=self._horizon
        )
        self._companies = Companies(self.account, self.clock)
        self._filling = Filling(self.account, self.clock)
        self._endpoints: dict[str, str] = {}
        self._failures: list[datetime] = []
        super().__post_init__()
        self.outbox.retries = (0.1,)  # Intercom tries once more, after a minute
        self.outbox.on_sent = self._count_failures

    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        """A workspace as a support team would have it, for the demo."""
        made = cls(**options)
        made.account.furnish()
        made.account.add_admin("Ada Admin", "ada@helpdesk.example")
        made.account.add_admin("Ben Berger", "ben@helpdesk.example")
        made.account.away_reasons[41] = "On a break"
        for name in ("Mia Keller", "Tom Okafor", "Elena Rossi"):
            made.add_contact(name, f"{name.lower().replace(' ', '.')}@example.com")
        return made

    # What tests and the demo use ------------------------------------------------------------------------------

    def add_contact(self, name: str | None, email: str | None, **more: Any) -> EmulatedContact:
        """One that has been there for long enough to be in the search index."""
        long_ago = self.clock.now() - timedelta(days=30)
        return self.account.add_contact(long_ago, name=name, email=email, **more)

    def add_conversation(self, text: str, *, email: str | None = None, title: str = "") -> EmulatedWork:
        """One that a customer began: it is not in the ledger."""
        known = [each for each in self.account.contacts.values() if email in {None, each.email}]
        contact = known[0] if known else self.add_contact(None, email)
        return self.desk.start_conversation(contact, text, title=title)

    @property
    def tickets(self) -> list[EmulatedWork]:
        return [work for work in self.account.work.values() if work.kind == "ticket"]

    def delete_ticket(self, ticket_id: str) -> None:
        """A ticket or a conversation, by `TicketRef.id`."""
        del self.account.work[int(ticket_id.rpartition("-")[2])]

    @property
    def search(self) -> Search[EmulatedWork]:
        """How tickets and conversations are searched."""
        return self._calls.search

    @property
    def contact_search(self) -> Search[EmulatedContact]:
        return self._people.search.list

    def internal_notes(self, ticket: str) -> list[str]:
        parts = self.account.work[int(ticket.rpartition("-")[2])].parts
        return [part.body or "" for part in parts if part.type == "note"]

    def login(self) -> Mapping[str, str]:
        return {"access_token": self.access_token}

    def happen(self, happening: Happening) -> str:
        return Play(self.account, self.desk, self.clock, self.admin).play(happening)

    def fill(self, stream: str, number: int) -> tuple[str, ...]:
        return self._filling.fill(stream, number)

    def touch(self, stream: str, record: str) -> None:
        self._filling.touch(stream, record)

    def drop(self, stream: str, record: str) -> None:
        self._filling.drop(stream, record)

    def deliver_to(self, url: str, *, secret: str) -> None:
        """Of the app's one URL, with the app's client secret."""
        self._endpoints[url] = secret

    # The vendor -----------------------------------------------------------------------------------------------

    def operations(self) -> Sequence[Operation]:
        tickets, conversations, calls, people = (
            "/tickets/{id}",
            "/conversations/{id}",
            self._calls,
            self._people,
        )
        fields = "/ticket_types/{type_id}/attributes"
        table: Sequence[tuple[str, str, str, Callable[[Request], Any]]] = (
            ("tickets.create", "POST", "/tickets", calls.create_ticket),
            ("tickets.search", "POST", "/tickets/search", calls.search_tickets),
            ("tickets.read", "GET", tickets, calls.show_ticket),
            ("tickets.update", "PUT", tickets, calls.update_ticket),
            ("tickets.reply", "POST", f"{tickets}/reply", calls.reply),
            ("tickets.tag", "POST", f"{tickets}/tags", calls.attach_tag),
            ("ticket_types.list", "GET", "/ticket_types", people.list_ticket_types),
            ("ticket_attributes.create", "POST", fields, people.create_ticket_field),
            ("ticket_attributes.update", "PUT", f"{fields}/{{id}}", people.update_ticket_field),
            ("conversation_attributes.list", "GET", "/conversations/attributes", people.list_fields),
            ("conversation_attributes.create", "POST", "/conversations/attributes", people.create_field),
            (
                "conversation_attributes.options",
                "POST",
                "/conversations/attributes/{id}/options",
                people.add_option,
            ),
            ("conversations.search", "POST", "/conversations/search", calls.search_conversations),
            ("conversations.read", "GET", conversations, calls.show_conversation),
            ("conversations.update", "PUT", conversations, calls.update_conversation),
            ("conversations.reply", "POST", f"{conversations}/reply", calls.reply),
            ("conversations.manage", "POST", f"{conversations}/parts", calls.manage_conversation),
            ("conversations.tag", "POST", f"{conversations}/tags", calls.attach_tag),
            ("me", "GET", "/me", people.show_me),
            ("admins.list", "GET", "/admins", people.list_admins),
            ("away_reasons.list", "GET", "/away_status_reasons", people.list_reasons),
            ("teams.list", "GET", "/teams", people.list_teams),
            ("contacts.search", "POST", "/contacts/search", people.search_contacts),
            ("contacts.create", "POST", "/contacts", people.create_contact),
            (
                "contacts.find_by_external_id",
                "GET",
                "/contacts/find_by_external_id/{external_id}",
                people.find_contact,
            ),
            ("contacts.read", "GET", "/contacts/{id}", people.show_contact),
            ("companies.scroll", "GET", "/companies/scroll", self._companies.scroll),
            ("data_attributes.list", "GET", "/data_attributes", people.list_data_attributes),
            ("tags.create", "POST", "/tags", people.create_tag),
        )
        made = [
            Operation(name, method, path, emulated_http.answering(handler))
            for name, method, path, handler in table
        ]
        return [
            *made,
            Operation("agent.page", "GET", "/a/apps/_/conversations/{id:int}", self._show_page, open=True),
        ]

    def authorised(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.access_token}".encode())

    def error(self, status: int, *, code: str, message: str) -> Response:
        return emulated_http.error(status, _CODES.get(status, code), message)

    @property
    def window_seconds(self) -> float:
        return 10.0

    def limit_headers(self, remaining: int, reset: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.calls_per_window or self.APP_LIMIT),
            "X-RateLimit-Remaining": str(remaining if self.calls_per_window else self.APP_LIMIT - 1),
            "X-RateLimit-Reset": str(int(self.clock.now().timestamp() + reset) + 1),
        }

    def _count_call(self, operation: str) -> tuple[bool, dict[str, str]]:
        """Intercom documents no `Retry-After`."""
        allowed, headers = super()._count_call(operation)
        return allowed, {name: value for name, value in headers.items() if name != "Retry-After"}

    def _horizon(self) -> datetime:
        """What happened until then is in the search index."""
        return self.clock.now() - timedelta(seconds=self.search_lag)

    # Notifications ----------------------------------------------------------------------------------------------

    def _notify(self, topic: str, item: Mapping[str, Any]) -> None:
        now = self.clock.now()
        if self.paused_until is not None and now < self.paused_until:
            return
        self.paused_until = None
        told = as_json.notification(topic, item, id_=f"notif_{uuid.uuid4()}", at=now)
        body = json.dumps(told).encode()
        for url, secret in self._endpoints.items():
            self.outbox.post(topic, url, functools.partial(_signed, body, secret))

    def _count_failures(self, sent: Sent) -> None:
        """A 410 ends it at once."""
        if sent.status is not None and 200 <= sent.status < 300:
            self._failures.clear()
            return
        if sent.status == 410:
            self._endpoints.pop(sent.url, None)
            return
        now = self.clock.now()
        self._failures = [*(at for at in self._failures if now - at <= timedelta(minutes=15)), now]
        if len(self._failures) > self.ERRORS_TO_PAUSE:
            self.paused_until = now + timedelta(minutes=15)
            self._failures.clear()

    def _show_page(self, request: Request) -> Response:
        """What a teammate sees, as plain text."""
        work = self.account.work.get(request.path_params["id"])
        if work is None:
            return JSONResponse({"error": "not found"}, 404)
        known = self.account.contacts[work.contact_id]
        lines = [
            f"{work.kind} {work.number or work.id}, {work.category if work.kind == 'ticket' else work.state}",
            f"Contact: {known.name or ''} {known.email or ''}",
            f"Team: {self.account.teams.get(work.team_id, 'none')}",
            f"Tags: {', '.join(work.tags.values()) or 'none'}",
            *(f"{name}: {self._shown(work, name, value)}" for name, value in work.attributes.items()),
            *(
                f"\n[{part.type}] {part.author['name']}\n{plain_text(part.body)}"
                for part in work.parts
                if part.body
            ),
        ]
        page = _PAGE.format(escape(work.title or "Conversation"), escape("\n".join(lines)))
        return HTMLResponse(page, headers={"Content-Security-Policy": "default-src 'none'"})

    def _shown(self, work: EmulatedWork, name: str, value: Any) -> str:
        fields = self.account.fields_of(work.kind, work.type_id).values()
        items = next((known.items for known in fields if known.name == name), {})
        return str(items.get(str(value), value))


def _signed(body: bytes, secret: str, url: str, at: datetime) -> Outgoing:
    del url, at  # neither is signed
    signature = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "intercom-parrot-service-client/1.0",
        "X-Hub-Signature": f"sha1={signature}",
    }
    return Outgoing(headers=headers, body=body)
