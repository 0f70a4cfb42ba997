"""What the customer asked before, over all connected systems and our own journal; and what nobody is told of a claim."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from batonpass.domain.conversation import Identity
from batonpass.testing.emulator import Fault
from fakes import FakeClock
from scene import Scene, Vendors, body, playing

EMAIL = "mia.keller@example.com"
CHARGED = "I was charged twice for my plan this month. Please refund one of the charges."


def customer(identity: Identity = Identity.VERIFIED, email: str = EMAIL) -> dict[str, str]:
    return {"name": "Mia Keller", "email": email, "identity": identity.value}


def vendors_of(clock: FakeClock) -> Vendors:
    """Mia has asked Zendesk about the same three days ago, and HubSpot's team about something else long ago."""
    vendors = Vendors()
    vendors.zendesk.clock = clock
    mia = vendors.zendesk.add_user("Mia Keller", email=EMAIL)
    vendors.zendesk.add_ticket(
        "Charged twice for the Pro plan",
        requester=mia,
        status="solved",
        created_at=clock.now() - timedelta(days=3),
    )
    hubspot = vendors.hubspot.account
    contact = hubspot.find("contacts", EMAIL, "email")[0]
    ticket = hubspot.store(
        "tickets",
        {
            "subject": "Onboarding call",
            "hs_pipeline": "0",
            "hs_pipeline_stage": "4",
            "createdate": (clock.now() - timedelta(days=90)).isoformat(),
        },
    )
    hubspot.link(15, contact.id, ticket.id)
    return vendors


async def accepted(scene: Scene, *turns: str, **told: object) -> str:
    handoff_id = await scene.hand_over({**body(*turns), "customer": customer(), **told})
    await scene.settled()
    return handoff_id


