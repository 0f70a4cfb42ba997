"""A vendor that is down at handoff time: the ticket carries what our copy knows, and says how old it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from batonpass.app.copies import systems_of
from batonpass.app.syncing.rounds import Order
from batonpass.sync.people import People
from batonpass.testing.emulator import Fault
from fakes import FakeClock
from scene import Scene, Vendors, body, playing

SYNCED = "[sync.hubspot]\n[sync.stripe]\n"
DOWN = ("hubspot", "stripe")
TELLS = {"hubspot": "Brightleaf Studio \N{EM DASH} HubSpot", "stripe": "Pro \N{EM DASH} Stripe"}
HOUR = 3600.0


@asynccontextmanager
async def copied(folder: Path, *, more: str = "") -> AsyncIterator[Scene]:
    """Everything of HubSpot and Stripe has been read three hours ago; now both are down for an hour."""
    clock = FakeClock(at=datetime.now(UTC) + timedelta(hours=1))
    vendors = Vendors()
    for vendor in vendors.all.values():
        vendor.clock = clock
    async with playing(folder, clock=clock, vendors=vendors, more=f"{more}\n{SYNCED}") as scene:
        ended = await scene.service.sync.run(Order())
        assert {each.ended_as for each in ended} == {"done"}, ended
        clock.go_on(3 * HOUR)
        for name in DOWN:
            vendors.all[name].next_call(Fault.SERVER_ERROR, status=503, times=1_000_000)
        yield scene


async def test_v35_two_vendors_that_are_down_for_an_hour_cost_nothing_but_the_age_of_their_facts(
    tmp_path: Path,
) -> None:
    async with copied(tmp_path) as scene:
        first = await scene.hand_over(body())
        await scene.settled()
        scene.clock.go_on(HOUR - 60)  # type: ignore[attr-defined]
        last = await scene.hand_over(body("Again: I was charged twice, please look."))
        await scene.settled()

        notes = [await scene.note(first), await scene.note(last)]
        steps = [await scene.step(each, "gather_facts") for each in (first, last)]

    for note, age in zip(notes, ("3 h ago", "4 h ago"), strict=True):
        assert all(f"{told}, as of {age} (" in note for told in TELLS.values())
        assert f"{age}: Pro plan" in note.partition("Issue Summary")[0]
        assert note.count("What stands here of it is from the copy") == 2
    for step in steps:
        standings = {each["source"]: each["standing"] for each in step["result"]["sources"]}
        assert {name: standings[name] for name in DOWN} == dict.fromkeys(DOWN, "copied")


async def test_what_the_copy_said_already_is_not_said_again_when_the_vendors_are_back(tmp_path: Path) -> None:
    async with copied(tmp_path) as scene:
        handoff_id = await scene.hand_over(body())
        await scene.settled()
        for name in DOWN:
            scene.vendors.all[name].heal()
        for _ in range(3):
            await scene.later(61)

        late = [each.html for each in (await scene.ticket(handoff_id)).comments[1:]]

    assert not any(told in note for told in TELLS.values() for note in late)


async def test_d02_a_claimed_customer_is_told_nothing_from_the_copy(tmp_path: Path) -> None:
    async with copied(tmp_path) as scene:
        claimed = {"email": "mia.keller@example.com", "identity": "claimed"}
        handoff_id = await scene.hand_over({**body(), "customer": claimed})
        await scene.settled()

        note = await scene.note(handoff_id)

    assert not any(told in note for told in TELLS.values())
    assert "from the copy" not in note


async def test_billing_is_asked_by_the_id_that_the_helpdesk_has_where_only_its_requester_is_known(
    tmp_path: Path,
) -> None:
    clock = FakeClock(at=datetime.now(UTC) + timedelta(hours=1))
    vendors = Vendors()
    for vendor in vendors.all.values():
        vendor.clock = clock
    mia = vendors.stripe.add_customer(id="cus_NffrFeUfNV2Hib", email="accounts@example.com")
    vendors.stripe.add_subscription(mia, plan="Pro", amount=4900)
    user = vendors.zendesk.add_user("Mia Keller", external_id=mia)
    more = "[sync.zendesk]\n[sync.stripe]\n"
    async with playing(tmp_path, clock=clock, vendors=vendors, more=more) as scene:
        await scene.service.sync.run(Order())
        service = scene.service
        await People(service.journal.database, systems_of(service.config.connections)).follow()
        told = {"name": "Mia Keller", "external_ids": {"zendesk": str(user.id)}}
        verified = await scene.hand_over({**body(email=None), "customer": {**told, "identity": "verified"}})
        claimed = await scene.hand_over({**body(email=None), "customer": {**told, "identity": "claimed"}})
        await scene.settled()

        note, other = await scene.note(verified), await scene.note(claimed)

    assert f"{TELLS['stripe']}, " in note
    assert f"Stripe: exact id, via zendesk customer {user.id}" in note
    assert TELLS["stripe"] not in other


async def test_v12_the_copy_of_a_silent_vendor_tells_at_the_deadline_and_the_others_tell_themselves(
    tmp_path: Path,
) -> None:
    async with copied(tmp_path, more="[handoff]\nfacts_deadline = 3") as scene:
        for name in DOWN:
            scene.vendors.all[name].heal()
        scene.vendors.stripe.next_call(Fault.NEVER_ANSWERED, times=1000, seconds=6)

        handoff_id = await scene.hand_over(body())
        await scene.settled()
        note = await scene.note(handoff_id)

    assert f"{TELLS['stripe']}, as of 3 h ago" in note
    assert f"{TELLS['hubspot']}, as of" not in note
    assert note.count("s. What stands here of it is from the copy") == 1
