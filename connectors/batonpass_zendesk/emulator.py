"""Zendesk Support as an ASGI application: for the demo, for tests, for trying things out.

As strict as Zendesk: it wants a login, a comment, a requester's name; it refuses unknown priorities and what is too
long, and silently drops unknown fields and options. `GET /agent/tickets/{id}` shows a ticket to people.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Self

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from batonpass.testing.emulator import Emulator, Operation
from batonpass_zendesk import emulated_json as as_json
from batonpass_zendesk.emulated_account import Account, EmulatedComment, EmulatedTicket, EmulatedUser
from batonpass_zendesk.emulated_http import Refusal, answering, json_body, not_found, page, told_ticket
from batonpass_zendesk.emulated_page import SECURITY_HEADERS, ticket_page
from batonpass_zendesk.emulated_rules import check, fill_in, kept_values, tags_of

_REFERENCE = re.compile(r"ref: ([A-Za-z0-9_-]+)(?:<[^<>]*>|\s)*\Z")
_ERRORS = {401: "Couldn't authenticate you", 404: "RecordNotFound", 429: "TooManyRequests"}


@dataclass(frozen=True)
class _Kept:
    """A 201 that was given under an idempotency key."""

    body: bytes
    answer: dict[str, Any]
    until: float


@dataclass
class ZendeskEmulator(Emulator):
    PLAN_LIMIT: ClassVar[int] = 700
    """Calls a minute of the Enterprise plan; `calls_per_window=ZendeskEmulator.PLAN_LIMIT` enforces it."""
    IDEMPOTENCY_SECONDS: ClassVar[float] = 2 * 3600

    client_id: str = "emulated-client"
    client_secret: str = "emulated-secret"  # noqa: S105 - the emulator's own, known to everybody
    email: str = "ada@helpdesk.example"
    api_token: str = "emulated-token"  # noqa: S105 - as above
    token_lifetime: float = 7200.0
    account: Account = field(default_factory=Account)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.add_field = self.account.add_field
        self.add_group = self.account.add_group
        self.add_user = self.account.add_user
        self.agent = self.add_user("Ada Admin", email=self.email, role="admin")
        self._tokens: dict[str, float] = {}
        self._kept: dict[str, _Kept] = {}

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
        status: str = "open",
        external_id: str | None = None,
        created_at: datetime | None = None,
        comment: str = "<p>Hello</p>",
    ) -> EmulatedTicket:
        """A ticket that somebody else made: it is not in the ledger."""
        at = created_at or self.clock.now()
        asker = requester or self.agent
        made = EmulatedTicket(
            id=self.account.next_ticket_id(),
            subject=subject,
            requester_id=asker.id,
            created_at=at,
            updated_at=at,
            status=status,
            external_id=external_id,
        )
        self.tickets[made.id] = made
        self._comment(made, {"html_body": comment, "public": True}, author=asker)
        return made

    def revoke_tokens(self) -> None:
        """Every OAuth token given so far stops working."""
        self._tokens.clear()

    def login(self) -> Mapping[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    # The vendor -----------------------------------------------------------------------------------------------

    def operations(self) -> Sequence[Operation]:
        ticket = "/api/v2/tickets/{id:int}"
        table: Sequence[tuple[str, str, str, Callable[[Request], Any], bool]] = (
            ("oauth.token", "POST", "/oauth/tokens", self._give_token, True),
            ("tickets.find", "GET", "/api/v2/tickets", self._list_tickets, False),
            ("tickets.create", "POST", "/api/v2/tickets", self._create_ticket, False),
            ("tickets.read", "GET", ticket, self._show_ticket, False),
            ("tickets.update", "PUT", ticket, self._update_ticket, False),
            ("comments.list", "GET", f"{ticket}/comments", self._list_comments, False),
            ("fields.list", "GET", "/api/v2/ticket_fields", self._list_fields, False),
            ("groups.list", "GET", "/api/v2/groups", self._list_groups, False),
            ("users.me", "GET", "/api/v2/users/me", self._show_me, False),
            ("users.search", "GET", "/api/v2/users/search", self._search_users, False),
            ("users.tickets", "GET", "/api/v2/users/{id:int}/tickets/requested", self._list_requested, False),
            ("agent.page", "GET", "/agent/tickets/{id:int}", self._show_page, True),
        )
        return [
            Operation(name, method, path, answering(handler), open=is_open)
            for name, method, path, handler, is_open in table
        ]

    def authorised(self, request: Request) -> bool:
        scheme, _, proof = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return self._tokens.get(proof, 0.0) > self.clock.monotonic()
        try:
            given = base64.b64decode(proof, validate=True) if scheme == "Basic" else b""
        except binascii.Error:
            return False
        return hmac.compare_digest(given, f"{self.email}/token:{self.api_token}".encode())

    def error(self, status: int, *, code: str, message: str) -> Response:
        body = {"error": _ERRORS.get(status, code)}
        return JSONResponse(body if status == 401 else {**body, "description": message}, status)

    def limit_headers(self, remaining: int, reset: float) -> dict[str, str]:
        limit = str(self.calls_per_window or self.PLAN_LIMIT)
        return {
            "X-Rate-Limit": limit,
            "X-Rate-Limit-Remaining": str(remaining),
            "ratelimit-limit": limit,
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(max(0, round(reset))),
        }

    async def _give_token(self, request: Request) -> Response:
        asked = await json_body(request)
        if asked.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type", "The grant type is not supported")
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client_id, self.client_secret):
            raise Refusal(401, "invalid_client", "Client authentication failed")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self.clock.monotonic() + self.token_lifetime
        return JSONResponse(
            {
                "access_token": token,
                "token_type": "bearer",
                "scope": asked.get("scope", "read write"),
                "expires_in": int(self.token_lifetime),
            }
        )

    async def _create_ticket(self, request: Request) -> Response:
        key = request.headers.get("idempotency-key")
        body = await request.body()
        if key is None:
            return JSONResponse(await self._opened(request), 201)
        if not 0 < len(key) <= 255:
            raise Refusal(400, "IdempotentRequestError", "The idempotency key has more than 255 characters")
        kept = self._kept.get(key)
        if kept is not None and kept.until > self.clock.monotonic():
            if kept.body != body:
                raise Refusal(400, "IdempotentRequestError", "Request parameters don't match the given key")
            return JSONResponse(kept.answer, 201, {"x-idempotency-lookup": "hit"})
        answer = await self._opened(request)  # a refusal is raised here, so that no key is kept for it
        self._kept[key] = _Kept(body, answer, self.clock.monotonic() + self.IDEMPOTENCY_SECONDS)
        return JSONResponse(answer, 201, {"x-idempotency-lookup": "miss"})

    async def _opened(self, request: Request) -> dict[str, Any]:
        told = await told_ticket(request)
        comment = told.setdefault("comment", {"body": told.get("description", "")})
        check(self.account, told)
        now = self.clock.now()
        requester = self._requester(told.get("requester"))
        made = EmulatedTicket(
            id=self.account.next_ticket_id(),
            subject=told.get("subject") or "",
            requester_id=requester.id,
            created_at=now,
            updated_at=now,
            external_id=told.get("external_id"),
        )
        self._change(made, told)
        self.tickets[made.id] = made
        self._comment(made, comment)
        self.commit("ticket.opened", str(made.id), key=made.external_id)
        return {"ticket": self._json_of(made, request)}

    def _requester(self, told: dict[str, Any] | None) -> EmulatedUser:
        if told is None:
            return self.agent
        email = told.get("email")
        known = self.account.user_with_email(email) if email else None
        if known is not None:
            return known
        made = self.add_user(told["name"], email=email)
        self.commit("user.created", str(made.id))
        return made

    async def _update_ticket(self, request: Request) -> Response:
        ticket = self._ticket(request)
        told = await told_ticket(request)
        if ticket.status == "closed":
            raise Refusal(422, "RecordInvalid", "Status: closed prevents ticket update")
        check(self.account, told)
        self._change(ticket, told)
        ticket.updated_at = self.clock.now()
        if "comment" in told:
            comment = self._comment(ticket, told["comment"])
            reference = _REFERENCE.search(comment.html)
            kind = "reply.appended" if comment.public else "note.appended"
            self.commit(kind, str(comment.id), key=reference[1] if reference else None)
        audit = {"id": self.account.next_id(), "ticket_id": ticket.id, "events": []}
        return JSONResponse({"ticket": self._json_of(ticket, request), "audit": audit})

    def _change(self, ticket: EmulatedTicket, told: Mapping[str, Any]) -> None:
        ticket.subject = told.get("subject", ticket.subject)
        ticket.status = told.get("status", ticket.status)
        ticket.priority = told.get("priority", ticket.priority)
        ticket.group_id = told.get("group_id", ticket.group_id)
        fields = kept_values(self.account, told.get("custom_fields") or ())
        ticket.fields.update(fields)
        tags = [
            *told.get("tags", ticket.tags),
            *told.get("additional_tags", ()),
            *tags_of(self.account, fields),
        ]
        ticket.tags = list(dict.fromkeys(tag.lower() for tag in tags))

    def _comment(
        self, ticket: EmulatedTicket, told: Mapping[str, Any], *, author: EmulatedUser | None = None
    ) -> EmulatedComment:
        text = told.get("html_body") or as_json.paragraphs(told.get("body") or "")
        made = EmulatedComment(
            id=self.account.next_id(),
            html=fill_in(text, ticket, self.account.users[ticket.requester_id]),
            public=told.get("public", True),
            author_id=(author or self.agent).id,
            at=self.clock.now(),
        )
        ticket.comments.append(made)
        return made

    def _show_ticket(self, request: Request) -> Response:
        return JSONResponse({"ticket": self._json_of(self._ticket(request), request)})

    def _list_tickets(self, request: Request) -> Response:
        wanted = request.query_params.get("external_id")
        found = [one for one in self.tickets.values() if wanted is None or one.external_id == wanted]
        return page(request, "tickets", [self._json_of(ticket, request) for ticket in found])

    def _list_requested(self, request: Request) -> Response:
        user_id = request.path_params["id"]
        if user_id not in self.account.users:
            raise not_found()
        found = [ticket for ticket in self.tickets.values() if ticket.requester_id == user_id]
        found.sort(key=lambda one: one.created_at, reverse=request.query_params.get("sort_order") == "desc")
        return page(request, "tickets", [self._json_of(ticket, request) for ticket in found])

    def _list_comments(self, request: Request) -> Response:
        comments = list(self._ticket(request).comments)
        if request.query_params.get("sort_order") == "desc":
            comments.reverse()
        return page(request, "comments", [as_json.comment(comment) for comment in comments])

    def _list_fields(self, request: Request) -> Response:
        listed = [as_json.ticket_field(known) for known in self.account.fields.values()]
        return page(request, "ticket_fields", listed)

    def _list_groups(self, request: Request) -> Response:
        return page(request, "groups", [as_json.group(known) for known in self.account.groups.values()])

    def _show_me(self, request: Request) -> Response:
        del request
        return JSONResponse({"user": as_json.user(self.agent)})

    def _search_users(self, request: Request) -> Response:
        query = request.query_params.get("query", "").casefold()
        external_id = request.query_params.get("external_id")
        found = [
            as_json.user(user)
            for user in self.account.users.values()
            if (query and query in f"{user.name} {user.email or ''}".casefold())
            or (external_id and user.external_id == external_id)
        ]
        return page(request, "users", found)

    def _show_page(self, request: Request) -> Response:
        return HTMLResponse(ticket_page(self.account, self._ticket(request)), headers=dict(SECURITY_HEADERS))

    def _ticket(self, request: Request) -> EmulatedTicket:
        found = self.tickets.get(request.path_params["id"])
        if found is None:
            raise not_found()
        return found

    def _json_of(self, ticket: EmulatedTicket, request: Request) -> dict[str, Any]:
        return as_json.ticket(ticket, str(request.base_url))
