"""What is written instead of a draft that the helpdesk has refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from batonpass.context.package import build_package
from batonpass.domain.conversation import Conversation, HandoffRequest, Role, Turn
from batonpass.domain.facts import Gathered
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import (
    Agent,
    FieldContent,
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    FieldValue,
    Form,
    Group,
    Priority,
    StoredTicket,
    TicketLimits,
    TicketRef,
)
from batonpass.engine.drafting import Drafted, stand_in
from batonpass.engine.enriching import as_it_stands, changed
from batonpass.engine.ticketing import missing_from, opened
from batonpass.mapping.apply import MappedTicket
from fakes import NOON

BILLING, SUPPORT = Group(id="1", name="Billing"), Group(id="2", name="Support")
REGION = FieldDefinition(
    id=FieldId("region"),
    name="Region",
    kind=FieldKind.DROPDOWN,
    required=True,
    options=(FieldOption(value="emea", label="EMEA"), FieldOption(value="unknown", label="Unknown")),
)
PLAN = FieldDefinition(id=FieldId("plan"), name="Plan", kind=FieldKind.TEXT)


def drafted() -> Drafted:
    request = HandoffRequest(conversation=Conversation(turns=(Turn(role=Role.CUSTOMER, text="Refund me."),)))
    package = build_package(
        handoff_id=HandoffId("ho_1"), asked_at=NOON, agent_name="bot", request=request, gathered=Gathered(),
        mended=False, url=None,
    )  # fmt: skip
    mapped = MappedTicket(
        subject="Refund",
        priority=Priority.HIGH,
        group=BILLING,
        tags=("ai",),
        fields=(FieldValue(id=PLAN.id, name="Plan", value="Pro"),),
        not_landed=(),
        default_group=SUPPORT,
    )
    schema = FieldSchema(
        fields=(REGION, PLAN),
        groups=(BILLING, SUPPORT),
        limits=TicketLimits(subject=150, note=60_000),
        as_of=NOON,
    )
    return Drafted.of(package, mapped, {}, schema)


def test_v27_a_field_that_the_helpdesk_wants_gets_a_value_that_says_nothing_and_the_note_says_so() -> None:
    mended = drafted().mended(["region"], "refused by the helpdesk")

    assert mended.draft.fields[-1] == FieldValue(id=REGION.id, name="Region", value="unknown")
    assert mended.draft.priority is Priority.HIGH
    assert "Region" in mended.draft.note.text
    assert "the helpdesk requires it" in mended.draft.note.text


def test_a_field_that_was_sent_is_left_out_and_comes_back_as_a_stand_in_only_if_it_is_wanted() -> None:
    once = drafted().mended(["plan"], "refused by the helpdesk")
    twice = once.mended(["plan"], "refused by the helpdesk")

    assert once.draft.fields == ()
    assert twice.draft.fields == (FieldValue(id=PLAN.id, name="Plan", value="not known"),)


def test_v28_a_group_that_is_gone_gives_way_to_the_default_group_and_that_one_to_none() -> None:
    once = drafted().mended(["group"], "refused by the helpdesk")
    twice = once.mended(["group"], "refused by the helpdesk")

    assert (once.draft.group, twice.draft.group) == (SUPPORT, None)
    assert "Billing" in once.draft.note.text


def test_v26_a_stand_in_that_is_refused_gives_way_to_another_once_more_is_known_of_the_account() -> None:
    once = drafted().mended(["region"], "refused by the helpdesk")
    known = replace(REGION, options=(FieldOption(value="other", label="Other"),))
    twice = replace(once, schema=replace(once.schema, fields=(known, PLAN))).mended(
        ["region"], "refused by the helpdesk"
    )

    assert once.is_stand_in(["region"])
    assert [field.value for field in twice.draft.fields] == ["Pro", "other"]
    assert [(lost.field, lost.value) for lost in twice.not_landed] == [("Region", "Other")]


def test_v27_what_the_helpdesk_requires_stays_when_everything_else_is_left_out() -> None:
    mended = drafted().mended(["region"], "refused").mended([], "refused by the helpdesk")

    assert [field.name for field in mended.draft.fields] == ["Region"]
    assert (mended.draft.priority, mended.draft.tags) == (None, ())


def test_an_option_is_named_in_the_note_as_people_see_it() -> None:
    made = drafted()
    region = FieldValue(id=REGION.id, name="Region", value="emea")
    package, mapped = made.package, MappedTicket(
        subject="Refund", priority=None, group=None, tags=(), fields=(region,), not_landed=()
    )  # fmt: skip

    mended = Drafted.of(package, mapped, {}, made.schema).mended(["region"], "refused by the helpdesk")

    assert "Region: EMEA (refused by the helpdesk)" in mended.draft.note.text


def test_where_nothing_is_named_everything_optional_is_left_out() -> None:
    mended = drafted().mended([], "refused by the helpdesk")

    assert (mended.draft.priority, mended.draft.tags, mended.draft.fields) == (None, (), ())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldKind.TEXT, "not known"),
        (FieldKind.LONG_TEXT, "not known"),
        (FieldKind.CHECKBOX, False),
        (FieldKind.INTEGER, 0),
        (FieldKind.DECIMAL, 0),
        (FieldKind.DATE, date(2026, 11, 20)),
        (FieldKind.MULTISELECT, ("a",)),
        (FieldKind.DROPDOWN, "a"),
        (FieldKind.OTHER, None),
    ],
    ids=str,
)
def test_a_stand_in_fits_its_field(kind: FieldKind, value: FieldContent | None) -> None:
    field = FieldDefinition(
        id=FieldId("f"), name="F", kind=kind, options=(FieldOption(value="a", label="A"),)
    )

    assert stand_in(field, date(2026, 11, 20)) == value


def test_a_field_that_nobody_knows_is_a_reason_to_read_the_schema_again() -> None:
    assert drafted().knows(["region", "priority"])
    assert not drafted().knows(["new_field"])


ANNA = Agent(id="7", name="Anna", email="anna@example.com")
FORM, OTHER_FORM = Form(id="f1", name="Support request"), Form(id="f2", name="Billing")


def assigned() -> Drafted:
    plain = drafted()
    schema = replace(plain.schema, forms=(FORM, OTHER_FORM), agents=(ANNA,))
    return replace(plain, schema=schema, draft=replace(plain.draft, assignee=ANNA, form=OTHER_FORM))


@pytest.mark.parametrize(("part", "shown"), [("assignee", "Assignee: Anna"), ("form", "Form: Billing")])
def test_v28_an_agent_or_form_that_is_refused_is_left_out_and_the_note_says_so(part: str, shown: str) -> None:
    mended = assigned().mended([part], "refused by the helpdesk")

    assert getattr(mended.draft, part) is None
    assert shown in mended.draft.note.text
    assert mended.draft.priority is Priority.HIGH


def test_a_form_that_the_helpdesk_wants_and_nobody_named_is_its_first_one() -> None:
    mended = replace(assigned(), draft=replace(assigned().draft, form=None)).mended(["form"], "refused")

    assert mended.draft.form == FORM
    assert "Form: Support request (filled in: the helpdesk requires it" in mended.draft.note.text


def test_where_nothing_is_named_agent_and_form_are_left_out_too() -> None:
    mended = assigned().mended([], "refused by the helpdesk")

    assert (mended.draft.assignee, mended.draft.form) == (None, None)


@pytest.mark.parametrize(
    ("has", "stays", "told"),
    [(None, ANNA, ["Form"]), ("7", ANNA, ["Form"]), ("8", None, ["Assignee", "Form"])],
    ids=["nobody", "the same", "somebody else"],
)
def test_a_ticket_that_stands_keeps_whoever_has_it_and_its_form(
    has: str | None, stays: Agent | None, told: list[str]
) -> None:
    stored = StoredTicket(ref=TicketRef(id="1", url=""), subject="Refund", assignee_id=has)

    kept = as_it_stands(assigned(), stored)

    assert (changed(kept.draft).assignee, kept.draft.form) == (stays, None)
    assert [each.field for each in kept.not_landed] == told


@pytest.mark.parametrize(
    ("assignee", "form", "told"),
    [
        ("7", "f2", []),
        (None, "f2", [("Assignee", "Anna", "not kept by the helpdesk")]),
        ("8", "f1", [
            ("Assignee", "Anna", "changed by the helpdesk or one of its rules"),
            ("Form", "Billing", "changed by the helpdesk or one of its rules"),
        ]),
        ("7", None, []),
    ],
    ids=["kept", "agent dropped", "both changed", "no ticket yet, so no form"],
)  # fmt: skip
def test_v29_an_agent_or_form_that_was_not_kept_is_seen_when_the_ticket_is_read_back(
    assignee: str | None, form: str | None, told: list[tuple[str, str, str]]
) -> None:
    ref = TicketRef(id="1", url="")
    sent = opened(ref, assigned(), "v1", adopted=False)
    stored = StoredTicket(
        ref=ref,
        subject="Refund",
        priority=Priority.HIGH,
        group_id=BILLING.id,
        assignee_id=assignee,
        form_id=form,
        tags=frozenset({"ai"}),
        fields={PLAN.id: "Pro"},
    )

    assert [(each.field, each.value, each.why) for each in missing_from(stored, sent)] == told
