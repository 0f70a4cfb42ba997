"""Customers as our copy of Stripe knows them: for when Stripe does not answer in time. Makes no call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from batonpass.domain.clock import Clock
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.ports import Copy
from batonpass_stripe.client import Listed
from batonpass_stripe.keys import email_of
from batonpass_stripe.readable import CLOSED_DISPUTES
from batonpass_stripe.record import Match, Part, Record, is_live
from batonpass_stripe.synced_records import OPEN, PRODUCT_NAMES
from batonpass_stripe.wire import Customer, Dispute, Invoice, StripeObject, Subscription

MOST_KNOWN = 200
"""A list of the copy that is as long as that may lack some."""

Object = TypeVar("Object", bound=StripeObject)


class CopiedAccount:
    """`telling.Account` over the copy.

    Payments are not kept, so what needs them is not told. Neither is what needs subscriptions, invoices or disputes
    of a customer of whom the copy has none: it cannot tell that there are none from that they have not been read.
    """

    def __init__(self, copy: Copy, clock: Clock) -> None:
        self._copy = copy
        self._clock = clock
        self._read_at: dict[str, datetime] = {}
        """Of each customer that was found."""

    async def with_id(self, customer_id: str) -> Customer | None:
        kept = await self._copy.record(RecordKind.CUSTOMER, customer_id)
        return None if kept is None else self._customer(kept)

    async def with_addresses(self, spellings: Collection[str]) -> Listed[Customer]:
        """Compared as Stripe does: the copy itself finds an address without regard to case."""
        keys = {key.value.lower() for each in spellings for key in email_of(each)}
        found: dict[str, KeptRecord] = {}
        cut = False
        for each in sorted(keys):
            known = await self._copy.known_by(RecordKind.CUSTOMER, KeyKind.EMAIL, each)
            found |= {kept.id: kept for kept in known}
            cut = cut or len(known) >= MOST_KNOWN
        there = [kept for kept in found.values() if kept.columns.get("email") in spellings]
        return Listed(items=tuple(map(self._customer, there)), cut=cut)

    async def subscriptions(self, customer: Customer) -> Listed[Subscription] | None:
        kept = await self._of(customer, RecordKind.SUBSCRIPTION)
        return _listed(kept, Subscription)

    async def read(self, match: Match, parts: Collection[Part]) -> Record:
        customer = match.customer
        subscriptions = await self._of(customer, RecordKind.SUBSCRIPTION)
        invoices = await self._of(customer, RecordKind.INVOICE) if Part.OPEN_INVOICES in parts else ()
        disputes = await self._of(customer, RecordKind.DISPUTE) if Part.DISPUTES in parts else ()
        undecided = [each for each in disputes if each.columns.get("status") not in CLOSED_DISPUTES]
        unpaid = [each for each in invoices if each.columns.get("status") == OPEN]
        read = _listed(subscriptions, Subscription)
        live = {each.id for each in read.items if is_live(each)}
        ages = {
            Part.SUBSCRIPTIONS: _age(subscriptions, [each for each in subscriptions if each.id in live]),
            Part.OPEN_INVOICES: _age(invoices, unpaid),
            Part.DISPUTES: _age(disputes, undecided),
        }
        ages[Part.PRODUCT_NAMES] = ages[Part.SUBSCRIPTIONS]
        return Record(
            now=self._clock.now(),
            customer=customer,
            subscriptions=read,
            product_names=_names(subscriptions),
            open_invoices=_listed(unpaid, Invoice, cut=len(invoices) >= MOST_KNOWN),
            disputes=_listed(undecided, Dispute, cut=len(disputes) >= MOST_KNOWN),
            refused=frozenset(part for part in Part if ages.get(part) is None),
            copied={
                None: self._read_at[customer.id],
                **{part: age for part, age in ages.items() if age is not None},
            },
        )

    def _customer(self, kept: KeptRecord) -> Customer:
        self._read_at[kept.id] = kept.read_at
        told = {name: kept.columns.get(name) for name in ("name", "email", "phone")}
        return Customer.model_validate({**(kept.document or {}), **told, "id": kept.id})

    async def _of(self, customer: Customer, kind: RecordKind) -> Sequence[KeptRecord]:
        """The newest first, as Stripe lists them."""
        kept = await self._copy.known_by(kind, KeyKind.CUSTOMER, customer.id)
        return sorted(kept, key=_created, reverse=True)


def _listed(kept: Sequence[KeptRecord], model: type[Object], *, cut: bool | None = None) -> Listed[Object]:
    """Those that have a document: one without was read when no fact asked for it."""
    items = [
        model.model_validate({**each.document, "id": each.id}) for each in kept if each.document is not None
    ]
    is_cut = len(kept) >= MOST_KNOWN if cut is None else cut
    return Listed(items=tuple(items), cut=is_cut or len(items) < len(kept))


def _names(subscriptions: Sequence[KeptRecord]) -> dict[str, str]:
    """Of the products; the newest reading counts."""
    names: dict[str, str] = {}
    for each in sorted(subscriptions, key=lambda kept: kept.read_at):
        names |= (each.document or {}).get(PRODUCT_NAMES, {})
    return names


def _age(known: Sequence[KeptRecord], told: Sequence[KeptRecord]) -> datetime | None:
    """When the oldest of what is told was read; where nothing is, when the newest of what is known was. None: nothing
    is known."""
    if told:
        return min(each.read_at for each in told)
    return max((each.read_at for each in known), default=None)


def _created(kept: KeptRecord) -> tuple[int, str]:
    """Of one second, ids are in the order of creation, as far as anybody knows."""
    created = (kept.document or {}).get("created", 0)
    return (created if isinstance(created, int) else 0), kept.id
