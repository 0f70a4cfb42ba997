"""What is told of each kind of Stripe's objects, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stripe_bulk import HOUR, only, read
from stripe_rig import SetClock, connected, rules

from batonpass.domain.errors import RetryLaterError
from batonpass.testing.emulator import Fault
from batonpass_stripe.emulator import StripeEmulator

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def stripe(clock: SetClock) -> StripeEmulator:
    return StripeEmulator(clock=clock)


async def test_every_kind_is_told_in_our_columns_within_the_published_contract(stripe, clock):
    mia = stripe.add_customer(
        email="Mia@Example.com", name="Mia Keller", phone="+49 (30) 123-4567", locales=["de"]
    )
    stripe.add_subscription(mia, plan="Pro", amount=4900, quantity=3, interval="year")
    stripe.add_invoice(mia, amount=700, due=NOW + timedelta(days=3), number="INV-7")
    charge = stripe.add_charge(mia, amount=4900)
    stripe.add_dispute(charge)
    clock.pass_seconds(HOUR)

    async with connected(stripe, clock=clock) as billing:
        told = {
            each.name: only((await read(billing, each.name, now=clock.now()))[0])
            for each in billing.streams()
        }

    assert {name: dict(each.columns) for name, each in told.items()} == {
        "customers": {
            "name": "Mia Keller",
            "email": "Mia@Example.com",
            "phone": "+49 (30) 123-4567",
            "language": "de",
            "created_at": "2026-11-21T12:00:00Z",
        },
        "subscriptions": {
            "customer_id": mia,
            "status": "active",
            "plan": "Pro",
            "amount": 14_700,
            "currency": "eur",
            "interval": "year",
            "started_at": "2026-11-21T12:00:00Z",
            "renews_at": "2026-12-11T12:00:00Z",
        },
        "invoices": {
            "customer_id": mia,
            "number": "INV-7",
            "status": "open",
            "amount_due": 700,
            "amount_paid": 0,
            "currency": "eur",
            "created_at": "2026-11-21T12:00:00Z",
            "due_at": "2026-11-24T12:00:00Z",
        },
        "disputes": {
            "customer_id": mia,
            "charge_id": charge,
            "status": "needs_response",
            "reason": "duplicate",
            "amount": 4900,
            "currency": "eur",
            "created_at": "2026-11-21T12:00:00Z",
            "answer_by": "2026-11-28T12:00:00Z",
        },
    }
    assert {(key.kind.value, key.value) for each in told.values() for key in each.keys} == {
        ("email", "Mia@example.com"),
        ("phone", "+49301234567"),
        ("customer", mia),
    }


@pytest.mark.parametrize(
    ("email", "phone", "keys"),
    [
        ("Anna@Müller.example", "0049 30 123456", ["Anna@xn--mller-kva.example", "+4930123456"]),
        ("no address", "030 123456", []),
        (" a@b.example ", "+0 30 123456", ["a@b.example"]),
        ("@b.example", "+49 30 12 ext. 4", []),
    ],
)
async def test_what_is_no_address_and_no_number_of_anybodys_is_no_key(stripe, clock, email, phone, keys):
    stripe.add_customer(email=email, phone=phone)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        found, _ = await read(billing, "customers", now=clock.now())

    assert [key.value for key in only(found).keys] == keys


async def test_the_end_of_a_subscription_is_told_instead_of_its_renewal(stripe, clock):
    mia = stripe.add_customer()
    ending = stripe.add_subscription(mia, plan="Pro", amount=4900, cancel_at_period_end=True)
    ended = stripe.add_subscription(mia, plan="Pro", amount=4900, status="canceled", interval_count=3)
    stripe._objects[ended]["items"]["data"][0]["price"]["unit_amount"] = None

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        found, _ = await read(billing, "subscriptions", now=clock.now())

    told = {each.id: each.columns for each in found}
    assert told[ending]["ends_at"] == "2026-12-11T12:00:00Z"
    assert told[ended]["ends_at"] == "2026-11-20T12:00:00Z"
    assert told[ended]["interval"] == "3 months"
    assert not {"renews_at"} & (told[ending].keys() | told[ended].keys())
    assert "amount" not in told[ended], "it cannot be told from the prices"


async def test_only_what_facts_are_asked_for_is_kept_beyond_the_columns(stripe, clock):
    mia = stripe.add_customer(metadata={"tier": "gold", "note": "private"})
    stripe.add_subscription(mia, plan="Pro", amount=4900, metadata={"seats": "3"})
    stripe.add_invoice(mia, amount=700)
    stripe.add_invoice(mia, amount=800, status="paid")
    documents: dict[str, list[Any]] = {}

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        for stream in ("customers", "subscriptions", "invoices"):
            bare, _ = await read(billing, stream, now=clock.now())
            asked = rules("customer.metadata.tier", "invoice.open", "charge.nothing_of_ours")
            full, _ = await read(billing, stream, now=clock.now(), asked=asked)
            documents[stream] = [each.document for each in (*bare, *full)]

    assert documents["customers"][0] is None
    assert documents["customers"][1]["metadata"] == {"tier": "gold"}
    assert "metadata" not in documents["subscriptions"][1]
    assert [each is None for each in documents["invoices"]] == [True, True, True, False], "the open one"


async def test_the_name_of_a_plan_is_its_products_and_asked_once(stripe, clock):
    stripe.fill("subscriptions", 150)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        found, _ = await read(billing, "subscriptions", now=clock.now())

    assert {each.columns["plan"] for each in found} == {"Pro"}
    assert stripe.calls.count("products.retrieve") == 1


async def test_a_plan_whose_name_cannot_be_had_now_is_not_kept_under_another(stripe, clock):
    stripe.fill("subscriptions", 1)
    stripe.next_call(Fault.SERVER_ERROR, operation="products.retrieve", status=503)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        with pytest.raises(RetryLaterError):
            await read(billing, "subscriptions", now=clock.now())
