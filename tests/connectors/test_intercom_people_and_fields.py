"""Who is there, which fields there are and can be made, what is known of the customer."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from intercom_rig import a_draft, a_place, a_value, desk

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Person, Standing
from batonpass.domain.presence import Availability
from batonpass.domain.ticket import (
    FieldId,
    FieldKind,
    NewField,
    Note,
    Requester,
    TicketChange,
    TicketKey,
)
from batonpass.mapping.files import load_helpdesk_mapping
from batonpass_intercom.emulator import IntercomEmulator
from fakes import FakeClock

KEY = TicketKey("ho_1-open")
NOTE = Note(html="<p>Late facts.</p>", text="Late facts.")
BOTH = pytest.mark.parametrize("kind", ["ticket", "conversation"])


async def test_somebody_away_is_away_and_nobody_is_called_online():
    async with desk() as made:
        ada, ben = (each for each in made.emulator.account.admins.values() if each.has_inbox_seat)
        ada.away, ada.away_reason_id = True, 41
        present = (await made.intercom.presence()).agents

    assert [(each.agent.id, each.availability, each.status) for each in present] == [
        (str(ada.id), Availability.AWAY, "On a break"),
        (str(ben.id), Availability.UNKNOWN, None),
    ]


async def test_a_field_is_created_once_for_both_kinds_and_written_to_both():
    async with desk() as made:
        new = NewField(name="Area", kind=FieldKind.DROPDOWN, options=("Web", "App"), why="for reports")
        for _ in range(2):
            created = await made.intercom.create_field(new)
        grown = await made.intercom.add_options(created.id, ("App", "Phone"))
        ref = await made.intercom.open_ticket(a_draft(fields=(a_value("Area", "Phone"),)), key=KEY)
        stored = await made.intercom.read_ticket(ref)
        conversation = await a_place(made, "conversation")
        await made.intercom.change_ticket(conversation, TicketChange(fields=(a_value("Area", "Phone"),)))

    assert [option.label for option in created.options] == ["Web", "App"]
    assert [option.label for option in grown.options] == ["Web", "App", "Phone"]
    assert stored.fields[FieldId("Area")] == "Phone"
    assert len(made.emulator.effects("field.created")) == 2
    area = next(each for each in made.emulator.account.ticket_fields.values() if each.name == "Area")
    assert not area.visible_to_contacts


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (NewField(name="A", kind=FieldKind.DROPDOWN, options=("One, two",)), "unsupported"),
        (NewField(name="A", kind=FieldKind.MULTISELECT, options=("One",)), "unsupported"),
        (NewField(name="Plan", kind=FieldKind.INTEGER), "conflict"),
    ],
)
async def test_a_field_that_cannot_be_created_is_refused(field: NewField, code: str):
    async with desk() as made:
        with pytest.raises(RefusedError) as refused:
            await made.intercom.create_field(field)

    assert refused.value.code == code
    assert made.emulator.effects("field.created") == []


async def test_our_own_field_makes_lost_tickets_findable():
    emulator = IntercomEmulator(clock=FakeClock())
    emulator.account.add_admin("Ada", "ada@helpdesk.example")
    async with desk(emulator) as made:
        (own,) = made.intercom.own_fields()
        await made.intercom.create_field(own)
        access = await made.intercom.check_access()
        ref = await made.intercom.open_ticket(a_draft(), key=KEY)
    async with desk(emulator) as other:
        found = await other.intercom.find_ticket(KEY)

    assert access.warnings == ()
    assert found is not None
    assert found.id == ref.id


async def test_recent_tickets_and_conversations_are_facts():
    async with desk() as made:
        made.emulator.add_conversation("Hello", email="mia.keller@example.com", title="Invoice wrong")
        made.clock.go_on(60)
        mia = Requester(email="mia.keller@example.com")
        ref = await made.intercom.open_ticket(a_draft(requester=mia), key=KEY)
        answer = await made.intercom.facts_about(Person(email="mia.keller@example.com"), ())
        without = await made.intercom.facts_about(
            Person(email="mia.keller@example.com", ticket_id=ref.id), ()
        )

    facts = {fact.name: fact.value for fact in answer.facts}
    lines = facts["support.recent_tickets"]
    assert isinstance(lines, tuple)
    assert lines[0] == "#1 Refund for order 7 (open, 2026-11-21)"
    assert lines[1].endswith("Invoice wrong (open, 2026-11-21)")
    assert facts["support.tickets_90_days"] == 2
    assert {fact.name: fact.value for fact in without.facts}["support.tickets_90_days"] == 1


@pytest.mark.parametrize(
    ("person", "standing"),
    [
        (Person(name="Mia"), Standing.NO_KEY),
        (Person(email="nobody@example.com"), Standing.NOT_FOUND),
        (Person(external_ids=(("intercom", "unknown"),)), Standing.NOT_FOUND),
        (Person(email="twice@example.com"), Standing.AMBIGUOUS),
    ],
)
async def test_who_is_not_one_person_gets_no_facts(person: Person, standing: Standing):
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    for role in ("user", "lead"):
        emulator.add_contact("Twice", "twice@example.com", role=role)
    async with desk(emulator) as made:
        answer = await made.intercom.facts_about(person, ())

    assert (answer.standing, answer.facts) == (standing, ())


async def test_the_shipped_mapping_fits_the_sample_account():
    path = Path(__file__).parents[2] / "mappings" / "intercom.toml"
    mapping, findings = load_helpdesk_mapping(path)
    assert mapping is not None, findings

    async with desk() as made:
        schema = await made.intercom.field_schema()

    fields = {field.name: field for field in schema.fields}
    written = tomllib.loads(path.read_text())["fields"]
    assert set(written) <= set(fields)
    for name, rule in written.items():
        labels = {option.label for option in fields[name].options}
        assert not labels or set(rule["values"].values()) <= labels
    assert {group.name for group in schema.groups} >= set(mapping_groups(path))


def mapping_groups(path: Path) -> list[str]:
    rule = tomllib.loads(path.read_text())["ticket"]["group"]
    return [*rule["values"].values(), rule["default"]]
