"""Everything that Stripe knows of one customer, read in parallel, and only what is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass_stripe.client import WRONG_MODE, Listed, StripeClient
from batonpass_stripe.rights import Allowed, a_few_at_once, together
from batonpass_stripe.wire import Charge, Customer, Dispute, Invoice, Subscription

NEWEST_PAYMENTS = 3
NAMES_LIVE = 3600.0
LIVE_STATUSES = frozenset({"active", "trialing", "past_due"})


class Part(StrEnum):
    """What can be read besides the customer; each costs a call."""

    SUBSCRIPTIONS = auto()
    PRODUCT_NAMES = auto()
    """The names of the subscribed products; means `SUBSCRIPTIONS` too."""
    OPEN_INVOICES = auto()
    NEWEST_CHARGES = auto()
    DISPUTES = auto()
    """Means all charges: Stripe lists disputes by charge only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One customer at one moment. What was not asked for is empty, and so is what the key may not read."""

    now: datetime
    customer: Customer
    subscriptions: Listed[Subscription] = field(default_factory=Listed)
    product_names: Mapping[str, str] = field(default_factory=dict)
    open_invoices: Listed[Invoice] = field(default_factory=Listed)
    charges: Listed[Charge] = field(default_factory=Listed)
    disputes: Listed[Dispute] = field(default_factory=Listed)
    refused: frozenset[Part] = frozenset()
    """What the key may not read, or the copy has nothing of: nothing that needs it can be told."""
    copied: Mapping[Part | None, datetime] = field(default_factory=dict)
    """When our copy of each part was read, and (None) that of the customer; empty: all has been read just now."""

    def as_of(self, parts: Collection[Part]) -> datetime:
        """The time of the oldest of what a fact is told from."""
        return min((self.copied[each] for each in (None, *parts) if each in self.copied), default=self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The customer that was found, with the subscriptions if finding needed them."""

    customer: Customer
    subscriptions: Listed[Subscription] | None = None


def is_live(subscription: Subscription) -> bool:
    """Whether the customer has it now: active, in its trial, or behind with a payment."""
    return subscription.status in LIVE_STATUSES


