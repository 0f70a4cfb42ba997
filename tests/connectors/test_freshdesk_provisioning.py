"""The port `ProvisionsFields`."""

from __future__ import annotations

import pytest
from freshdesk_rig import a_draft, desk

from batonpass.domain.errors import OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.ticket import FieldId, FieldKind, NewField, TicketKey
from batonpass.testing.emulator import Fault
from batonpass_freshdesk import wire
from batonpass_freshdesk.emulator import FreshdeskEmulator
from batonpass_freshdesk.keys import key_tag
from fakes import FakeClock

KEY = TicketKey("ho_1")


async def test_our_own_field_is_made_hidden_and_keeps_the_key_from_then_on():
    emulator = FreshdeskEmulator()

    async with desk(emulator, key_field="Baton ref") as made:
        before = await made.freshdesk.open_ticket(a_draft(), key=TicketKey("ho_0"))
        (wanted,) = made.freshdesk.own_fields()
        created = await made.freshdesk.create_field(wanted)
        after = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        found = await made.freshdesk.find_ticket(TicketKey("ho_0"), requester=a_draft().requester)

    assert (created.name, created.kind, created.id) == ("Baton ref", FieldKind.TEXT, "cf_baton_ref")
    assert emulator.tickets[int(after.id)].fields == {"cf_baton_ref": KEY}
    assert emulator.tickets[int(before.id)].tags == [key_tag(TicketKey("ho_0"))]
    assert found == before


async def test_a_field_gets_the_name_that_freshdesk_gave_it():
    emulator = FreshdeskEmulator()
    emulator.add_field("Handoff: reason", "custom_text")

    async with desk(emulator) as made:
        wanted = NewField(name="Handoff reason", kind=FieldKind.DROPDOWN, options=("Security", "Other"))
        created = await made.freshdesk.create_field(wanted)

    assert created.id != "cf_handoff_reason"
    assert created.id in emulator.account.fields
    assert [option.value for option in created.options] == ["Security", "Other"]


async def test_creating_again_gives_the_same_field_with_the_options_that_it_lacked():
    emulator = FreshdeskEmulator()

    async with desk(emulator) as made:
        first = await made.freshdesk.create_field(
            NewField(name="Tier", kind=FieldKind.DROPDOWN, options=("A", "B"))
        )
        ids = dict(emulator.account.fields[first.id].choices)
        again = await made.freshdesk.create_field(
            NewField(name="tier", kind=FieldKind.DROPDOWN, options=("B", "C"))
        )
        same = await made.freshdesk.add_options(first.id, ("C", "A"))

    assert (again.id, [option.label for option in again.options]) == (first.id, ["A", "B", "C"])
    assert same == again
    assert ids.items() <= emulator.account.fields[first.id].choices.items()
    assert len(emulator.effects("field.created")) == 1


async def test_a_lost_answer_then_creating_again_makes_one_field():
    emulator = FreshdeskEmulator()
    emulator.next_call(Fault.ANSWER_LOST, operation="admin_fields.create")
    wanted = NewField(name="Plan", kind=FieldKind.TEXT)

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(OutcomeUnknownError):
            await made.freshdesk.create_field(wanted)
        await made.freshdesk.create_field(wanted)

    assert len(emulator.effects("field.created")) == 1


async def test_another_kind_of_the_same_name_is_a_conflict_and_some_kinds_cannot_be_made():
    emulator = FreshdeskEmulator()
    emulator.add_field("Plan", "custom_number")

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as conflict:
            await made.freshdesk.create_field(NewField(name="Plan", kind=FieldKind.TEXT))
        with pytest.raises(RefusedError) as standard:
            await made.freshdesk.create_field(NewField(name="Subject", kind=FieldKind.TEXT))
        with pytest.raises(RefusedError) as unsupported:
            await made.freshdesk.create_field(NewField(name="X", kind=FieldKind.OTHER))
        with pytest.raises(RefusedError) as missing:
            await made.freshdesk.add_options(FieldId("cf_gone"), ("A",))

    codes = [each.value.code for each in (conflict, standard, unsupported, missing)]
    assert codes == ["conflict", "conflict", "unsupported", "not_found"]


async def test_many_options_are_applied_in_the_background_and_more_have_to_wait():
    clock = FakeClock()
    emulator = FreshdeskEmulator(clock=clock)
    many = tuple(f"Option {number}" for number in range(120))

    async with desk(emulator, clock=clock) as made:
        created = await made.freshdesk.create_field(
            NewField(name="Many", kind=FieldKind.DROPDOWN, options=many)
        )
        with pytest.raises(RetryLaterError) as busy:
            await made.freshdesk.add_options(created.id, ("One more",))
        clock.go_on(61)
        more = await made.freshdesk.add_options(created.id, ("One more",))

    assert (busy.value.code, busy.value.consumes_attempt) == ("field_update_in_progress", False)
    assert len(more.options) == 121


async def test_a_key_of_no_admin_creates_nothing():
    emulator = FreshdeskEmulator(is_admin=False)

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as forbidden:
            await made.freshdesk.create_field(NewField(name="Plan", kind=FieldKind.TEXT))

    assert forbidden.value.code == "forbidden"


def test_a_choice_of_another_shape_is_none_and_breaks_nothing():
    odd = [{"id": "x", "value": "Odd"}, {"value": 7}, 7, None, {"id": 1, "value": "Gold"}, "Silver"]

    field = wire.TicketField(id=1, name="cf_tier", label="Tier", type="custom_dropdown", choices=odd)

    assert field.labels == ("Gold", "Silver")
