"""One ticket per key in HubSpot, whatever goes wrong there."""

from __future__ import annotations

import pytest
from hubspot_rig import a_desk, a_draft, desk

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import (
    Agent,
    FieldId,
    FieldKind,
    FieldValue,
    NewField,
    Note,
    NoteKey,
    Priority,
    Requester,
    TicketChange,
    TicketKey,
    TicketStatus,
)
from batonpass.testing.emulator import Fault
from batonpass_hubspot.emulated_schema import CONTACTS, TICKETS

KEY = TicketKey("ho_1")
TEXT_KINDS = ["answer_lost", "answer_truncated", "answer_empty", "error_after_commit", "broken_json"]


@pytest.mark.parametrize("fault", TEXT_KINDS)
async def test_v08_a_lost_answer_then_the_same_key_opens_one_ticket(fault: str):
    async with desk(a_desk()) as at:
        at.emulator.next_call(Fault(fault), operation="tickets.create")
        with pytest.raises(OutcomeUnknownError):
            await at.tickets.open_ticket(a_draft(), key=KEY)

        found = await at.tickets.find_ticket(KEY)
        again = await at.tickets.open_ticket(a_draft(subject="Another"), key=KEY)

    assert found == again
    assert [effect.key for effect in at.emulator.effects("ticket.opened")] == [KEY]


@pytest.mark.parametrize("status", [400, 409])
async def test_a_taken_key_is_the_ticket_that_has_it_whatever_the_refusal_says(status: int):
    async with desk(a_desk()) as at:
        at.emulator.account.rules.taken_status = status
        first = await at.tickets.open_ticket(a_draft(), key=KEY)

        second = await at.tickets.open_ticket(a_draft(), key=KEY)

    assert first == second
    assert len(at.emulator.effects("ticket.opened")) == 1


async def test_v10_a_lagging_search_index_opens_no_second_ticket():
    emulator = a_desk()
    emulator.search_lag = 3600

    async with desk(emulator) as at:
        opened = await at.tickets.open_ticket(a_draft(), key=KEY)

        assert await at.tickets.find_ticket(KEY) == opened
    assert "tickets.search" not in emulator.calls


@pytest.mark.parametrize("restarted", [False, True])
async def test_without_the_key_property_the_ticket_is_opened_once_all_the_same(restarted: bool):
    emulator = a_desk()
    del emulator.account.definitions[TICKETS]["batonpass_key"]

    async with desk(emulator) as at:
        emulator.next_call(Fault.ANSWER_LOST, operation="tickets.create")
        with pytest.raises(OutcomeUnknownError):
            await at.tickets.open_ticket(a_draft(), key=KEY)
        if not restarted:
            await at.tickets.open_ticket(a_draft(), key=KEY)
    async with desk(emulator) as at:
        found = await at.tickets.find_ticket(KEY, requester=a_draft().requester)
        again = await at.tickets.open_ticket(a_draft(), key=KEY)
        warnings = (await at.tickets.check_access()).warnings

    assert found is not None
    assert found.id == again.id
    assert [effect.key for effect in emulator.effects("ticket.opened")] == [KEY]
    assert any("batonpass_key" in each and "batonpass provision" in each for each in warnings)


async def test_a_key_property_that_is_deleted_meanwhile_loses_no_ticket():
    async with desk(a_desk()) as at:
        await at.tickets.open_ticket(a_draft(), key=TicketKey("ho_0"))
        del at.emulator.account.definitions[TICKETS]["batonpass_key"]

        await at.tickets.open_ticket(a_draft(), key=KEY)

    assert [effect.key for effect in at.emulator.effects("ticket.opened")] == ["ho_0", KEY]


async def test_the_note_is_no_part_of_the_ticket_and_never_its_description():
    async with desk(a_desk()) as at:
        opened = await at.tickets.open_ticket(a_draft(), key=KEY)

        ticket = at.emulator.account.records[TICKETS, opened.id]
    assert "refund" not in ticket.properties["content"].lower()
    assert at.emulator.effects("note.appended") == []


