"""What the emulated account delivers when something happens in it, and how it arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
import stripe as sdk
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event, EventKind
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass.testing.outbox import Order
from batonpass.testing.serving import served
from batonpass_stripe import manifest
from batonpass_stripe.client import VERSION
from batonpass_stripe.emulator import API_KEY, StripeEmulator
from batonpass_stripe.settings import StripeSettings

URL = "https://handoff.example/webhooks/stripe"
SECRET = SecretStr("whsec_of_the_emulator")
SETTINGS = StripeSettings(api_key=API_KEY, mode="test")


@dataclass
class Door:
    """Takes deliveries and remembers them; answers each with the next of `answers`, then with 200."""

    answers: list[int] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.deliveries.append(
            Delivery(
                method=request.method,
                url=URL,
                headers=[(name.lower(), value) for name, value in request.headers.items()],
                body=await request.body(),
            )
        )
        await Response(status_code=self.answers.pop(0) if self.answers else 200)(scope, receive, send)

    def events(self, *secrets: SecretStr) -> list[Event]:
        return [
            event
            for each in self.deliveries
            for event in manifest.webhooks.receive(
                each, secrets=secrets or [SECRET], settings=SETTINGS, now=datetime.now(UTC)
            )
        ]


@pytest.fixture
def stripe() -> StripeEmulator:
    made = StripeEmulator.with_sample_account()
    made.outbox.retries = (0.01, 0.01)
    return made


@asynccontextmanager
async def delivering(stripe: StripeEmulator, door: Door) -> AsyncIterator[None]:
    """What happens within is delivered when it ends."""
    async with served(door) as url:
        stripe.deliver_to(url, secret=SECRET.get_secret_value())
        yield
        await stripe.outbox.settled()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (EventKind.CONTACT_CHANGED, ["customer.updated"]),
        (EventKind.SUBSCRIPTION_CHANGED, ["customer.subscription.updated"]),
        (EventKind.INVOICE_CHANGED, ["invoice.paid"]),
        (EventKind.CHARGE_CHANGED, ["charge.refunded", "refund.created"]),
        (EventKind.DISPUTE_CHANGED, ["charge.dispute.created"]),
    ],
)
async def test_what_happens_reaches_the_door_signed_and_is_understood(stripe, kind, told):
    door = Door()

    async with delivering(stripe, door):
        changed = stripe.happen(Happening(kind=kind))

    events = sorted(door.events(), key=lambda each: each.vendor_kind)
    assert [each.vendor_kind for each in events] == told
    assert {(each.kind, each.subject_id, each.test) for each in events} == {(kind, changed, False)}


async def test_every_kind_can_happen_again_and_again(stripe):
    door = Door()

    async with delivering(stripe, door):
        for _ in range(5):
            for kind in sorted(stripe.plays):
                stripe.happen(Happening(kind=kind))

    assert len({each.id for each in door.events()}) == len(door.deliveries) >= 25
    assert {each.kind for each in door.events()} == stripe.plays


def test_what_stripe_does_not_know_cannot_happen(stripe):
    with pytest.raises(CannotPlayError, match="contact_changed"):
        stripe.happen(Happening(kind=EventKind.TICKET_SOLVED))
    with pytest.raises(CannotPlayError, match="in_none is no invoice"):
        stripe.happen(Happening(kind=EventKind.INVOICE_CHANGED, object="in_none"))


async def test_the_sdk_takes_what_is_delivered(stripe):
    door = Door()

    async with delivering(stripe, door):
        subscription = stripe.happen(Happening(kind=EventKind.SUBSCRIPTION_CHANGED))

    (delivery,) = door.deliveries
    event = sdk.Webhook.construct_event(
        delivery.body, delivery.header("stripe-signature"), SECRET.get_secret_value()
    )
    assert (event.type, event.data.object.id, event.livemode) == (
        "customer.subscription.updated",
        subscription,
        False,
    )
    assert event.data.previous_attributes.cancel_at_period_end is False
    assert event.api_version == VERSION


async def test_during_a_roll_a_delivery_is_signed_with_both_secrets(stripe):
    door = Door()

    async with delivering(stripe, door):
        (endpoint_id,) = stripe._endpoints
        new = SecretStr(stripe.roll_secret(endpoint_id))
        stripe.happen(Happening(kind=EventKind.CONTACT_CHANGED))

    assert door.deliveries[0].header("stripe-signature").count("v1=") == 2
    assert door.events(SECRET) == door.events(new)


async def test_a_delivery_that_is_not_taken_comes_again_as_the_same_event(stripe):
    door = Door(answers=[500, 302])

    async with delivering(stripe, door):
        stripe.happen(Happening(kind=EventKind.CONTACT_CHANGED))

    events = door.events()
    assert len(events) == 3
    assert len({each.id for each in events}) == 1
    assert [each["pending_webhooks"] for each in stripe.events()[:1]] == [0]


async def test_w11_events_may_come_in_any_order_and_twice(stripe):
    door = Door()
    stripe.outbox.twice = True

    async with delivering(stripe, door):
        stripe.outbox.hold()
        customer = stripe.add_customer(email="new@example.com")
        stripe.delete_customer(customer)
        stripe.outbox.release(Order.REVERSED)

    told = [each.vendor_kind for each in door.events()]
    assert told == ["customer.deleted"] * 2 + ["customer.created"] * 2


async def test_an_endpoint_gets_what_it_asked_for_in_its_own_version_and_nothing_while_disabled(stripe):
    door = Door()

    async with served(door) as url:
        endpoint_id = stripe.add_endpoint(
            url,
            enabled_events=("customer.subscription.updated",),
            secret=SECRET.get_secret_value(),
            api_version="2024-06-20",
        )
        stripe.happen(Happening(kind=EventKind.CONTACT_CHANGED))
        stripe.happen(Happening(kind=EventKind.SUBSCRIPTION_CHANGED))
        await stripe.outbox.settled()
        stripe.disable_endpoint(endpoint_id)
        stripe.happen(Happening(kind=EventKind.SUBSCRIPTION_CHANGED))
        await stripe.outbox.settled()

    (delivery,) = door.deliveries
    event = sdk.Webhook.construct_event(
        delivery.body, delivery.header("stripe-signature"), SECRET.get_secret_value()
    )
    assert event.api_version == "2024-06-20"
    assert event.data.object.current_period_end > 0
    assert "current_period_end" not in event.data.object["items"].data[0]
    assert len(door.events()) == 1


async def test_the_emulator_is_driven_from_another_process(stripe):
    door = Door()

    async with served(stripe) as api, served(door) as url, httpx.AsyncClient(base_url=api) as http:
        pointed = await http.post(
            "/_emulator/webhooks", json={"url": url, "secret": SECRET.get_secret_value()}
        )
        played = await http.post("/_emulator/happen", json={"kind": "charge_changed"})
        outbox = (await http.get("/_emulator/outbox")).json()

    assert (pointed.status_code, played.status_code) == (200, 200)
    assert [(each["what"], each["status"]) for each in outbox] == [
        ("charge.refunded", 200),
        ("refund.created", 200),
    ]
