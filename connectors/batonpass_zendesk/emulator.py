"""Zendesk Support as an ASGI application: for the demo, for tests, for trying things out.

As strict as Zendesk: it wants a login, a comment, a requester's name; it refuses unknown priorities and what is too
long, and silently drops unknown fields and options and what is not on the ticket's form. `GET /agent/tickets/{id}` shows a ticket to people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from batonpass.testing.emulator import Operation
from batonpass_zendesk.emulated_admins import Admins
from batonpass_zendesk.emulated_filling import Filling
from batonpass_zendesk.emulated_http import answering
from batonpass_zendesk.emulated_messaging import Messaging
from batonpass_zendesk.emulated_page import SECURITY_HEADERS, ticket_page
from batonpass_zendesk.emulated_playing import Playing

_Row = tuple[str, str, str, Callable[[Request], Any], bool]
"""The operation's name, its method and path, its handler, whether it needs no login."""


class ZendeskEmulator(Playing, Filling, Messaging, Admins):
    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        """An account as a support team would have it, for the demo."""
        made = cls(**options)
        made.account.furnish()
        return made

    def operations(self) -> Sequence[Operation]:
        rows = (
            *self._of_tickets(),
            *self._of_the_account(),
            *self._in_bulk(),
            *self._of_webhooks(),
            *self.messaging_operations(),
        )
        return [
            Operation(name, method, path, answering(handler), open=is_open)
            for name, method, path, handler, is_open in rows
        ]

    def _of_tickets(self) -> Sequence[_Row]:
        ticket = "/api/v2/tickets/{id:int}"
        return (
            ("tickets.find", "GET", "/api/v2/tickets", self._list_tickets, False),
            ("tickets.create", "POST", "/api/v2/tickets", self._create_ticket, False),
            ("tickets.read", "GET", ticket, self._show_ticket, False),
            ("tickets.update", "PUT", ticket, self._update_ticket, False),
            ("comments.list", "GET", f"{ticket}/comments", self._list_comments, False),
            ("audits.list", "GET", f"{ticket}/audits", self._list_audits, False),
            ("users.tickets", "GET", "/api/v2/users/{id:int}/tickets/requested", self._list_requested, False),
            ("surveys.list", "GET", "/api/v2/guide/survey_responses", self._list_surveys, False),
            ("agent.page", "GET", "/agent/tickets/{id:int}", self._show_page, True),
        )

    def _of_the_account(self) -> Sequence[_Row]:
        options = "/api/v2/ticket_fields/{id:int}/options"
        return (
            ("oauth.token", "POST", "/oauth/tokens", self._give_token, True),
            ("fields.list", "GET", "/api/v2/ticket_fields", self._list_fields, False),
            ("fields.create", "POST", "/api/v2/ticket_fields", self._create_field, False),
            ("options.create", "POST", options, self._create_option, False),
            ("forms.list", "GET", "/api/v2/ticket_forms", self._list_forms, False),
            ("groups.list", "GET", "/api/v2/groups", self._list_groups, False),
            ("users.list", "GET", "/api/v2/users", self._list_users, False),
            ("users.me", "GET", "/api/v2/users/me", self._show_me, False),
            ("users.search", "GET", "/api/v2/users/search", self._search_users, False),
            ("availabilities.list", "GET", "/api/v2/agent_availabilities", self._list_availabilities, False),
        )

    def _in_bulk(self) -> Sequence[_Row]:
        exports, ratings = "/api/v2/incremental", "/api/v2/satisfaction_ratings"
        return (
            ("tickets.export", "GET", f"{exports}/tickets/cursor", self._export_tickets, False),
            ("users.export", "GET", f"{exports}/users/cursor", self._export_users, False),
            ("organizations.export", "GET", f"{exports}/organizations", self._export_organizations, False),
            ("organizations.list", "GET", "/api/v2/organizations", self._list_organizations, False),
            ("ratings.list", "GET", ratings, self._list_ratings, False),
        )

    def _of_webhooks(self) -> Sequence[_Row]:
        webhook = "/api/v2/webhooks/{id}"
        return (
            ("webhooks.list", "GET", "/api/v2/webhooks", self._list_webhooks, False),
            ("webhooks.create", "POST", "/api/v2/webhooks", self._create_webhook, False),
            ("webhooks.update", "PATCH", webhook, self._change_webhook, False),
            ("webhooks.secret", "GET", f"{webhook}/signing_secret", self._show_secret, False),
            ("webhooks.invocations", "GET", f"{webhook}/invocations", self._list_invocations, False),
            ("triggers.list", "GET", "/api/v2/triggers", self._list_triggers, False),
            ("triggers.create", "POST", "/api/v2/triggers", self._create_trigger, False),
            ("triggers.update", "PUT", "/api/v2/triggers/{id:int}", self._change_trigger, False),
        )

    def _show_page(self, request: Request) -> Response:
        return HTMLResponse(ticket_page(self.account, self._ticket(request)), headers=dict(SECURITY_HEADERS))