async def test_earlier_contacts_of_all_systems_stand_in_the_note_and_the_repeat_in_the_brief(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    async with playing(tmp_path, clock=clock, vendors=vendors_of(clock)) as scene:
        first = await accepted(scene, CHARGED)
        clock.go_on(86_400)
        second = await accepted(scene, CHARGED)

        note, before = await scene.note(second), await scene.note(first)
        own, former = (await scene.ticket(second)).id, (await scene.ticket(first)).id

    assert "2nd contact in 3 days about the same matter" in before
    assert "3rd contact in 4 days about the same matter" in note
    earlier = note.partition("Earlier Contacts")[2].partition("Conversation History")[0]
    assert "Charged twice for the Pro plan (solved), Zendesk Support" in earlier
    assert "Onboarding call (solved), HubSpot" in earlier
    assert earlier.count(f"#{former}") == 2, "once in the list, as the ticket, and once as the last of them"
    assert f"#{own}" not in note
    assert (
        "Matched:</b> Zendesk Support: verified e-mail; HubSpot: verified e-mail; Stripe: verified e-mail"
        in note
    )


async def test_our_own_handoffs_are_known_where_no_system_tells_of_tickets(tmp_path: Path) -> None:
    clock = FakeClock()
    async with playing(tmp_path, clock=clock) as scene:
        scene.vendors.zendesk.next_call(Fault.SERVER_ERROR, operation="users.search", times=1000)
        await accepted(scene, CHARGED)
        clock.go_on(86_400)
        second = await accepted(scene, CHARGED)

        note = await scene.note(second)

    assert "2nd contact in 1 day about the same matter" in note
    assert "I was charged twice for my plan this month" in note.partition("Earlier Contacts")[2]


async def test_a_card_number_in_an_earlier_title_is_masked_wherever_it_was(tmp_path: Path) -> None:
    clock = FakeClock()
    vendors = vendors_of(clock)
    mia = vendors.zendesk.account.user_with_email(EMAIL)
    vendors.zendesk.add_ticket("My card 4111 1111 1111 1111", requester=mia, created_at=clock.now())
    async with playing(tmp_path, clock=clock, vendors=vendors) as scene:
        await accepted(scene, "Was my card 5555 5555 5555 4444 charged twice?")
        clock.go_on(60)
        scene.vendors.zendesk.tickets.popitem()
        second = await accepted(scene, CHARGED)
        note = await scene.note(second)

    assert "card" in note.partition("Earlier Contacts")[2]
    assert "4111 1111" not in note
    assert "5555 5555" not in note


@pytest.mark.parametrize(
    "other",
    [
        {"identity": Identity.CLAIMED},
        {"email": "mia.keller+1@example.com"},
        {"email": "Mia.Keller@example.com"},
        {"email": "mia.keller@ex\u0430mple.com"},
    ],
    ids=["a claim", "a tag", "another case", "a look-alike"],
)
async def test_d01_a_handoff_of_somebody_else_is_no_part_of_the_history(
    tmp_path: Path, other: dict[str, str]
) -> None:
    async with playing(tmp_path) as scene:
        await scene.hand_over({**body(CHARGED), "customer": customer(**other)})  # type: ignore[arg-type]
        await scene.settled()
        scene.vendors.zendesk.tickets.clear()  # what the helpdesk says of it is not asked here

        verified = await accepted(scene, CHARGED)
        gathered = await scene.service.journal.result(verified, "gather_facts")  # type: ignore[arg-type]

    assert gathered is not None
    assert gathered["handoffs"] == []


async def test_d02_of_a_claimed_customer_nothing_private_is_told_anywhere(tmp_path: Path) -> None:
    clock = FakeClock()
    vendors = vendors_of(clock)
    async with playing(tmp_path, clock=clock, vendors=vendors) as scene:
        await accepted(scene, CHARGED)  # a verified handoff stands in the journal
        vendors.hubspot.calls.clear()
        vendors.stripe.calls.clear()
        vendors.zendesk.next_call(Fault.SERVER_ERROR, operation="users.search", times=3)
        claimed = await scene.hand_over({**body("Where is it?"), "customer": customer(Identity.CLAIMED)})
        await scene.settled()
        for _ in range(6):  # what came late
            await scene.later(61)

        ticket = await scene.ticket(claimed)
        comments = [comment.html for comment in ticket.comments]
        shown = json.dumps(
            [ticket.subject, {str(key): str(value) for key, value in ticket.fields.items()}, comments]
        )
        status = json.dumps(await scene.status(claimed))
        told = json.dumps(scene.ai_agent.events)
        kept = json.dumps(await scene.service.journal.result(claimed, "gather_facts"))  # type: ignore[arg-type]

    assert (vendors.hubspot.calls, vendors.stripe.calls) == ([], [])
    assert len(comments) == 2, "the helpdesk's late answer is one note"
    private = ("Brightleaf", "Pro plan", "49.00", "4242", "Onboarding", "Charged twice", "charged twice")
    for place in (shown, status, told, kept):
        assert [each for each in private if each in place] == []
    assert "Earlier Contacts" not in shown
    assert "about the same matter" not in shown


async def test_rules_of_the_configuration_say_by_what_each_source_is_asked(tmp_path: Path) -> None:
    more = '[identity]\nmatch = ["external_id"]\nconnections.hubspot = { match = ["email"] }'
    async with playing(tmp_path, more=more) as scene:
        handoff_id = await accepted(scene, CHARGED)
        note = await scene.note(handoff_id)
        calls = scene.vendors.stripe.calls

    assert calls == []
    assert "Brightleaf Studio" in note
    assert "Matched:</b> HubSpot: verified e-mail" in note
    assert "Stripe was not asked: no e-mail address or id to look up with." in note


async def test_sources_that_disagree_are_named_in_the_note_and_no_value_is_chosen_silently(
    tmp_path: Path,
) -> None:
    vendors = Vendors()
    mapping = (
        '[facts]\n"account.plan" = { object = "company", property = "tier" }\n'
        '"account.name" = { object = "company", property = "name" }\n'
    )
    async with playing(tmp_path, vendors=vendors, mappings={"hubspot": mapping}) as scene:
        handoff_id = await accepted(
            scene, CHARGED, customer={**customer(), "email": "elena.rossi@example.com"}
        )
        note = await scene.note(handoff_id)

    assert "The sources disagree" not in note, "both say Enterprise"
    async with playing(
        tmp_path / "again", vendors=_with_another_plan(), mappings={"hubspot": mapping}
    ) as scene:
        handoff_id = await accepted(
            scene, CHARGED, customer={**customer(), "email": "elena.rossi@example.com"}
        )
        note = await scene.note(handoff_id)

    assert "Plan: HubSpot says Pro, Stripe says Enterprise" in note
    assert "sources disagree: plan" in note.partition("Issue Summary")[0]


def _with_another_plan() -> Vendors:
    vendors = Vendors()
    for company in vendors.hubspot.account.of_kind("companies"):
        if "tier" in company.properties:
            company.properties["tier"] = "pro"
    return vendors
