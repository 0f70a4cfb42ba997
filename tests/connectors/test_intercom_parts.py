"""A ticket's assignee and ticket type at Intercom."""

from __future__ import annotations

import pytest
from intercom_rig import a_draft, a_value, desk

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import Agent, Form, TicketChange, TicketKey
from batonpass_intercom.emulator import IntercomEmulator
from fakes import FakeClock

KEY = TicketKey("ho_1-open")
NAMED = {"ticket_type": "Support request"}


def two_types() -> tuple[IntercomEmulator, Form]:
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    return emulator, Form(id=emulator.add_form("Refund"), name="Refund")


async def test_group_and_assignee_are_both_written_in_the_call_that_opens():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    async with desk(emulator) as made:
        groups = (await made.intercom.field_schema()).groups
        ada = (await made.intercom.agents())[0]
        ref = await made.intercom.open_ticket(a_draft(group=groups[1], assignee=ada), key=KEY)
        stored = await made.intercom.read_ticket(ref)

    assert (stored.group_id, stored.assignee_id) == (groups[1].id, ada.id)
    assert "tickets.update" not in emulator.calls


async def test_a_list_of_another_ticket_type_is_written_and_read_by_that_types_own_items():
    emulator, refund = two_types()
    async with desk(emulator, **NAMED) as made:
        schema = await made.intercom.field_schema()
        draft = a_draft(form=refund, fields=(a_value("Customer tier", "Pro"),))
        ref = await made.intercom.open_ticket(draft, key=KEY)
        first = await made.intercom.read_ticket(ref)
        await made.intercom.change_ticket(ref, TicketChange(fields=(a_value("Customer tier", "Free"),)))
        then = await made.intercom.read_ticket(ref)

    assert [form.name for form in schema.forms] == ["Support request", "Refund"]
    assert (first.form_id, first.fields["Customer tier"]) == (refund.id, "Pro")
    assert then.fields["Customer tier"] == "Free"


async def test_a_ticket_of_another_type_is_found_by_its_key_by_a_process_that_did_not_open_it():
    emulator, refund = two_types()
    async with desk(emulator, **NAMED) as one:
        opened = await one.intercom.open_ticket(a_draft(form=refund), key=KEY)
    async with desk(emulator, **NAMED) as another:
        found = await another.intercom.find_ticket(KEY)

    assert found is not None
    assert found.id == opened.id


async def test_an_attribute_that_the_ticket_type_lacks_is_named_before_anything_is_opened():
    emulator, refund = two_types()
    emulator.take_off_form("Plan", refund.id)
    async with desk(emulator, **NAMED) as made:
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(form=refund, fields=(a_value("Plan", "Basic"),)), key=KEY)

    assert refused.value.fields == ("Plan",)
    assert emulator.tickets == []


async def test_a_ticket_type_that_was_made_since_is_read_anew():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    async with desk(emulator, **NAMED) as made:
        await made.intercom.open_ticket(a_draft(), key=TicketKey("ho_0-open"))
        refund = Form(id=emulator.add_form("Refund"), name="Refund")

        ref = await made.intercom.open_ticket(a_draft(form=refund), key=KEY)

        assert (await made.intercom.read_ticket(ref)).form_id == refund.id


async def test_what_teammates_must_fill_in_is_told_as_required_also_where_the_api_does_not_ask():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    emulator.require_field("Plan")
    async with desk(emulator) as made:
        told = {field.name for field in (await made.intercom.field_schema()).fields if field.required}
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(), key=KEY)
        emulator.account.needs_required = False
        await made.intercom.open_ticket(a_draft(), key=KEY)

    assert told == {"Plan"}
    assert refused.value.fields == ("Plan",)
    assert len(emulator.tickets) == 1


async def test_an_unknown_assignee_is_named():
    async with desk() as made:
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(assignee=Agent(id="1")), key=KEY)

    assert refused.value.fields == ("assignee",)
