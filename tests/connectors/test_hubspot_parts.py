"""A ticket's owner and pipeline in HubSpot, and what its admins ask of properties."""

from __future__ import annotations

import pytest
from hubspot_rig import a_desk, a_draft, desk

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldId, FieldKind, FieldValue, Form, NewField, TextUnit, TicketKey
from batonpass.testing.emulator import Fault
from batonpass_hubspot.emulated_schema import TICKETS

KEY = TicketKey("ho_1")
LONGEST = 65_536


def plan(value: str) -> FieldValue:
    return FieldValue(id=FieldId("plan"), name="Plan", value=value)


async def test_the_drafts_pipeline_takes_its_own_first_open_stage_whatever_stage_the_settings_name():
    async with desk(a_desk(), stage="Waiting on us") as at:
        form = Form(id=at.emulator.add_form("Returns"), name="Returns")
        returns = await at.tickets.open_ticket(a_draft(form=form), key=KEY)
        plain = await at.tickets.open_ticket(a_draft(), key=TicketKey("ho_2"))
        stored = [await at.tickets.read_ticket(ref) for ref in (returns, plain)]
        stages = at.emulator.account.ticket_pipelines[form.id][1]

    records = at.emulator.account.records
    assert [ticket.form_id for ticket in stored] == [form.id, "0"]
    assert records[TICKETS, returns.id].properties["hs_pipeline_stage"] == stages[0][0]
    assert records[TICKETS, plain.id].properties["hs_pipeline_stage"] == "3"


async def test_a_pipeline_that_is_gone_is_named_as_the_form_and_one_that_is_new_is_read():
    async with desk(a_desk()) as at:
        await at.tickets.open_ticket(a_draft(), key=TicketKey("ho_0"))
        form = Form(id=at.emulator.add_form("Returns"), name="Returns")
        opened = await at.tickets.open_ticket(a_draft(form=form), key=KEY)
        del at.emulator.account.ticket_pipelines[form.id]
        with pytest.raises(RefusedError) as refused:
            await at.tickets.open_ticket(a_draft(form=form), key=TicketKey("ho_2"))

    assert at.emulator.account.records[TICKETS, opened.id].properties["hs_pipeline"] == form.id
    assert refused.value.fields == ("form",)


async def test_an_owner_is_written_and_an_archived_one_named_as_the_assignee():
    async with desk(a_desk()) as at:
        jonas, priya = await at.tickets.agents()
        opened = await at.tickets.open_ticket(a_draft(assignee=priya), key=KEY)
        stored = await at.tickets.read_ticket(opened)
        at.emulator.account.owners[jonas.id]["archived"] = True
        with pytest.raises(RefusedError) as refused:
            await at.tickets.open_ticket(a_draft(assignee=jonas), key=TicketKey("ho_2"))

    assert stored.assignee_id == priya.id
    assert refused.value.fields == ("assignee",)


async def test_the_lengths_that_admins_have_set_are_told_beside_hubspots_own():
    emulator = a_desk()
    emulator.account.rules.longest[TICKETS, "plan"] = 40
    async with desk(emulator) as at:
        told = {each.name: each for each in (await at.tickets.field_schema()).fields}
        with pytest.raises(RefusedError) as refused:
            await at.tickets.open_ticket(a_draft(fields=(plan("x" * 41),)), key=KEY)

    assert (told["Plan"].longest, told["Plan"].unit) == (40, TextUnit.UTF16)
    assert told["Conversation ID"].longest == LONGEST
    assert told["MRR"].longest is None
    assert refused.value.fields == ("plan",)


async def test_what_admins_require_is_told_as_required():
    emulator = a_desk()
    emulator.require_field("plan")
    async with desk(emulator) as at:
        required = [each.name for each in (await at.tickets.field_schema()).fields if each.required]

    assert required == ["Plan"]


@pytest.mark.parametrize("operation", ["tickets.schema", "tickets.validations"])
@pytest.mark.parametrize("status", [403, 404])
async def test_a_token_that_may_not_read_the_rules_reads_the_rest(operation: str, status: int):
    emulator = a_desk()
    emulator.next_call(Fault.SERVER_ERROR, status=status, operation=operation)
    async with desk(emulator) as at:
        schema = await at.tickets.field_schema()

    assert {"Plan", "MRR"} <= {each.name for each in schema.fields}
    assert emulator.planned_faults == 0


async def test_a_created_text_field_tells_how_long_it_may_be():
    async with desk(a_desk()) as at:
        made = await at.tickets.create_field(NewField(name="Order", kind=FieldKind.TEXT))

    assert made.longest == LONGEST
