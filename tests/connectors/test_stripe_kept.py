"""Stripe's deliveries, kept since they were proven and read again: the same events as then."""

from __future__ import annotations

import contextlib
import json
import random
from datetime import timedelta
from typing import Any

import pytest
from test_stripe_hostile_deliveries import with_odd_values
from test_stripe_webhooks import BODY, LIVE, NOW, SECRET, TEST, delivery, received

from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass_stripe import manifest, webhooks
from batonpass_stripe.settings import StripeSettings

A_MONTH_LATER = NOW + timedelta(days=30)


def read_again(body: bytes, *, settings: StripeSettings = LIVE) -> tuple[Event, ...]:
    assert manifest.webhooks is not None
    assert manifest.webhooks.read is not None
    return manifest.webhooks.read(body, settings=settings, received_at=A_MONTH_LATER)


def received_then(body: bytes, *, settings: StripeSettings = LIVE) -> Event:
    signed = ("stripe-signature", webhooks.sign(body, secret=SECRET, now=NOW))
    return received(delivery(signed, body=body), settings=settings)


def a_body(**changes: Any) -> bytes:
    return json.dumps({**json.loads(BODY), **changes}).encode()


@pytest.mark.parametrize("settings", [LIVE, TEST], ids=["live", "test"])
@pytest.mark.parametrize("livemode", [True, False], ids=["of live mode", "of test mode"])
@pytest.mark.parametrize("kind", [*webhooks.KINDS, "payout.paid"])
def test_a_kept_event_tells_what_it_told_then(kind: str, livemode: bool, settings: StripeSettings):
    about = {"object": {"id": "re_1", "charge": "ch_1"}}
    body = a_body(type=kind, livemode=livemode, data=about)

    assert read_again(body, settings=settings) == (received_then(body, settings=settings),)


def test_a_kept_event_of_another_account_means_nothing_still():
    (event,) = read_again(a_body(account="acct_other"))

    assert event.kind is EventKind.UNKNOWN


NO_EVENTS = {
    "empty": b"",
    "no text": b"\xff",
    "null": b"null",
    "a list": b"[]",
    "nothing in it": b"{}",
    "a text": b'"text"',
    "deep": b"[" * 100_000,
    "not a number": b'{"id": NaN}',
    "a number for an id": a_body(id=7),
}


@pytest.mark.parametrize("body", NO_EVENTS.values(), ids=NO_EVENTS)
def test_w17_a_kept_body_that_is_no_event_is_malformed(body: bytes):
    with pytest.raises(RejectedDeliveryError) as rejected:
        read_again(body)

    assert rejected.value.code == "malformed_body"


def test_w17_odd_values_are_read_as_they_would_be_received():
    chance = random.Random(12)
    read = 0
    for _ in range(1_000):
        body = with_odd_values(chance)
        with contextlib.suppress(RejectedDeliveryError):
            (event,) = read_again(body)
            read += 1
            assert event == received_then(body)

    assert read > 10
