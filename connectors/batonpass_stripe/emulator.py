"""Stripe as an ASGI application: the read side that we use, creating customers, webhooks, and an account to show.

https://docs.stripe.com/api. As strict as Stripe: an unknown parameter, a limit out of range, another mode's key and
an idempotency key with other parameters are refused, in Stripe's own shape.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from batonpass.testing.emulator import Handler, Operation
from batonpass_stripe.client import VERSION
from batonpass_stripe.emulated_endpoints import EmulatedEndpoints
from batonpass_stripe.emulated_objects import Made
from batonpass_stripe.emulated_requests import (
    Listing,
    Parameters,
    RequestRefusedError,
    check_version,
    expanded,
    missing,
)

API_KEY = "rk_test_emulator"

_SUBSCRIPTION_STATUSES = (
    "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing",
    "unpaid",
)  # fmt: skip
_LISTINGS = {
    "customers": Listing(kind="customer", filters=("email",)),
    "subscriptions": Listing(
        kind="subscription", filters=("customer", "status"), statuses=_SUBSCRIPTION_STATUSES
    ),
    "invoices": Listing(
        kind="invoice",
        filters=("customer", "status"),
        statuses=("draft", "open", "paid", "uncollectible", "void"),
    ),
    "charges": Listing(kind="charge", filters=("customer",)),
    "disputes": Listing(kind="dispute", filters=("charge",)),
}
_RETRIEVED = ("customers", "subscriptions", "invoices", "products", "prices")
_CREATABLE = frozenset({"email", "name", "description", "phone", "metadata", "balance", "expand"})
PERMISSIONS = {
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "charges": "charge",
    "disputes": "dispute",
    "products": "product",
    "prices": "plan",
    "events": "event",
    "webhook_endpoints": "webhook",
}
"""Resource → what stands between `rak_` and `_read` or `_write` in the name of its permission. T: read off error
messages that people quote; that of events and disputes is inferred."""
_TYPES = {500: "api_error", 502: "api_error", 503: "api_error", 504: "api_error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _SavedAnswer:
    form: str
    body: Made


@dataclass
class StripeEmulator(EmulatedEndpoints):
    """The API over one account. Calls with `api_key` only."""

    api_key: str = API_KEY
    accounts: tuple[str, ...] = ()
    """The connected accounts that `Stripe-Account` may name; all show the same data."""
    lacks: set[str] = field(default_factory=set)
    """The permissions that the restricted key does not have: `rak_invoice_read`, … (`PERMISSIONS` has them all)."""
    _saved: dict[str, _SavedAnswer] = field(default_factory=dict, init=False, repr=False)

    @property
    def window_seconds(self) -> float:
        """https://docs.stripe.com/rate-limits: calls per second."""
        return 1.0

    def login(self) -> Mapping[str, str]:
        return {"api_key": self.api_key, "mode": "live" if self.live else "test"}

    def operations(self) -> Sequence[Operation]:
        lists = [
            Operation(f"{name}.list", "GET", f"/v1/{name}", self._lister(listing))
            for name, listing in _LISTINGS.items()
        ]
        retrievals = [
            Operation(f"{name}.retrieve", "GET", f"/v1/{name}/{{id}}", self._retriever(name[:-1]))
            for name in _RETRIEVED
        ]
        create = Operation("customers.create", "POST", "/v1/customers", self._create_customer)
        return [self._within_rights(each) for each in (*lists, *retrievals, create, *self._doors())]

    def _doors(self) -> Sequence[Operation]:
        """To events and webhook endpoints."""
        one = "/v1/webhook_endpoints/{id}"
        answers: Mapping[str, tuple[str, str, Callable[[Request, str], Made]]] = {
            "events.list": ("GET", "/v1/events", lambda asked, _: self.list_events(asked.url.query)),
            "events.retrieve": (
                "GET", "/v1/events/{id}", lambda asked, _: self.retrieve_event(asked.path_params["id"])
            ),
            "webhook_endpoints.list": (
                "GET", "/v1/webhook_endpoints", lambda asked, _: self.list_endpoints(asked.url.query)
            ),
            "webhook_endpoints.create": (
                "POST", "/v1/webhook_endpoints", lambda _, form: self.create_endpoint(form)
            ),
            "webhook_endpoints.retrieve": (
                "GET", one, lambda asked, _: self.retrieve_endpoint(asked.path_params["id"])
            ),
            "webhook_endpoints.update": (
                "POST", one, lambda asked, form: self.update_endpoint(asked.path_params["id"], form)
            ),
            "webhook_endpoints.delete": (
                "DELETE", one, lambda asked, _: self.delete_endpoint(asked.path_params["id"])
            ),
        }  # fmt: skip
        return [
            Operation(name, method, path, self._answerer(answer))
            for name, (method, path, answer) in answers.items()
        ]

    def _answerer(self, answer: Callable[[Request, str], Made]) -> Handler:
        async def answered(request: Request) -> Response:
            form = (await request.body()).decode(errors="replace")
            return self._attempt(request, lambda: self._json(200, answer(request, form)))

        return answered

    def _within_rights(self, operation: Operation) -> Operation:
        """https://docs.stripe.com/keys/restricted-api-keys: what may be written may be read."""
        what, _, action = operation.name.partition(".")
        read = f"rak_{PERMISSIONS[what]}_read"
        needed = read if action in {"list", "retrieve"} else f"rak_{PERMISSIONS[what]}_write"

        def handler(request: Request) -> Awaitable[Response] | Response:
            if not self.lacks.isdisjoint({needed, read}):
                return self._refused(RequestRefusedError(403, _not_permitted(needed)))
            for each in self._expanded_rights(request):
                if each in self.lacks:
                    return self._refused(RequestRefusedError(403, _not_permitted(each)))
            return operation.handler(request)

        return replace(operation, handler=handler)

    def _expanded_rights(self, request: Request) -> list[str]:
        """What else must be permitted for the objects that are to be brought along. U: inferred."""
        paths = (value for name, value in request.query_params.multi_items() if name.startswith("expand"))
        kinds = {step for path in paths for step in path.split(".")}
        return [f"rak_{right}_read" for name, right in PERMISSIONS.items() if name[:-1] in kinds]

    def authorised(self, request: Request) -> bool:
        """The key as a bearer token, or as the user name of Basic with an empty password."""
        scheme, _, proof = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return proof == self.api_key
        try:
            return scheme.lower() == "basic" and base64.b64decode(proof).decode() == f"{self.api_key}:"
        except (binascii.Error, UnicodeDecodeError):
            return False

    def error(self, status: int, *, code: str, message: str) -> Response:
        said = {"rate_limited": "rate_limit", "not_found": None, "unauthorized": None, "internal_error": None}
        refusal = RequestRefusedError(status, message, said.get(code, code))
        refusal.type = _TYPES.get(status, refusal.type)
        response = self._refused(refusal)
        if status == 429:
            response.headers["Stripe-Rate-Limited-Reason"] = "endpoint-rate"
        return response

    def _attempt(self, request: Request, answer: Callable[[], Response]) -> Response:
        try:
            self._check_headers(request)
            return answer()
        except RequestRefusedError as refusal:
            return self._refused(refusal)

    def _check_headers(self, request: Request) -> None:
        check_version(request.headers.get("stripe-version"))
        account = request.headers.get("stripe-account")
        if account is not None and account not in self.accounts:
            raise RequestRefusedError(
                403, "The provided key does not have access to this account.", "account_invalid"
            )

    def _lister(self, listing: Listing) -> Handler:
        return lambda request: self._attempt(request, lambda: self._list(listing, request))

    def _list(self, listing: Listing, request: Request) -> Response:
        asked = Parameters.parse(request.url.query, listing.known)
        for owner in ("customer", "charge"):
            if (owner_id := asked.get(owner)) is not None and owner_id not in self._objects:
                raise missing(owner, owner_id, param=owner)
        page = listing.page(self._shelves[listing.kind], self._there, asked, request.url.path)
        return self._json(200, expanded(page, asked.expansions, self._objects.get))

    def _there(self, object_id: str) -> Made | None:
        made = self._objects.get(object_id)
        return None if made is None or "deleted" in made else made

    def _retriever(self, kind: str) -> Handler:
        return lambda request: self._attempt(request, lambda: self._retrieve(kind, request))

    def _retrieve(self, kind: str, request: Request) -> Response:
        asked = Parameters.parse(request.url.query, {"expand"})
        made = self._objects.get(request.path_params["id"])
        if made is None or made["object"] != kind:
            raise missing(kind, request.path_params["id"], status=404)
        return self._json(200, expanded(made, asked.expansions, self._objects.get))

    async def _create_customer(self, request: Request) -> Response:
        form = (await request.body()).decode(errors="replace")
        key = request.headers.get("idempotency-key")
        return self._attempt(request, lambda: self._created_once(form, key))

    def _created_once(self, form: str, key: str | None) -> Response:
        """https://docs.stripe.com/api/idempotent_requests: a repeat gets the first answer."""
        saved = self._saved.get(key) if key else None
        if saved is not None and saved.form != form:
            raise RequestRefusedError(
                400,
                "Keys for idempotent requests can only be used with the same parameters",
                type="idempotency_error",
            )
        if saved is not None:
            return self._json(200, saved.body, replayed=True)
        made = self._created_customer(Parameters.parse(form, _CREATABLE), key)
        if key:
            self._saved[key] = _SavedAnswer(form=form, body=made)
        return self._json(200, made)

    def _created_customer(self, asked: Parameters, key: str | None) -> Made:
        told: Made = {
            name: value for name in ("email", "name", "description", "phone") if (value := asked.get(name))
        }
        with self._by_request(self._new_id("req"), key):
            customer_id = self.add_customer(
                **told, balance=asked.whole("balance", otherwise=0), metadata=dict(asked.all("metadata"))
            )
        self.commit("customer.created", customer_id, key=key)
        return self._objects[customer_id]

    def _refused(self, refusal: RequestRefusedError) -> Response:
        told = {
            "code": refusal.code,
            "message": refusal.message,
            "param": refusal.param,
            "type": refusal.type,
        }
        return self._json(refusal.status, {"error": {name: each for name, each in told.items() if each}})

    def _json(self, status: int, body: Made, *, replayed: bool = False) -> Response:
        headers = {"Request-Id": self._new_id("req"), "Stripe-Version": VERSION}
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(to_json(body), status, headers=headers, media_type="application/json")


def _not_permitted(permission: str) -> str:
    return (
        "The provided key 'rk_test_*********tor' does not have the required permissions for this endpoint on account "
        f"'acct_emulated'. Having the '{permission}' permission would allow this request to continue."
    )
