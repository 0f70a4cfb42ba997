"""The account behind the emulator: its objects, and how tests and the demo fill it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import SecretStr

from batonpass.testing.outbox import Outgoing
from batonpass_stripe import emulated_objects as objects
from batonpass_stripe.emulated_objects import Made
from batonpass_stripe.emulated_shelves import Shelf
from batonpass_stripe.emulated_webhooks import EmulatedWebhooks, outgoing, rendered
from batonpass_stripe.webhooks import sign

_INVOICE_EVENTS: Mapping[str, tuple[str, ...]] = {
    "open": ("invoice.finalized",),
    "paid": ("invoice.finalized", "invoice.paid"),
    "void": ("invoice.finalized", "invoice.voided"),
    "uncollectible": ("invoice.finalized", "invoice.marked_uncollectible"),
}
"""What is told of an invoice besides that it was created."""


@dataclass
class EmulatedAccount(EmulatedWebhooks):
    """One account of one mode. Objects are kept as they are answered; what is added is told as an event."""

    _objects: dict[str, Made] = field(default_factory=dict, init=False, repr=False)
    _shelves: defaultdict[str, Shelf] = field(
        default_factory=lambda: defaultdict(Shelf), init=False, repr=False
    )
    """Kind of object → those that have been created."""

    def add_customer(
        self,
        *,
        email: str | None = None,
        id: str | None = None,  # noqa: A002 - Stripe's word
        deleted: bool = False,
        **told: Any,
    ) -> str:
        """`told`: `name`, `currency`, `balance`, `delinquent`, `metadata`, as Stripe has them."""
        customer_id = id or self._new_id("cus")
        if deleted:
            return self._keep(objects.deleted_customer(id=customer_id))
        made = objects.customer(id=customer_id, email=email, **self._stamp(), **told)
        return self._keep(made, "customer.created")

    def add_subscription(
        self,
        customer: str,
        *,
        plan: str,
        amount: int,
        currency: str = "eur",
        interval: str = "month",
        interval_count: int = 1,
        quantity: int = 1,
        status: str = "active",
        renews_in: timedelta = timedelta(days=20),
        started: datetime | None = None,
        cancel_at_period_end: bool = False,
        nickname: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """A subscription to one price of the product named `plan`, which is added where it is new."""
        price = objects.price(
            id=self._new_id("price"),
            product=self._product(plan),
            unit_amount=amount,
            currency=currency,
            interval=interval,
            interval_count=interval_count,
            nickname=nickname,
            **self._stamp(),
        )
        now = self.clock.now()
        made = objects.subscription(
            id=self._new_id("sub"),
            customer=customer,
            price=self._objects[self._keep(price, "price.created")],
            quantity=quantity,
            status=status,
            period=(_seconds(now - timedelta(days=1)), _seconds(now + renews_in)),
            cancel_at_period_end=cancel_at_period_end,
            metadata=metadata,
            **self._stamp(started),
        )
        self._objects[customer] = {**self._objects[customer], "currency": currency}
        return self._keep(made, "customer.subscription.created")

    def add_invoice(
        self,
        customer: str,
        *,
        amount: int,
        currency: str = "eur",
        due: datetime | None = None,
        status: str = "open",
        number: str | None = None,
        created: datetime | None = None,
    ) -> str:
        invoice_id = self._new_id("in")
        made = objects.invoice(
            id=invoice_id,
            customer=customer,
            number=number or f"INV-{invoice_id[-4:]}",
            amount=amount,
            currency=currency,
            due_date=None if due is None else _seconds(due),
            status=status,
            **self._stamp(created),
        )
        return self._keep(made, "invoice.created", *_INVOICE_EVENTS.get(status, ()))

    def add_charge(
        self,
        customer: str,
        *,
        amount: int,
        currency: str = "eur",
        at: datetime | None = None,
        status: str = "succeeded",
        failure_code: str | None = None,
        refunded: int = 0,
        brand: str = "visa",
        last4: str = "4242",
    ) -> str:
        made = objects.charge(
            id=self._new_id("ch"),
            customer=customer,
            amount=amount,
            currency=currency,
            status=status,
            failure_code=failure_code,
            refunded=refunded,
            brand=brand,
            last4=last4,
            **self._stamp(at),
        )
        return self._keep(made, f"charge.{status}", *(("charge.refunded",) if refunded else ()))

    def add_dispute(self, charge: str, *, reason: str = "duplicate", status: str = "needs_response") -> str:
        disputed = self._objects[charge] = {**self._objects[charge], "disputed": True}
        made = objects.dispute(
            id=self._new_id("dp"),
            charge=charge,
            amount=disputed["amount"],
            currency=disputed["currency"],
            reason=reason,
            status=status,
            due_by=_seconds(self.clock.now() + timedelta(days=7)),
            **self._stamp(),
        )
        return self._keep(made, "charge.dispute.created")

    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        """An account with the demo's three people."""
        made = cls(**options)
        made.add_sample_people()
        return made

    def add_sample_people(self) -> None:
        """Mia Keller was charged twice, Tom Okafor is in order, Elena Rossi's contract renews soon."""
        now = self.clock.now()
        morning = now.replace(hour=9, minute=12, second=0, microsecond=0)
        year = timedelta(days=365)

        mia = self.add_customer(email="mia.keller@example.com", name="Mia Keller")
        self.add_subscription(mia, plan="Pro", amount=4900, renews_in=timedelta(days=27), started=now - year)
        self.add_charge(mia, amount=4900, at=morning - timedelta(days=3))
        self.add_charge(mia, amount=4900, at=morning - timedelta(days=3) + timedelta(minutes=2))

        tom = self.add_customer(email="tom.okafor@example.com", name="Tom Okafor")
        self.add_subscription(
            tom,
            plan="Pro",
            amount=49000,
            interval="year",
            renews_in=timedelta(days=200),
            started=now - 2 * year,
        )
        self.add_charge(tom, amount=49000, at=morning - timedelta(days=165), brand="mastercard", last4="4444")

        elena = self.add_customer(email="elena.rossi@example.com", name="Elena Rossi")
        self.add_subscription(
            elena, plan="Enterprise", amount=700_000, renews_in=timedelta(days=24), started=now - year
        )
        self.add_charge(elena, amount=700_000, at=morning - timedelta(days=37), last4="1881")
        self.add_invoice(elena, amount=700_000, due=now + timedelta(days=10), created=now - timedelta(days=6))

    def delivery(
        self, event_type: str, subject_id: str, *, secret: SecretStr, version: str | None = None
    ) -> Outgoing:
        """A delivery about an object that is there, for whoever posts it himself; in the account's version unless
        given."""
        event = self._events[self.tell(event_type, self._objects[subject_id])]
        body = json.dumps(rendered(event, version or self.account_version)).encode()
        return outgoing(body, sign(body, secret=secret, now=self.clock.now()))

    def _product(self, name: str) -> str:
        for each in self._shelves["product"].newest_first():
            if each in self._objects and self._objects[each]["name"] == name:
                return each
        made = objects.product(id=self._new_id("prod"), name=name, **self._stamp())
        return self._keep(made, "product.created")

    def _keep(self, made: Made, *event_types: str) -> str:
        """What these events tell of; of a customer that was deleted before anybody looked there are none."""
        self._objects[made["id"]] = made
        if "created" in made:
            self._shelves[made["object"]].add(made["id"], made["created"])
        for each in event_types:
            self.tell(each, made)
        return str(made["id"])

    def _stamp(self, created: datetime | None = None) -> Made:
        return {"created": _seconds(created or self.clock.now()), "livemode": self.live}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
