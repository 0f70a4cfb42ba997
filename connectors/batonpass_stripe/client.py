"""Stripe's endpoints, one method each: https://docs.stripe.com/api"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.transport import Answer, Call, Explanation, Params, Transport
from batonpass_stripe.pace import Pace
from batonpass_stripe.wire import (
    Charge,
    Customer,
    Dispute,
    ErrorBody,
    Invoice,
    ListedEvent,
    Page,
    Product,
    StripeObject,
    Subscription,
    WebhookEndpoint,
)

VERSION = "2026-10-28.endive"
WRONG_MODE = "wrong_mode"
PAGE = 100
MOST_PAGES = 3
_NAME_DEADLINE = 2.0
_PERMISSION = re.compile(r"\brak_[a-z0-9_]{1,80}\b")
_DESCRIPTION = "batonpass"
_NO_PRODUCT = "prod_that_is_not_there"

# Made once: pydantic looks a generic model up anew at every subscription.
_CHARGES = Page[Charge]
_CUSTOMERS = Page[Customer]
_DISPUTES = Page[Dispute]
_EVENTS = Page[ListedEvent]
_INVOICES = Page[Invoice]
_SUBSCRIPTIONS = Page[Subscription]
_WEBHOOK_ENDPOINTS = Page[WebhookEndpoint]

Item = TypeVar("Item", bound=StripeObject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[Item]):
    """The newest objects of a list, at most three pages of a hundred."""

    items: tuple[Item, ...] = ()
    cut: bool = False
    """Whether there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of a list, the newest first, begins and how far back it may reach."""

    since: int | None = None
    """Created then or later; in seconds."""
    before: int | None = None
    """Created earlier than that."""
    after: str | None = None
    """The id of the last one that has been seen."""

    def params(self) -> list[tuple[str, str]]:
        told = {"created[gte]": self.since, "created[lt]": self.before, "starting_after": self.after}
        return [(name, str(value)) for name, value in told.items() if value is not None]


def explain(body: Any) -> Explanation:
    """Stripe's codes without its message, which quotes what was sent: https://docs.stripe.com/error-codes

    Which permission a restricted key lacks stands in the message only: "Having the 'rak_invoice_read' permission
    would allow this request to continue" (https://github.com/tylerjrichards/st-paywall/issues/36).
    """
    error = ErrorBody.model_validate(body).error
    permission = _PERMISSION.search(error.message or "")
    reasons = (permission and permission[0], error.code or error.type, error.decline_code)
    return Explanation(
        fields=(error.param,) if error.param else (), reasons=tuple(reason for reason in reasons if reason)
    )


def _enabled(events: Iterable[str]) -> Params:
    return [("enabled_events[]", each) for each in events]


class StripeClient:
    """Calls one account. Whatever belongs to the other mode is refused with code `wrong_mode`."""

    def __init__(self, transport: Transport, *, live: bool, clock: Clock) -> None:
        self._transport = transport
        self._live = live
        self._pace = Pace(clock)

    async def any_customer(self) -> None:
        """One cheap read, as the ones below."""
        await self._page("customers.list", "/v1/customers", [("limit", "1")], _CUSTOMERS)

    async def any_subscription(self) -> None:
        await self._page("subscriptions.list", "/v1/subscriptions", [("limit", "1")], _SUBSCRIPTIONS)

    async def any_invoice(self) -> None:
        await self._page("invoices.list", "/v1/invoices", [("limit", "1")], _INVOICES)

    async def any_charge(self) -> None:
        await self._page("charges.list", "/v1/charges", [("limit", "1")], _CHARGES)

    async def any_dispute(self) -> None:
        await self._page("disputes.list", "/v1/disputes", [("limit", "1")], _DISPUTES)

    async def any_product(self) -> None:
        """By one that is not there, which says as much about the key."""
        try:
            await self.product(_NO_PRODUCT)
        except RefusedError as error:
            if error.status != 404:
                raise

    async def customers(self, *, email: str) -> Listed[Customer]:
        """One page of those with this address, letter case and all, the newest first."""
        params = [("email", email), ("limit", str(PAGE))]
        page = await self._page("customers.list", "/v1/customers", params, _CUSTOMERS)
        return Listed(items=page.data, cut=page.has_more)

    async def customer(self, customer_id: str) -> Customer:
        """Deleted ones too: they have `deleted` and little else."""
        path = f"/v1/customers/{quote(customer_id, safe='')}"
        answer = await self._transport.call(Call(operation="customers.retrieve", method="GET", path=path))
        customer = answer.read_as(Customer)
        self._check_mode(answer, [customer])
        return customer

    async def subscriptions(self, *, customer_id: str) -> Listed[Subscription]:
        """Of any status, ended ones too."""
        params = [("customer", customer_id), ("status", "all")]
        return await self._listed("subscriptions.list", "/v1/subscriptions", params, _SUBSCRIPTIONS)

    async def open_invoices(self, *, customer_id: str) -> Listed[Invoice]:
        params = [("customer", customer_id), ("status", "open")]
        return await self._listed("invoices.list", "/v1/invoices", params, _INVOICES)

    async def charges(self, *, customer_id: str) -> Listed[Charge]:
        return await self._listed("charges.list", "/v1/charges", [("customer", customer_id)], _CHARGES)

    async def newest_charges(self, *, customer_id: str, most: int) -> Listed[Charge]:
        params = [("customer", customer_id), ("limit", str(most))]
        page = await self._page("charges.list", "/v1/charges", params, _CHARGES)
        return Listed(items=page.data, cut=page.has_more)

    async def disputes(self, *, charge_id: str, with_charge: bool = False) -> Listed[Dispute]:
        more = [("expand[]", "data.charge")] if with_charge else []
        return await self._listed("disputes.list", "/v1/disputes", [("charge", charge_id), *more], _DISPUTES)

    # In bulk: a page of all there are, the newest first ------------------------------------------------------------

    async def all_customers(self, place: Place, *, limit: int = PAGE) -> Page[Customer]:
        """Without the deleted ones."""
        return await self._newest("customers", place, limit, _CUSTOMERS)

    async def all_subscriptions(self, place: Place, *, limit: int = PAGE) -> Page[Subscription]:
        """Of any status, ended ones too."""
        return await self._newest("subscriptions", place, limit, _SUBSCRIPTIONS, ("status", "all"))

    async def all_invoices(self, place: Place, *, limit: int = PAGE) -> Page[Invoice]:
        return await self._newest("invoices", place, limit, _INVOICES)

    async def all_disputes(
        self, place: Place, *, limit: int = PAGE, with_charges: bool = False
    ) -> Page[Dispute]:
        more = [("expand[]", "data.charge")] if with_charges else []
        return await self._newest("disputes", place, limit, _DISPUTES, *more)

    async def events(self, place: Place, *, types: Iterable[str], limit: int = PAGE) -> Page[ListedEvent]:
        """Of the last 30 days: https://docs.stripe.com/api/events/list"""
        return await self._newest("events", place, limit, _EVENTS, *(("types[]", each) for each in types))

    async def subscription(self, subscription_id: str) -> Subscription:
        path = f"/v1/subscriptions/{quote(subscription_id, safe='')}"
        call = Call(operation="subscriptions.retrieve", method="GET", path=path)
        answer = await self._transport.call(call)
        subscription = answer.read_as(Subscription)
        self._check_mode(answer, [subscription])
        return subscription

    async def invoice(self, invoice_id: str) -> Invoice:
        path = f"/v1/invoices/{quote(invoice_id, safe='')}"
        answer = await self._transport.call(Call(operation="invoices.retrieve", method="GET", path=path))
        invoice = answer.read_as(Invoice)
        self._check_mode(answer, [invoice])
        return invoice

    async def product(self, product_id: str) -> Product:
        """Given two seconds: a name is not worth a longer wait."""
        path = f"/v1/products/{quote(product_id, safe='')}"
        call = Call(operation="products.retrieve", method="GET", path=path, deadline=_NAME_DEADLINE)
        answer = await self._transport.call(call)
        product = answer.read_as(Product)
        self._check_mode(answer, [product])
        return product

    async def webhook_endpoints(self) -> tuple[WebhookEndpoint, ...]:
        """Stripe allows 16, so all of them."""
        path = "/v1/webhook_endpoints"
        return (await self._listed("webhook_endpoints.list", path, (), _WEBHOOK_ENDPOINTS)).items

    async def create_webhook_endpoint(self, url: str, *, events: Iterable[str]) -> WebhookEndpoint:
        """With its secret, which no other answer tells. Its events come in our version of the API."""
        form = [("url", url), ("api_version", VERSION), ("description", _DESCRIPTION), *_enabled(events)]
        return await self._written("webhook_endpoints.create", "/v1/webhook_endpoints", form)

    async def enable_webhook_endpoint(self, endpoint_id: str, *, events: Iterable[str]) -> WebhookEndpoint:
        """For these events from now on. The version of its events stays what it is."""
        path = f"/v1/webhook_endpoints/{quote(endpoint_id, safe='')}"
        return await self._written(
            "webhook_endpoints.update", path, [("disabled", "false"), *_enabled(events)]
        )

    async def _written(self, operation: str, path: str, form: Params) -> WebhookEndpoint:
        answer = await self._transport.call(
            Call(operation=operation, method="POST", path=path, form=form, effect=True)
        )
        endpoint = answer.read_as(WebhookEndpoint)
        self._check_mode(answer, [endpoint])
        return endpoint

    async def _listed(
        self, operation: str, path: str, params: Params, model: type[Page[Item]]
    ) -> Listed[Item]:
        items: list[Item] = []
        after: Params = ()
        for _ in range(MOST_PAGES):
            page = await self._page(operation, path, [*params, ("limit", str(PAGE)), *after], model)
            items += page.data
            if not page.has_more or not page.data:
                return Listed(items=tuple(items))
            after = [("starting_after", page.data[-1].id)]
        return Listed(items=tuple(items), cut=True)

    async def _newest(
        self, what: str, place: Place, limit: int, model: type[Page[Item]], *more: tuple[str, str]
    ) -> Page[Item]:
        params = [*more, *place.params(), ("limit", str(limit))]
        async with self._pace.turn(f"{what}.list"):
            return await self._page(f"{what}.list", f"/v1/{what}", params, model)

    async def _page(self, operation: str, path: str, params: Params, model: type[Page[Item]]) -> Page[Item]:
        answer = await self._transport.call(Call(operation=operation, method="GET", path=path, params=params))
        page = answer.read_as(model)
        self._check_mode(answer, page.data)
        return page

    def _check_mode(self, answer: Answer, objects: Iterable[StripeObject]) -> None:
        if any(each.livemode is (not self._live) for each in objects):
            got, needs = ("test", "live") if self._live else ("live", "test")
            raise RefusedError(
                f"{answer.call.operation}: the answer is of {got} mode, this connection of {needs} mode",
                code=WRONG_MODE,
                request_id=answer.request_id,
            )
