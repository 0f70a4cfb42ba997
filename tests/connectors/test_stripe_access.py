"""Keys, modes and what Stripe may do to a call."""

from __future__ import annotations

import time

import pytest
from pydantic import SecretStr
from stripe_rig import MIA, SetClock, connect_to, connected, rules, values

from batonpass.app.secret_kinds import mistaken_for
from batonpass.domain.errors import (
    BatonpassError,
    ConfigurationError,
    CredentialsRefusedError,
    RefusedError,
    RetryLaterError,
)
from batonpass.domain.facts import Person, Standing
from batonpass.ports import PROTOCOLS, Capability, Probe, SecretKind, TellsFromCopy
from batonpass.testing.emulator import Fault, Latency
from batonpass_stripe import manifest
from batonpass_stripe.emulator import StripeEmulator

CANARY = "canary"


@pytest.fixture
def stripe() -> StripeEmulator:
    return StripeEmulator.with_sample_account()


# The manifest -----------------------------------------------------------------------------------------------------


async def test_a_connection_has_the_protocols_of_its_capabilities(stripe):
    claimed = {Capability.BILLING_FACTS, Capability.REGISTER_WEBHOOKS, Capability.SYNC}
    assert manifest.capabilities == claimed

    async with connected(stripe) as billing:
        assert all(isinstance(billing, PROTOCOLS[each]) for each in manifest.capabilities)
        assert isinstance(billing, Probe)
        assert isinstance(billing, TellsFromCopy)


def test_the_manifest_makes_its_emulator_without_arguments():
    assert isinstance(manifest.emulator(), StripeEmulator)


def test_what_can_be_read_is_a_closed_set_with_metadata_open():
    assert manifest.readable["charge"] == ("last_payments",)
    assert manifest.readable["customer"][-1] == "metadata.*"


# Keys -------------------------------------------------------------------------------------------------------------


async def test_access_is_probed_by_one_cheap_read_for_each_right(stripe):
    async with connected(stripe) as billing:
        access = await billing.check_access()

    assert (access.account, access.warnings) == ("Stripe, test mode", ())
    assert stripe.calls[0] == "customers.list"
    assert sorted(stripe.calls[1:]) == [
        "charges.list", "disputes.list", "invoices.list", "products.retrieve", "subscriptions.list",
    ]  # fmt: skip


async def test_an_unrestricted_key_works_with_a_warning():
    stripe = StripeEmulator(api_key="sk_test_emulator")

    async with connected(stripe, api_key="sk_test_emulator") as billing:
        access = await billing.check_access()

    (warning,) = access.warnings
    assert "unrestricted (sk_)" in warning


@pytest.mark.parametrize(
    ("key", "mode", "got", "needs"),
    [
        ("rk_test_canary", "live", "a restricted API key of test mode", 'rk_live_…), or set mode = "test"'),
        ("rk_live_canary", "test", "a restricted API key of live mode", 'rk_test_…), or set mode = "live"'),
        ("sk_live_canary", "test", "an unrestricted API key of live mode", "rk_test_"),
        ("pk_live_canary", "live", "a publishable key, for browsers of live mode", "rk_live_"),
        ("whsec_canary", "live", "the signing secret of a webhook", "rk_live_"),
        ("canary", "live", "no Stripe key that we know", "rk_live_"),
        ("", "live", "no Stripe key that we know", "rk_live_"),
    ],
)
def test_a_wrong_key_is_refused_on_connecting_and_named_without_being_shown(key, mode, got, needs):
    with pytest.raises(ConfigurationError) as caught:
        connect_to("https://api.stripe.com", api_key=key, mode=mode)

    message = str(caught.value)
    assert got in message
    assert needs in message
    assert CANARY not in message


async def test_another_host_is_refused():
    with pytest.raises(ConfigurationError) as caught:
        connect_to("https://api.stripe.com.example", api_key="rk_test_canary")

    assert caught.value.code == "host_not_allowed"


