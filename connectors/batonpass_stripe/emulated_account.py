"""The account behind the emulator: its objects, and how tests and the demo fill it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import SecretStr

from batonpass.testing.emulator import Emulator
from batonpass_stripe import emulated_objects as objects
from batonpass_stripe.client import VERSION
from batonpass_stripe.emulated_objects import Made
from batonpass_stripe.webhooks import sign


@dataclass
class EmulatedAccount(Emulator):
    """One account of one mode. Objects are kept as they are answered."""

    live: bool = False
    _objects: dict[str, Made] = field(default_factory=dict, init=False, repr=False)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1), init=False, repr=False)

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
            made = objects.deleted_customer(id=customer_id)
        else:
            made = objects.customer(id=customer_id, email=email, **self._stamp(), **told)
        return self._keep(made)

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
            price=self._objects[self._keep(price)],
            quantity=quantity,
            status=status,
            period=(_seconds(now - timedelta(days=1)), _seconds(now + renews_in)),
            cancel_at_period_end=cancel_at_period_end,
            metadata=metadata,
            **self._stamp(started),
        )
        self._objects[customer]["currency"] = currency
        return self._keep(made)

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
        return self._keep(
            objects.invoice(
                id=invoice_id,
                customer=customer,
                number=number or f"INV-{invoice_id[-4:]}",
                amount=amount,
                currency=currency,
                due_date=None if due is None else _seconds(due),
                status=status,
                **self._stamp(created),
            )
        )

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
        return self._keep(
            objects.charge(
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
        )

    def add_dispute(self, charge: str, *, reason: str = "duplicate", status: str = "needs_response") -> str:
        disputed = self._objects[charge]
        disputed["disputed"] = True
        return self._keep(
            objects.dispute(
                id=self._new_id("dp"),
                charge=charge,
                amount=disputed["amount"],
                currency=disputed["currency"],
                reason=reason,
                status=status,
                due_by=_seconds(self.clock.now() + timedelta(days=7)),
                **self._stamp(),
            )
        )

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
        self, event_type: str, subject_id: str, *, secret: SecretStr
    ) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a webhook delivery about an object that is there."""
        now = self.clock.now()
        event = {
            "id": self._new_id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": _seconds(now),
            "data": {"object": self._objects[subject_id]},
            "livemode": self.live,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
        }
        body = json.dumps(event).encode()
        return {"stripe-signature": sign(body, secret=secret, now=now)}, body

    def _product(self, name: str) -> str:
        for made in self._objects.values():
            if made["object"] == "product" and made["name"] == name:
                return str(made["id"])
        return self._keep(objects.product(id=self._new_id("prod"), name=name, **self._stamp()))

    def _keep(self, made: Made) -> str:
        self._objects[made["id"]] = made
        return str(made["id"])

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_emulated{next(self._numbers):04d}"

    def _stamp(self, created: datetime | None = None) -> Made:
        return {"created": _seconds(created or self.clock.now()), "livemode": self.live}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