@pytest.mark.parametrize("known", [True, False])
async def test_the_customer_is_linked_and_made_only_where_they_are_not_known(known: bool):
    emulator = a_desk()
    if known:
        emulator.add_contact({"email": "grace@customer.example"})

    async with desk(emulator) as at:
        opened = await at.tickets.open_ticket(a_draft(), key=KEY)

        (contact,) = emulator.account.linked(TICKETS, opened.id, CONTACTS)
    address = emulator.account.records[CONTACTS, contact["id"]].properties["email"]
    assert address == "grace@customer.example"
    assert len(emulator.effects("contact.created")) == (0 if known else 1)


@pytest.mark.parametrize("missing", ["crm.objects.contacts.write", "an address"])
async def test_a_customer_that_cannot_be_made_is_named_as_the_refused_part(missing: str):
    emulator = a_desk()
    emulator.scopes.discard(missing)
    email = "nowhere" if missing == "an address" else "grace@customer.example"

    async with desk(emulator) as at:
        with pytest.raises(RefusedError) as refused:
            await at.tickets.open_ticket(a_draft(requester=Requester(email=email)), key=KEY)
        opened = await at.tickets.open_ticket(a_draft(requester=None), key=KEY)

    assert "requester" in refused.value.fields
    assert refused.value.status == 400
    assert email not in str(refused.value)
    assert opened.id


async def test_v20_a_missing_scope_is_named_and_not_tried_again():
    emulator = a_desk()
    emulator.scopes.discard("tickets")

    async with desk(emulator) as at:
        with pytest.raises(RefusedError) as refused:
            await at.tickets.read_ticket(at.tickets.ticket_ref("7001"))

    assert refused.value.code == "forbidden"
    assert "tickets" in refused.value.fields
    assert len(emulator.calls) == 1


async def test_v21_a_deleted_ticket_is_gone():
    async with desk(a_desk()) as at:
        opened = await at.tickets.open_ticket(a_draft(), key=KEY)
        at.emulator.delete_ticket(opened.id)

        with pytest.raises(RefusedError) as refused:
            await at.tickets.read_ticket(opened)

    assert refused.value.status == 404


async def test_v27_a_validation_rule_names_the_field_it_rejects():
    async with desk(a_desk()) as at:
        at.emulator.account.rules.validation[TICKETS, "plan"] = "[A-Z]+"
        plan = FieldValue(id=FieldId("plan"), name="Plan", value="basic")

        with pytest.raises(RefusedError) as refused:
            await at.tickets.open_ticket(a_draft(fields=(plan,)), key=KEY)

    assert refused.value.fields == ("plan",)
    assert refused.value.status == 400


async def test_v28_a_deleted_stage_is_replaced_by_the_first_open_one():
    async with desk(a_desk(), stage="New") as at:
        await at.tickets.open_ticket(a_draft(), key=TicketKey("ho_0"))
        stages = tuple(each for each in at.emulator.account.ticket_pipelines["0"][1] if each[1] != "New")
        at.emulator.account.ticket_pipelines["0"] = ("Support Pipeline", stages)

        opened = await at.tickets.open_ticket(a_draft(), key=KEY)
        warnings = (await at.tickets.check_access()).warnings

    assert at.emulator.account.records[TICKETS, opened.id].properties["hs_pipeline_stage"] == "2"
    assert any("'New'" in each for each in warnings)


async def test_v28_an_archived_owner_is_named_as_the_assignee():
    async with desk(a_desk()) as at:
        opened = await at.tickets.open_ticket(a_draft(), key=KEY)
        (owner, *_) = at.emulator.account.owners.values()
        owner["archived"] = True

        with pytest.raises(RefusedError) as refused:
            await at.tickets.change_ticket(opened, TicketChange(assignee=Agent(id=owner["id"])))

    assert refused.value.fields == ("assignee",)


async def test_v29_a_value_that_hubspot_drops_is_seen_to_be_missing():
    async with desk(a_desk()) as at:
        at.emulator.account.rules.drops.add((TICKETS, "plan"))
        plan = FieldValue(id=FieldId("plan"), name="Plan", value="basic")
        opened = await at.tickets.open_ticket(a_draft(fields=(plan,), priority=Priority.URGENT), key=KEY)

        stored = await at.tickets.read_ticket(opened)

    assert stored.fields[FieldId("plan")] is None
    assert stored.priority is Priority.URGENT


