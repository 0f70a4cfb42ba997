"""What each property says of a record: plain values in, plain values out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from batonpass.domain.facts import FactValue, Money
from batonpass_stripe.client import Listed
from batonpass_stripe.readable import READABLE
from batonpass_stripe.record import Record
from batonpass_stripe.wire import Charge, Customer, Dispute, Invoice, Subscription

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def at(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T10:00:00+00:00").timestamp())


def item(
    amount: int | str | None = 1000, interval: str = "month", quantity: int | None = 1, **price: Any
) -> Any:
    told = {
        "id": "price_1",
        "currency": "eur",
        "product": "prod_1",
        "unit_amount": amount if isinstance(amount, int) else None,
        "unit_amount_decimal": amount,
        "recurring": {
            "interval": interval,
            "interval_count": price.pop("count", 1),
            "usage_type": "licensed",
        },
    }
    return {"id": "si_1", "price": told | price, "quantity": quantity, "current_period_end": at("2026-12-15")}


def subscription(
    *items: Any, status: str = "active", created: str = "2026-01-01", **told: Any
) -> Subscription:
    page = {"data": items or [item()], "has_more": told.pop("more_items", False)}
    return Subscription.model_validate(
        {"id": "sub_1", "status": status, "created": at(created), "items": page, **told}
    )


def invoice(amount: int = 1000, due: str | None = None, **told: Any) -> Invoice:
    due_date = at(due) if due else None
    told = {"id": "in_1", "currency": "eur", "created": at("2026-11-01")} | told
    return Invoice.model_validate({**told, "amount_remaining": amount, "due_date": due_date})


def charge(**told: Any) -> Charge:
    known = {
        "id": "ch_1",
        "amount": 4900,
        "currency": "eur",
        "created": at("2026-11-03"),
        "status": "succeeded",
    }
    return Charge.model_validate(known | told)


def dispute(status: str = "needs_response", **told: Any) -> Dispute:
    known = {
        "id": "dp_1",
        "amount": 4900,
        "currency": "eur",
        "created": at("2026-11-05"),
        "reason": "duplicate",
    }
    return Dispute.model_validate(known | {"status": status} | told)


def read(
    path: str, *, cut: bool = False, names: dict[str, str] | None = None, **parts: Any
) -> FactValue | None:
    """The property at `path` of a record with these subscriptions, open_invoices, charges or disputes."""
    customer = Customer.model_validate({"id": "cus_1"} | parts.pop("customer", {"currency": "eur"}))
    lists = {name: Listed(items=tuple(each), cut=cut) for name, each in parts.items()}
    record = Record(now=NOW, customer=customer, product_names=names or {}, **lists)
    its_object, its_property = path.split(".")
    return READABLE[its_object][its_property].read(record)


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="eur")


# Monthly recurring revenue ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "monthly"),
    [
        pytest.param([item(1000)], 1000, id="a month"),
        pytest.param([item(1000, quantity=3)], 3000, id="three seats"),
        pytest.param([item(1000, quantity=None)], 1000, id="without a quantity"),
        pytest.param([item(1000, quantity=0)], 0, id="no seats"),
        pytest.param([item(12000, "year")], 1000, id="a year"),
        pytest.param([item(3000, count=3)], 1000, id="a quarter"),
        pytest.param([item(1200, "week")], 5200, id="a week"),
        pytest.param([item(1200, "week", count=4)], 1300, id="four weeks"),
        pytest.param([item(120, "day")], 3650, id="a day"),
        pytest.param([item("0.5", quantity=1001)], 500, id="half a cent each, half to even down"),
        pytest.param([item("0.5", quantity=1003)], 502, id="half a cent each, half to even up"),
        pytest.param([item(1000), item(500)], 1500, id="two items"),
        pytest.param([item(1001, "year"), item(1001, "year")], 167, id="rounded once, at the end"),
        pytest.param(
            [item(1000, quantity=11, transform_quantity={"divide_by": 5, "round": "up"})], 3000, id="packs up"
        ),
        pytest.param(
            [item(1000, quantity=11, transform_quantity={"divide_by": 5, "round": "down"})],
            2000,
            id="packs down",
        ),
    ],
)
def test_mrr_brings_every_price_to_a_month(items, monthly):
    assert read("subscription.mrr", subscriptions=[subscription(*items)]) == eur(monthly)


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        ("active", True),
        ("trialing", True),
        ("past_due", True),
        ("canceled", False),
        ("unpaid", False),
        ("new", False),
    ],
)
def test_mrr_counts_live_subscriptions_only(status, counted):
    subscriptions = [subscription(status=status), subscription(item(500))]

    assert read("subscription.mrr", subscriptions=subscriptions) == eur(1500 if counted else 500)


def test_mrr_leaves_metered_usage_out():
    metered = item(1000, recurring={"interval": "month", "interval_count": 1, "usage_type": "metered"})

    assert read("subscription.mrr", subscriptions=[subscription(item(500), metered)]) == eur(500)


@pytest.mark.parametrize(
    "unclear",
    [
        pytest.param(subscription(item(None, billing_scheme="tiered")), id="tiers"),
        pytest.param(subscription(item(None)), id="no amount"),
        pytest.param(subscription(item(100, "fortnight")), id="an interval that we do not know"),
        pytest.param(subscription(more_items=True), id="more items than we have read"),
    ],
)
def test_mrr_that_cannot_be_told_is_no_fact(unclear):
    assert read("subscription.mrr", subscriptions=[unclear, subscription()]) is None


def test_currencies_are_not_added():
    subscriptions = [subscription(item(1000)), subscription(item(980, currency="jpy"))]

    assert read("subscription.mrr", subscriptions=subscriptions) == ("10.00 EUR", "980 JPY")


# The subscription that is shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "names", "shown"),
    [
        pytest.param({"nickname": "n", "lookup_key": "k"}, {"prod_1": "Pro"}, "Pro", id="product"),
        pytest.param({"nickname": "n", "lookup_key": "k"}, {}, "n", id="nickname"),
        pytest.param({"lookup_key": "k"}, {}, "k", id="lookup key"),
        pytest.param({}, {}, "price_1", id="id"),
    ],
)
def test_a_plan_has_the_best_name_there_is(price, names, shown):
    assert read("subscription.plan", subscriptions=[subscription(item(**price))], names=names) == shown


def test_the_live_subscriptions_are_shown_and_the_newest_of_them_is_the_current_one():
    subscriptions = [
        subscription(item(nickname="Old"), status="canceled", created="2026-09-01"),
        subscription(item(nickname="Pro", quantity=5), status="past_due", created="2026-03-01"),
        subscription(item(nickname="Add-on", quantity=2), item(nickname="Pro"), created="2026-02-01"),
    ]

    assert read("subscription.plan", subscriptions=subscriptions) == "Pro, Add-on"
    assert read("subscription.status", subscriptions=subscriptions) == "past_due"
    assert read("subscription.quantity", subscriptions=subscriptions) == 5


def test_without_a_live_subscription_the_newest_one_is_shown():
    subscriptions = [
        subscription(item(nickname="Pro"), status="canceled", created="2026-03-01"),
        subscription(item(nickname="Basic"), status="canceled", created="2025-03-01"),
    ]

    assert read("subscription.plan", subscriptions=subscriptions) == "Pro"
    assert read("subscription.status", subscriptions=subscriptions) == "canceled"
    assert read("subscription.mrr", subscriptions=subscriptions) == eur(0)


@pytest.mark.parametrize(
    ("told", "day"),
    [
        pytest.param({}, date(2026, 12, 15), id="renews"),
        pytest.param({"cancel_at_period_end": True}, None, id="ends with the period"),
        pytest.param({"cancel_at": at("2026-12-01")}, None, id="ends before"),
        pytest.param({"cancel_at": at("2027-06-01")}, date(2026, 12, 15), id="ends much later"),
        pytest.param({"status": "canceled"}, None, id="has ended"),
    ],
)
def test_only_what_renews_has_a_renewal_date(told, day):
    assert read("subscription.renewal_date", subscriptions=[subscription(**told)]) == day


# Invoices and the balance -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stripes_balance", "owed"),
    [(0, 3000), (-500, 2500), (-5000, -2000), (200, 3200), (None, 3000)],
    ids=["none", "some credit", "more credit than debt", "a debt for the next invoice", "not told"],
)
def test_the_balance_is_what_the_customer_owes_after_credit(stripes_balance, owed):
    customer = {"currency": "eur", "balance": stripes_balance}
    invoices = [invoice(1000), invoice(2000)]

    assert read("customer.balance", customer=customer, open_invoices=invoices) == eur(owed)


def test_open_invoices_are_lines_with_the_longest_due_first():
    invoices = [
        invoice(2000, due="2026-12-01", number="B-2"),
        invoice(1000, due="2026-11-10", number="B-1"),
        invoice(980, currency="jpy", id="in_9", created=at("2026-11-12")),
    ]

    assert read("invoice.open", open_invoices=invoices) == (
        "Invoice B-1: 10.00 EUR, overdue since 2026-11-10",
        "Invoice in_9: 980 JPY, open since 2026-11-12",
        "Invoice B-2: 20.00 EUR, due 2026-12-01",
    )
    assert read("invoice.open_total", open_invoices=invoices) == ("30.00 EUR", "980 JPY")
    assert read("invoice.oldest_due", open_invoices=invoices) == date(2026, 11, 10)


def test_many_lines_are_cut_and_counted():
    lines = read("invoice.open", open_invoices=[invoice()] * 12)

    assert len(lines) == 11
    assert lines[-1] == "and 2 more"


def test_nothing_open_is_zero_and_no_line():
    assert read("invoice.open_total", open_invoices=[]) == eur(0)
    assert read("invoice.open", open_invoices=[]) is None
    assert read("invoice.oldest_due", open_invoices=[]) is None


# Payments and disputes --------------------------------------------------------------------------------------------

VISA = {"type": "card", "card": {"brand": "visa", "last4": "4242"}}


@pytest.mark.parametrize(
    ("told", "line"),
    [
        pytest.param({"payment_method_details": VISA}, "paid (Visa ending 4242)", id="paid by card"),
        pytest.param({}, "paid", id="paid somehow"),
        pytest.param(
            {"payment_method_details": {"type": "sepa_debit"}}, "paid (sepa debit)", id="paid by debit"
        ),
        pytest.param(
            {"payment_method_details": {"type": "card", "card": {"brand": "newcard"}}},
            "paid (newcard)",
            id="a brand that we do not know",
        ),
        pytest.param(
            {"status": "failed", "failure_code": "card_declined"}, "failed: card_declined", id="declined"
        ),
        pytest.param(
            {
                "status": "failed",
                "failure_code": "card_declined",
                "outcome": {"reason": "insufficient_funds"},
            },
            "failed: insufficient_funds",
            id="declined with a reason",
        ),
        pytest.param({"status": "failed"}, "failed", id="failed without a code"),
        pytest.param({"status": "pending"}, "pending", id="pending"),
        pytest.param({"refunded": True, "amount_refunded": 4900}, "refunded", id="refunded"),
        pytest.param({"amount_refunded": 900}, "paid, 9.00 EUR of it refunded", id="partly refunded"),
        pytest.param({"captured": False}, "authorized, not captured", id="authorized"),
    ],
)
def test_a_payment_says_how_it_came_out(told, line):
    assert read("charge.last_payments", charges=[charge(**told)]) == (f"2026-11-03: 49.00 EUR, {line}",)


def test_the_newest_three_payments_are_shown():
    assert len(read("charge.last_payments", charges=[charge()] * 5)) == 3


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        ("needs_response", True),
        ("under_review", True),
        ("warning_needs_response", True),
        ("appeal_under_review", True),
        ("a_new_status", True),
        ("won", False),
        ("lost", False),
        ("prevented", False),
        ("warning_closed", False),
    ],
)
def test_a_dispute_is_open_until_it_is_decided(status, is_open):
    line = f"2026-11-05: 49.00 EUR disputed as duplicate, {status}"

    assert read("dispute.open", disputes=[dispute(status)]) == ((line,) if is_open else None)


def test_disputes_say_when_older_payments_were_not_looked_at():
    lines = read("dispute.open", disputes=[dispute()], cut=True)

    assert lines[1:] == ("older payments were not looked at",)
