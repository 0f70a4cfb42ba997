"""Stripe's objects as records of the copy: wire → columns, keys and what facts from the copy need."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batonpass.domain.facts import FactRule
from batonpass.domain.synced import Column, Record, RecordKind
from batonpass_stripe.keys import customer_of, email_of, phone_of
from batonpass_stripe.readable import CLOSED_DISPUTES, METADATA, name_of, readable, units
from batonpass_stripe.record import Part, is_live
from batonpass_stripe.wire import (
    Customer,
    Dispute,
    DisputedCharge,
    Invoice,
    StripeObject,
    Subscription,
    SubscriptionItem,
)

OPEN = "open"
PRODUCT_NAMES = "product_names"

_OF_CUSTOMER = ("currency", "balance", "delinquent", "created")
_OF_SUBSCRIPTION = {"status", "created", "cancel_at_period_end", "cancel_at", "items"}
_OF_INVOICE = ("number", "currency", "amount_remaining", "created", "due_date")
_OF_DISPUTE = {"amount", "currency", "created", "reason", "status", "evidence_details"}
_NOT_OF_PRICE = {"items": {"data": {"__all__": {"price": {"livemode"}}}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What the documents must hold, so that the copy can tell the facts that are asked for."""

    any: bool
    """Whether any fact of ours is asked for: of two customers with one address the one with a live subscription is
    meant, so both are kept then."""
    parts: frozenset[Part]
    metadata: Mapping[str, frozenset[str]]
    """Object (`customer`, `subscription`) → the keys of its metadata; no other is kept."""

    @classmethod
    def of(cls, rules: Sequence[FactRule]) -> Documents:
        asked = [(rule, how) for rule in rules if (how := readable(rule.object, rule.property))]
        metadata: dict[str, set[str]] = {}
        for rule, _ in asked:
            if rule.property.startswith(METADATA):
                metadata.setdefault(rule.object, set()).add(rule.property.removeprefix(METADATA))
        return cls(
            any=bool(asked),
            parts=frozenset(part for _, how in asked for part in how.needs),
            metadata={name: frozenset(keys) for name, keys in metadata.items()},
        )

    def customer(self, customer: Customer) -> Mapping[str, Any] | None:
        if not self.any:
            return None
        return {**_plain(customer, _OF_CUSTOMER), **self._metadata("customer", customer.metadata)}

    def subscription_of(
        self, subscription: Subscription, names: Mapping[str, str]
    ) -> Mapping[str, Any] | None:
        if not self.any:
            return None
        document = subscription.model_dump(
            mode="json", include=_OF_SUBSCRIPTION, exclude=_NOT_OF_PRICE, exclude_defaults=True
        )
        document |= self._metadata("subscription", subscription.metadata)
        if Part.PRODUCT_NAMES in self.parts:
            products = {item.price.product for item in subscription.items.data}
            document[PRODUCT_NAMES] = {each: names[each] for each in sorted(products & names.keys())}
        return document

    def invoice(self, invoice: Invoice) -> Mapping[str, Any] | None:
        wanted = Part.OPEN_INVOICES in self.parts and invoice.status == OPEN
        return _plain(invoice, _OF_INVOICE) if wanted else None

    def dispute(self, dispute: Dispute) -> Mapping[str, Any] | None:
        wanted = Part.DISPUTES in self.parts and dispute.status not in CLOSED_DISPUTES
        return dispute.model_dump(mode="json", include=_OF_DISPUTE, exclude_defaults=True) if wanted else None

    def _metadata(self, name: str, told: Mapping[str, str] | None) -> Mapping[str, Any]:
        wanted = self.metadata.get(name)
        kept = {key: value for key, value in (told or {}).items() if key in wanted} if wanted else {}
        return {"metadata": kept} if kept else {}


def customer_record(customer: Customer, at: datetime, documents: Documents) -> Record:
    if customer.deleted:
        return deleted(RecordKind.CUSTOMER, customer.id, at)
    locales = customer.preferred_locales
    return Record(
        kind=RecordKind.CUSTOMER,
        id=customer.id,
        changed_at=at,
        columns=_known(
            name=customer.name,
            email=customer.email,
            phone=customer.phone,
            language=locales[0] if locales else None,
            created_at=_time(customer.created),
        ),
        keys=email_of(customer.email) + phone_of(customer.phone),
        document=documents.customer(customer),
    )


