"""Stripe's signature, against Stripe's own SDK and against everybody else."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.testing.outbox import Outgoing
from batonpass_stripe import manifest, webhooks
from batonpass_stripe.emulator import StripeEmulator
from batonpass_stripe.settings import StripeSettings

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = SecretStr("whsec_of_an_endpoint")
OLD_SECRET = SecretStr("whsec_before_the_roll")
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.updated",
        "created": int(NOW.timestamp()),
        "livemode": True,
        "data": {"object": {"id": "sub_1", "object": "subscription"}},
    }
).encode()
GOOD = webhooks.sign(BODY, secret=SECRET, now=NOW)
V1 = GOOD.partition(",")[2]
TIME = f"t={int(NOW.timestamp())}"


LIVE = StripeSettings(api_key="rk_live_x")
TEST = StripeSettings(api_key="rk_test_x", mode="test")


def delivery(*headers: tuple[str, str], body: bytes = BODY) -> Delivery:
    return Delivery(method="POST", url="https://handoff.example/webhooks/stripe", headers=headers, body=body)


def delivered(request: Outgoing) -> Delivery:
    return delivery(*request.headers.items(), body=request.body)


def received(incoming: Delivery, *, secrets=(SECRET,), settings=LIVE, now: datetime = NOW) -> Event:
    (event,) = manifest.webhooks.receive(incoming, secrets=secrets, settings=settings, now=now)
    return event


def verdict(header: str | None, body: bytes = BODY, *, secrets=(SECRET,), now: datetime = NOW) -> str:
    """`accepted`, or the code of the rejection."""
    headers = () if header is None else (("stripe-signature", header),)
    try:
        received(delivery(*headers, body=body), secrets=secrets, now=now)
    except RejectedDeliveryError as error:
        return error.code
    return "accepted"


# With Stripe's SDK ------------------------------------------------------------------------------------------------


def test_w01_what_the_sdk_signs_is_accepted():
    header = stripe.WebhookSignature.generate_signature_header(
        BODY.decode(), SECRET.get_secret_value(), int(NOW.timestamp())
    )

    assert verdict(header) == "accepted"


def test_w01_the_sdk_accepts_what_we_sign():
    assert stripe.WebhookSignature.verify_header(BODY, GOOD, SECRET.get_secret_value(), tolerance=300)


@given(
    body=st.text(max_size=40), secret=st.text(string.ascii_letters + string.digits, min_size=1, max_size=40)
)
def test_w01_both_sign_every_text_alike(body, secret):
    secret = SecretStr(f"whsec_{secret}")
    body = body.encode("utf-8", "replace")

    ours = webhooks.sign(body, secret=secret, now=NOW)

    theirs = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret.get_secret_value(), int(NOW.timestamp())
    )
    assert ours == theirs


def test_w01_a_delivery_of_the_emulator_passes_the_sdk_and_us():
    emulator = StripeEmulator()
    customer = emulator.add_customer(email="mia.keller@example.com")

    request = emulator.delivery("customer.created", customer, secret=SECRET)

    event = received(delivered(request), settings=TEST, now=datetime.now(UTC))
    theirs = stripe.Webhook.construct_event(
        request.body, request.headers["stripe-signature"], SECRET.get_secret_value()
    )
    assert (event.id, event.subject_id, event.kind) == (theirs["id"], customer, EventKind.CONTACT_CHANGED)


def test_w01_of_several_signatures_during_a_roll_the_sdk_takes_each_and_so_do_we():
    header = webhooks.sign(BODY, secret=SECRET, now=NOW, older=[OLD_SECRET])

    for secret in (SECRET, OLD_SECRET):
        assert verdict(header, secrets=[secret]) == "accepted"
        assert stripe.WebhookSignature.verify_header(BODY, header, secret.get_secret_value(), tolerance=300)


# What is accepted and what is not ---------------------------------------------------------------------------------


def test_w01_both_secrets_are_good_during_a_roll():
    assert verdict(GOOD, secrets=[OLD_SECRET, SECRET]) == "accepted"
    assert verdict(GOOD, secrets=[SECRET, OLD_SECRET]) == "accepted"
    assert verdict(GOOD, secrets=[OLD_SECRET]) == "no_match"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(BODY.replace(b"sub_1", b"sub_2"), id="one byte"),
        pytest.param(BODY + b"\n", id="a newline"),
        pytest.param(json.dumps(json.loads(BODY), indent=1).encode(), id="serialised again"),
        pytest.param(BODY.decode().encode("utf-16"), id="another charset"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_w02_a_changed_body_is_refused(changed):
    assert verdict(GOOD, changed) == "no_match"


@given(place=st.integers(0, len(BODY) - 1), byte=st.integers(1, 255))
def test_w02_no_byte_can_be_changed(place, byte):
    changed = bytearray(BODY)
    changed[place] ^= byte

    assert verdict(GOOD, bytes(changed)) == "no_match"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(None, "missing_header", id="none"),
        pytest.param("", "missing_header", id="empty"),
        pytest.param("junk", "malformed_header", id="junk"),
        pytest.param(TIME, "malformed_header", id="only a time"),
        pytest.param(V1, "malformed_header", id="only a signature"),
        pytest.param(f"{TIME};{V1}", "malformed_header", id="no comma"),
        pytest.param(f"{TIME},v1=", "no_match", id="an empty signature"),
        pytest.param(f"{TIME},v1=\u00e9\u4e2d\ud800", "no_match", id="not ASCII"),
        pytest.param(f"{TIME},{V1.upper().replace('V1', 'v1')}", "no_match", id="upper case"),
        pytest.param(f"{TIME},v0={V1[3:]}", "wrong_kind", id="w05 scheme v0 only"),
        pytest.param(f"{TIME},v2={V1[3:]}", "wrong_kind", id="w05 scheme v2 only"),
        pytest.param(f"{TIME},v1={'0' * 64},{V1}", "accepted", id="a wrong and a good one"),
        pytest.param(f"junk,=,{GOOD},v0=abc", "accepted", id="junk around a good one"),
        pytest.param(f"{GOOD}, {GOOD}", "accepted", id="the header twice"),
        pytest.param(f"{GOOD},t=1,{V1}", "malformed_header", id="two times"),
        pytest.param(f"{GOOD},{'x' * 1_000_000}", "malformed_header", id="a megabyte"),
    ],
)
def test_w03_odd_headers_get_a_verdict(header, expected):
    assert verdict(header) == expected


def test_w03_a_header_that_came_twice_is_one_with_a_comma():
    twice = delivery(("stripe-signature", f"{TIME},v1={'0' * 64}"), ("stripe-signature", V1))

    assert received(twice).id == "evt_1"


def test_w13_a_delivery_for_another_connection_is_refused():
    assert verdict(webhooks.sign(BODY, secret=SecretStr("whsec_of_tenant_a"), now=NOW)) == "no_match"


def test_w25_signatures_are_compared_in_constant_time_all_of_them(monkeypatch):
    compared = []

    def counting(ours: bytes, theirs: bytes) -> bool:
        compared.append((ours, theirs))
        return ours == theirs

    monkeypatch.setattr(webhooks.hmac, "compare_digest", counting)
    verdict(f"{TIME},v1=short,{V1},v1={'0' * 64}", secrets=[SECRET, OLD_SECRET])

    assert len(compared) == 6, "a match does not end it"
    assert {type(each) for pair in compared for each in pair} == {bytes}


@given(header=st.text())
def test_w03_no_header_is_an_error_of_ours(header):
    assert verdict(header) in {"missing_header", "malformed_header"}


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_w07_five_minutes_either_way_are_tolerated(seconds):
    assert verdict(GOOD, now=NOW + timedelta(seconds=seconds)) == "accepted"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_w07_more_than_five_minutes_are_a_replay(seconds):
    assert verdict(GOOD, now=NOW + timedelta(seconds=seconds)) == "too_old"


@pytest.mark.parametrize(
    "time",
    ["NaN", "1.5e9", f"{NOW.timestamp()}", "9" * 400, "-1", "", "\u0661\u0662", " 1"],
    ids=["NaN", "exponent", "now with decimals", "400 digits", "negative", "empty", "other digits", "blank"],
)
def test_w07_a_time_that_is_none_is_refused(time):
    assert verdict(f"t={time},{V1}") == "malformed_header"


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param([], id="none"),
        pytest.param([""], id="empty"),
        pytest.param(["whsec_"], id="only the prefix"),
        pytest.param(["rk_live_of_an_api_key"], id="an API key"),
        pytest.param([SECRET.get_secret_value(), ""], id="a good and an empty one"),
    ],
)
def test_w04_a_missing_or_wrong_secret_is_a_matter_of_configuration(secrets):
    with pytest.raises(ConfigurationError) as caught:
        received(delivery(("stripe-signature", GOOD)), secrets=[SecretStr(each) for each in secrets])

    assert "of_an" not in str(caught.value)


# What events mean -------------------------------------------------------------------------------------------------


def test_an_event_says_what_to_read_again():
    event = webhooks.translate(BODY, LIVE)

    assert (event.kind, event.id, event.subject_id) == (EventKind.SUBSCRIPTION_CHANGED, "evt_1", "sub_1")
    assert (event.at, event.vendor_kind, event.test) == (NOW, "customer.subscription.updated", False)


@pytest.mark.parametrize(
    ("settings", "told", "kind", "test"),
    [
        pytest.param(LIVE, {"livemode": True}, EventKind.SUBSCRIPTION_CHANGED, False, id="live in live"),
        pytest.param(LIVE, {"livemode": False}, EventKind.SUBSCRIPTION_CHANGED, True, id="test in live"),
        pytest.param(TEST, {"livemode": False}, EventKind.SUBSCRIPTION_CHANGED, False, id="test in test"),
        pytest.param(TEST, {"livemode": True}, EventKind.UNKNOWN, False, id="live in test"),
        pytest.param(LIVE, {"account": "acct_2"}, EventKind.UNKNOWN, False, id="another account"),
        pytest.param(
            LIVE.model_copy(update={"account": "acct_2"}),
            {"account": "acct_2"},
            EventKind.SUBSCRIPTION_CHANGED,
            False,
            id="the connected account",
        ),
    ],
)
def test_d04_what_belongs_to_another_mode_or_account_is_kept_apart(settings, told, kind, test):
    event = webhooks.translate(json.dumps(json.loads(BODY) | told).encode(), settings)

    assert (event.kind, event.test) == (kind, test)


def test_the_table_says_what_every_event_type_can_mean():
    assert manifest.webhooks.kinds["invoice.paid"] == (EventKind.INVOICE_CHANGED,)
    assert all(len(kinds) == 1 for kinds in manifest.webhooks.kinds.values())


@pytest.mark.parametrize(
    ("told", "kind", "subject"),
    [
        pytest.param({"type": "invoice.paid"}, EventKind.INVOICE_CHANGED, "sub_1", id="known"),
        pytest.param(
            {"type": "refund.created", "data": {"object": {"id": "re_1", "charge": "ch_1"}}},
            EventKind.CHARGE_CHANGED,
            "ch_1",
            id="a refund is of a charge",
        ),
        pytest.param({"type": "radar.something.new"}, EventKind.UNKNOWN, "sub_1", id="unknown"),
        pytest.param(
            {"type": "invoice.upcoming", "data": {"object": {}}}, EventKind.UNKNOWN, None, id="without an id"
        ),
        pytest.param(
            {"type": "v1.x", "object": "v2.core.event", "created": "2026-11-21T09:00:00.000Z", "data": None},
            EventKind.UNKNOWN,
            None,
            id="a thin event",
        ),
    ],
)
def test_w19_what_is_not_in_the_table_is_unknown_and_kept(told, kind, subject):
    event = webhooks.translate(json.dumps(json.loads(BODY) | told).encode(), LIVE)

    assert (event.kind, event.subject_id, event.vendor_kind) == (kind, subject, told["type"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"id": NaN}',
        b"[" * 100_000,
        b'{"id": 1, "id": 2}',
        b"\xff\xfe",
    ],
    ids=["empty", "list", "null", "text", "no fields", "NaN", "deep", "twice", "bytes"],
)
def test_a_signed_body_that_is_no_event_is_refused(body):
    assert verdict(webhooks.sign(body, secret=SECRET, now=NOW), body) == "malformed_body"
