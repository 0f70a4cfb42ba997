"""Each sentence of the ports `Helpdesk` and `Replies`, against the emulator and the contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from freshdesk_rig import a_draft, a_value, desk

from batonpass.domain.errors import (
    RefusedError,
)
from batonpass.domain.ticket import (
    Agent,
    FieldId,
    FieldKind,
    FieldOption,
    Group,
    Note,
    NoteKey,
    Priority,
    TicketChange,
    TicketKey,
    TicketStatus,
    landed,
)
from batonpass.ports import PROTOCOLS, Probe
from batonpass.testing.emulator import Fault
from batonpass_freshdesk import manifest
from batonpass_freshdesk.emulated_account import EmulatedTicket
from batonpass_freshdesk.emulator import FreshdeskEmulator

KEY = TicketKey("ho_01jd3v9x8y7w6t5s4r3q2p1n0m")
NOTE = Note(html="<p>Late {{ticket.id}} facts.</p>", text="Late facts.")
LOST = {
    "answer lost": Fault.ANSWER_LOST,
    "answer cut": Fault.ANSWER_TRUNCATED,
    "answer empty": Fault.ANSWER_EMPTY,
    "broken json": Fault.BROKEN_JSON,
    "500 after commit": Fault.ERROR_AFTER_COMMIT,
}


def the_ticket(emulator: FreshdeskEmulator) -> EmulatedTicket:
    (made,) = emulator.tickets.values()
    return made


async def test_it_offers_the_ports_of_its_manifest():
    async with desk(FreshdeskEmulator()) as made:
        access = await made.freshdesk.check_access()

        assert isinstance(made.freshdesk, Probe)
        assert all(isinstance(made.freshdesk, PROTOCOLS[each]) for each in manifest.capabilities)
        assert access.account == "127.0.0.1, as Batonpass"


async def test_a_full_draft_arrives_whole_in_one_call():
    emulator = FreshdeskEmulator.with_sample_account()
    fields = {known.label: known.name for known in emulator.account.fields.values()}
    billing = next(group for group in emulator.account.groups.values() if group.name == "Billing")
    sent = (
        a_value(fields["Plan"], "Team"),
        a_value(fields["MRR"], Decimal("249.50")),
        a_value(fields["Renewal date"], date(2027, 1, 31)),
        a_value(fields["AI confidence"], 31),
        a_value(fields["Identity verified"], True),
        a_value(fields["Customer tier"], "Pro"),
    )

    async with desk(emulator) as made:
        draft = a_draft(
            priority=Priority.HIGH,
            group=Group(id=str(billing.id), name="Billing"),
            tags=("ai_handoff",),
            fields=sent,
        )
        ref = await made.freshdesk.open_ticket(draft, key=KEY)
        stored = await made.freshdesk.read_ticket(ref)

    assert (stored.subject, stored.priority, stored.status) == (
        "Refund for order 7",
        Priority.HIGH,
        TicketStatus.OPEN,
    )
    assert (stored.group_id, stored.tags) == (str(billing.id), {"ai_handoff"})
    assert all(landed(field.value, stored.fields[field.id]) for field in sent)
    assert emulator.calls.count("tickets.create") == 1
    assert emulator.effects("ticket.opened")[0].key == KEY
    assert ref.url.endswith(f"/a/tickets/{ref.id}")


async def test_what_the_customer_sees_first_is_the_setting_and_never_the_note():
    emulator = FreshdeskEmulator()

    async with desk(emulator, description="A person <reads> this now.") as made:
        await made.freshdesk.open_ticket(a_draft(), key=KEY)

    assert the_ticket(emulator).description == "<p>A person &lt;reads&gt; this now.</p>"
    assert the_ticket(emulator).conversations == []


async def test_without_an_address_the_ticket_stands_in_our_own_name_and_is_found_there():
    emulator = FreshdeskEmulator()

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(requester=None), key=KEY)
        found = await made.freshdesk.find_ticket(KEY)

    assert the_ticket(emulator).requester_id == emulator.agent.id
    assert found == ref


# A ticket that stands -----------------------------------------------------------------------------------------


async def test_v21_a_ticket_in_the_bin_is_gone_and_takes_no_change():
    emulator = FreshdeskEmulator()

    async with desk(emulator, faulty=True) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        emulator.delete_ticket(int(ref.id))
        with pytest.raises(RefusedError) as read:
            await made.freshdesk.read_ticket(ref)
        with pytest.raises(RefusedError) as changed:
            await made.freshdesk.change_ticket(ref, TicketChange(priority=Priority.LOW))
        with pytest.raises(RefusedError) as never:
            await made.freshdesk.read_ticket(made.freshdesk.ticket_ref("999"))

    assert (read.value.code, changed.value.status, never.value.status) == ("gone", 405, 404)


async def test_a_reference_is_told_from_nonsense_without_a_call():
    emulator = FreshdeskEmulator()

    async with desk(emulator) as made:
        ref = made.freshdesk.ticket_ref("12")
        with pytest.raises(RefusedError) as nonsense:
            made.freshdesk.ticket_ref("12; drop")

    assert (ref.id, nonsense.value.code, emulator.calls) == ("12", "not_found", [])


async def test_a_note_is_private_is_found_by_its_key_and_fills_in_no_placeholder():
    emulator = FreshdeskEmulator()

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        await made.freshdesk.append_note(ref, NOTE, key=NoteKey("n-1"))

        assert await made.freshdesk.find_note(ref, key=NoteKey("n-1"))
        assert not await made.freshdesk.find_note(ref, key=NoteKey("n"))
    (note,) = the_ticket(emulator).conversations
    assert note.private
    assert "{{" not in note.body
    assert emulator.effects("note.appended")[0].key == "batonpass-note-n-1"


async def test_a_note_behind_many_others_is_found():
    emulator = FreshdeskEmulator()

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        for number in range(120):
            emulator.desk.say(
                the_ticket(emulator), f"<p>{number}</p>", user=emulator.agent, private=True, source=2
            )
        await made.freshdesk.append_note(ref, NOTE, key=NoteKey("n-1"))

        assert await made.freshdesk.find_note(ref, key=NoteKey("n-1"))


async def test_a_reply_is_public_plain_text_and_is_found_by_its_words():
    emulator = FreshdeskEmulator()
    text = "A person has it <now>.\nTicket {{ticket.id}}\n\nBye & thanks"

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        before = await made.freshdesk.find_reply(ref, text, key=NoteKey("r-1"))
        await made.freshdesk.reply(ref, text, key=NoteKey("r-1"))
        after = await made.freshdesk.find_reply(ref, text, key=NoteKey("r-1"))

    (reply,) = the_ticket(emulator).conversations
    assert (before, after, reply.private) == (False, True, False)
    assert "&lt;now&gt;" in reply.body
    assert "{{" not in reply.body


async def test_a_change_is_one_call_and_leaves_everything_else():
    emulator = FreshdeskEmulator.with_sample_account()
    nadia = emulator.account.user_with_email("nadia@helpdesk.example")
    assert nadia is not None

    async with desk(emulator) as made:
        draft = a_draft(tags=("ai_handoff",), fields=(a_value("cf_plan", "Team"),))
        ref = await made.freshdesk.open_ticket(draft, key=KEY)
        change = TicketChange(
            priority=Priority.URGENT,
            assignee=Agent(id=str(nadia.id)),
            status=TicketStatus.PENDING,
            add_tags=("vip", "AI_handoff"),
            fields=(a_value("cf_ai_confidence", 12),),
        )
        await made.freshdesk.change_ticket(ref, change)
        await made.freshdesk.change_ticket(ref, change)
        stored = await made.freshdesk.read_ticket(ref)

    assert (stored.priority, stored.status) == (Priority.URGENT, TicketStatus.PENDING)
    assert (stored.assignee_id, stored.tags) == (str(nadia.id), {"ai_handoff", "vip"})
    assert (stored.fields[FieldId("cf_plan")], stored.fields[FieldId("cf_ai_confidence")]) == ("Team", 12)
    assert stored.fields[FieldId("cf_batonpass_key")] == KEY


async def test_a_change_of_tags_that_stand_already_is_no_call():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(tags=("vip",)), key=KEY)
        await made.freshdesk.change_ticket(ref, TicketChange(add_tags=("vip",)))
        await made.freshdesk.change_ticket(ref, TicketChange())

    assert "tickets.update" not in emulator.calls


async def test_the_schema_has_every_field_with_its_options_and_every_group():
    emulator = FreshdeskEmulator.with_sample_account()
    emulator.add_field("Category", "nested_field")
    emulator.add_field("Old one", "custom_text", active=False)

    async with desk(emulator) as made:
        schema = await made.freshdesk.field_schema()

    fields = {field.name: field for field in schema.fields}
    assert fields["Customer tier"].kind is FieldKind.DROPDOWN
    assert fields["Customer tier"].options[1] == FieldOption(value="Pro", label="Pro")
    assert (fields["Category"].kind, fields["Old one"].active) == (FieldKind.OTHER, False)
    assert {"cf_mrr", "cf_renewal_date"} <= {field.id for field in schema.fields}
    assert [group.name for group in schema.groups] == ["Support", "Billing", "Security", "Technical"]
    assert "Subject" not in fields