def subscription_record(
    subscription: Subscription, at: datetime, documents: Documents, names: Mapping[str, str]
) -> Record:
    items = subscription.items.data
    amount, interval = _price_of(items)
    plans = dict.fromkeys(name_of(item.price, names) for item in items)
    return Record(
        kind=RecordKind.SUBSCRIPTION,
        id=subscription.id,
        changed_at=at,
        columns=_known(
            customer_id=subscription.customer,
            status=subscription.status,
            plan=", ".join(plans),
            amount=None if subscription.items.has_more else amount,
            currency=subscription.currency,
            interval=interval,
            started_at=_time(subscription.start_date),
            renews_at=_time(_renews(subscription)),
            ends_at=_time(_ends(subscription)),
        ),
        keys=customer_of(subscription.customer),
        document=documents.subscription_of(subscription, names),
    )


def invoice_record(invoice: Invoice, at: datetime, documents: Documents) -> Record:
    return Record(
        kind=RecordKind.INVOICE,
        id=invoice.id,
        changed_at=at,
        columns=_known(
            customer_id=invoice.customer,
            number=invoice.number,
            status=invoice.status,
            amount_due=invoice.amount_due,
            amount_paid=invoice.amount_paid,
            currency=invoice.currency,
            created_at=_time(invoice.created),
            due_at=_time(invoice.due_date),
        ),
        keys=customer_of(invoice.customer),
        document=documents.invoice(invoice),
    )


def dispute_record(dispute: Dispute, at: datetime, documents: Documents) -> Record:
    """Its customer is its charge's, where the charge has been asked for and the key may read it."""
    charge = dispute.charge
    customer = charge.customer if isinstance(charge, DisputedCharge) else None
    details = dispute.evidence_details
    return Record(
        kind=RecordKind.DISPUTE,
        id=dispute.id,
        changed_at=at,
        columns=_known(
            customer_id=customer,
            charge_id=charge.id if isinstance(charge, DisputedCharge) else charge,
            status=dispute.status,
            reason=dispute.reason,
            amount=dispute.amount,
            currency=dispute.currency,
            created_at=_time(dispute.created),
            answer_by=_time(details.due_by if details else None),
        ),
        keys=customer_of(customer),
        document=documents.dispute(dispute),
    )


def deleted(kind: RecordKind, id_: str, at: datetime) -> Record:
    return Record(kind=kind, id=id_, changed_at=at, deleted=True)


# Parts --------------------------------------------------------------------------------------------------------------


def _plain(made: StripeObject, fields: Iterable[str]) -> dict[str, Any]:
    """Without what it does not tell."""
    return {name: value for name in fields if (value := getattr(made, name)) is not None}


def _known(**columns: Column) -> dict[str, Column]:
    return {name: value for name, value in columns.items() if value is not None and value != ""}


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _price_of(items: Iterable[SubscriptionItem]) -> tuple[int | None, str | None]:
    """What is charged each time and how often; None where that cannot be told from the prices, or is not one."""
    total: int | None = 0
    rhythms = set()
    for item in items:
        price = item.price
        if price.recurring is None:
            return None, None
        rhythms.add((price.currency, price.recurring.interval, price.recurring.interval_count))
        fixed = price.billing_scheme == "per_unit" and price.recurring.usage_type != "metered"
        if total is None or price.unit_amount is None or not fixed:
            total = None
        else:
            total += price.unit_amount * units(item)
    if len(rhythms) != 1:
        return None, None
    ((_, interval, count),) = rhythms
    return total, interval if count == 1 else f"{count} {interval}s"


def _renews(subscription: Subscription) -> int | None:
    if subscription.cancel_at_period_end or not is_live(subscription):
        return None
    ends = subscription.cancel_at
    days = [each.current_period_end for each in subscription.items.data]
    return min((each for each in days if ends is None or ends > each), default=None)


def _ends(subscription: Subscription) -> int | None:
    if subscription.ended_at is not None or subscription.cancel_at is not None:
        return subscription.ended_at or subscription.cancel_at
    if not subscription.cancel_at_period_end:
        return None
    return max((each.current_period_end for each in subscription.items.data), default=None)
