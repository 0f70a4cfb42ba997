"""Webhook endpoints: registered by us, and their API with Stripe's own SDK as its client."""

from __future__ import annotations

from datetime import timedelta

import pytest
import stripe as sdk
from pydantic import SecretStr
from stripe_rig import BEYOND_THE_CONTRACT, CONTRACT, SetClock, connected

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.ports import RegistersWebhooks
from batonpass.testing.emulator import Fault
from batonpass.testing.serving import served_in_thread
from batonpass_stripe import manifest
from batonpass_stripe.client import VERSION
from batonpass_stripe.emulator import API_KEY, StripeEmulator
from batonpass_stripe.settings import StripeSettings
from batonpass_stripe.webhooks import KINDS
from contract import ContractChecked

URL = "https://handoff.example/webhooks/stripe"
SECRET = SecretStr("whsec_of_the_emulator")
SETTINGS = StripeSettings(api_key=API_KEY, mode="test")


@pytest.fixture
def stripe() -> StripeEmulator:
    made = StripeEmulator.with_sample_account()
    made.outbox.retries = (0.01, 0.01)
    return made


# Registering ----------------------------------------------------------------------------------------------------------


async def test_a_new_endpoint_is_told_with_its_secret_once(stripe):
    async with connected(stripe) as billing:
        assert isinstance(billing, RegistersWebhooks)
        made = await billing.register_webhook(URL)
        (known,) = await billing.registered_webhooks()

    (endpoint,) = stripe._endpoints.values()
    assert made.secret.get_secret_value() == endpoint.secret
    assert (made.url, made.delivers, made.problem, set(made.events)) == (URL, True, None, set(KINDS))
    assert endpoint.api_version == VERSION
    assert (known.id, known.secret) == (made.id, None)
    assert [each.id for each in stripe.effects("webhook.registered")] == [made.id]
    assert endpoint.secret not in repr(made)


async def test_an_endpoint_that_stands_is_brought_up_to_date_and_not_made_again(stripe):
    endpoint_id = stripe.add_endpoint(URL, enabled_events=("invoice.paid",))
    stripe.add_endpoint("https://elsewhere.example/hook", enabled_events=("*",))

    async with connected(stripe) as billing:
        again = [await billing.register_webhook(URL) for _ in range(2)]

    assert [(each.id, each.secret, set(each.events)) for each in again] == [
        (endpoint_id, None, set(KINDS))
    ] * 2
    assert stripe.calls.count("webhook_endpoints.update") == 1, "the second time nothing is left to do"
    assert stripe.effects("webhook.registered") == []


async def test_w26_an_endpoint_that_was_disabled_says_so_and_is_switched_on_again(stripe):
    endpoint_id = stripe.add_endpoint(URL)
    stripe.disable_endpoint(endpoint_id)

    async with connected(stripe) as billing:
        (before,) = await billing.registered_webhooks()
        after = await billing.register_webhook(URL)

    assert (before.delivers, after.delivers, after.problem) == (False, True, None)
    assert "register it again" in before.problem


@pytest.mark.parametrize(
    ("lacks", "named"),
    [("rak_webhook_write", "rak_webhook_write"), ("rak_webhook_read", "rak_webhook_read")],
)
async def test_v20_a_key_that_may_not_make_endpoints_is_told_what_it_lacks(stripe, lacks, named):
    stripe.lacks.add(lacks)

    async with connected(stripe) as billing:
        with pytest.raises(RefusedError, match=f"permission {named}") as caught:
            await billing.register_webhook(URL)

    assert (caught.value.code, caught.value.status) == ("forbidden", 403)
    assert "by hand" in str(caught.value)


async def test_v08_a_lost_answer_is_an_unknown_outcome_and_the_endpoint_is_found_the_next_time(stripe):
    stripe.next_call(Fault.ANSWER_LOST, operation="webhook_endpoints.create")

    async with connected(stripe) as billing:
        with pytest.raises(OutcomeUnknownError):
            await billing.register_webhook(URL)
        found = await billing.register_webhook(URL)

    assert (found.url, found.secret) == (URL, None)
    assert len(stripe.effects("webhook.registered")) == 1


def test_by_hand_every_event_type_the_address_and_where_the_secret_is_are_named():
    lines = manifest.webhooks.by_hand(StripeSettings(api_key="rk_live_x"), URL)

    assert [each.removeprefix("Event: ") for each in lines if each.startswith("Event: ")] == list(KINDS)
    assert any(URL in each for each in lines)
    assert "whsec_" in lines[-1]
    assert "live mode" in lines[0]


# The API, with Stripe's own SDK as its client -------------------------------------------------------------------------


