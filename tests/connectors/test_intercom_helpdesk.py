"""Each sentence of the helpdesk ports, for tickets and conversations, against the emulator and Intercom's contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from intercom_rig import a_draft, a_value, desk

from batonpass.domain.errors import ConfigurationError, CredentialsRefusedError, RefusedError
from batonpass.domain.ticket import (
    FieldId,
    Group,
    Note,
    Priority,
    Requester,
    TicketKey,
    landed,
)
from batonpass.ports import PROTOCOLS, Probe
from batonpass_intercom import manifest
from batonpass_intercom.emulator import IntercomEmulator
from fakes import FakeClock

KEY = TicketKey("ho_1-open")
NOTE = Note(html="<p>Late facts.</p>", text="Late facts.")


async def test_it_offers_the_ports_of_its_manifest():
    async with desk() as made:
        access = await made.intercom.check_access()

        assert all(isinstance(made.intercom, PROTOCOLS[each]) for each in manifest.capabilities)
        assert isinstance(made.intercom, Probe)
        assert "Emulated workspace" in access.account
        assert access.warnings == ()


# Opening --------------------------------------------------------------------------------------------------------


async def test_a_full_draft_arrives_whole():
    sent = (
        a_value("Customer tier", "Pro"),
        a_value("Plan", "Gold, yearly"),
        a_value("MRR", Decimal("129.90")),
        a_value("Renewal date", date(2027, 1, 31)),
        a_value("AI confidence", 42),
        a_value("Identity verified", True),
    )
    async with desk() as made:
        billing = next(
            group for group in (await made.intercom.field_schema()).groups if group.name == "Billing"
        )
        draft = a_draft(group=billing, tags=("ai_handoff",), fields=sent)

        ref = await made.intercom.open_ticket(draft, key=KEY)
        stored = await made.intercom.read_ticket(ref)

    assert ref.id.startswith("ticket-")
    assert ref.number == "1"
    assert (stored.ref, stored.subject, stored.group_id) == (ref, draft.subject, billing.id)
    assert stored.tags == {"ai_handoff"}
    assert all(landed(value.value, stored.fields.get(value.id)) for value in sent)


async def test_nothing_of_the_note_is_in_a_new_ticket():
    async with desk() as made:
        await made.intercom.open_ticket(a_draft(), key=KEY)

    (ticket,) = made.emulator.tickets
    assert ticket.parts == []
    assert "refund" not in ticket.description.lower()


async def test_one_key_twice_opens_one_ticket_and_the_first_draft_stands():
    async with desk() as made:
        first = await made.intercom.open_ticket(a_draft(subject="One"), key=KEY)
        second = await made.intercom.open_ticket(a_draft(subject="Two"), key=KEY)

    assert first == second
    assert [ticket.title for ticket in made.emulator.tickets] == ["One"]
    assert [effect.key for effect in made.emulator.effects("ticket.opened")] == [KEY]


async def test_another_process_finds_the_ticket_by_its_key_and_only_by_its_own():
    async with desk() as first:
        ref = await first.intercom.open_ticket(a_draft(), key=KEY)
    async with desk(first.emulator) as second:
        found = await second.intercom.find_ticket(KEY)
        other = await second.intercom.find_ticket(TicketKey("ho_1-ope"))

    assert found is not None
    assert found.id == ref.id
    assert other is None


async def test_a_customer_is_one_contact_however_many_tickets():
    async with desk() as made:
        for number in range(3):
            await made.intercom.open_ticket(a_draft(), key=TicketKey(f"ho_{number}"))

    assert len(made.emulator.effects("contact.created")) == 1
    assert len({ticket.contact_id for ticket in made.emulator.tickets}) == 1


async def test_a_contact_that_search_does_not_know_yet_is_taken_from_the_conflict():
    clock = FakeClock()
    emulator = IntercomEmulator.with_sample_account(clock=clock, search_lag=300.0)
    there = emulator.account.add_contact(clock.now(), email="grace@customer.example")
    async with desk(emulator) as made:
        await made.intercom.open_ticket(a_draft(), key=KEY)

    assert [ticket.contact_id for ticket in emulator.tickets] == [there.id]


@pytest.mark.parametrize("requester", [None, Requester(), Requester(name="Grace")])
async def test_a_customer_without_an_address_gets_a_contact_by_our_key(requester: Requester | None):
    async with desk() as made:
        await made.intercom.open_ticket(a_draft(requester=requester), key=KEY)

    (ticket,) = made.emulator.tickets
    contact = made.emulator.account.contacts[ticket.contact_id]
    assert contact.external_id == f"batonpass-{KEY}"
    assert contact.name == (requester.name if requester and requester.name else "Customer")


async def test_without_the_key_attribute_the_ticket_is_opened_and_the_probe_warns():
    async with desk(key_attribute="Not there") as made:
        ref = await made.intercom.open_ticket(a_draft(), key=KEY)
        access = await made.intercom.check_access()

    assert [f"ticket-{ticket.id}" for ticket in made.emulator.tickets] == [ref.id]
    assert "Not there" in access.warnings[0]


async def test_of_several_ticket_types_one_must_be_named():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    emulator.account.add_type("Type 2")
    async with desk(emulator) as made:
        with pytest.raises(ConfigurationError, match="Type 2"):
            await made.intercom.check_access()
        with pytest.raises(RefusedError, match="ticket_type"):
            await made.intercom.open_ticket(a_draft(), key=KEY)
    async with desk(emulator, ticket_type="Support request") as made:
        await made.intercom.open_ticket(a_draft(), key=KEY)

    assert len(emulator.tickets) == 1


async def test_a_wrong_token_is_credentials_refused():
    async with desk(access_token="dG9rOndyb25nX3Rva2VuX3dyb25nX3Rva2Vu") as made:
        with pytest.raises(CredentialsRefusedError):
            await made.intercom.check_access()


# Refusals and drift ---------------------------------------------------------------------------------------------


async def test_a_priority_is_refused_by_name_before_anything_is_opened():
    async with desk() as made:
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(priority=Priority.HIGH), key=KEY)

    assert (refused.value.status, refused.value.fields) == (422, ("priority",))
    assert made.emulator.tickets == []


async def test_v25_an_archived_attribute_is_named_and_the_ticket_is_made_without_it():
    async with desk() as made:
        fields = (a_value("Plan", "Gold"),)
        await made.intercom.open_ticket(a_draft(fields=fields), key=TicketKey("ho_before"))
        plan = next(each for each in made.emulator.account.ticket_fields.values() if each.name == "Plan")
        plan.active = False
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(fields=fields), key=KEY)
        await made.intercom.open_ticket(a_draft(), key=KEY)

    assert refused.value.fields == ("Plan",)
    assert len(made.emulator.tickets) == 2


async def test_v26_an_option_that_is_gone_names_its_field():
    async with desk() as made:
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(fields=(a_value("Customer tier", "Gold"),)), key=KEY)

    assert (refused.value.status, refused.value.fields) == (422, ("Customer tier",))


async def test_v27_a_new_required_attribute_does_not_stop_a_ticket_where_only_teammates_are_asked():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    emulator.account.add_ticket_field("Cost centre", "string", required=True)
    emulator.account.needs_required = False
    async with desk(emulator) as made:
        await made.intercom.open_ticket(a_draft(), key=KEY)
        schema = await made.intercom.field_schema()

    assert next(each for each in schema.fields if each.name == "Cost centre").required
    assert len(emulator.tickets) == 1


async def test_v28_a_team_that_is_gone_is_named():
    async with desk() as made:
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(group=Group(id="7", name="Gone")), key=KEY)

    assert (refused.value.status, refused.value.fields) == (400, ("group",))


async def test_v29_a_value_that_is_dropped_is_missing_from_what_is_read_back():
    async with desk() as made:
        plan = next(each for each in made.emulator.account.ticket_fields.values() if each.name == "Plan")
        plan.drops = True
        ref = await made.intercom.open_ticket(a_draft(fields=(a_value("Plan", "Gold"),)), key=KEY)
        stored = await made.intercom.read_ticket(ref)

    assert not landed("Gold", stored.fields.get(FieldId("Plan")))
