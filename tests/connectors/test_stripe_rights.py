"""What a restricted key may lack: named, and no more lost than its own facts."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

import pytest
import structlog
from stripe_rig import MIA, connected, rules, values
from structlog.testing import LogCapture

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Standing
from batonpass_stripe import rights
from batonpass_stripe.emulator import StripeEmulator


@pytest.fixture
def stripe() -> StripeEmulator:
    return StripeEmulator.with_sample_account()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Sequence[MutableMapping[str, Any]]:
    """What is logged meanwhile, however logging was set up before."""
    capture = LogCapture()
    log = structlog.wrap_logger(
        None, processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(0)
    )
    monkeypatch.setattr(rights, "log", log)
    return capture.entries


@pytest.mark.parametrize(
    ("lacks", "what"),
    [
        ("rak_subscription_read", "subscriptions"),
        ("rak_invoice_read", "invoices"),
        ("rak_charge_read", "charges"),
        ("rak_dispute_read", "disputes"),
        ("rak_product_read", "products"),
    ],
)
async def test_v20_a_right_that_is_missing_is_a_warning_that_names_it(stripe, lacks, what):
    stripe.lacks.add(lacks)

    async with connected(stripe) as billing:
        access = await billing.check_access()

    (warning,) = access.warnings
    assert f"may not read {what}" in warning
    assert lacks in warning


async def test_v20_without_the_right_to_customers_there_is_no_access_and_the_error_names_it(stripe):
    stripe.lacks.add("rak_customer_read")

    async with connected(stripe) as billing:
        with pytest.raises(RefusedError, match=r"customers\.list: HTTP 403 rak_customer_read") as caught:
            await billing.check_access()

    assert (caught.value.code, caught.value.reasons[0]) == ("forbidden", "rak_customer_read")


@pytest.mark.parametrize(
    ("lacks", "left_out"),
    [
        ("rak_subscription_read", {"subscription.plan", "subscription.mrr"}),
        ("rak_invoice_read", {"customer.balance", "invoice.open_total"}),
        ("rak_charge_read", {"charge.last_payments", "dispute.open"}),
        ("rak_dispute_read", {"dispute.open"}),
    ],
)
async def test_v20_a_part_that_the_key_may_not_read_costs_its_own_facts_only(logged, lacks, left_out):
    asked = [
        "customer.name", "customer.balance", "invoice.open_total", "subscription.plan", "subscription.mrr",
        "charge.last_payments", "dispute.open",
    ]  # fmt: skip
    stripe = StripeEmulator.with_sample_account()
    mia = next(each["id"] for each in stripe._objects.values() if each.get("email") == MIA.email)
    stripe.add_dispute(stripe.add_charge(mia, amount=4900))
    stripe.add_invoice(mia, amount=100)
    stripe.lacks.add(lacks)

    async with connected(stripe) as billing:
        answers = [await billing.facts_about(MIA, rules(*asked)) for _ in range(2)]

    assert {each.standing for each in answers} == {Standing.FOUND}
    assert set(values(answers[0])) == set(asked) - left_out
    assert [(each["log_level"], each["permission"]) for each in logged] == [("warning", lacks)]


async def test_v20_namesakes_cannot_be_told_apart_without_the_right_to_subscriptions():
    stripe = StripeEmulator(lacks={"rak_subscription_read"})
    for _ in range(2):
        stripe.add_subscription(stripe.add_customer(email=MIA.email), plan="Pro", amount=4900)

    async with connected(stripe) as billing:
        answer = await billing.facts_about(MIA, rules("customer.name"))

    assert (answer.standing, answer.facts) == (Standing.AMBIGUOUS, ())
