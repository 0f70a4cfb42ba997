"""Each sentence of the `Helpdesk` port, against the emulator and the vendor's contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import (
    FieldId,
    FieldKind,
    FieldOption,
    FieldValue,
    Group,
    Note,
    NoteKey,
    Priority,
    Requester,
    TicketKey,
    TicketRef,
    landed,
)
from batonpass.ports import FactSource, Helpdesk, Probe
from batonpass_zendesk import manifest
from batonpass_zendesk.emulated_account import EmulatedField
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, a_draft, desk

KEY = TicketKey("ho_1-open")
NOTE = Note(html="<p>Late facts.</p>", text="Late facts.")


def a_value(field: EmulatedField | int, value: object) -> FieldValue:
    number = field if isinstance(field, int) else field.id
    return FieldValue(id=FieldId(str(number)), name="a field", value=value)  # type: ignore[arg-type]  # any content


async def test_it_offers_the_ports_of_its_manifest():
    async with desk(ZendeskEmulator()) as made:
        await made.zendesk.check_access()

        assert isinstance(made.zendesk, Helpdesk)
        assert isinstance(made.zendesk, FactSource)
        assert isinstance(made.zendesk, Probe)
        assert manifest.name == "zendesk"


async def test_a_full_draft_arrives_whole():
    emulator = ZendeskEmulator.with_sample_account()
    fields = {field.title: field for field in emulator.account.fields.values()}
    areas = emulator.add_field("Areas", "multiselect", options={"web": "Web", "app": "App"})
    billing = next(group for group in emulator.account.groups.values() if group.name == "Billing")
    sent = (
        a_value(fields["Customer tier"], "tier_pro"),
        a_value(fields["Plan"], "Gold, yearly"),
        a_value(fields["MRR"], Decimal("129.90")),
        a_value(fields["Renewal date"], date(2027, 1, 31)),
        a_value(fields["AI confidence"], 42),
        a_value(fields["Identity verified"], True),
        a_value(areas, ("web", "app")),
    )
    draft = a_draft(
        priority=Priority.HIGH,
        group=Group(id=str(billing.id), name="Billing"),
        tags=("batonpass", "refund"),
        fields=sent,
    )

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(draft, key=KEY)
        stored = await made.zendesk.read_ticket(ref)

    assert ref == TicketRef(id="1", url=f"{made.url}/agent/tickets/1")
    assert (stored.ref, stored.subject, stored.priority) == (ref, draft.subject, Priority.HIGH)
    assert stored.group_id == str(billing.id)
    assert {"batonpass", "refund"} <= stored.tags
    assert all(landed(value.value, stored.fields.get(value.id)) for value in sent)


async def test_the_first_comment_is_internal_and_the_requester_is_the_customer():
    async with desk(ZendeskEmulator()) as made:
        await made.zendesk.open_ticket(a_draft(), key=KEY)

    (ticket,) = made.emulator.tickets.values()
    requester = made.emulator.account.users[ticket.requester_id]
    assert [comment.public for comment in ticket.comments] == [False]
    assert (requester.name, requester.email) == ("Grace Example", "grace@customer.example")


async def test_a_customer_without_a_name_is_not_named_after_their_address():
    async with desk(ZendeskEmulator()) as made:
        draft = a_draft(requester=Requester(email="grace@customer.example"))
        await made.zendesk.open_ticket(draft, key=KEY)

    (ticket,) = made.emulator.tickets.values()
    assert made.emulator.account.users[ticket.requester_id].name == "Customer"


@pytest.mark.parametrize(
    "requester", [pytest.param(None, id="none"), pytest.param(Requester(), id="nothing known")]
)
async def test_without_a_customer_the_ticket_stands_in_our_own_name(requester: Requester | None):
    async with desk(ZendeskEmulator()) as made:
        await made.zendesk.open_ticket(a_draft(requester=requester), key=KEY)

    (ticket,) = made.emulator.tickets.values()
    assert ticket.requester_id == made.emulator.agent.id
    assert not made.emulator.effects("user.created")


async def test_one_key_twice_opens_one_ticket():
    async with desk(ZendeskEmulator()) as made:
        first = await made.zendesk.open_ticket(a_draft(), key=KEY)
        second = await made.zendesk.open_ticket(a_draft(), key=KEY)

    assert first == second
    assert [effect.key for effect in made.emulator.effects("ticket.opened")] == [KEY]


async def test_one_key_with_another_draft_gives_the_first_ticket():
    async with desk(ZendeskEmulator()) as made:
        first = await made.zendesk.open_ticket(a_draft(subject="One"), key=KEY)
        second = await made.zendesk.open_ticket(a_draft(subject="Two"), key=KEY)

    assert first == second
    assert [ticket.subject for ticket in made.emulator.tickets.values()] == ["One"]


async def test_a_ticket_is_found_by_its_key_and_only_by_its_own():
    async with desk(ZendeskEmulator()) as made:
        opened = await made.zendesk.open_ticket(a_draft(), key=KEY)

        assert await made.zendesk.find_ticket(KEY) == opened
        assert await made.zendesk.find_ticket(TicketKey("ho_1-ope")) is None


async def test_of_several_tickets_with_one_key_the_oldest_is_found():
    emulator = ZendeskEmulator()
    oldest = emulator.add_ticket("One", external_id=KEY)
    emulator.add_ticket("Two", external_id=KEY)

    async with desk(emulator) as made:
        found = await made.zendesk.find_ticket(KEY)

    assert found is not None
    assert found.id == str(oldest.id)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"subject": "x" * 151}, ("subject",), id="subject too long"),
        pytest.param({"requester": Requester(name="G", email="no@address")}, ("requester",), id="requester"),
        pytest.param({"group": Group(id="404", name="Gone")}, ("group",), id="group deleted"),
        pytest.param({"note": Note(html="x" * 65_536, text="")}, ("note",), id="note too long"),
        pytest.param({"note": Note(html=" ", text=" ")}, ("note",), id="note empty"),
        pytest.param(
            {"subject": "x" * 151, "group": Group(id="404", name="")}, ("subject", "group"), id="two at once"
        ),
    ],
)
async def test_a_refusal_names_the_part_in_our_words(changes: dict[str, object], named: tuple[str, ...]):
    async with desk(ZendeskEmulator()) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.open_ticket(a_draft(**changes), key=KEY)

    assert refused.value.fields == named
    assert (refused.value.status, refused.value.reasons[0]) == (422, "RecordInvalid")
    assert "no@address" not in str(refused.value)


async def test_a_refused_field_is_named_by_its_id_and_the_same_key_is_good_without_it():
    emulator = ZendeskEmulator()
    amount = emulator.add_field("Amount", "decimal")

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.open_ticket(a_draft(fields=(a_value(amount, "a lot"),)), key=KEY)
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)

    assert refused.value.fields == (str(amount.id),)
    assert [effect.id for effect in emulator.effects("ticket.opened")] == [ref.id]


async def test_ids_that_are_no_numbers_are_refused_without_a_call():
    async with desk(ZendeskEmulator(), faulty=True) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.open_ticket(a_draft(group=Group(id="billing", name="Billing")), key=KEY)

    assert refused.value.fields == ("group",)
    assert not made.emulator.calls


async def test_what_zendesk_drops_silently_is_missing_in_the_ticket_that_is_read():
    emulator = ZendeskEmulator()
    tier = emulator.add_field("Tier", "tagger", options={"tier_pro": "Pro"})
    off = emulator.add_field("Plan", "text", active=False)
    good = emulator.add_field("Order", "text")
    sent = (a_value(tier, "tier_gone"), a_value(off, "Gold"), a_value(999, "x"), a_value(good, "A-7"))

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(a_draft(fields=sent), key=KEY)
        stored = await made.zendesk.read_ticket(ref)

    assert [landed(value.value, stored.fields.get(value.id)) for value in sent] == [False, False, False, True]


async def test_a_note_is_internal_and_is_found_by_its_key():
    async with desk(ZendeskEmulator()) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        await made.zendesk.append_note(ref, NOTE, key=NoteKey("n-10"))

        assert await made.zendesk.find_note(ref, key=NoteKey("n-10"))
        assert not await made.zendesk.find_note(ref, key=NoteKey("n-1"))
        assert not await made.zendesk.find_note(ref, key=NoteKey("10"))
    note = made.emulator.tickets[int(ref.id)].comments[-1]
    assert not note.public
    assert "ref: batonpass-note-n-10" in note.html
    assert [effect.key for effect in made.emulator.effects("note.appended")] == ["batonpass-note-n-10"]


@pytest.mark.parametrize(
    ("html", "public"),
    [
        pytest.param("<p>ref: batonpass-note-n-1</p>", True, id="in a public reply"),
        pytest.param("<p>ref: batonpass-note-n-1</p><p>they wrote</p>", False, id="quoted in a note"),
    ],
)
async def test_a_marker_that_is_only_quoted_is_no_note(html: str, public: bool):
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Old")
    emulator._comment(ticket, {"html_body": html, "public": public})

    async with desk(emulator) as made:
        ref = TicketRef(id=str(ticket.id), url="")

        assert not await made.zendesk.find_note(ref, key=NoteKey("n-1"))


async def test_a_note_is_found_behind_many_comments():
    async with desk(ZendeskEmulator()) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        ticket = made.emulator.tickets[int(ref.id)]
        for number in range(250):
            made.emulator._comment(ticket, {"body": f"Reply {number}"})
        await made.zendesk.append_note(ref, NOTE, key=NoteKey("n-1"))

        assert await made.zendesk.find_note(ref, key=NoteKey("n-1"))
    assert made.emulator.calls.count("comments.list") == 3


async def test_placeholders_in_a_conversation_stay_text():
    html = "<p>They wrote {{ticket.requester.email}} and {{{ticket.id}}} and {% if %}</p>"

    async with desk(ZendeskEmulator()) as made:
        ref = await made.zendesk.open_ticket(a_draft(note=Note(html=html, text="")), key=KEY)
        await made.zendesk.append_note(ref, Note(html=html, text=""), key=NoteKey("n-1"))

    for comment in made.emulator.tickets[int(ref.id)].comments:
        assert "grace@customer.example" not in comment.html
        assert comment.html.replace("\N{WORD JOINER}", "").startswith(html)


async def test_the_emulator_fills_placeholders_in_as_zendesk_does():
    emulator = ZendeskEmulator()

    ticket = emulator.add_ticket(
        "Old", comment="<p>{{ ticket.id }} &#123;&#123;ticket.title}} {{nobody}}</p>"
    )

    assert ticket.comments[0].html == f"<p>{ticket.id} Old </p>"


async def test_a_note_on_a_ticket_that_is_gone_is_refused():
    async with desk(ZendeskEmulator()) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.append_note(TicketRef(id="404", url=""), NOTE, key=NoteKey("n-1"))

    assert refused.value.code == "not_found"


async def test_a_note_on_a_closed_ticket_is_refused():
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Old", status="closed")

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.append_note(TicketRef(id=str(ticket.id), url=""), NOTE, key=NoteKey("n-1"))

    assert refused.value.status == 422


async def test_the_schema_has_every_custom_field_and_group_across_pages():
    clock = HandClock()
    emulator = ZendeskEmulator.with_sample_account(clock=clock)
    emulator.add_field("Card", "partialcreditcard")
    emulator.add_field("Retired", "text", active=False)
    emulator.add_field("Hologram", "a type of next year")
    for number in range(100):
        emulator.add_field(f"Extra {number}", "textarea")

    async with desk(emulator, clock=clock) as made:
        schema = await made.zendesk.field_schema()

    kinds = {field.name: field.kind for field in schema.fields}
    tier = next(field for field in schema.fields if field.name == "Customer tier")
    assert len(schema.fields) == 112
    assert kinds["Customer tier"] is FieldKind.DROPDOWN
    assert (kinds["MRR"], kinds["Renewal date"]) == (FieldKind.DECIMAL, FieldKind.DATE)
    assert (kinds["AI confidence"], kinds["Identity verified"]) == (FieldKind.INTEGER, FieldKind.CHECKBOX)
    assert (kinds["Card"], kinds["Hologram"], kinds["Extra 3"]) == (
        FieldKind.OTHER, FieldKind.OTHER, FieldKind.LONG_TEXT,
    )  # fmt: skip
    assert tier.options[0] == FieldOption(value="tier_free", label="Free")
    assert [field.name for field in schema.fields if not field.active] == ["Retired"]
    assert [group.name for group in schema.groups] == ["Support", "Billing", "Security", "Technical"]
    assert (schema.limits.subject, schema.limits.note, schema.as_of) == (150, 60_000, clock.now())
