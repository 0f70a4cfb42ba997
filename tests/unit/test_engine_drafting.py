"""What is written instead of a draft that the helpdesk has refused."""

from __future__ import annotations

from datetime import date

import pytest

from batonpass.context.package import build_package
from batonpass.domain.conversation import Conversation, HandoffRequest, Role, Turn
from batonpass.domain.facts import Gathered
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import (
    FieldContent,
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    FieldValue,
    Group,
    Priority,
    TicketLimits,
)
from batonpass.engine.drafting import Drafted, stand_in
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