async def test_a_connected_account_is_named_in_each_call():
    stripe = StripeEmulator.with_sample_account(accounts=("acct_1",))

    async with connected(stripe, account="acct_1") as billing:
        access = await billing.check_access()
        answer = await billing.facts_about(MIA, rules("customer.name"))

    assert access.account == "Stripe acct_1, test mode"
    assert values(answer) == {"customer.name": "Mia Keller"}


async def test_an_account_that_the_key_may_not_see_is_forbidden(stripe):
    async with connected(stripe, account="acct_2") as billing:
        with pytest.raises(RefusedError) as caught:
            await billing.check_access()

    assert (caught.value.code, caught.value.reasons) == ("forbidden", ("account_invalid",))
    assert caught.value.request_id


@pytest.mark.parametrize(
    ("person", "path"),
    [
        pytest.param(MIA, "customer.name", id="a customer in a list"),
        pytest.param(Person(external_ids=(("stripe", "cus_live"),)), "customer.name", id="a customer by id"),
    ],
)
async def test_an_object_of_the_other_mode_is_refused(person, path):
    stripe = StripeEmulator(live=True)
    stripe.add_customer(id="cus_live", email=MIA.email)

    async with connected(stripe) as billing:
        with pytest.raises(RefusedError) as caught:
            await billing.facts_about(person, rules(path))

    assert caught.value.code == "wrong_mode"


@pytest.mark.parametrize(
    "path",
    ["subscription.status", "subscription.plan", "invoice.open", "charge.last_payments", "dispute.open"],
)
async def test_one_object_of_the_other_mode_spoils_the_answer(path):
    stripe = StripeEmulator()
    mia = stripe.add_customer(email=MIA.email)
    stripe.live = path != "subscription.plan"
    stripe.add_subscription(mia, plan="Pro", amount=4900)
    stripe.add_invoice(mia, amount=4900)
    stripe.add_charge(mia, amount=4900)
    for each in stripe._objects.values():
        if each["object"] == "product":
            each["livemode"] = True

    async with connected(stripe) as billing:
        with pytest.raises(RefusedError) as caught:
            await billing.facts_about(MIA, rules(path))

    assert caught.value.code == "wrong_mode"


# Faults -----------------------------------------------------------------------------------------------------------


async def test_facts_by_address_take_two_round_trips(stripe):
    asked = rules("customer.balance", "subscription.mrr", "charge.last_payments")

    async with connected(stripe, within_contract=False) as billing:
        await billing.facts_about(MIA, rules("customer.name"))
        stripe.latency = Latency(seconds=0.2)
        began = time.monotonic()
        await billing.facts_about(MIA, asked)
        took = time.monotonic() - began

    assert len(stripe.calls) == 5
    assert 0.4 <= took < 0.6, "a third trip would take 0.6 s"


async def test_a_limit_without_a_word_is_not_hammered(stripe):
    clock = SetClock()
    stripe.next_call(Fault.RATE_LIMITED, operation="customers.list")

    async with connected(stripe, clock=clock) as billing:
        for _ in range(5):
            with pytest.raises(RetryLaterError) as caught:
                await billing.facts_about(MIA, rules("customer.name"))
        calls_while_closed = len(stripe.calls)
        clock.pass_seconds(2)
        answer = await billing.facts_about(MIA, rules("customer.name"))

    assert (caught.value.code, caught.value.consumes_attempt) == ("rate_limited", False)
    assert calls_while_closed == 1
    assert answer.standing is Standing.FOUND


async def test_a_dripping_answer_is_cut_at_the_deadline(stripe):
    stripe.next_call(Fault.DRIP)

    async with connected(stripe, within_contract=False, deadline=0.3) as billing:
        began = time.monotonic()
        with pytest.raises(RetryLaterError) as caught:
            await billing.facts_about(MIA, rules("customer.name"))

    assert caught.value.code == "timeout"
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("fault", [Fault.HTML_PAGE, Fault.BROKEN_JSON, Fault.ANSWER_EMPTY])
async def test_an_answer_that_is_no_json_is_unexpected_content(stripe, fault):
    stripe.next_call(fault, operation="invoices.list")

    async with connected(stripe, within_contract=False) as billing:
        with pytest.raises(RefusedError) as caught:
            await billing.facts_about(MIA, rules("invoice.open"))

    assert caught.value.code == "unexpected_content"


