"""The port `RegistersWebhooks`, and the emulator's rules at work: who does what, and what is delivered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from freshdesk_rig import SECRET, Desk, Door, a_draft, desk
from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import Note, NoteKey, Priority, TicketChange, TicketKey
from batonpass.ports import StartRule
from batonpass.testing.emulator import Fault
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass.testing.serving import served
from batonpass_freshdesk import FreshdeskSettings
from batonpass_freshdesk.automation import ALWAYS, start_rules
from batonpass_freshdesk.emulated_plays import PLAYS
from batonpass_freshdesk.emulator import FreshdeskEmulator
from batonpass_freshdesk.webhooks import receive
from fakes import NOON

URL = "https://baton.example/webhooks/freshdesk"
KEY = TicketKey("ho_1")
SETTINGS = FreshdeskSettings(domain="acme", api_key=SecretStr("k"), start=StartRule(tag="needs_person"))


@asynccontextmanager
async def delivered_to(
    door: Door, emulator: FreshdeskEmulator, **settings: object
) -> AsyncIterator[tuple[Desk, str]]:
    async with served(door) as url, desk(emulator, webhook_secret=SECRET, **settings) as made:
        yield made, f"{url}/webhooks/freshdesk"


def events(door: Door) -> list[tuple[EventKind, str | None]]:
    told = []
    for headers, body in door.taken:
        delivery = Delivery(method="POST", url=URL, headers=headers, body=body)
        (event,) = receive(delivery, secrets=[SecretStr(SECRET)], settings=SETTINGS, now=NOON)
        told.append((event.kind, event.subject_id))
    return told


async def test_registering_makes_a_rule_for_each_thing_and_gives_the_secret():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        webhook = await made.freshdesk.register_webhook(URL)
        (seen,) = await made.freshdesk.registered_webhooks()

    assert webhook.secret is not None
    assert len(webhook.secret.get_secret_value()) >= 32
    assert (webhook.url, webhook.delivers, webhook.problem) == (URL, True, None)
    assert (seen.url, seen.delivers, seen.problem, seen.secret) == (URL, True, None, None)
    assert seen.id == webhook.id
    assert len(emulator.account.rules) == len(ALWAYS)


async def test_registering_again_brings_the_same_rules_up_to_date_with_the_configured_secret():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator, webhook_secret=SECRET) as made:
        first = await made.freshdesk.register_webhook(URL)
        for rule in emulator.account.rules.values():
            rule.told["active"] = False
        again = await made.freshdesk.register_webhook(URL)
        (seen,) = await made.freshdesk.registered_webhooks()

    assert first == again
    assert (seen.delivers, seen.problem) == (True, None)
    assert len(emulator.effects("webhook.registered")) == len(ALWAYS)
    assert again.secret is not None
    assert again.secret.get_secret_value() == SECRET


async def test_a_lost_answer_while_registering_then_again_makes_no_rule_twice():
    emulator = FreshdeskEmulator.with_sample_account()
    emulator.next_call(Fault.ANSWER_LOST, operation="rules.create")

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(OutcomeUnknownError):
            await made.freshdesk.register_webhook(URL)
        await made.freshdesk.register_webhook(URL)

    assert len(emulator.account.rules) == len(ALWAYS)


@pytest.mark.parametrize(
    ("start", "condition"),
    [
        ({"tag": "needs_person"}, ("tag_names", "in", ["needs_person"])),
        ({"group": "billing"}, ("group_id", "in", None)),
        ({"field": "Identity verified", "value": "true"}, ("cf_identity_verified", "selected", None)),
        ({"field": "cf_plan", "value": "Team"}, ("cf_plan", "in", ["Team"])),
    ],
    ids=["tag", "group", "box", "field"],
)
async def test_a_start_rule_becomes_rules_with_its_condition(
    start: dict[str, str], condition: tuple[object, ...]
):
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator, start=start) as made:
        webhook = await made.freshdesk.register_webhook(URL)

    rules = [rule.told for rule in emulator.account.rules.values() if " handoff_asked " in rule.told["name"]]
    conditions = [rule["conditions"][0]["properties"][0] for rule in rules]
    assert len(rules) == len(start_rules(None))
    assert all((each["field_name"], each["operator"]) == condition[:2] for each in conditions)
    assert all(condition[2] in (None, each.get("value")) for each in conditions)
    assert "handoff_asked" in webhook.events


async def test_a_start_rule_that_names_nothing_here_is_refused():
    async with desk(FreshdeskEmulator.with_sample_account(), start={"group": "Nobody"}) as made:
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.register_webhook(URL)

    assert refused.value.code == "not_found"


async def test_where_freshdesk_keeps_less_than_was_sent_people_make_the_rules_by_hand():
    emulator = FreshdeskEmulator.with_sample_account(masks_content=True)

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.register_webhook(URL)

    assert refused.value.code == "unsupported"
    assert len(emulator.account.rules) == 1


async def test_a_key_of_no_admin_registers_nothing():
    async with desk(FreshdeskEmulator(is_admin=False)) as made:
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.register_webhook(URL)

    assert refused.value.code == "forbidden"


async def test_w26_rules_that_are_off_missing_or_too_narrow_are_told_with_the_fix():
    emulator = FreshdeskEmulator.with_sample_account()
    problems = []

    async with desk(emulator, webhook_secret=SECRET) as made:
        await made.freshdesk.register_webhook(URL)
        last = max(emulator.account.rules)
        emulator.add_user("New Colleague", is_agent=True)
        problems.append((await made.freshdesk.registered_webhooks())[0].problem)
        kept = emulator.account.rules.pop(last)
        problems.append((await made.freshdesk.registered_webhooks())[0].problem)
        emulator.account.rules[last] = kept
        kept.told["active"] = False
        problems.append((await made.freshdesk.registered_webhooks())[0].problem)
        await made.freshdesk.register_webhook(URL)
        problems.append((await made.freshdesk.registered_webhooks())[0].problem)

    assert problems[3] is None
    assert [
        "joined" in str(problems[0]),
        "missing" in str(problems[1]),
        "switched off" in str(problems[2]),
    ] == [True] * 3


async def test_other_peoples_webhooks_are_listed_too():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        emulator.deliver_to("https://elsewhere.example/hook", secret=SECRET)
        for rule in emulator.account.rules.values():
            rule.told["name"] = f"By hand {rule.id}"
        (seen,) = await made.freshdesk.registered_webhooks()

    assert (seen.url, seen.delivers, seen.problem) == ("https://elsewhere.example/hook", True, None)


# What is delivered --------------------------------------------------------------------------------------------

SAID = {
    EventKind.TICKET_OPENED: {EventKind.TICKET_OPENED},
    EventKind.TICKET_ASSIGNED: {EventKind.TICKET_ASSIGNED},
    EventKind.AGENT_REPLIED: {EventKind.AGENT_REPLIED},
    EventKind.CUSTOMER_REPLIED: {EventKind.CUSTOMER_REPLIED},
    EventKind.NOTE_ADDED: {EventKind.NOTE_ADDED},
    EventKind.STATUS_CHANGED: {EventKind.STATUS_CHANGED},
    EventKind.TICKET_SOLVED: {EventKind.TICKET_SOLVED},
    EventKind.TICKET_REOPENED: {EventKind.STATUS_CHANGED, EventKind.TICKET_REOPENED},
    EventKind.TICKET_RATED: {EventKind.TICKET_RATED},
    EventKind.HANDOFF_ASKED: {EventKind.HANDOFF_ASKED},
}


ASKS = {"resource_type": "ticket", "field_name": "tag_names", "operator": "in", "value": ["needs_person"]}


@pytest.mark.parametrize("kind", sorted(PLAYS))
async def test_what_happens_is_delivered_through_the_rules(kind: EventKind):
    emulator, door = FreshdeskEmulator.with_sample_account(start_condition=ASKS), Door()

    async with served(door) as url:
        emulator.happen(Happening(kind=EventKind.TICKET_OPENED))
        if kind is EventKind.TICKET_REOPENED:
            emulator.happen(Happening(kind=EventKind.TICKET_SOLVED))
        emulator.deliver_to(f"{url}/webhooks/freshdesk", secret=SECRET)
        tag = "needs_person" if kind is EventKind.HANDOFF_ASKED else None
        ticket = emulator.happen(Happening(kind=kind, tag=tag))
        await emulator.outbox.settled()

    assert {told for told, _ in events(door)} == SAID[kind]
    assert {subject for _, subject in events(door)} == {ticket}


async def test_the_rules_that_registering_makes_are_those_that_a_person_enters():
    emulator = FreshdeskEmulator.with_sample_account(start_condition=ASKS)

    async with desk(emulator, webhook_secret=SECRET, start={"tag": "needs_person"}) as made:
        await made.freshdesk.register_webhook(URL)
        registered = [rule.told for rule in emulator.account.rules.values()]
        emulator.account.rules.clear()
        emulator.deliver_to(URL, secret=SECRET)

    assert registered == [rule.told for rule in emulator.account.rules.values()]


async def test_what_a_person_entered_delivers_the_same():
    emulator, door = FreshdeskEmulator.with_sample_account(), Door()

    async with delivered_to(door, emulator) as (_, url):
        emulator.asks_when(StartRule(group="billing"))
        emulator.deliver_to(url, secret=SECRET)
        emulator.happen(Happening(kind=EventKind.TICKET_OPENED))
        emulator.happen(Happening(kind=EventKind.HANDOFF_ASKED, group="Billing"))
        await emulator.outbox.settled()

    assert Counter(kind for kind, _ in events(door)) == {
        EventKind.TICKET_OPENED: 1,
        EventKind.HANDOFF_ASKED: 1,
        EventKind.TICKET_ASSIGNED: 1,
    }


async def test_where_nobody_has_said_which_tickets_ask_no_rule_says_that_one_does():
    emulator = FreshdeskEmulator.with_sample_account()

    emulator.deliver_to(URL, secret=SECRET)

    assert len(emulator.account.rules) == len(ALWAYS)
    with pytest.raises(CannotPlayError, match="Nobody"):
        emulator.asks_when(StartRule(group="Nobody"))


async def test_our_own_changes_come_back_only_as_the_opening_of_a_ticket():
    emulator, door = FreshdeskEmulator.with_sample_account(), Door()

    async with delivered_to(door, emulator) as (made, url):
        await made.freshdesk.register_webhook(url)
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        await made.freshdesk.append_note(ref, Note(html="<p>x</p>", text="x"), key=NoteKey("n"))
        await made.freshdesk.reply(ref, "A person has it.", key=NoteKey("r"))
        await made.freshdesk.change_ticket(ref, TicketChange(priority=Priority.LOW))
        await emulator.outbox.settled()

    assert events(door) == [(EventKind.TICKET_OPENED, ref.id)]


async def test_a_rule_for_all_agents_delivers_our_own_changes_too():
    emulator, door = FreshdeskEmulator.with_sample_account(), Door()

    async with delivered_to(door, emulator) as (made, url):
        await made.freshdesk.register_webhook(url)
        for rule in emulator.account.rules.values():
            rule.told.get("performer", {}).pop("members", None)
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        await made.freshdesk.append_note(ref, Note(html="<p>x</p>", text="x"), key=NoteKey("n"))
        await emulator.outbox.settled()

    assert {kind for kind, _ in events(door)} == {EventKind.TICKET_OPENED, EventKind.NOTE_ADDED}


async def test_hostile_words_of_a_customer_are_in_no_delivery():
    emulator, door = FreshdeskEmulator.with_sample_account(), Door()

    async with delivered_to(door, emulator) as (_, url):
        emulator.deliver_to(url, secret=SECRET)
        emulator.happen(Happening(kind=EventKind.TICKET_OPENED, text='", "batonpass": "x'))
        await emulator.outbox.settled()

    assert all(json.loads(body)["ticket_id"] == "1" for _, body in door.taken)


@pytest.mark.parametrize(
    "happening",
    [
        pytest.param(Happening(kind=EventKind.AGENT_PRESENCE_CHANGED), id="no such webhook"),
        pytest.param(Happening(kind=EventKind.NOTE_ADDED, ticket="9"), id="no such ticket"),
        pytest.param(Happening(kind=EventKind.HANDOFF_ASKED, ticket="1"), id="by nothing"),
        pytest.param(
            Happening(kind=EventKind.HANDOFF_ASKED, ticket="1", field="Gone", value="x"), id="no such field"
        ),
        pytest.param(Happening(kind=EventKind.TICKET_ASSIGNED, ticket="1", group="Gone"), id="no such group"),
        pytest.param(Happening(kind=EventKind.AGENT_REPLIED, ticket="1", agent="9"), id="no such agent"),
    ],
)
def test_what_cannot_be_played_is_said(happening: Happening):
    emulator = FreshdeskEmulator.with_sample_account()
    emulator.add_ticket("Hello")

    with pytest.raises(CannotPlayError):
        emulator.happen(happening)
