"""A ticket's assignee and type at Freshdesk, and how long its texts may be."""

from __future__ import annotations

import pytest
from freshdesk_rig import a_draft, a_value, desk

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import Agent, Form, Group, TicketKey
from batonpass_freshdesk.emulator import FreshdeskEmulator

KEY = TicketKey("ho_1-open")


def group(emulator: FreshdeskEmulator, name: str) -> Group:
    found = next(each for each in emulator.account.groups.values() if each.name == name)
    return Group(id=str(found.id), name=name)


def tom(emulator: FreshdeskEmulator) -> Agent:
    """In Support alone."""
    user = next(each for each in emulator.account.agents() if each.name == "Tom Becker")
    user.group_ids = [int(group(emulator, "Support").id)]
    return Agent(id=str(user.id), name=user.name)


async def test_an_agent_who_is_not_in_the_group_is_named_as_the_assignee_and_nothing_is_opened():
    emulator = FreshdeskEmulator.with_sample_account()
    draft = a_draft(group=group(emulator, "Billing"), assignee=tom(emulator))

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.open_ticket(draft, key=KEY)

    assert refused.value.fields == ("assignee",)
    assert emulator.tickets == {}


async def test_ticket_types_are_the_forms_and_the_drafts_comes_before_the_settings():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator, ticket_type="Incident") as made:
        forms = (await made.freshdesk.field_schema()).forms
        plain = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        refund = await made.freshdesk.open_ticket(
            a_draft(form=Form(id="Refund", name="Refund")), key=TicketKey("ho_2-open")
        )
        stored = [await made.freshdesk.read_ticket(ref) for ref in (plain, refund)]

    assert [form.id for form in forms] == emulator.account.types
    assert [ticket.form_id for ticket in stored] == ["Incident", "Refund"]


async def test_a_compulsory_type_that_nobody_gives_is_named_as_the_form():
    emulator = FreshdeskEmulator.with_sample_account()
    emulator.account.needs_type = True

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.open_ticket(a_draft(), key=KEY)

    assert refused.value.fields == ("form",)


async def test_how_long_a_line_may_be_is_what_the_settings_say():
    emulator = FreshdeskEmulator.with_sample_account()
    plan = next(each for each in emulator.account.fields.values() if each.label == "Plan")

    async with desk(emulator, text_limit=100) as made:
        told = {field.name: field.longest for field in (await made.freshdesk.field_schema()).fields}
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.open_ticket(a_draft(fields=(a_value(plan, "x" * 256),)), key=KEY)

    assert (told["Plan"], told["MRR"], told["Customer tier"]) == (100, None, None)
    assert refused.value.fields == (plan.name,)


async def test_a_renamed_option_is_renamed_on_tickets_and_its_old_name_refused():
    emulator = FreshdeskEmulator.with_sample_account()
    tier = next(each for each in emulator.account.fields.values() if each.label == "Customer tier")

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(fields=(a_value(tier, "Pro"),)), key=KEY)
        emulator.rename_option(tier.name, "Pro", "Professional")
        stored = await made.freshdesk.read_ticket(ref)
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.open_ticket(a_draft(fields=(a_value(tier, "Pro"),)), key=TicketKey("ho_2"))

    assert stored.fields[tier.name] == "Professional"
    assert refused.value.fields == (tier.name,)
