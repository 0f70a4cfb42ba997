"""Passing a messaging conversation to people."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from batonpass.domain.errors import ConfigurationError, OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.ticket import FieldId, FieldValue, Group, Priority, TicketDraft, TicketKey
from batonpass.ports import Capability
from batonpass.testing.emulator import Fault
from batonpass_zendesk import ZendeskSettings, manifest
from batonpass_zendesk.emulator import ZendeskEmulator
from batonpass_zendesk.passing import _metadata
from zendesk_served import HandClock, a_draft, desk

KEY = TicketKey("ho_1-pass")


def emulated(**options: object) -> ZendeskEmulator:
    return ZendeskEmulator.with_sample_account(clock=HandClock(), **options)


def full_draft(emulator: ZendeskEmulator) -> TicketDraft:
    billing = next(each for each in emulator.account.groups.values() if each.name == "Billing")
    tier = next(each for each in emulator.account.fields.values() if each.title == "Customer tier")
    value = FieldValue(id=FieldId(str(tier.id)), name="Customer tier", value="tier_pro")
    return a_draft(
        priority=Priority.HIGH,
        group=Group(id=str(billing.id), name="Billing"),
        tags=("ai_handoff", "refund"),
        fields=(value,),
    )


async def test_a_passed_conversation_is_a_ticket_with_what_the_draft_says():
    emulator = emulated()
    conversation = emulator.add_conversation("Please refund me.")

    async with desk(emulator, **emulator.messaging_login()) as made:
        ref = await made.zendesk.pass_conversation(conversation.id, full_draft(emulator), key=KEY)

    ticket = emulator.tickets[int(ref.id)]
    asker = emulator.account.users[ticket.requester_id]
    assert (asker.name, asker.email) == ("Grace Example", "grace@customer.example")
    assert (ticket.priority, ticket.tags) == ("high", ["ai_handoff", "refund", "tier_pro"])
    assert "tier_pro" in ticket.fields.values()
    assert emulator.account.groups[ticket.group_id or 0].name == "Billing"


async def test_passing_one_that_has_been_passed_changes_nothing():
    emulator = emulated()
    conversation = emulator.add_conversation("Please refund me.")

    async with desk(emulator, **emulator.messaging_login()) as made:
        first = await made.zendesk.pass_conversation(conversation.id, a_draft(), key=KEY)
        again = await made.zendesk.pass_conversation(conversation.id, a_draft(), key=KEY)

    assert first == again
    assert len(emulator.effects("conversation.passed")) == 1


async def test_while_the_ticket_is_not_there_it_is_looked_for_again_later():
    emulator = emulated(conversation_lag=3)
    clock = emulator.clock
    assert isinstance(clock, HandClock)
    conversation = emulator.add_conversation("Please refund me.")

    async with desk(emulator, faulty=True, clock=clock, **emulator.messaging_login()) as made:
        with pytest.raises(RetryLaterError) as later:
            await made.zendesk.pass_conversation(conversation.id, a_draft(), key=KEY)
        clock.passed += 4
        await made.zendesk.pass_conversation(conversation.id, a_draft(), key=KEY)

    assert (later.value.code, later.value.retry_after) == ("no_ticket_yet", 2.0)
    assert len(emulator.effects("conversation.passed")) == 1


async def test_v08_a_lost_answer_passes_it_once():
    emulator = emulated()
    emulator.next_call(Fault.ANSWER_LOST, operation="conversations.pass")
    conversation = emulator.add_conversation("Please refund me.")

    async with desk(emulator, faulty=True, **emulator.messaging_login()) as made:
        with pytest.raises(OutcomeUnknownError):
            await made.zendesk.pass_conversation(conversation.id, a_draft(), key=KEY)
        await made.zendesk.pass_conversation(conversation.id, a_draft(), key=KEY)

    assert len(emulator.effects("ticket.opened")) == 1


@pytest.mark.parametrize("name", ["0" * 24, "../../tickets", "a b"], ids=["unknown", "a path", "a space"])
async def test_a_conversation_that_is_not_there_is_refused(name: str):
    emulator = emulated()

    async with desk(emulator, **emulator.messaging_login()) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.pass_conversation(name, a_draft(), key=KEY)

    assert refused.value.code == "not_found"


async def test_the_support_login_opens_no_conversation():
    emulator = emulated()
    conversation = emulator.add_conversation("Hello")
    wrong = {**emulator.messaging_login(), "messaging_key_secret": "another"}

    async with desk(emulator, faulty=True, **wrong) as made:
        with pytest.raises(RetryLaterError) as refused:
            await made.zendesk.pass_conversation(conversation.id, a_draft(), key=KEY)

    assert refused.value.code == "credentials_refused"


async def test_without_the_messaging_api_it_is_a_matter_of_configuration():
    async with desk(emulated()) as made:
        with pytest.raises(ConfigurationError):
            await made.zendesk.pass_conversation("1", a_draft(), key=KEY)


def test_what_does_not_fit_into_the_metadata_is_left_out_from_the_end():
    fields = tuple(FieldValue(id=FieldId(str(number)), name="f", value="ü" * 300) for number in range(1, 20))

    kept = _metadata(a_draft(fields=fields))

    assert len(json.dumps(kept, ensure_ascii=False).encode()) <= 4096
    assert kept["dataCapture.systemField.requester.email"] == "grace@customer.example"
    assert [name for name in kept if "ticketField" in name] == [
        f"dataCapture.ticketField.{number}" for number in range(1, len(kept) - 1)
    ]


def test_only_a_connection_with_a_messaging_key_can_pass_conversations():
    login = {"subdomain": "acme", "client_id": "c", "client_secret": "s"}
    without = ZendeskSettings.model_validate(login)
    key = {"messaging_app_id": "a", "messaging_key_id": "k", "messaging_key_secret": "s"}
    with_key = ZendeskSettings.model_validate({**login, **key})

    assert Capability.PASS_CONVERSATION not in manifest.capabilities_of(without)
    assert Capability.PASS_CONVERSATION in manifest.capabilities_of(with_key)
    with pytest.raises(ValidationError, match="belong together"):
        ZendeskSettings.model_validate({**login, "messaging_key_id": "k"})
