"""The webhooks of a HubSpot app, by its API and by hand."""

from __future__ import annotations

import json

import pytest
from hubspot_rig import a_desk, desk

from batonpass.domain.errors import RefusedError
from batonpass.domain.event import EventKind
from batonpass.testing.happenings import Happening
from batonpass_hubspot import HubSpotSettings
from batonpass_hubspot.by_hand import by_hand
from batonpass_hubspot.emulator import APP_ID

URL = "https://support.example.com/webhooks/hubspot"


async def test_registering_twice_subscribes_once_and_w26_wakes_what_was_paused():
    async with desk(a_desk()) as at:
        first = await at.tickets.register_webhook(URL)
        at.emulator.hooks.app.subscriptions[0].active = False
        (paused,) = await at.tickets.registered_webhooks()

        again = await at.tickets.register_webhook(URL)

    assert (first.id, first.delivers, first.problem) == (f"app-{APP_ID}", True, None)
    assert paused.problem is not None
    assert "ticket.creation" in paused.problem
    assert again.events == first.events
    assert again.problem is None


async def test_an_app_that_delivers_elsewhere_is_left_alone():
    async with desk(a_desk()) as at:
        await at.tickets.register_webhook("https://elsewhere.example/hook")

        with pytest.raises(RefusedError) as refused:
            await at.tickets.register_webhook(URL)

    assert refused.value.code == "conflict"
    assert at.emulator.hooks.app.url == "https://elsewhere.example/hook"


async def test_without_a_developers_key_nothing_is_registered():
    async with desk(a_desk(), developer_key=None) as at:
        with pytest.raises(RefusedError) as refused:
            await at.tickets.register_webhook(URL)

    assert refused.value.code == "unsupported"


async def test_a_delivery_carries_what_one_call_changed_and_an_older_signature_besides():
    emulator = a_desk()
    emulator.outbox.hold()
    emulator.deliver_to("http://127.0.0.1:9/hook", secret="s")

    async with desk(emulator):
        emulator.happen(Happening(kind=EventKind.TICKET_OPENED))
        emulator.happen(Happening(kind=EventKind.DEAL_CHANGED))

    (_, _, sign), (_, _, another) = emulator.outbox._held or []
    request = sign("http://127.0.0.1:9/hook", emulator.clock.now())
    assert {each["changeSource"] for each in json.loads(request.body)} == {"CRM_UI"}
    assert {"X-HubSpot-Signature", "x-hubspot-signature-v3"} <= set(request.headers)
    assert json.loads(another("u", emulator.clock.now()).body)[0]["subscriptionType"] == "deal.propertyChange"


def test_what_a_person_enters_is_a_whole_file():
    settings = HubSpotSettings.model_validate(
        {"access_token": "x", "tickets": True, "start": {"field": "Needs a person", "value": "true"}}
    )

    lines = by_hand(settings, URL)

    (file,) = [line for line in lines if line.startswith("{")]
    told = json.loads(file)["config"]
    assert told["settings"]["targetUrl"] == URL
    names = [each.get("propertyName") for each in told["subscriptions"]["legacyCrmObjects"]]
    assert "needs_a_person" in names
