"""The emulator, with Stripe's own SDK as its client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import stripe
from stripe_rig import CONTRACT, MIA

from batonpass.domain.clock import SystemClock
from batonpass.testing.emulator import Fault
from batonpass.testing.serving import served_in_thread
from batonpass_stripe.client import VERSION
from batonpass_stripe.emulator import API_KEY, StripeEmulator
from contract import ContractChecked


@pytest.fixture(scope="module")
def emulator() -> StripeEmulator:
    made = StripeEmulator.with_sample_account()
    busy = made.add_customer(email="busy@example.com", name="Busy", metadata={"tier": "gold"})
    for number in range(25):
        made.add_charge(busy, amount=100 + number, at=made.clock.now() - timedelta(days=number))
    made.add_dispute(made.add_charge(busy, amount=1))
    made.add_invoice(busy, amount=700, status="paid")
    made.add_customer(id="cus_gone", deleted=True)
    return made


@pytest.fixture(scope="module")
def address(emulator) -> Iterator[str]:
    """The emulator, held to the contract, which knows the read side only."""
    app = ContractChecked(emulator, CONTRACT) if CONTRACT.exists() else None
    with served_in_thread(app or emulator) as url:
        yield url
    if app:
        posts = [each for each in app.violations if each.startswith("POST /v1/customers:")]
        assert app.violations == posts


@pytest.fixture
def sdk(address) -> stripe.StripeClient:
    return stripe.StripeClient(API_KEY, base_addresses={"api": address}, max_network_retries=0)


@pytest.fixture(scope="module")
def unchecked_sdk(emulator) -> Iterator[stripe.StripeClient]:
    """For what the contract forbids to ask."""
    with served_in_thread(emulator) as url:
        yield stripe.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0)


@pytest.fixture
def busy(sdk) -> str:
    return sdk.v1.customers.list({"email": "busy@example.com"}).data[0].id


# Reading ----------------------------------------------------------------------------------------------------------


def test_the_sdk_lists_customers_by_their_exact_address(sdk):
    found = sdk.v1.customers.list({"email": MIA.email})
    missed = sdk.v1.customers.list({"email": MIA.email.upper()})

    assert [each.name for each in found.data] == ["Mia Keller"]
    assert missed.data == []


def test_the_sdk_pages_through_everything_newest_first(sdk, busy):
    amounts = [
        each.amount for each in sdk.v1.charges.list({"customer": busy, "limit": 10}).auto_paging_iter()
    ]

    assert amounts == [1, *range(100, 125)]


def test_a_page_can_be_read_backwards(sdk, busy):
    newest = sdk.v1.charges.list({"customer": busy, "limit": 5}).data

    before = sdk.v1.charges.list({"customer": busy, "limit": 2, "ending_before": newest[4].id})

    assert [each.id for each in before.data] == [each.id for each in newest[2:4]]
    assert before.has_more


def test_the_sdk_reads_a_subscription_down_to_its_product(sdk):
    mia = sdk.v1.customers.list({"email": MIA.email}).data[0]

    (subscription,) = sdk.v1.subscriptions.list({"customer": mia.id}).data

    item = subscription["items"].data[0]
    assert item.current_period_end > SystemClock().now().timestamp()
    assert sdk.v1.prices.retrieve(item.price.id).unit_amount == 4900
    assert sdk.v1.products.retrieve(item.price.product).name == "Pro"


def test_the_sdk_expands_four_levels_and_no_more(sdk):
    elena = sdk.v1.customers.list({"email": "elena.rossi@example.com"}).data[0]
    (subscription,) = sdk.v1.subscriptions.list({"customer": elena.id, "expand": ["data.customer"]}).data

    whole = sdk.v1.subscriptions.retrieve(subscription.id, {"expand": ["items.data.price.product"]})

    assert subscription.customer.name == "Elena Rossi"
    assert whole["items"].data[0].price.product.name == "Enterprise"
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        sdk.v1.subscriptions.list({"expand": ["data.items.data.price.product"]})


def test_the_sdk_filters_invoices_by_status(sdk, busy):
    assert [each.amount_paid for each in sdk.v1.invoices.list({"customer": busy, "status": "paid"}).data] == [
        700
    ]
    assert sdk.v1.invoices.list({"customer": busy, "status": "open"}).data == []


def test_the_sdk_filters_by_the_time_of_creation(sdk, busy):
    since = int(SystemClock().now().timestamp()) - 3 * 86_400 - 3600

    recent = sdk.v1.charges.list({"customer": busy, "created": {"gte": since}}).data

    assert [each.amount for each in recent] == [1, 100, 101, 102, 103]


def test_the_sdk_finds_the_dispute_of_a_charge(sdk, busy):
    disputed = next(each for each in sdk.v1.charges.list({"customer": busy}).data if each.disputed)

    (dispute,) = sdk.v1.disputes.list({"charge": disputed.id}).data

    assert (dispute.charge, dispute.status) == (disputed.id, "needs_response")


def test_a_deleted_customer_is_answered_with_little_else(sdk):
    gone = sdk.v1.customers.retrieve("cus_gone")

    assert gone.deleted
    assert "email" not in gone
    assert "cus_gone" not in [each.id for each in sdk.v1.customers.list({"limit": 100}).data]


# Refusing ---------------------------------------------------------------------------------------------------------


def test_an_unknown_id_is_missing(sdk):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sdk.v1.customers.retrieve("cus_none")

    assert (caught.value.http_status, caught.value.code, caught.value.param) == (
        404,
        "resource_missing",
        "id",
    )
    assert caught.value.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        pytest.param({"limit": 0}, "parameter_invalid_integer", "limit", id="limit below 1"),
        pytest.param({"limit": 101}, "parameter_invalid_integer", "limit", id="limit above 100"),
        pytest.param({"limit": "ten"}, "parameter_invalid_integer", "limit", id="limit in words"),
        pytest.param(
            {"starting_after": "cus_none"}, "resource_missing", "starting_after", id="unknown cursor"
        ),
        pytest.param({"mail": "x"}, "parameter_unknown", "mail", id="unknown parameter"),
        pytest.param({"expand": ["data.nothing"]}, None, "expand", id="nothing to expand"),
    ],
)
def test_a_wrong_parameter_is_named(unchecked_sdk, params, code, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        unchecked_sdk.v1.customers.list(params)

    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)


@pytest.mark.parametrize("listed", ["subscriptions", "invoices", "charges"])
def test_a_list_of_a_customer_that_is_not_there_is_refused(sdk, listed):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        getattr(sdk.v1, listed).list({"customer": "cus_none"})

    assert (caught.value.code, caught.value.param) == ("resource_missing", "customer")


def test_a_wrong_key_is_an_authentication_error(address):
    stranger = stripe.StripeClient("rk_test_other", base_addresses={"api": address}, max_network_retries=0)

    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.customers.list()


def test_a_foreign_account_is_a_permission_error(sdk):
    with pytest.raises(stripe.PermissionError):
        sdk.v1.customers.list(options={"stripe_account": "acct_other"})


def test_a_limit_says_why(emulator, sdk):
    emulator.next_call(Fault.RATE_LIMITED)

    with pytest.raises(stripe.RateLimitError) as caught:
        sdk.v1.customers.list()

    assert caught.value.error.code == "rate_limit"
    assert caught.value.headers["stripe-rate-limited-reason"] == "endpoint-rate"


def test_a_server_error_is_an_api_error(emulator, sdk):
    emulator.next_call(Fault.SERVER_ERROR)

    with pytest.raises(stripe.APIError):
        sdk.v1.customers.list()


@pytest.mark.parametrize(
    ("version", "status"), [(None, 200), ("2025-03-31.basil", 200), ("2020-08-27", 200), ("latest", 400)]
)
def test_a_malformed_version_is_refused(address, version, status):
    headers = {"Authorization": f"Bearer {API_KEY}"} | ({"Stripe-Version": version} if version else {})

    assert httpx.get(f"{address}/v1/customers", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("user", "password", "status"), [(API_KEY, "", 200), (API_KEY, "x", 401), ("other", "", 401)]
)
def test_the_key_may_be_the_user_name_of_basic(address, user, password, status):
    assert httpx.get(f"{address}/v1/customers", auth=(user, password)).status_code == status


# Creating ---------------------------------------------------------------------------------------------------------


def test_a_repeat_with_one_key_makes_one_customer(emulator, sdk):
    told = {"email": "new@example.com", "name": "New", "metadata": {"tier": "gold"}, "balance": -500}

    first = sdk.v1.customers.create(told, {"idempotency_key": "once"})
    second = sdk.v1.customers.create(told, {"idempotency_key": "once"})

    assert first.id == second.id
    assert (first.name, first.metadata["tier"], first.balance) == ("New", "gold", -500)
    assert [each.key for each in emulator.effects("customer.created")] == ["once"]


def test_one_key_with_other_parameters_is_refused(sdk):
    sdk.v1.customers.create({"name": "First"}, {"idempotency_key": "reused"})

    with pytest.raises(stripe.IdempotencyError):
        sdk.v1.customers.create({"name": "Second"}, {"idempotency_key": "reused"})


# In bulk ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd() -> Iterator[tuple[stripe.StripeClient, StripeEmulator]]:
    made = StripeEmulator()
    with served_in_thread(made) as url:
        yield stripe.StripeClient(API_KEY, base_addresses={"api": url}, max_network_retries=0), made


def test_the_sdk_reads_a_crowd_page_by_page_in_windows_of_time(crowd):
    client, made = crowd
    ids = made.fill("customers", 250)
    now = int(made.clock.now().timestamp())

    window = {"created": {"gte": now - 60, "lt": now + 60}, "limit": 100}
    found = [each.id for each in client.v1.customers.list(window).auto_paging_iter()]

    assert found == list(reversed(ids))
    assert client.v1.customers.list({"created": {"lt": now - 60}}).data == []


def test_the_sdk_reads_what_has_changed_from_the_events(crowd):
    client, made = crowd
    ids = made.fill("subscriptions", 3)
    made.touch("subscriptions", ids[1])
    told = {"types": ["customer.subscription.updated"], "created": {"gte": 1}, "limit": 100}

    (event,) = client.v1.events.list(told).data

    assert event.data.object["id"] == ids[1]
    assert event.api_version == VERSION


def test_the_sdk_gets_the_charge_of_a_dispute_brought_along(crowd):
    client, made = crowd
    (dispute,) = made.fill("disputes", 1)

    (found,) = client.v1.disputes.list({"expand": ["data.charge"]}).data

    assert (found.id, found.charge.disputed) == (dispute, True)
    assert found.charge.customer.startswith("cus_")
