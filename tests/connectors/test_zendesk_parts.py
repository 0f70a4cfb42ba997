"""A ticket's assignee and form at Zendesk, and what its fields do to a ticket that is opened."""

from __future__ import annotations

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import Agent, FieldId, FieldValue, Form, Group, TicketChange, TicketKey
from batonpass_zendesk.emulated_account import EmulatedUser
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, a_draft, desk

KEY = TicketKey("ho_1-open")


def emulated() -> ZendeskEmulator:
    return ZendeskEmulator.with_sample_account(clock=HandClock())


def group(emulator: ZendeskEmulator, name: str) -> Group:
    found = next(each for each in emulator.account.groups.values() if each.name == name)
    return Group(id=str(found.id), name=name)


def nora(emulator: ZendeskEmulator, *groups: str) -> tuple[EmulatedUser, Agent]:
    """An agent who is in these groups alone."""
    user = next(each for each in emulator.account.users.values() if each.name == "Nora Lind")
    user.group_ids = [int(group(emulator, name).id) for name in groups]
    return user, Agent(id=str(user.id), name=user.name)


async def test_an_agent_who_is_not_in_the_group_is_named_as_the_assignee_and_nothing_is_opened():
    emulator = emulated()
    _, agent = nora(emulator, "Support")

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.open_ticket(a_draft(group=group(emulator, "Billing"), assignee=agent), key=KEY)

    assert refused.value.fields == ("assignee",)
    assert emulator.tickets == {}


async def test_an_assignee_without_a_group_brings_their_default_group():
    emulator = emulated()
    _, agent = nora(emulator, "Technical", "Support")

    async with desk(emulator) as made:
        stored = await made.zendesk.read_ticket(
            await made.zendesk.open_ticket(a_draft(assignee=agent), key=KEY)
        )

    assert (stored.assignee_id, stored.group_id) == (agent.id, group(emulator, "Technical").id)


async def test_a_new_group_without_the_assignee_leaves_the_ticket_to_nobody():
    emulator = emulated()
    _, agent = nora(emulator, "Support")

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(a_draft(assignee=agent), key=KEY)
        await made.zendesk.change_ticket(ref, TicketChange(group=group(emulator, "Billing")))
        stored = await made.zendesk.read_ticket(ref)

    assert (stored.assignee_id, stored.group_id) == (None, group(emulator, "Billing").id)


async def test_a_plan_without_forms_takes_a_form_and_keeps_none():
    emulator = emulated()
    emulator.account.forms = None

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(a_draft(form=Form(id="360000000999", name="Gone")), key=KEY)
        stored = await made.zendesk.read_ticket(ref)

    assert stored.form_id is None


async def test_without_a_form_the_ticket_has_the_accounts_default_one():
    emulator = emulated()

    async with desk(emulator) as made:
        forms = (await made.zendesk.field_schema()).forms
        stored = await made.zendesk.read_ticket(await made.zendesk.open_ticket(a_draft(), key=KEY))

    assert [form.name for form in forms] == ["Default ticket form", "Billing question"]
    assert stored.form_id == forms[0].id


async def test_a_field_that_is_required_to_solve_keeps_no_ticket_from_being_opened():
    emulator = emulated()
    plan = next(each for each in emulator.account.fields.values() if each.title == "Plan")
    emulator.require_field(str(plan.id))

    async with desk(emulator) as made:
        told = {field.name: field for field in (await made.zendesk.field_schema()).fields}
        await made.zendesk.open_ticket(a_draft(), key=KEY)

    assert not told["Plan"].required
    assert len(emulator.tickets) == 1


async def test_a_text_that_is_longer_than_a_field_can_hold_is_refused_by_the_fields_id():
    emulator = emulated()
    plan = next(each for each in emulator.account.fields.values() if each.title == "Plan")
    value = FieldValue(id=FieldId(str(plan.id)), name="Plan", value="x" * 65_536)

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.open_ticket(a_draft(fields=(value,)), key=KEY)

    assert refused.value.fields == (str(plan.id),)


async def test_a_passed_conversation_takes_the_assignee_along():
    emulator = emulated()
    conversation = emulator.add_conversation("Please refund me.")
    user, agent = nora(emulator, "Support")

    async with desk(emulator, **emulator.messaging_login()) as made:
        ref = await made.zendesk.pass_conversation(conversation.id, a_draft(assignee=agent), key=KEY)

    assert emulator.tickets[int(ref.id)].assignee_id == user.id
