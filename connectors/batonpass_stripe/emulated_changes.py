"""What people and time do to the account: every change is told as an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from batonpass.domain.event import EventKind
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_stripe import emulated_objects as objects
from batonpass_stripe.emulated_account import EmulatedAccount
from batonpass_stripe.emulated_objects import Made

_CLOSED = frozenset({"won", "lost"})


@dataclass
class EmulatedChanges(EmulatedAccount):
    """An account that goes on living."""

    plays: ClassVar[frozenset[EventKind]] = frozenset(
        {
            EventKind.CONTACT_CHANGED,
            EventKind.SUBSCRIPTION_CHANGED,
            EventKind.INVOICE_CHANGED,
            EventKind.CHARGE_CHANGED,
            EventKind.DISPUTE_CHANGED,
        }
    )

    def happen(self, happening: Happening) -> str:
        """`CONTACT_CHANGED`: the customer's description becomes `text`. `SUBSCRIPTION_CHANGED`: it is to end, or is
        not, the other way round. `INVOICE_CHANGED`: an open one is paid. `CHARGE_CHANGED`: it is refunded.
        `DISPUTE_CHANGED`: it is won. Without `object` it is the newest that this can be done to; of invoices,
        charges and disputes a new one is made where there is none.
        """
        play = self._plays().get(happening.kind)
        if play is None:
            raise CannotPlayError(f"Stripe plays {', '.join(sorted(self.plays))}, not {happening.kind}")
        return play(happening)

    def update_customer(self, customer: str, **changes: Any) -> None:
        self._change(customer, "customer.updated", changes)

    def delete_customer(self, customer: str) -> None:
        """What is left says little else than that."""
        gone = self._objects[customer]
        self._objects[customer] = objects.deleted_customer(id=customer)
        self.tell("customer.deleted", gone)

    def end_subscription(self, subscription: str, *, at_period_end: bool = True) -> None:
        """At the end of its period; or not after all."""
        (item, *_) = self._objects[subscription]["items"]["data"]
        ends = item["current_period_end"] if at_period_end else None
        changes = {"cancel_at_period_end": at_period_end, "cancel_at": ends}
        self._change(subscription, "customer.subscription.updated", changes)

    def pay_invoice(self, invoice: str) -> None:
        due = self._objects[invoice]["amount_due"]
        changes = {"status": "paid", "amount_paid": due, "amount_remaining": 0, "attempted": True}
        self._change(invoice, "invoice.paid", changes, tells_former=False)

    def refund(self, charge: str) -> str:
        """All of it; gives the refund's id."""
        charged = self._objects[charge]
        amount = charged["amount"] - charged["amount_refunded"]
        self._change(charge, "charge.refunded", {"amount_refunded": charged["amount"], "refunded": True})
        refund = objects.refund(
            id=self._new_id("re"),
            charge=charge,
            amount=amount,
            currency=charged["currency"],
            created=int(self.clock.now().timestamp()),
        )
        self._keep(refund, "refund.created")
        return str(refund["id"])

    def close_dispute(self, dispute: str, *, status: str = "won") -> None:
        self._change(dispute, "charge.dispute.closed", {"status": status}, tells_former=False)

    def _change(
        self, object_id: str, event_type: str, changes: Mapping[str, Any], *, tells_former: bool = True
    ) -> None:
        former = self._objects[object_id]
        was = {name: former.get(name) for name, value in changes.items() if former.get(name) != value}
        made = self._objects[object_id] = {**former, **changes}
        self.tell(event_type, made, was=was if tells_former else None)

    # Playing ------------------------------------------------------------------------------------------------------

    def _plays(self) -> Mapping[EventKind, Callable[[Happening], str]]:
        return {
            EventKind.CONTACT_CHANGED: self._play_contact,
            EventKind.SUBSCRIPTION_CHANGED: self._play_subscription,
            EventKind.INVOICE_CHANGED: self._play_invoice,
            EventKind.CHARGE_CHANGED: self._play_charge,
            EventKind.DISPUTE_CHANGED: self._play_dispute,
        }

    def _play_contact(self, happening: Happening) -> str:
        customer = self._meant(happening, "customer")
        self.update_customer(customer, description=happening.text)
        return customer

    def _play_subscription(self, happening: Happening) -> str:
        subscription = self._meant(happening, "subscription")
        ends = bool(self._objects[subscription]["cancel_at_period_end"])
        self.end_subscription(subscription, at_period_end=not ends)
        return subscription

    def _play_invoice(self, happening: Happening) -> str:
        invoice = self._newest("invoice", happening, lambda made: made["status"] == "open")
        if invoice is None:
            return self.add_invoice(self._meant(Happening(kind=happening.kind), "customer"), amount=4900)
        self.pay_invoice(invoice)
        return invoice

    def _play_charge(self, happening: Happening) -> str:
        charge = self._newest("charge", happening, lambda made: made["paid"] and not made["refunded"])
        if charge is None:
            return self.add_charge(self._meant(Happening(kind=happening.kind), "customer"), amount=4900)
        self.refund(charge)
        return charge

    def _play_dispute(self, happening: Happening) -> str:
        dispute = self._newest("dispute", happening, lambda made: made["status"] not in _CLOSED)
        if dispute is None:
            return self.add_dispute(self._meant(Happening(kind=happening.kind), "charge"))
        self.close_dispute(dispute)
        return dispute

    def _meant(self, happening: Happening, kind: str) -> str:
        found = self._newest(kind, happening, lambda made: "deleted" not in made)
        if found is None:
            raise CannotPlayError(f"there is no {kind} that this could happen to")
        return found

    def _newest(self, kind: str, happening: Happening, fits: Callable[[Made], bool]) -> str | None:
        """The one that is named, which must fit; else the newest that does, or None."""
        there = [each for each in self._objects.values() if each["object"] == kind and fits(each)]
        if happening.object is None:
            newest = max(reversed(there), key=lambda each: int(each["created"]), default=None)
            return None if newest is None else str(newest["id"])
        if happening.object not in {each["id"] for each in there}:
            raise CannotPlayError(f"{happening.object} is no {kind} that this can happen to")
        return happening.object