async def test_a_redirect_is_refused(stripe):
    stripe.next_call(Fault.REDIRECT, location="http://169.254.169.254/")

    async with connected(stripe, within_contract=False) as billing:
        with pytest.raises(RefusedError) as caught:
            await billing.facts_about(MIA, rules("customer.name"))

    assert caught.value.code == "redirect_refused"
    assert len(stripe.calls) == 1


async def test_a_revoked_key_is_confirmed_once_and_then_left_alone_for_a_minute(stripe):
    clock = SetClock()
    stripe.next_call(Fault.UNAUTHORISED, times=2)

    async with connected(stripe, clock=clock) as billing:
        for _ in range(5):
            with pytest.raises(CredentialsRefusedError):
                await billing.facts_about(MIA, rules("customer.name"))
        calls_while_closed = len(stripe.calls)
        clock.pass_seconds(61)
        answer = await billing.facts_about(MIA, rules("customer.name"))

    assert calls_while_closed == 2
    assert answer.standing is Standing.FOUND


async def test_a_slow_product_name_does_not_hold_up_the_rest(stripe, monkeypatch):
    monkeypatch.setattr("batonpass_stripe.client._NAME_DEADLINE", 0.1)
    stripe.next_call(Fault.NEVER_ANSWERED, operation="products.retrieve", seconds=0.5)

    async with connected(stripe, within_contract=False) as billing:
        answer = await billing.facts_about(MIA, rules("subscription.plan", "subscription.status"))

    told = values(answer)
    assert told["subscription.plan"].startswith("price_")
    assert told["subscription.status"] == "active"


@pytest.mark.parametrize("operation", ["subscriptions.list", "invoices.list", "charges.list"])
async def test_one_failing_part_is_one_error_and_stops_the_others(stripe, operation):
    stripe.next_call(Fault.SERVER_ERROR, operation=operation, status=503)

    async with connected(stripe) as billing:
        with pytest.raises(RetryLaterError) as caught:
            await billing.facts_about(MIA, rules("subscription.mrr", "invoice.open", "charge.last_payments"))

    assert operation in str(caught.value)


async def test_no_fault_puts_the_address_or_the_key_into_an_error(stripe):
    clock = SetClock()
    messages = {}

    async with connected(stripe, clock=clock, within_contract=False, deadline=0.1) as billing:
        for fault in set(Fault) - {Fault.GZIP_BOMB, Fault.DRIP}:
            stripe.next_call(fault, operation="customers.list", times=2, seconds=0.2)
            with pytest.raises(BatonpassError) as caught:
                await billing.facts_about(MIA, rules("customer.name"))
            messages[fault] = str(caught.value).lower()
            stripe.heal()
            clock.pass_seconds(100)

    assert [fault for fault, told in messages.items() if "mia" in told or "rk_test" in told] == []


@pytest.mark.parametrize(
    ("key", "what"), [("sk_live_1", "a Stripe secret API key"), ("rk_live_1", "a restricted")]
)
def test_a_key_in_another_vendors_place_is_named_as_what_it_is(key, what):
    wanted = SecretKind(what="an API token", pattern=r"tok_\w+")
    known = (*manifest.other_secrets, *manifest.secrets.values())

    mistaken = mistaken_for(SecretStr(key), wanted, known)

    assert mistaken is not None
    assert mistaken.what.startswith(what)


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_both_kinds_of_key_are_in_their_place_as_api_key(key):
    known = (*manifest.other_secrets, *manifest.secrets.values())

    assert mistaken_for(SecretStr(key), manifest.secrets["api_key"], known) is None