async def test_a_note_is_found_by_its_key_among_hundreds():
    async with desk(a_desk()) as at:
        opened = await at.tickets.open_ticket(a_draft(), key=KEY)
        await at.tickets.append_note(opened, Note(html="<p>x</p>", text="x"), key=NoteKey("first"))
        for _ in range(510):
            note = at.emulator.account.store("notes", {"hs_note_body": "talk"})
            at.emulator.account.link(228, note.id, opened.id)

        assert await at.tickets.find_note(opened, key=NoteKey("first"))
        assert not await at.tickets.find_note(opened, key=NoteKey("firs"))


async def test_a_status_is_a_stage_of_the_tickets_own_pipeline_and_set_once():
    async with desk(a_desk()) as at:
        opened = await at.tickets.open_ticket(a_draft(), key=KEY)
        other = (("91", "Fresh", False), ("92", "Done", True))
        at.emulator.account.ticket_pipelines["9"] = ("Returns", other)
        at.emulator.account.records[TICKETS, opened.id].properties |= {
            "hs_pipeline": "9",
            "hs_pipeline_stage": "91",
        }
        await at.tickets.field_schema()

        for _ in range(2):
            await at.tickets.change_ticket(opened, TicketChange(status=TicketStatus.SOLVED))
        stored = await at.tickets.read_ticket(opened)

    assert stored.status is TicketStatus.SOLVED
    assert at.emulator.account.records[TICKETS, opened.id].properties["hs_pipeline_stage"] == "92"
    assert len(at.emulator.effects("ticket.changed")) == 1


async def test_tags_are_added_and_none_is_removed():
    async with desk(a_desk()) as at:
        opened = await at.tickets.open_ticket(a_draft(tags=("vip",)), key=KEY)
        await at.tickets.change_ticket(opened, TicketChange(add_tags=("late", "vip")))

        assert (await at.tickets.read_ticket(opened)).tags == {"vip", "late"}


async def test_without_a_group_property_there_are_no_groups_and_a_change_of_one_is_refused():
    async with desk(a_desk(), group_property=None) as at:
        schema = await at.tickets.field_schema()

    assert schema.groups == ()
    assert "support_group" in {field.id for field in schema.fields}


async def test_the_name_of_a_deleted_property_is_a_conflict_that_says_what_to_do():
    async with desk(a_desk()) as at:
        at.emulator.properties.archived.add("order_number")

        with pytest.raises(RefusedError) as refused:
            await at.tickets.create_field(NewField(name="Order number", kind=FieldKind.TEXT))

    assert refused.value.code == "conflict"
    assert "restore" in str(refused.value)


async def test_a_field_for_whole_numbers_becomes_a_number_once_and_says_so():
    field = NewField(name="Order count", kind=FieldKind.INTEGER)
    async with desk(a_desk()) as at:
        first = await at.tickets.create_field(field)
        again = await at.tickets.create_field(field)
        value = FieldValue(id=first.id, name=first.name, value=42)
        opened = await at.tickets.open_ticket(a_draft(fields=(value,)), key=KEY)
        stored = await at.tickets.read_ticket(opened)

    assert (first.kind, again) == (FieldKind.DECIMAL, first)
    assert stored.fields[first.id] == 42
    assert len(at.emulator.effects("field.created")) == 1


async def test_the_schema_has_our_own_fields_last_even_hidden_ones():
    async with desk(a_desk()) as at:
        at.emulator.account.definitions[TICKETS]["batonpass_tags"]["hidden"] = True

        schema = await at.tickets.field_schema()

    own = {field.name for field in at.tickets.own_fields()}
    assert {field.name for field in schema.fields[-2:]} == own


async def test_the_property_that_holds_tags_is_told_as_tags_and_as_no_field():
    async with desk(a_desk()) as at:
        stored = await at.tickets.read_ticket(await at.tickets.open_ticket(a_draft(tags=("vip",)), key=KEY))

    assert stored.tags == {"vip"}
    assert FieldId("batonpass_tags") not in stored.fields
