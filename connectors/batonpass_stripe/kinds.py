"""How each kind of Stripe's objects is read in bulk, read again by itself, and made records of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from batonpass.domain.errors import RefusedError
from batonpass.domain.synced import Record, RecordKind
from batonpass_stripe.client import PAGE, Place, StripeClient
from batonpass_stripe.record import ProductNames
from batonpass_stripe.synced_records import (
    Documents,
    customer_record,
    dispute_record,
    invoice_record,
    subscription_record,
)
from batonpass_stripe.wire import Customer, Dispute, Invoice, Page, Subscription

Object = TypeVar("Object", bound=Customer | Subscription | Invoice | Dispute)
Value = TypeVar("Value")
Dated = Sequence[tuple[Object, datetime]]
"""Objects, each with the time from which it is known to be so."""


class Kind(ABC, Generic[Object]):
    of: ClassVar[RecordKind]
    model: type[Object]

    @abstractmethod
    async def page(self, place: Place, *, limit: int = PAGE) -> Page[Object]:
        """Of the list of all, the newest first."""

    @abstractmethod
    async def again(self, told: Mapping[str, Any]) -> Object | None:
        """The object that an event told of (its `data.object`), as it is now; None where it is no more."""

    @abstractmethod
    async def records(self, objects: Dated[Object], documents: Documents) -> list[Record]: ...

    @property
    def events_tell_all(self) -> bool:
        """Whether an event tells all that we keep."""
        return True


class Customers(Kind[Customer]):
    of = RecordKind.CUSTOMER
    model = Customer

    def __init__(self, client: StripeClient) -> None:
        self._client = client

    async def page(self, place: Place, *, limit: int = PAGE) -> Page[Customer]:
        return await self._client.all_customers(place, limit=limit)

    async def again(self, told: Mapping[str, Any]) -> Customer | None:
        return await _unless_gone(self._client.customer(told["id"]))

    async def records(self, objects: Dated[Customer], documents: Documents) -> list[Record]:
        return [customer_record(each, at, documents) for each, at in objects]


class Subscriptions(Kind[Subscription]):
    """With the names of their products, which no list of them can bring along (`ProductNames`)."""

    of = RecordKind.SUBSCRIPTION
    model = Subscription

    def __init__(self, client: StripeClient, names: ProductNames) -> None:
        self._client = client
        self._names = names

    async def page(self, place: Place, *, limit: int = PAGE) -> Page[Subscription]:
        return await self._client.all_subscriptions(place, limit=limit)

    async def again(self, told: Mapping[str, Any]) -> Subscription | None:
        return await _unless_gone(self._client.subscription(told["id"]))

    async def records(self, objects: Dated[Subscription], documents: Documents) -> list[Record]:
        products = {item.price.product for each, _ in objects for item in each.items.data}
        names = await self._names.surely_of(products)
        return [subscription_record(each, at, documents, names) for each, at in objects]


class Invoices(Kind[Invoice]):
    of = RecordKind.INVOICE
    model = Invoice

    def __init__(self, client: StripeClient) -> None:
        self._client = client

    async def page(self, place: Place, *, limit: int = PAGE) -> Page[Invoice]:
        return await self._client.all_invoices(place, limit=limit)

    async def again(self, told: Mapping[str, Any]) -> Invoice | None:
        return await _unless_gone(self._client.invoice(told["id"]))

    async def records(self, objects: Dated[Invoice], documents: Documents) -> list[Record]:
        return [invoice_record(each, at, documents) for each, at in objects]


class Disputes(Kind[Dispute]):
    """A dispute names its charge, and that its customer. A key that may not read charges may not have them in the list
    either: then nobody knows whose a dispute is."""

    of = RecordKind.DISPUTE
    model = Dispute

    def __init__(self, client: StripeClient) -> None:
        self._client = client
        self._with_charges = True

    async def page(self, place: Place, *, limit: int = PAGE) -> Page[Dispute]:
        return await self._allowed(
            lambda with_charges: self._client.all_disputes(place, limit=limit, with_charges=with_charges)
        )

    async def again(self, told: Mapping[str, Any]) -> Dispute | None:
        """By its charge, as everywhere."""
        listed = await self._allowed(
            lambda with_charge: self._client.disputes(
                charge_id=str(told.get("charge")), with_charge=with_charge
            )
        )
        return next((each for each in listed.items if each.id == told["id"]), None)

    async def _allowed(self, ask: Callable[[bool], Awaitable[Value]]) -> Value:
        if self._with_charges:
            try:
                return await ask(True)
            except RefusedError as error:
                if error.code != "forbidden":
                    raise
        answer = await ask(False)
        self._with_charges = False
        return answer

    async def records(self, objects: Dated[Dispute], documents: Documents) -> list[Record]:
        return [dispute_record(each, at, documents) for each, at in objects]

    @property
    def events_tell_all(self) -> bool:
        """An event has the charge's id only."""
        return not self._with_charges


async def _unless_gone(reading: Awaitable[Object]) -> Object | None:
    try:
        made = await reading
    except RefusedError as error:
        if error.status == 404:
            return None
        raise
    return None if isinstance(made, Customer) and made.deleted else made
