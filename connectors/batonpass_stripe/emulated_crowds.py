"""An account with very many objects, as an import makes them: for what is read in bulk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from batonpass.testing.happenings import CannotPlayError
from batonpass_stripe import emulated_objects as objects
from batonpass_stripe.emulated_changes import EmulatedChanges
from batonpass_stripe.emulated_objects import Made

_PERIOD = int(timedelta(days=30).total_seconds())
_DAY = 86_400
_INVOICE_STATUSES = ("paid", "open", "draft")


@dataclass
class EmulatedCrowds(EmulatedChanges):
    """What is made here is told as events, as everything is; nothing of it is changed in place."""

    def fill(self, stream: str, number: int) -> tuple[str, ...]:
        """Subscriptions, invoices and disputes belong to the newest customers, in turn."""
        make = self._makers().get(stream)
        if make is None:
            return super().fill(stream, number)
        return make(number)

    def touch(self, stream: str, record: str) -> None:
        """So that it shows: a customer has another name, a subscription is to end or is not, an invoice is due a day
        later, a dispute is under review or needs an answer again."""
        made = self._objects.get(record)
        if made is None or "deleted" in made:
            raise CannotPlayError(f"there is no {record}")
        match stream:
            case "customers":
                self.update_customer(record, name=f"{made['name'] or record}+")
            case "subscriptions":
                self.end_subscription(record, at_period_end=not made["cancel_at_period_end"])
            case "invoices":
                due = (made["due_date"] or made["created"]) + _DAY
                self._change(record, "invoice.updated", {"due_date": due})
            case "disputes":
                status = "needs_response" if made["status"] == "under_review" else "under_review"
                self._change(record, "charge.dispute.updated", {"status": status})
            case _:
                super().touch(stream, record)

    def drop(self, stream: str, record: str) -> None:
        """A customer, or a draft of an invoice: nobody can delete anything else."""
        made = self._objects.get(record, {})
        if stream == "customers" and made.get("object") == "customer":
            self.delete_customer(record)
        elif stream == "invoices" and made.get("status") == "draft":
            del self._objects[record]
            self.tell("invoice.deleted", made)
        else:
            super().drop(stream, record)

    def _makers(self) -> Mapping[str, Callable[[int], tuple[str, ...]]]:
        return {
            "customers": self._many_customers,
            "subscriptions": self._many_subscriptions,
            "invoices": self._many_invoices,
            "disputes": self._many_disputes,
        }

    def _many_customers(self, number: int) -> tuple[str, ...]:
        stamp = self._stamp()
        ids = tuple(self._new_id("cus") for _ in range(number))
        for each in ids:
            name = each.removeprefix("cus_emulated")
            made = objects.customer(
                id=each,
                email=f"customer.{name}@example.com",
                name=f"Customer {name}",
                currency="eur",
                **stamp,
            )
            self._keep_new(made, "customer.created")
        return ids

    def _many_subscriptions(self, number: int) -> tuple[str, ...]:
        stamp = self._stamp()
        price = objects.price(
            id=self._new_id("price"),
            product=self._product("Pro"),
            unit_amount=4900,
            currency="eur",
            interval="month",
            interval_count=1,
            nickname=None,
            **stamp,
        )
        self._keep(price, "price.created")
        ids = tuple(self._new_id("sub") for _ in range(number))
        for each, customer in zip(ids, self._owners(number), strict=True):
            made = objects.subscription(
                id=each,
                customer=customer,
                price=price,
                quantity=1,
                status="active",
                period=(stamp["created"], stamp["created"] + _PERIOD),
                cancel_at_period_end=False,
                metadata=None,
                **stamp,
            )
            self._keep_new(made, "customer.subscription.created")
        return ids

    def _many_invoices(self, number: int) -> tuple[str, ...]:
        stamp = self._stamp()
        ids = tuple(self._new_id("in") for _ in range(number))
        for count, (each, customer) in enumerate(zip(ids, self._owners(number), strict=True)):
            made = objects.invoice(
                id=each,
                customer=customer,
                number=f"INV-{each.removeprefix('in_emulated')}",
                amount=4900,
                currency="eur",
                due_date=stamp["created"] + _DAY,
                status=_INVOICE_STATUSES[count % len(_INVOICE_STATUSES)],
                **stamp,
            )
            self._keep_new(made, "invoice.created")
        return ids

    def _many_disputes(self, number: int) -> tuple[str, ...]:
        stamp = self._stamp()
        ids = tuple(self._new_id("dp") for _ in range(number))
        for each, customer in zip(ids, self._owners(number), strict=True):
            charge = objects.charge(
                id=self._new_id("ch"),
                customer=customer,
                amount=4900,
                currency="eur",
                status="succeeded",
                failure_code=None,
                refunded=0,
                brand="visa",
                last4="4242",
                **stamp,
            )
            charge["disputed"] = True
            self._keep_new(charge, "charge.succeeded")
            made = objects.dispute(
                id=each,
                charge=charge["id"],
                amount=4900,
                currency="eur",
                reason="duplicate",
                status="needs_response",
                due_by=stamp["created"] + 7 * _DAY,
                **stamp,
            )
            self._keep_new(made, "charge.dispute.created")
        return ids

    def _owners(self, number: int) -> list[str]:
        """So many customers, some of them more than once where there are fewer."""
        newest = self._shelves["customer"].newest_first()
        there = [each for each in newest if "deleted" not in self._objects[each]][:number]
        if not there:
            return list(self._many_customers(number))
        return [there[count % len(there)] for count in range(number)]

    def _keep_new(self, made: Made, event_type: str) -> None:
        """As `_keep`, without a copy for the event: nobody has the object yet, and changes make another one."""
        self._keep(made)
        self._told(event_type, made)
