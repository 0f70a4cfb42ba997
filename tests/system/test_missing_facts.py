"""Sources that are silent, down, wrong or not to be asked: it costs their facts, and the ticket says so."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from batonpass.testing.emulator import Fault
from fakes import FakeClock
from scene import Logged, Scene, Vendors, body, playing

SHORT = "[handoff]\nfacts_deadline = 0.4"
SEARCH = {"zendesk": "users.search", "hubspot": None, "stripe": None}
"""What is faulty: of the helpdesk only its history, for it must take the ticket."""
TITLES = {"zendesk": "Zendesk Support", "hubspot": "HubSpot", "stripe": "Stripe"}
TELLS = {
    "zendesk": "Tickets 90 days:</b> 1 \N{EM DASH} Zendesk Support",
    "hubspot": "Brightleaf Studio \N{EM DASH} HubSpot",
    "stripe": "Pro \N{EM DASH} Stripe",
}


def _vendors() -> Vendors:
    """All three know Mia."""
    vendors = Vendors()
    mia = vendors.zendesk.add_user("Mia Keller", email="mia.keller@example.com")
    vendors.zendesk.add_ticket("Cannot export", requester=mia)
    return vendors


async def _standings(scene: Scene, handoff_id: str) -> dict[str, str]:
    gathered = (await scene.step(handoff_id, "gather_facts"))["result"]
    return {report["source"]: report["standing"] for report in gathered["sources"]}


@pytest.mark.parametrize("silent", TITLES)
async def test_v12_a_silent_source_costs_its_facts_and_they_are_appended_once_when_it_is_back(
    tmp_path: Path, silent: str
) -> None:
    async with playing(tmp_path, clock=FakeClock(), vendors=_vendors(), more=SHORT) as scene:
        faulty = scene.vendors.all[silent]
        faulty.next_call(Fault.NEVER_ANSWERED, operation=SEARCH[silent], times=1000, seconds=0.8)
        started = time.monotonic()

        handoff_id = await scene.hand_over(body())
        await scene.until(handoff_id)

        assert time.monotonic() - started < 2.0
        note = await scene.note(handoff_id)
        others = set(TITLES) - {silent}
        assert all(TELLS[other] in note for other in others)
        assert TELLS[silent] not in note
        assert f"{TITLES[silent]} did not answer within" in note
        assert await _standings(scene, handoff_id) == {silent: "late", **dict.fromkeys(others, "found")}

        faulty.heal()
        for _ in range(3):
            await scene.later(60)

        comments = (await scene.ticket(handoff_id)).comments
        assert len(comments) == 2
        assert not comments[1].public
        assert "Account facts that came later" in comments[1].html
        assert TELLS[silent] in comments[1].html
        assert not any(TELLS[other] in comments[1].html for other in others)


async def test_v12_all_three_silent_make_a_ticket_that_names_all_three(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock(), more=SHORT) as scene:
        for name, vendor in scene.vendors.all.items():
            vendor.next_call(Fault.NEVER_ANSWERED, operation=SEARCH[name], times=1000, seconds=0.8)

        handoff_id = await scene.hand_over(body())

        note = await scene.note(handoff_id)
        assert all(f"{title} did not answer within" in note for title in TITLES.values())


DOWN = {"503": Fault.SERVER_ERROR, "a reset": Fault.RESET, "a limit": Fault.RATE_LIMITED}


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN)
async def test_a_source_that_is_down_is_named_and_asked_again(tmp_path: Path, fault: Fault) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.stripe.next_call(fault, status=503, times=1000)
        handoff_id = await scene.hand_over(body())
        await scene.settled()
        assert "Stripe could not answer now; what it says will be added as a note." in await scene.note(
            handoff_id
        )

        scene.vendors.stripe.heal()
        for _ in range(3):
            await scene.later(60)

        assert TELLS["stripe"] in await scene.note(handoff_id, 1)
        assert len((await scene.ticket(handoff_id)).comments) == 2


async def test_a_source_that_stays_down_is_left_alone_after_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        scene.vendors.stripe.next_call(Fault.SERVER_ERROR, times=10**6)
        handoff_id = await scene.hand_over(body())
        await scene.settled()

        for _ in range(6):
            await scene.later(200)
        calls = len(scene.vendors.stripe.calls)
        await scene.later(3600)

        assert (await scene.step(handoff_id, "late_facts:stripe"))["status"] == "done"
        assert len((await scene.ticket(handoff_id)).comments) == 1
        assert len(scene.vendors.stripe.calls) == calls
        assert (await scene.status(handoff_id))["state"] == "announced"


WRONG = {
    "a login page": Fault.HTML_PAGE,
    "broken JSON": Fault.BROKEN_JSON,
    "nothing": Fault.ANSWER_EMPTY,
    "200 MB of gzip": Fault.GZIP_BOMB,
}


@pytest.mark.parametrize("fault", WRONG.values(), ids=WRONG)
async def test_v13_a_source_whose_answer_is_none_is_named_and_not_asked_again(
    tmp_path: Path, fault: Fault
) -> None:
    async with playing(tmp_path) as scene:
        scene.vendors.stripe.next_call(fault, times=1000)

        handoff_id = await scene.hand_over(body())
        await scene.settled()

        note = await scene.note(handoff_id)
        assert "Stripe gave an answer that could not be understood." in note
        assert TELLS["hubspot"] in note
        assert (await _standings(scene, handoff_id))["stripe"] == "broken"
        assert len(scene.vendors.stripe.calls) <= 3


async def test_v15_a_source_that_redirects_is_named_and_not_followed(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        hubspot = scene.vendors.hubspot
        scene.vendors.stripe.next_call(Fault.REDIRECT, location=f"{scene.http.base_url}/livez", times=1000)

        handoff_id = await scene.hand_over(body())

        assert "Stripe refused the question." in await scene.note(handoff_id)
        assert hubspot.calls


@pytest.mark.parametrize("source", ["hubspot", "stripe"])
async def test_v17_a_source_whose_key_was_revoked_is_named_and_its_facts_follow_when_the_key_is_right_again(
    tmp_path: Path, logged: Logged, source: str
) -> None:
    async with playing(tmp_path, clock=FakeClock()) as scene:
        vendor = scene.vendors.all[source]
        vendor.next_call(Fault.UNAUTHORISED, times=10**6)
        handoff_id = await scene.hand_over(body())
        await scene.settled()
        said = f"{TITLES[source]} refused batonpass's credentials; an administrator must renew them"
        assert said in await scene.note(handoff_id)

        before = len(vendor.calls)
        for _ in range(5):
            await scene.later(60)
        assert (
            len(vendor.calls) - before <= 5 * 3
        )  # one probe a minute; HubSpot is asked three things at once

        vendor.heal()
        for _ in range(5):
            await scene.later(70)

        comments = (await scene.ticket(handoff_id)).comments
        assert len(comments) == 2
        assert TELLS[source] in comments[1].html


async def test_a_claimed_identity_gets_no_call_to_crm_and_billing(tmp_path: Path) -> None:
    claimed = {"email": "mia.keller@example.com", "identity": "claimed"}
    async with playing(tmp_path, vendors=_vendors()) as scene:
        handoff_id = await scene.hand_over({**body(), "customer": claimed})
        await scene.until(handoff_id)

        note = await scene.note(handoff_id)
        assert (scene.vendors.hubspot.calls, scene.vendors.stripe.calls) == ([], [])
        assert "HubSpot was not asked: the customer's identity is only claimed." in note
        assert "Stripe was not asked: the customer's identity is only claimed." in note
        assert TELLS["zendesk"] in note
        assert (await scene.ticket(handoff_id)).fields.keys() == {
            scene.field("Handoff reason").id,
            scene.field("Identity verified").id,
        }


async def test_without_a_word_on_identity_it_is_only_claimed(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        await scene.hand_over({**body(), "customer": {"email": "mia.keller@example.com"}})
        await scene.settled()

        assert (scene.vendors.hubspot.calls, scene.vendors.stripe.calls) == ([], [])


async def test_a_claimed_identity_gets_the_facts_where_the_configuration_says_so(tmp_path: Path) -> None:
    claimed = {"email": "mia.keller@example.com", "identity": "claimed"}
    async with playing(tmp_path, more="[handoff]\nclaimed_identity_facts = true") as scene:
        handoff_id = await scene.hand_over({**body(), "customer": claimed})

        note = await scene.note(handoff_id)
        assert TELLS["hubspot"] in note
        assert TELLS["stripe"] in note
        assert "identity only claimed" in note


async def test_several_billing_customers_with_one_address_show_nothing_of_any(tmp_path: Path) -> None:
    vendors = Vendors()
    for plan in ("First plan", "Second plan"):
        namesake = vendors.stripe.add_customer(email="sam@example.com", name="Sam")
        vendors.stripe.add_subscription(namesake, plan=plan, amount=1200)
    async with playing(tmp_path, vendors=vendors) as scene:
        handoff_id = await scene.hand_over(body(email="sam@example.com"))
        await scene.settled()

        ticket = await scene.ticket(handoff_id)
        shown = f"{ticket.subject} {ticket.fields} {ticket.comments[0].html}"
        assert "Stripe: ambiguous, 2 customers match; nothing is shown." in shown
        assert not any(told in shown for told in ("First plan", "Second plan", "12.00", "Sam<"))
        assert (await _standings(scene, handoff_id))["stripe"] == "ambiguous"
