"""HubSpot as an ASGI application: contacts, companies, deals, tickets, owners, pipelines and properties.

It serves the dated paths that batonpass calls and the `v3` paths of the official SDK with the same handlers.
Beside what the base does it is strict as HubSpot is: scopes, unknown properties, options, taken addresses, batch
sizes, search limits. State: `batonpass_hubspot.emulated_account`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from batonpass.testing.emulator import Emulator, Operation
from batonpass_hubspot.emulated_account import EmulatedAccount, RefusedWriteError
from batonpass_hubspot.emulated_api import ObjectApi, Refusal, page_of
from batonpass_hubspot.emulated_schema import (
    COMPANIES,
    CONTACTS,
    DEALS,
    OBJECT_TYPES,
    PRIMARY_COMPANY,
    UNLABELLED_COMPANY,
)

DATED, LEGACY = "2026-09", "v3"
PORTAL_ID = 12345678
ACCESS_TOKEN = "emulator-token"  # noqa: S105 - opens nothing but the emulator
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
        "tickets",
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
class HubSpotEmulator(Emulator):
    """One account, without records and usable without arguments. `with_sample_account()` has three customers."""

    access_token: str = ACCESS_TOKEN
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    account: EmulatedAccount = field(init=False)

    def __post_init__(self) -> None:
        self.account = EmulatedAccount(self.clock)
        self._objects = ObjectApi(self.account, self.clock, refuse=self._error, commit=self.commit)
        super().__post_init__()

    # What tests and the demo use ------------------------------------------------------------------------------

    def login(self) -> Mapping[str, str]:
        return {"access_token": self.access_token}

    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        """Three customers: Mia Keller (Brightleaf Studio), Tom Okafor (Okafor Logistics) and Elena Rossi (Norvik
        Industries), with tiers, owners and one open deal."""
        emulator = cls(**options)
        today = emulator.clock.now().date()
        renewal_day, closing_day = today + timedelta(days=24), today + timedelta(days=19)
        jonas = emulator.add_owner("Jonas", "Weber", "jonas.weber@example.com")
        priya = emulator.add_owner("Priya", "Nair", "priya.nair@example.com")
        brightleaf = emulator.add_company(
            {"name": "Brightleaf Studio", "tier": "pro", "hubspot_owner_id": jonas}
        )
        okafor = emulator.add_company({"name": "Okafor Logistics", "tier": "pro"})
        norvik = emulator.add_company(
            {
                "name": "Norvik Industries",
                "tier": "enterprise",
                "renewal_date": renewal_day.isoformat(),
                "hubspot_owner_id": priya,
            }
        )
        renewal = emulator.add_deal(
            {
                "dealname": "Renewal 2027",
                "amount": "84000.00",
                "deal_currency_code": "EUR",
                "dealstage": "contractsent",
                "closedate": f"{closing_day}T00:00:00.000Z",
            }
        )
        emulator.add_contact(_person("Mia", "Keller", hubspot_owner_id=jonas), companies=[brightleaf])
        emulator.add_contact(_person("Tom", "Okafor"), companies=[okafor])
        emulator.add_contact(
            _person("Elena", "Rossi", hubspot_owner_id=priya), companies=[norvik], deals=[renewal]
        )
        return emulator

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
        found += [Operation("owners.list", "GET", path, self._list_owners) for path in owners]
        for kind in OBJECT_TYPES:
            for under in (_dated, _legacy):
                found += self._operations_on(kind, under)
        return found

    def _operations_on(self, kind: str, under: Callable[[str], str]) -> list[Operation]:
        records, api = f"{under('objects')}/{kind}", self._objects
        one = f"{records}/{{key:path}}"
        return [
            self._operation(kind, "properties", "GET", f"{under('properties')}/{kind}", api.list_properties),
            self._operation(kind, "pipelines", "GET", f"{under('pipelines')}/{kind}", api.list_pipelines),
            self._operation(kind, "list", "GET", records, api.list),
            self._operation(kind, "create", "POST", records, api.create),
            self._operation(kind, "batch_read", "POST", f"{records}/batch/read", api.batch_read),
            self._operation(kind, "search", "POST", f"{records}/search", api.search),
            self._operation(kind, "get", "GET", one, api.get),
            self._operation(kind, "update", "PATCH", one, api.update),
        ]

    def _operation(
        self, kind: str, what: str, method: str, path: str, handler: Callable[[Request, str, Any], Response]
    ) -> Operation:
        """The body is read, the scope checked; what the handler refuses becomes HubSpot's answer."""

        async def handle(request: Request) -> Response:
            try:
                self._check_scope(_scope(kind, writes=what in {"create", "update"}))
                return handler(request, kind, await self._body(request))
            except Refusal as refusal:
                return refusal.answer
            except RefusedWriteError as refused:
                return self._refused_write(refused)

        return Operation(f"{kind}.{what}", method, path, handle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Search answers carry no rate limit headers."""
        is_search = str(scope.get("path", "")).endswith("/search")
        await super().__call__(scope, receive, _without_limits(send) if is_search else send)

    def authorised(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.access_token}"

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

    def _list_owners(self, request: Request) -> Response:
        try:
            self._check_scope("crm.objects.owners.read")
        except Refusal as refusal:
            return refusal.answer
        email = request.query_params.get("email")
        owners = [each for each in self.account.owners.values() if email in {None, each["email"]}]
        return page_of(
            owners, request.query_params.get("after"), int(request.query_params.get("limit", "100")), dict
        )


def _person(first_name: str, last_name: str, **more: str) -> dict[str, str]:
    email = f"{first_name}.{last_name}@example.com".lower()
    return {
        "firstname": first_name,
        "lastname": last_name,
        "email": email,
        "lifecyclestage": "customer",
        **more,
    }


def _dated(area: str) -> str:
    return f"/crm/{area}/{DATED}"


def _legacy(area: str) -> str:
    return f"/crm/{LEGACY}/{area}"


def _scope(kind: str, *, writes: bool) -> str:
    return "tickets" if kind == "tickets" else f"crm.objects.{kind}.{'write' if writes else 'read'}"


def _without_limits(send: Send) -> Send:
    async def bare(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if not pair[0].decode().lower().startswith(_LIMIT)]
            message = {**message, "headers": kept}
        await send(message)

    return bare
