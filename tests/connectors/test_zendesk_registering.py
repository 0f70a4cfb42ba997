"""Webhooks asked for, delivered, understood; and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from zendesk_door import a_door

from batonpass.domain.errors import RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import Note, NoteKey, TicketKey, TicketRef
from batonpass.testing.emulator import Fault
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_zendesk import ZendeskSettings, manifest
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, a_draft, desk

BEYOND_THE_CONTRACT = ("/api/v2/webhooks/",)
"""It has neither the change of a webhook nor its invocations."""


def emulated(**options: Any) -> ZendeskEmulator:
    return ZendeskEmulator.with_sample_account(clock=HandClock(), **options)


async def test_one_webhook_is_subscribed_to_everything_and_told_with_its_secret():
    emulator = emulated()

    async with desk(emulator) as made:
        webhook = await made.zendesk.register_webhook("https://bp.example/webhooks/support")

    assert webhook.secret is not None
    assert webhook.secret.get_secret_value() == emulator.webhooks[webhook.id].secret
    assert webhook.delivers
    assert set(webhook.events) == {
        word for word in (manifest.webhooks.kinds if manifest.webhooks else ()) if word.startswith("zen:")
    }
    assert not emulator.triggers
    assert [effect.id for effect in emulator.effects("webhook.registered")] == [webhook.id]


async def test_registered_twice_it_is_one_and_switched_on_again():
    emulator = emulated()

    async with desk(emulator, unchecked=BEYOND_THE_CONTRACT) as made:
        first = await made.zendesk.register_webhook("https://bp.example/hook")
        kept = emulator.webhooks[first.id]
        kept.status, kept.subscriptions = "inactive", kept.subscriptions[:2]
        again = await made.zendesk.register_webhook("https://bp.example/hook")

    assert (again.id, again.secret, again.delivers) == (first.id, first.secret, True)
    assert set(again.events) == set(first.events)
    assert (kept.status, set(kept.subscriptions)) == ("active", set(first.events))
    assert len(emulator.webhooks) == 1


async def test_without_the_right_to_make_webhooks_it_is_refused():
    emulator = emulated()
    emulator._checked = _forbidden  # type: ignore[method-assign]

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.register_webhook("https://bp.example/hook")

    assert refused.value.code == "forbidden"


def _forbidden(subscriptions: list[str]) -> list[str]:
    from batonpass_zendesk.emulated_http import Refusal  # noqa: PLC0415 - only here

    raise Refusal(403, "Forbidden", "You do not have access")


@pytest.mark.parametrize(
    ("start", "condition"),
    [
        pytest.param(
            {"tag": "Needs_Person"},
            {"field": "current_tags", "operator": "includes", "value": "needs_person"},
            id="tag",
        ),
        pytest.param({"group": "billing"}, {"field": "group_id", "operator": "is"}, id="group"),
        pytest.param({"field": "Customer tier", "value": "pro"}, {"value": "tier_pro"}, id="field"),
        pytest.param({"field": "Identity verified", "value": "True"}, {"value": "true"}, id="box"),
    ],
)
async def test_an_account_without_ticket_events_gets_triggers_and_the_start_rules_too(
    start: dict[str, str], condition: dict[str, str]
):
    emulator = emulated(ticket_events=False)

    async with desk(emulator, start=start, unchecked=BEYOND_THE_CONTRACT) as made:
        webhook = await made.zendesk.register_webhook("https://bp.example/hook")
        before = {each.told["title"] for each in emulator.triggers.values()}
        await made.zendesk.register_webhook("https://bp.example/hook")

    assert webhook.events == ("conditional_ticket_events",)
    asked = next(
        each.told for each in emulator.triggers.values() if each.told["title"] == "batonpass: handoff_asked"
    )
    assert condition.items() <= asked["conditions"]["all"][0].items()
    assert len(before) == len(emulator.triggers) == 8


async def test_a_rule_whose_group_is_gone_makes_no_trigger():
    emulator = emulated(ticket_events=False)

    async with desk(emulator, start={"group": "Nobody"}) as made:
        await made.zendesk.register_webhook("https://bp.example/hook")

    assert "batonpass: handoff_asked" not in {each.told["title"] for each in emulator.triggers.values()}


PLAYED: tuple[dict[str, Any], ...] = (
    {"kind": EventKind.TICKET_OPENED},
    {"kind": EventKind.TICKET_ASSIGNED},
    {"kind": EventKind.TICKET_ASSIGNED, "group": "Billing"},
    {"kind": EventKind.AGENT_REPLIED},
    {"kind": EventKind.CUSTOMER_REPLIED},
    {"kind": EventKind.NOTE_ADDED},
    {"kind": EventKind.STATUS_CHANGED},
    {"kind": EventKind.TICKET_SOLVED},
    {"kind": EventKind.TICKET_REOPENED},
    {"kind": EventKind.HANDOFF_ASKED, "tag": "needs_person"},
)


@pytest.mark.parametrize("ticket_events", [True, False], ids=["events", "triggers"])
async def test_w01_what_people_do_arrives_signed_and_in_our_words(ticket_events: bool):
    emulator = emulated(ticket_events=ticket_events)
    clock = emulator.clock
    assert isinstance(clock, HandClock)
    customer = emulator.add_user("Mia Keller", email="mia.keller@example.com")
    agent = emulator.account.person()

    async with a_door() as door, desk(emulator, start={"tag": "needs_person"}) as made:
        webhook = await made.zendesk.register_webhook(door.url)
        assert webhook.secret is not None
        for told in PLAYED:
            door.deliveries.clear()
            clock.passed += 10
            done = emulator.happen(Happening(**told))
            await emulator.outbox.settled()
            events = door.events(webhook.secret, clock, tag="needs_person")

            found = [event for event in events if event.kind is told["kind"]]
            is_customers = told["kind"] in {EventKind.TICKET_OPENED, EventKind.CUSTOMER_REPLIED}
            actor = customer if is_customers else agent
            assert found, told
            assert {event.subject_id for event in events} == {done}
            assert {event.actor_id for event in found} == {str(actor.id)}


@pytest.mark.parametrize(
    ("told", "start", "ours"),
    [
        pytest.param({"group": "Billing"}, {"group": "Billing"}, "handoff_asked", id="group"),
        pytest.param(
            {"field": "Customer tier", "value": "Pro"},
            {"field": "Customer tier", "value": "Pro"},
            "handoff_asked",
            id="field",
        ),
    ],
)
async def test_every_kind_of_start_rule_is_met_by_what_people_do(
    told: dict[str, str], start: dict[str, str], ours: str
):
    emulator = emulated()
    clock = emulator.clock
    assert isinstance(clock, HandClock)
    emulator.add_ticket("Refund")

    async with a_door() as door:
        emulator.deliver_to(door.url, secret="by-hand")
        emulator.happen(Happening(kind=EventKind.HANDOFF_ASKED, **told))
        await emulator.outbox.settled()
        kinds = [event.kind.value for event in door.events(SecretStr("by-hand"), clock, **start)]

    assert ours in kinds


@pytest.mark.parametrize("kind", [EventKind.TICKET_RATED, EventKind.AGENT_PRESENCE_CHANGED])
async def test_ratings_and_presence_arrive_too(kind: EventKind):
    emulator = emulated()
    clock = emulator.clock
    assert isinstance(clock, HandClock)
    emulator.add_ticket("Refund")

    async with a_door() as door:
        emulator.deliver_to(door.url, secret="by-hand")
        done = emulator.happen(Happening(kind=kind))
        await emulator.outbox.settled()
        (event,) = door.events(SecretStr("by-hand"), clock)

    assert (event.kind, event.subject_id) == (kind, done)


async def test_our_own_writes_come_back_with_our_own_id():
    emulator = emulated()
    clock = emulator.clock
    assert isinstance(clock, HandClock)

    async with a_door() as door, desk(emulator) as made:
        emulator.deliver_to(door.url, secret="by-hand")
        ref = await made.zendesk.open_ticket(a_draft(), key=TicketKey("k"))
        await made.zendesk.append_note(ref, Note(html="<p>x</p>", text="x"), key=NoteKey("n"))
        await emulator.outbox.settled()
        own = await made.zendesk.own_id()
        events = door.events(SecretStr("by-hand"), clock)

    assert sorted(event.kind.value for event in events) == ["note_added", "ticket_opened"]
    assert {(event.actor_id, event.subject_id) for event in events} == {(own, ref.id)}


async def test_v21_a_deleted_and_a_merged_ticket_are_told():
    emulator = emulated()
    clock = emulator.clock
    assert isinstance(clock, HandClock)
    gone, merged, heir = (emulator.add_ticket(name) for name in ("Gone", "Merged", "Heir"))

    async with a_door() as door:
        emulator.deliver_to(door.url, secret="by-hand")
        emulator.delete_ticket(gone.id)
        emulator.merge_ticket(merged.id, heir.id)
        await emulator.outbox.settled()
        events = door.events(SecretStr("by-hand"), clock)

    assert {event.subject_id for event in events} == {str(gone.id), str(merged.id)}


async def test_a_delivery_that_is_made_again_is_signed_again_and_is_the_same_event():
    emulator = emulated()
    clock = emulator.clock
    assert isinstance(clock, HandClock)
    emulator.outbox.retries = (0.0,)
    emulator.add_ticket("Refund")

    async with a_door() as door:
        door.status = 503
        emulator.deliver_to(door.url, secret="by-hand")
        emulator.happen(Happening(kind=EventKind.AGENT_REPLIED))
        await emulator.outbox.settled()
        first, again = door.events(SecretStr("by-hand"), clock)

    assert first == again


async def test_w26_a_webhook_that_zendesk_paused_says_so_and_goes_on_once_it_is_registered_again():
    emulator = emulated()
    emulator.outbox.retries = ()
    emulator.add_ticket("Refund")

    async with a_door() as door, desk(emulator, unchecked=BEYOND_THE_CONTRACT) as made:
        await made.zendesk.register_webhook(door.url)
        door.status = 500
        for _ in range(20):
            emulator.happen(Happening(kind=EventKind.NOTE_ADDED))
            await emulator.outbox.settled()
        emulator.happen(Happening(kind=EventKind.NOTE_ADDED))
        await emulator.outbox.settled()
        (paused,) = await made.zendesk.registered_webhooks()
        tried = len(door.deliveries)
        await made.zendesk.register_webhook(door.url)
        door.status = 200
        emulator.happen(Happening(kind=EventKind.NOTE_ADDED))
        await emulator.outbox.settled()
        (well,) = await made.zendesk.registered_webhooks()

    assert tried == 20
    assert not paused.delivers
    assert "Zendesk has paused it" in (paused.problem or "")
    assert (well.delivers, well.problem, well.secret) == (True, None, None)


async def test_w26_a_webhook_that_is_switched_off_says_so():
    emulator = emulated()

    async with desk(emulator) as made:
        webhook = await made.zendesk.register_webhook("https://bp.example/hook")
        emulator.webhooks[webhook.id].status = "inactive"
        (known,) = await made.zendesk.registered_webhooks()

    assert not known.delivers
    assert "switched off" in (known.problem or "")


async def test_invocations_that_cannot_be_read_are_no_problem_of_the_webhook():
    emulator = emulated()
    emulator.next_call(Fault.REDIRECT, operation="webhooks.invocations")

    async with desk(emulator, faulty=True) as made:
        await made.zendesk.register_webhook("https://bp.example/hook")
        (known,) = await made.zendesk.registered_webhooks()

    assert known.problem is None


@pytest.mark.parametrize(
    "happening",
    [
        pytest.param(Happening(kind=EventKind.AGENT_REPLIED), id="no ticket"),
        pytest.param(Happening(kind=EventKind.DEAL_CHANGED), id="another vendor's"),
        pytest.param(Happening(kind=EventKind.AGENT_PRESENCE_CHANGED, value="asleep"), id="no status"),
    ],
)
def test_what_cannot_be_played_says_why(happening: Happening):
    with pytest.raises(CannotPlayError):
        emulated().happen(happening)


def test_what_zendesk_refuses_cannot_be_played_either():
    emulator = emulated()
    ticket = emulator.add_ticket("Old", status="closed")

    for told in ({"kind": EventKind.AGENT_REPLIED}, {"kind": EventKind.HANDOFF_ASKED, "group": "Nobody"}):
        with pytest.raises(CannotPlayError):
            emulator.happen(Happening(ticket=str(ticket.id), **told))


def test_a_person_is_told_what_to_enter_where():
    assert manifest.webhooks is not None
    by_hand: Callable[..., tuple[str, ...]] = manifest.webhooks.by_hand
    told = {"subdomain": "acme", "client_id": "c", "client_secret": "s"}
    plain = by_hand(ZendeskSettings.model_validate(told), "https://bp.example/hook")
    with_rule = by_hand(
        ZendeskSettings.model_validate({**told, "start": {"field": "Ask", "value": "Yes"}}),
        "https://bp.example",
    )

    assert "Endpoint URL: https://bp.example/hook" in plain
    assert with_rule[-1].startswith("the field Ask being Yes: {")
    assert '"ticket_id": "{{ticket.id}}"' in with_rule[-1]


async def test_a_ticket_by_another_id_is_no_ticket_here():
    async with desk(emulated()) as made:
        with pytest.raises(RefusedError):
            made.zendesk.ticket_ref("abc")

        assert made.zendesk.ticket_ref("007") == TicketRef(id="7", url=f"{made.url}/agent/tickets/7")
