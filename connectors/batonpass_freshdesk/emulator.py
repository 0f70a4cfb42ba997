"""Freshdesk as an ASGI application: for the demo, for tests, for trying things out.

As strict as Freshdesk: it wants an API key and a requester; it refuses unknown attributes, unknown options and numbers
as text with 400, changes of tickets in the bin with 405, and counts every call. `GET /a/tickets/{id}` shows a ticket to
people. Webhooks go out by automation rules only, unsigned.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from batonpass.domain.event import EventKind
from batonpass.domain.ticket import FieldKind
from batonpass.ports import StartRule
from batonpass.testing.emulator import Operation
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_freshdesk import emulated_admin as admin
from batonpass_freshdesk import emulated_automation as automation
from batonpass_freshdesk import emulated_bulk as bulk
from batonpass_freshdesk import emulated_json as as_json
from batonpass_freshdesk.automation import ALWAYS, start_condition, start_rules
from batonpass_freshdesk.emulated_account import EmulatedRule, EmulatedTicket, EmulatedUser
from batonpass_freshdesk.emulated_field_admins import FieldAdmins
from batonpass_freshdesk.emulated_http import Complaint, answering, forbidden, invalid, json_body, only, page
from batonpass_freshdesk.emulated_lists import list_companies, list_contacts, list_ratings, list_tickets
from batonpass_freshdesk.emulated_page import SECURITY_HEADERS, ticket_page
from batonpass_freshdesk.emulated_plays import PLAYS, play
from batonpass_freshdesk.emulated_tickets import Desk
from batonpass_freshdesk.tables import KINDS


def _plan(calls: int, create: int, update: int, listed: int) -> Mapping[str, Any]:
    limits = {
        "tickets.create": create,
        "tickets.update": update,
        "tickets.list": listed,
        "contacts.list": listed,
    }
    return {"calls_per_window": calls, "endpoint_limits": limits}


@dataclass
class FreshdeskEmulator(FieldAdmins):
    GROWTH: ClassVar[Mapping[str, Any]] = _plan(200, 80, 80, 20)
    """A plan's limits a minute: `FreshdeskEmulator(**FreshdeskEmulator.GROWTH)`.
    https://developers.freshdesk.com/api/#ratelimit"""
    PRO: ClassVar[Mapping[str, Any]] = _plan(400, 160, 160, 100)
    ENTERPRISE: ClassVar[Mapping[str, Any]] = _plan(700, 280, 280, 200)

    api_key: str = "emulatedFreshdeskKey"
    is_admin: bool = True
    """Whether the key's agent is an admin: the team, the fields' making and the rules need one."""
    lists_tags: bool = True
    """Whether a list of tickets tells their tags; the reference's own example does not."""
    contacts_changed_since: str = "updated_since"
    """The name of the filter: it was `_updated_since` before."""
    has_surveys: bool = True
    masks_content: bool = False
    """Whether rules are kept without what their webhooks should send: that the API keeps it is not documented."""
    start_condition: dict[str, Any] | None = None
    """Of `deliver_to`: which tickets ask for a person; None: no rule says that any does."""

    plays: ClassVar[frozenset[EventKind]] = PLAYS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.account.clock = self.clock
        self.add_field = self.account.add_field
        self.add_group = self.account.add_group
        self.add_user = self.account.add_user
        self.agent = self.add_user("Batonpass", email="batonpass@helpdesk.example", is_agent=True)
        self.desk = Desk(
            self.account, clock=self.clock, outbox=self.outbox, own=self.agent, commit=self.commit
        )

    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        """An account as a support team would have it, for the demo."""
        made = cls(**options)
        made.account.furnish()
        return made

    # What tests and the demo use ------------------------------------------------------------------------------

    @property
    def tickets(self) -> dict[int, EmulatedTicket]:
        return self.account.tickets

    def add_ticket(
        self,
        subject: str,
        *,
        requester: EmulatedUser | None = None,
        status: int = 2,
        created_at: datetime | None = None,
        description: str = "<p>Hello</p>",
    ) -> EmulatedTicket:
        """A ticket that somebody else made: it is not in the ledger, and no rule runs."""
        at = created_at or self.clock.now()
        return self.desk.made(
            {"subject": subject, "description": description, "status": status}, requester or self.agent, at
        )

    def delete_ticket(self, ticket: str | int) -> None:
        """Into the bin, as an agent does it."""
        self.tickets[int(ticket)].deleted = True

    def fill(self, stream: str, number: int) -> tuple[str, ...]:
        return bulk.fill(self.desk, stream, number)

    def touch(self, stream: str, record: str) -> None:
        bulk.touch(self.desk, stream, record)

    def drop(self, stream: str, record: str) -> None:
        bulk.drop(self.desk, stream, record)

    def internal_notes(self, ticket: str) -> list[str]:
        return [each.body for each in self.tickets[int(ticket)].conversations if each.private]

    def asks_when(self, start: StartRule) -> None:
        """As a person would write the rule who knows what `start` says."""
        condition = start_condition(
            start,
            groups={each.name.casefold(): each.id for each in self.account.groups.values()},
            fields={
                each.label.casefold(): (each.name, KINDS.get(each.type, FieldKind.OTHER))
                for each in self.account.fields.values()
            },
        )
        if condition is None:
            raise CannotPlayError(f"there is no group or field {start.group or start.field}")
        self.start_condition = condition

    def login(self) -> Mapping[str, str]:
        return {"api_key": self.api_key}

    def happen(self, happening: Happening) -> str:
        return str(play(self.desk, happening))

    def deliver_to(self, url: str, *, secret: str) -> None:
        others = [agent.id for agent in self.account.agents() if agent.id != self.agent.id]
        asking = () if self.start_condition is None else start_rules(self.start_condition)
        for wanted in (*ALWAYS, *asking):
            told = wanted.as_json(url, secret=secret, members=others)
            rule = EmulatedRule(id=self.account.next_id(), type=wanted.type, told=told)
            self.account.rules[rule.id] = rule

    # The vendor -----------------------------------------------------------------------------------------------

    def operations(self) -> Sequence[Operation]:
        v2 = "/api/v2"
        ticket, fields, rules = f"{v2}/tickets/{{id:int}}", f"{v2}/admin/ticket_fields", f"{v2}/automations"
        table: Sequence[tuple[str, str, str, Callable[[Request], Any]]] = (
            ("tickets.list", "GET", f"{v2}/tickets", self._list(list_tickets)),
            ("tickets.create", "POST", f"{v2}/tickets", self._create_ticket),
            ("tickets.read", "GET", ticket, self._show_ticket),
            ("tickets.update", "PUT", ticket, self._update_ticket),
            ("notes.create", "POST", f"{ticket}/notes", self._add_note),
            ("replies.create", "POST", f"{ticket}/reply", self._add_reply),
            ("conversations.list", "GET", f"{ticket}/conversations", self._list_conversations),
            ("ratings.list", "GET", f"{ticket}/satisfaction_ratings", self._list_ratings),
            ("ratings.all", "GET", f"{v2}/surveys/satisfaction_ratings", self._list(list_ratings)),
            ("contacts.list", "GET", f"{v2}/contacts", self._list(list_contacts)),
            ("companies.list", "GET", f"{v2}/companies", self._list(list_companies)),
            ("fields.list", "GET", f"{v2}/ticket_fields", self._list_fields),
            ("groups.list", "GET", f"{v2}/groups", self._list_groups),
            ("agents.list", "GET", f"{v2}/agents", self._list_agents),
            ("agents.me", "GET", f"{v2}/agents/me", self._show_me),
            ("admin_fields.create", "POST", fields, self._admin(admin.create_field)),
            ("admin_fields.read", "GET", f"{fields}/{{id:int}}", self._admin(admin.show_field)),
            ("admin_fields.update", "PUT", f"{fields}/{{id:int}}", self._admin(admin.update_field)),
            ("rules.list", "GET", f"{rules}/{{type:int}}/rules", self._admin(admin.list_rules)),
            ("rules.create", "POST", f"{rules}/{{type:int}}/rules", self._admin(admin.create_rule)),
            ("rules.update", "PUT", f"{rules}/{{type:int}}/rules/{{id:int}}", self._admin(admin.update_rule)),
        )
        calls = [Operation(name, method, path, answering(handler)) for name, method, path, handler in table]
        return [
            *calls,
            Operation("agent.page", "GET", "/a/tickets/{id:int}", answering(self._show_page), open=True),
        ]

    def authorised(self, request: Request) -> bool:
        scheme, _, proof = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(proof, validate=True) if scheme == "Basic" else b""
        except binascii.Error:
            return False
        return hmac.compare_digest(given.partition(b":")[0], self.api_key.encode())

    def error(self, status: int, *, code: str, message: str) -> Response:
        if status == 404:
            return Response(status_code=404)
        if status == 401:
            told = "You have to be logged in to perform this action."
            return JSONResponse({"code": "invalid_credentials", "message": told}, 401)
        if status == 429:
            return JSONResponse({"message": "You have exceeded the limit of requests per minute"}, 429)
        return JSONResponse({"code": code, "message": message}, status)

    def limit_headers(self, remaining: int, reset: float) -> dict[str, str]:
        del reset
        total = self.calls_per_window or self.ENTERPRISE["calls_per_window"]
        return {"X-RateLimit-Total": str(total), "X-RateLimit-Remaining": str(remaining)}

    def _list(
        self, handler: Callable[[FreshdeskEmulator, Request], Response]
    ) -> Callable[[Request], Response]:
        return lambda request: handler(self, request)

    def _admin(self, handler: Callable[[FreshdeskEmulator, Request], Any]) -> Callable[[Request], Any]:
        def handled(request: Request) -> Any:
            if not self.is_admin:
                raise forbidden()
            return handler(self, request)

        return handled

    def costs(self, answer: Response, calls: int) -> Response:
        """What is embedded counts as calls of its own."""
        for _ in range(calls - 1):
            if self.calls_per_window is not None:
                self._counted("", self.calls_per_window)
        answer.headers["X-RateLimit-Used-CurrentRequest"] = str(calls)
        return answer

    async def _create_ticket(self, request: Request) -> Response:
        made = self.desk.opened(await json_body(request))
        self.commit("ticket.opened", str(made.id), key=self.desk.key_of(made))
        automation.created(self.account, self.outbox, made)
        return JSONResponse(as_json.ticket(self.account, made, whole=True), 201)

    async def _update_ticket(self, request: Request) -> Response:
        ticket = self.desk.changeable(request.path_params["id"])
        self.desk.changed(ticket, await json_body(request), by=automation.Doer.agent(self.agent.id))
        self.commit("ticket.changed", str(ticket.id))
        return JSONResponse(as_json.ticket(self.account, ticket, whole=True))

    async def _add_note(self, request: Request) -> Response:
        ticket = self.desk.changeable(request.path_params["id"])
        made = self.desk.noted(ticket, await json_body(request))
        return JSONResponse(as_json.conversation(made, ticket.id), 201)

    async def _add_reply(self, request: Request) -> Response:
        ticket = self.desk.changeable(request.path_params["id"])
        made = self.desk.replied(ticket, await json_body(request))
        return JSONResponse(as_json.conversation(made, ticket.id), 201)

    def _show_ticket(self, request: Request) -> Response:
        ticket = self.desk.ticket(request.path_params["id"])
        told = as_json.ticket(self.account, ticket, whole=True)
        wanted = [part for part in request.query_params.get("include", "").split(",") if part]
        known = {
            "stats": lambda: as_json.stats(ticket),
            "requester": lambda: as_json.requester(self.account.users[ticket.requester_id]),
        }
        if any(part not in known for part in wanted):
            raise invalid(Complaint("include", "It should be one of these values: 'stats,requester'"))
        told |= {part: known[part]() for part in wanted}
        return self.costs(JSONResponse(told), 1 + len(wanted))

    def _list_conversations(self, request: Request) -> Response:
        ticket = self.desk.ticket(request.path_params["id"])
        return page(request, ticket.conversations, lambda each: as_json.conversation(each, ticket.id))

    def _list_ratings(self, request: Request) -> Response:
        ticket = self.desk.ticket(request.path_params["id"])
        if not self.has_surveys:
            raise forbidden()
        return JSONResponse([as_json.rating(each, ticket) for each in ticket.ratings])

    def _list_fields(self, request: Request) -> Response:
        del request
        own = [as_json.ticket_field(known, admin=False) for known in self.account.fields.values()]
        return JSONResponse([*as_json.default_fields(self.account), *own])

    def _list_groups(self, request: Request) -> Response:
        only(request)
        groups = list(self.account.groups.values())
        return page(request, groups, lambda known: as_json.group(known, self.account))

    def _list_agents(self, request: Request) -> Response:
        if not self.is_admin:
            raise forbidden()
        only(request, "only", "email", "mobile", "phone", "state")
        agents = self.account.agents()
        if request.query_params.get("only") != "availability":
            return page(request, agents, as_json.agent)
        return page(request, agents, lambda known: as_json.availability(known, self.desk.load_of(known)))

    def _show_me(self, request: Request) -> Response:
        del request
        return JSONResponse(as_json.agent(self.agent))

    def _show_page(self, request: Request) -> Response:
        ticket = self.desk.ticket(request.path_params["id"])
        return HTMLResponse(ticket_page(self.account, ticket), headers=dict(SECURITY_HEADERS))
