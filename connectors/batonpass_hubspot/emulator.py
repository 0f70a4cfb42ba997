"""HubSpot as an ASGI application: contacts, companies, deals, tickets, notes, survey answers, owners, pipelines,
properties, conversations and one app's webhooks.

It serves the dated paths that batonpass calls and the `v3` and `v4` paths of the official SDK with the same handlers.
Beside what the base does it is strict as HubSpot is: scopes, unknown properties, options, taken values, batch sizes,
search limits. State: `batonpass_hubspot.emulated_account`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from batonpass.domain.event import EventKind
from batonpass.testing.emulator import Operation
from batonpass.testing.happenings import Happening
from batonpass_hubspot.emulated_account import EmulatedAccount
from batonpass_hubspot.emulated_api import ObjectApi, Refusal
from batonpass_hubspot.emulated_field_admins import FieldAdmins
from batonpass_hubspot.emulated_hooks import HookApi
from batonpass_hubspot.emulated_listing import ListingApi
from batonpass_hubspot.emulated_people import People
from batonpass_hubspot.emulated_properties import PropertyApi
from batonpass_hubspot.emulated_routes import (
    DATED,
    LEGACY,
    RecordApis,
    conversation_routes,
    record_routes,
    webhook_routes,
)
from batonpass_hubspot.emulated_sample import furnish
from batonpass_hubspot.emulated_schema import (
    COMPANIES,
    CONTACTS,
    DEALS,
    NOTES,
    PRIMARY_COMPANY,
    TICKETS,
    UNLABELLED_COMPANY,
)
from batonpass_hubspot.emulated_search import SearchLimits
from batonpass_hubspot.emulated_threads import EmulatedThread, ThreadApi
from batonpass_hubspot.emulated_writing import RefusedWriteError

PORTAL_ID = 12345678
ACCESS_TOKEN = "emulator-token"  # noqa: S105 - opens nothing but the emulator
APP_ID = "3456789"
CLIENT_SECRET = "7d5b0a52-4f0e-4c1b-9a5e-2f6d1c3b8e90"  # noqa: S105 - as above
DEVELOPER_KEY = "emulator-developer-key"
OWNERS_SCOPE = "crm.objects.owners.read"
_CONTACT_TO_DEAL = 4
_LIMIT = "x-hubspot-ratelimit-"

ALL_SCOPES = frozenset(
    {
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.objects.companies.write",
        "crm.objects.deals.read",
        "crm.objects.deals.write",
        "crm.objects.owners.read",
        "crm.objects.feedback_submissions.read",
        "tickets",
        "conversations.read",
        "conversations.write",
    }
)

_CATEGORIES: Mapping[str, str] = {
    "unauthorized": "INVALID_AUTHENTICATION",
    "not_found": "OBJECT_NOT_FOUND",
    "forbidden": "MISSING_SCOPES",
    "conflict": "CONFLICT",
    "rate_limited": "RATE_LIMITS",
    "internal_error": "INTERNAL_ERROR",
}


@dataclass
class HubSpotEmulator(FieldAdmins):
    """One account, without records and usable without arguments. `with_sample_account()` has three customers."""

    plays: ClassVar[frozenset[EventKind]] = People.PLAYS

    access_token: str = ACCESS_TOKEN
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    tickets: bool = False
    """Whether `login()` is that of a connection which keeps the tickets."""
    search_limits: SearchLimits = field(default_factory=SearchLimits)

    def __post_init__(self) -> None:
        self.account = EmulatedAccount(self.clock)
        self._objects = ObjectApi(
            self.account,
            self.clock,
            refuse=self._error,
            commit=self.commit,
            search_lag=lambda: self.search_lag,
            search_limits=self.search_limits,
        )
        self.listing = ListingApi(self.account, self.clock, refuse=self._error)
        self.properties = PropertyApi(self.account, refuse=self._error, commit=self.commit)
        next_id = self.account.next_id
        self.threads = ThreadApi(self.clock, refuse=self._error, commit=self.commit, next_id=next_id)
        self.threads.app_id = APP_ID
        self.people = People(self.account, self.threads)
        self.hooks = HookApi(
            lambda: self.outbox,
            self.clock,
            app_id=APP_ID,
            portal_id=PORTAL_ID,
            secret=CLIENT_SECRET,
            refuse=self._error,
            commit=self.commit,
            next_id=next_id,
        )
        self.account.told = self.hooks.note
        self.threads.said = self._said
        super().__post_init__()
        self.outbox.retried = lambda status: status is None or status >= 500 or status == 429

    # What tests and the demo use ------------------------------------------------------------------------------

    def login(self) -> Mapping[str, str]:
        app = {"access_token": self.access_token, "app_id": APP_ID}
        if not self.tickets:
            return app
        return {
            **app,
            "tickets": "true",
            "group_property": "support_group",
            "reply_as": self.bot_user,
            "developer_key": DEVELOPER_KEY,
            "webhook_secret": CLIENT_SECRET,
        }

    @property
    def bot_user(self) -> str:
        """The user id in whose name batonpass replies: nobody of the team."""
        return "99000001"

    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        """As `batonpass_hubspot.emulated_sample` says."""
        emulator = cls(**options)
        furnish(emulator)
        return emulator

    def provision(self) -> None:
        """Make the properties that batonpass asks for, as `batonpass provision` does."""
        self.account.groups.add("batonpass")
        for name, unique in (("batonpass_key", True), ("batonpass_tags", False)):
            label = name.replace("_", " ")
            self.account.define(TICKETS, name, "string", label=label, group="batonpass", unique=unique)

    def internal_notes(self, ticket: str) -> list[str]:
        ids = {link["id"] for link in self.account.linked(TICKETS, ticket, NOTES)}
        notes = [self.account.records[NOTES, each] for each in sorted(ids, key=int)]
        return [note.properties.get("hs_note_body", "") for note in notes]

    def happen(self, happening: Happening) -> str:
        before = self.hooks.source
        self.hooks.source = ("CRM_UI", f"userId:{self.people.user_of(happening)}")
        try:
            return self.people.play(happening)
        finally:
            self.hooks.flush()
            self.hooks.source = before

    def deliver_to(self, url: str, *, secret: str) -> None:
        self.hooks.deliver_to(url, secret)

    def _said(self, thread: EmulatedThread, message: Mapping[str, Any]) -> None:
        """A message that the app sends is noted on its ticket too."""
        ticket = self.account.records.get((TICKETS, thread.ticket_id))
        if ticket is not None and message["direction"] == "OUTGOING" and message["type"] == "MESSAGE":
            self.account.set(ticket, {"hs_last_message_sent_at": message["createdAt"]})

    def add_owner(self, first_name: str, last_name: str, email: str) -> str:
        return self.account.add_owner(first_name, last_name, email)

    def add_company(self, properties: Mapping[str, str]) -> str:
        return self.account.store(COMPANIES, properties).id

    def add_deal(self, properties: Mapping[str, str]) -> str:
        return self.account.store(DEALS, {"pipeline": "default", **properties}).id

    def add_contact(
        self, properties: Mapping[str, str], *, companies: Iterable[str] = (), deals: Iterable[str] = ()
    ) -> str:
        """A contact, whatever its address; the first of `companies` is its primary one."""
        contact_id = self.account.store(CONTACTS, properties).id
        for company_id in companies:
            self.account.link(UNLABELLED_COMPANY, contact_id, company_id)
        for deal_id in deals:
            self.account.link(_CONTACT_TO_DEAL, contact_id, deal_id)
        return contact_id

    def set_primary_company(self, contact_id: str, company_id: str | None) -> None:
        self.account.forget_primary_company(contact_id)
        if company_id is not None:
            self.account.link(PRIMARY_COMPANY, contact_id, company_id)

    # The vendor's ways ----------------------------------------------------------------------------------------

    def operations(self) -> Sequence[Operation]:
        accounts = (f"/account-info/{DATED}/details", f"/account-info/{LEGACY}/details")
        owners = (f"/crm/owners/{DATED}", f"/crm/{LEGACY}/owners", f"/crm/{LEGACY}/owners/")
        found = [Operation("account.get", "GET", path, self._get_account) for path in accounts]
        found += [
            Operation("owners.list", "GET", path, self._handled(OWNERS_SCOPE, self.listing.owners))
            for path in owners
        ]
        found += record_routes(
            RecordApis(objects=self._objects, listing=self.listing, own=self.properties), self._handled
        )
        found += conversation_routes(self.threads, self._handled)
        found += webhook_routes(self.hooks, APP_ID, self._handled)
        return found

    def _handled(
        self, scope: str | None, handler: Callable[[Request, Any], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """The body is read, the scope checked; what the handler refuses becomes HubSpot's answer; what has changed is
        delivered."""

        async def handle(request: Request) -> Response:
            try:
                if scope is not None:
                    self._check_scope(scope)
                return handler(request, await self._body(request))
            except Refusal as refusal:
                return refusal.answer
            except RefusedWriteError as refused:
                return self._refused_write(refused)
            finally:
                self.hooks.flush()

        return handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Search answers carry no rate limit headers."""
        is_search = str(scope.get("path", "")).endswith("/search")
        await super().__call__(scope, receive, _without_limits(send) if is_search else send)

    def authorised(self, request: Request) -> bool:
        for_developers = request.url.path.startswith("/app-webhooks/")
        key = DEVELOPER_KEY if for_developers else self.access_token
        return request.headers.get("authorization") == f"Bearer {key}"

    @property
    def window_seconds(self) -> float:
        return 10.0

    def limit_headers(self, remaining: int, reset: float) -> dict[str, str]:
        del reset
        return {
            "X-HubSpot-RateLimit-Max": str(self.calls_per_window or 190),
            "X-HubSpot-RateLimit-Remaining": str(remaining),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "650000",
            "X-HubSpot-RateLimit-Daily-Remaining": str(650_000 - len(self.calls)),
        }

    def error(self, status: int, *, code: str, message: str) -> Response:
        more = {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"} if status == 429 else {}
        return self._error(status, _CATEGORIES.get(code, "VALIDATION_ERROR"), message, **more)

    def _error(self, status: int, category: str, message: str, **more: Any) -> Response:
        correlation = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        told = {
            "status": "error",
            "message": message,
            "correlationId": correlation,
            "category": category,
            **more,
        }
        return JSONResponse(told, status, {"X-HubSpot-Correlation-Id": correlation})

    def _refused_write(self, refused: RefusedWriteError) -> Response:
        category = "CONFLICT" if refused.status == 409 else "VALIDATION_ERROR"
        errors = [
            {"message": str(refused), "code": code, "context": {"propertyName": [name]}}
            for code, name in refused.errors
        ]
        return self._error(refused.status, category, str(refused), **({"errors": errors} if errors else {}))

    def _check_scope(self, scope: str) -> None:
        if scope in self.scopes:
            return
        message = "This app hasn't been granted all required scopes to make this call."
        detail = {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": [scope]},
        }
        raise Refusal(self._error(403, "MISSING_SCOPES", message, errors=[detail]))

    async def _body(self, request: Request) -> Any:
        if request.method == "GET":
            return {}
        try:
            told = json.loads(await request.body())
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Refusal(self._error(400, "VALIDATION_ERROR", "Invalid input JSON"))
        return told

    def _get_account(self, request: Request) -> Response:
        del request
        return JSONResponse(
            {
                "portalId": PORTAL_ID,
                "accountType": "STANDARD",
                "timeZone": "Europe/Berlin",
                "companyCurrency": "EUR",
                "additionalCurrencies": [],
                "utcOffset": "+01:00",
                "utcOffsetMilliseconds": 3_600_000,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            }
        )


def _without_limits(send: Send) -> Send:
    async def bare(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if not pair[0].decode().lower().startswith(_LIMIT)]
            message = {**message, "headers": kept}
        await send(message)

    return bare