@pytest.fixture
def client(stripe):
    app = ContractChecked(stripe, CONTRACT) if CONTRACT.exists() else None
    with served_in_thread(app or stripe) as url:
        yield sdk.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
    if app:
        assert [each for each in app.violations if not each.startswith(BEYOND_THE_CONTRACT)] == []


def test_the_sdk_makes_reads_changes_and_deletes_an_endpoint(client):
    doors = client.v1.webhook_endpoints
    made = doors.create(
        {"url": URL, "enabled_events": ["invoice.paid"], "api_version": VERSION, "metadata": {"a": "b"}}
    )
    read = doors.retrieve(made.id)
    changed = doors.update(made.id, {"enabled_events": ["*"], "disabled": True})
    gone = doors.delete(made.id)

    assert made.secret.startswith("whsec_")
    assert "secret" not in read
    assert (read.api_version, read.status, read.metadata["a"]) == (VERSION, "enabled", "b")
    assert (changed.enabled_events, changed.status, changed.url) == (["*"], "disabled", URL)
    assert gone.deleted
    assert doors.list().data == []


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        pytest.param({"url": None}, "url", id="without a url"),
        pytest.param({"url": "ftp://x"}, "url", id="no web address"),
        pytest.param({"enabled_events": None}, "enabled_events", id="without events"),
        pytest.param({"enabled_events": ["ticket.solved"]}, "enabled_events", id="no event of Stripe's"),
        pytest.param({"enabled_events": ["*", "invoice.paid"]}, "enabled_events", id="all and one"),
        pytest.param({"secret": "whsec_mine"}, "secret", id="a secret of one's own"),
    ],
)
def test_a_wrong_endpoint_is_refused(stripe, changes, param):
    told = {"url": URL, "enabled_events": ["invoice.paid"]} | changes
    with served_in_thread(stripe) as url:
        client = sdk.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
        with pytest.raises(sdk.InvalidRequestError) as caught:
            client.v1.webhook_endpoints.create({name: each for name, each in told.items() if each})

    assert (caught.value.http_status, caught.value.param) == (400, param)
    assert stripe.effects("webhook.registered") == []


def test_an_endpoints_version_stays_what_it_was(stripe):
    endpoint_id = stripe.add_endpoint(URL)
    with served_in_thread(stripe) as url:
        client = sdk.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
        with pytest.raises(sdk.InvalidRequestError, match="api_version"):
            client.v1.webhook_endpoints.update(endpoint_id, {"api_version": VERSION})


def test_there_are_sixteen_endpoints_and_no_more(stripe):
    for number in range(16):
        stripe.add_endpoint(f"{URL}/{number}")
    with served_in_thread(stripe) as url:
        client = sdk.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
        with pytest.raises(sdk.InvalidRequestError, match="16"):
            client.v1.webhook_endpoints.create({"url": URL, "enabled_events": ["*"]})


def test_the_sdk_lists_what_happened_newest_first(stripe, client):
    customer = client.v1.customers.list({"email": "mia.keller@example.com"}).data[0].id
    stripe.update_customer(customer, name="Mia K.")

    newest = client.v1.events.list({"limit": 1}).data[0]
    some = client.v1.events.list({"types": ["customer.updated", "invoice.finalized"], "limit": 100}).data
    subscriptions = client.v1.events.list({"type": "customer.subscription.*"}).data

    assert (newest.type, newest.data.previous_attributes.name) == ("customer.updated", "Mia Keller")
    assert client.v1.events.retrieve(newest.id).data.object.name == "Mia K."
    assert [each.type for each in some] == ["customer.updated", "invoice.finalized"]
    assert {each.type for each in subscriptions} == {"customer.subscription.created"}


def test_what_a_call_has_done_is_told_with_its_key():
    stripe = StripeEmulator()
    with served_in_thread(stripe) as url:
        client = sdk.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
        client.v1.customers.create({"name": "New"}, {"idempotency_key": "once"})
        (event,) = client.v1.events.list().data

    assert (event.type, event.request.idempotency_key) == ("customer.created", "once")


def test_an_event_is_listed_for_thirty_days():
    clock = SetClock()
    stripe = StripeEmulator(clock=clock)
    stripe.add_customer(email="mia.keller@example.com")

    clock.pass_seconds(timedelta(days=30).total_seconds())
    on_the_last_day = len(stripe.events())
    clock.pass_seconds(1)

    assert (on_the_last_day, len(stripe.events())) == (1, 0)


def test_the_right_to_write_endpoints_is_one_of_its_own(stripe):
    stripe.lacks.add("rak_webhook_write")
    with served_in_thread(stripe) as url:
        client = sdk.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)
        assert client.v1.webhook_endpoints.list().data == []
        with pytest.raises(sdk.PermissionError, match="rak_webhook_write"):
            client.v1.webhook_endpoints.create({"url": URL, "enabled_events": ["*"]})