class Records:
    """Reads records. A part that the key may not read is left out, and the others are told."""

    def __init__(self, client: StripeClient, clock: Clock, allowed: Allowed) -> None:
        self._client = client
        self._clock = clock
        self._allowed = allowed
        self._names = ProductNames(client, clock)

    async def read(self, match: Match, parts: Collection[Part]) -> Record:
        """The customer with these parts. One round trip, a second one for a new product or a disputed charge."""
        async with together() as group:
            plans = group.create_task(self._plans(match, parts))
            invoices = group.create_task(self._open_invoices(match, parts))
            payments = group.create_task(self._payments(match, parts))
        subscriptions, product_names = plans.result()
        charges, disputes = payments.result()
        read = {
            Part.SUBSCRIPTIONS: subscriptions,
            Part.PRODUCT_NAMES: subscriptions,
            Part.OPEN_INVOICES: invoices.result(),
            Part.NEWEST_CHARGES: charges,
            Part.DISPUTES: disputes,
        }
        return Record(
            now=self._clock.now(),
            customer=match.customer,
            subscriptions=subscriptions or Listed(),
            product_names=product_names,
            open_invoices=invoices.result() or Listed(),
            charges=charges or Listed(),
            disputes=disputes or Listed(),
            refused=frozenset(part for part, items in read.items() if items is None),
        )

    async def with_id(self, customer_id: str) -> Customer | None:
        try:
            customer = await self._client.customer(customer_id)
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        return None if customer.deleted else customer

    async def with_addresses(self, spellings: Collection[str]) -> Listed[Customer]:
        async with together() as group:
            asked = [group.create_task(self._client.customers(email=each)) for each in spellings]
        answers = [task.result() for task in asked]
        return Listed(
            items=tuple(each for answer in answers for each in answer.items),
            cut=any(each.cut for each in answers),
        )

    async def subscriptions(self, customer: Customer) -> Listed[Subscription] | None:
        """None, here and below: the key may not read them."""
        return await self._allowed.read("subscriptions", self._client.subscriptions(customer_id=customer.id))

    async def _plans(
        self, match: Match, parts: Collection[Part]
    ) -> tuple[Listed[Subscription] | None, Mapping[str, str]]:
        subscriptions = match.subscriptions
        if subscriptions is None and {Part.SUBSCRIPTIONS, Part.PRODUCT_NAMES}.isdisjoint(parts):
            return Listed(), {}
        if subscriptions is None:
            subscriptions = await self.subscriptions(match.customer)
        if subscriptions is None or Part.PRODUCT_NAMES not in parts:
            return subscriptions, {}
        shown = [each for each in subscriptions.items if is_live(each)] or subscriptions.items[:1]
        products = {item.price.product for each in shown for item in each.items.data}
        return subscriptions, await self._names.of(products)

    async def _open_invoices(self, match: Match, parts: Collection[Part]) -> Listed[Invoice] | None:
        if Part.OPEN_INVOICES not in parts:
            return Listed()
        return await self._allowed.read("invoices", self._client.open_invoices(customer_id=match.customer.id))

    async def _payments(
        self, match: Match, parts: Collection[Part]
    ) -> tuple[Listed[Charge] | None, Listed[Dispute] | None]:
        customer_id = match.customer.id
        if Part.DISPUTES in parts:
            charges = await self._allowed.read("charges", self._client.charges(customer_id=customer_id))
            return charges, None if charges is None else await self._disputes(charges)
        if Part.NEWEST_CHARGES in parts:
            newest = self._client.newest_charges(customer_id=customer_id, most=NEWEST_PAYMENTS)
            return await self._allowed.read("charges", newest), Listed()
        return Listed(), Listed()

    async def _disputes(self, charges: Listed[Charge]) -> Listed[Dispute] | None:
        async with together() as group:
            asked = [
                group.create_task(self._allowed.read("disputes", self._client.disputes(charge_id=each.id)))
                for each in charges.items
                if each.disputed
            ]
        answers = [answer for task in asked if (answer := task.result()) is not None]
        if len(answers) < len(asked):
            return None
        disputes = tuple(each for answer in answers for each in answer.items)
        return Listed(items=disputes, cut=charges.cut or any(answer.cut for answer in answers))


class ProductNames:
    """The names of products, remembered for an hour.

    A list of subscriptions cannot bring them along: `data.items.data.price.product` is five levels deep, and
    Stripe expands four (https://docs.stripe.com/expand). A restricted key may also lack the right to read products:
    then there are no names, and the rest is told all the same.
    """

    def __init__(self, client: StripeClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[str | None, float]] = {}

    async def of(self, product_ids: Iterable[str]) -> Mapping[str, str]:
        """The names that can be had."""
        async with together() as group:
            asked = {each: group.create_task(self._name(each)) for each in product_ids}
        names = {each: task.result() for each, task in asked.items()}
        return {each: name for each, name in names.items() if name is not None}

    async def surely_of(self, product_ids: Iterable[str]) -> Mapping[str, str]:
        """As `of`, for what is kept: where Stripe cannot answer now, its `RetryLaterError` is raised."""
        names = await a_few_at_once(product_ids, self._surely)
        return {each: name for each, name in names.items() if name is not None}

    async def _name(self, product_id: str) -> str | None:
        try:
            return await self._surely(product_id)
        except RetryLaterError:
            return None

    async def _surely(self, product_id: str) -> str | None:
        name, until = self._known.get(product_id, (None, 0.0))
        if self._clock.monotonic() < until:
            return name
        try:
            name = (await self._client.product(product_id)).name
        except RefusedError as error:
            if error.code == WRONG_MODE:
                raise
            name = None
        self._known[product_id] = (name, self._clock.monotonic() + NAMES_LIVE)
        return name
