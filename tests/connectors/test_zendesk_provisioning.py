"""Making fields and options; forms."""

from __future__ import annotations

import pytest

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import FieldId, FieldKind, FieldOption, Form, NewField
from batonpass.testing.emulator import Fault
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import desk

REASON = NewField(name="Handoff reason", kind=FieldKind.DROPDOWN, options=("Security", "Billing dispute"))


@pytest.mark.parametrize(
    "kind",
    [kind for kind in FieldKind if kind not in {FieldKind.OTHER, FieldKind.DROPDOWN, FieldKind.MULTISELECT}],
)
async def test_a_field_of_every_kind_is_made_and_given_as_it_is_stored(kind: FieldKind):
    async with desk(ZendeskEmulator()) as made:
        stored = await made.zendesk.create_field(NewField(name="Plan", kind=kind))
        schema = await made.zendesk.field_schema()

    assert (stored.name, stored.kind) == ("Plan", kind)
    assert stored in schema.fields


async def test_options_have_tags_of_their_own():
    emulator = ZendeskEmulator()
    emulator.add_field("Other", "tagger", options={"handoff_reason_security": "Taken"})

    async with desk(emulator) as made:
        stored = await made.zendesk.create_field(REASON)

    assert stored.options == (
        FieldOption(value="handoff_reason_security_2", label="Security"),
        FieldOption(value="handoff_reason_billing_dispute", label="Billing dispute"),
    )


async def test_a_field_that_stands_already_is_given_with_the_options_that_it_lacked():
    emulator = ZendeskEmulator()
    known = emulator.add_field("handoff Reason", "tagger", options={"sec": "security"})

    async with desk(emulator) as made:
        first = await made.zendesk.create_field(REASON)
        again = await made.zendesk.create_field(REASON)

    assert first == again
    assert first.id == str(known.id)
    assert known.options == {"sec": "security", "handoff_reason_billing_dispute": "Billing dispute"}
    assert not emulator.effects("field.created")


async def test_v08_a_field_whose_answer_was_lost_is_found_and_made_once():
    emulator = ZendeskEmulator()
    emulator.next_call(Fault.ANSWER_LOST, operation="fields.create")

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(OutcomeUnknownError):
            await made.zendesk.create_field(REASON)
        await made.zendesk.create_field(REASON)

    assert len(emulator.effects("field.created")) == 1


@pytest.mark.parametrize(
    ("field", "code"),
    [
        pytest.param(NewField(name="X", kind=FieldKind.OTHER), "unsupported", id="kind"),
        pytest.param(NewField(name="X", kind=FieldKind.DROPDOWN), "unsupported", id="no options"),
        pytest.param(NewField(name="plan ", kind=FieldKind.DATE), "conflict", id="another kind"),
    ],
)
async def test_what_cannot_be_made_is_refused_with_the_reason(field: NewField, code: str):
    emulator = ZendeskEmulator()
    emulator.add_field("Plan", "text")

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.create_field(field)

    assert refused.value.code == code
    assert not emulator.ledger


async def test_options_are_added_and_none_is_lost():
    emulator = ZendeskEmulator()
    tier = emulator.add_field("Tier", "tagger", options={"tier_free": "Free"})

    async with desk(emulator) as made:
        stored = await made.zendesk.add_options(FieldId(str(tier.id)), ("FREE", "Größe M", "Größe M"))

    assert [option.label for option in stored.options] == ["Free", "Größe M"]
    assert tier.options == {"tier_free": "Free", "tier_größe_m": "Größe M"}


async def test_options_of_a_field_without_any_or_without_life_are_refused():
    emulator = ZendeskEmulator()
    plan = emulator.add_field("Plan", "text")

    async with desk(emulator) as made:
        codes = []
        for field in (str(plan.id), "404", "plan"):
            with pytest.raises(RefusedError) as refused:
                await made.zendesk.add_options(FieldId(field), ("x",))
            codes.append(refused.value.code)

        assert made.zendesk.own_fields() == ()
    assert codes == ["unsupported", "not_found", "not_found"]


async def test_forms_are_told_with_their_fields():
    emulator = ZendeskEmulator()
    plan = emulator.add_field("Plan", "text")
    form = emulator.account.add_form("Refunds", [plan])
    form.field_ids.insert(0, next(iter(emulator.account.fields)))  # the subject's

    async with desk(emulator) as made:
        schema = await made.zendesk.field_schema()

    assert schema.forms == (Form(id=str(form.id), name="Refunds", fields=(FieldId(str(plan.id)),)),)


async def test_a_plan_without_forms_has_none():
    emulator = ZendeskEmulator()
    emulator.account.forms = None

    async with desk(emulator, faulty=True) as made:
        assert (await made.zendesk.field_schema()).forms == ()
