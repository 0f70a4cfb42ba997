from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batonpass.domain.facts import FactValue, Money
from batonpass.domain.ticket import FieldContent, FieldKind, FieldOption, NotLanded, Priority, TicketLimits
from batonpass.mapping import HelpdeskMapping, MappedTicket, apply, load_helpdesk_mapping
from mapping_samples import FACTS, SHIPPED, VALUES, account, field, with_field, without_field


def shipped() -> HelpdeskMapping:
    mapping, findings = load_helpdesk_mapping(SHIPPED, facts=FACTS, shown_as="mappings/zendesk.toml")
    assert mapping is not None
    assert findings == []
    return mapping


def mapping_of(tmp_path: Path, text: str) -> HelpdeskMapping:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    mapping, _ = load_helpdesk_mapping(path, facts=("a.fact",), shown_as="mappings/desk.toml")
    assert mapping is not None
    return mapping


def fields(ticket: MappedTicket) -> dict[str, FieldContent]:
    return {each.name: each.value for each in ticket.fields}


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(SHIPPED.read_text().splitlines(), 1) if text in line)


def test_every_field_of_the_shipped_file_is_filled():
    ticket = apply(shipped(), VALUES, account())

    assert ticket.subject == "Charged twice for November"
    assert ticket.priority is Priority.HIGH
    assert ticket.group is not None
    assert ticket.group.name == "Billing"
    assert ticket.tags == ("ai_handoff", "reason_billing_dispute")
    assert ticket.not_landed == ()
    assert fields(ticket) == {
        "Customer tier": "tier_enterprise",
        "Plan": "Pro; Extra seats",
        "MRR": Decimal("49.00"),
        "Renewal date": date(2026, 12, 1),
        "Open balance": Decimal(1200),
        "Handoff reason": "handoff_billing_dispute",
        "AI confidence": 31,
        "Identity verified": True,
        "Conversation ID": "conv-7",
    }


def test_nothing_known_still_gives_a_ticket():
    ticket = apply(shipped(), {"handoff.id": "ho_1"}, account())

    assert ticket.subject == "Handoff ho_1"
    assert ticket.priority is Priority.NORMAL
    assert ticket.group is not None
    assert ticket.group.name == "Support"
    assert ticket.tags == ("ai_handoff",)
    assert ticket.fields == ()
    assert ticket.not_landed == ()


def test_v25_deleted_field_goes_to_the_note_and_the_ticket_is_made():
    ticket = apply(shipped(), VALUES, without_field(account(), "Renewal date"))

    assert "Renewal date" not in fields(ticket)
    assert len(ticket.fields) == 8
    assert ticket.not_landed == (
        NotLanded(
            field="Renewal date",
            value="2026-12-01",
            why="the helpdesk has no such field",
            where=f"mappings/zendesk.toml:{line_of('Renewal date')}",
        ),
    )


def test_v25_renamed_field_names_the_one_that_was_meant():
    ticket = apply(shipped(), VALUES, with_field(account(), "Renewal date", name="Renewal day"))

    assert ticket.not_landed[0].why == 'the helpdesk has no such field; did you mean "Renewal day"?'


def test_v25_deactivated_field_goes_to_the_note_and_the_ticket_is_made():
    ticket = apply(shipped(), VALUES, with_field(account(), "MRR", active=False))

    (lost,) = ticket.not_landed
    assert (lost.field, lost.value) == ("MRR", "49.00 EUR")
    assert lost.why == "this field is switched off in the helpdesk"
    assert lost.where == f"mappings/zendesk.toml:{line_of('MRR')}"
    assert len(ticket.fields) == 8


def test_v25_deleted_field_without_a_value_loses_nothing():
    values = {path: value for path, value in VALUES.items() if path != "billing.mrr"}

    assert apply(shipped(), values, without_field(account(), "MRR")).not_landed == ()


def test_v26_renamed_option_goes_to_the_note_with_the_one_that_was_meant():
    renamed = (
        FieldOption(value="tier_free", label="Free"),
        FieldOption(value="tier_enterprise_2026", label="Enterprise 2026"),
    )

    ticket = apply(shipped(), VALUES, with_field(account(), "Customer tier", options=renamed))

    (lost,) = ticket.not_landed
    assert (lost.field, lost.value) == ("Customer tier", "Enterprise")
    assert lost.why == 'not an option of this field; did you mean "Enterprise 2026"?'
    assert lost.where == f"mappings/zendesk.toml:{line_of('Customer tier')}"
    assert "Customer tier" not in fields(ticket)
    assert len(ticket.fields) == 8


def test_value_that_is_not_in_values_goes_to_the_note():
    ticket = apply(shipped(), {**VALUES, "account.tier": "platinum"}, account())

    assert [(each.field, each.value) for each in ticket.not_landed] == [("Customer tier", "platinum")]


def test_default_stands_for_what_is_unknown_and_for_what_matches_nothing(tmp_path: Path):
    mapping = mapping_of(
        tmp_path,
        '[ticket]\nsubject = "x"\n'
        '[fields."Customer tier"]\nfrom = "a.fact"\nvalues = { pro = "Pro" }\ndefault = "Free"\n',
    )

    assert fields(apply(mapping, {}, account())) == {"Customer tier": "tier_free"}
    assert fields(apply(mapping, {"a.fact": "gold"}, account())) == {"Customer tier": "tier_free"}
    assert fields(apply(mapping, {"a.fact": "PRO"}, account())) == {"Customer tier": "tier_pro"}


def test_unknown_group_falls_back_to_the_default_group_and_is_told():
    schema = account()
    schema = replace(schema, groups=tuple(group for group in schema.groups if group.name != "Billing"))

    ticket = apply(shipped(), VALUES, schema)

    assert ticket.group is not None
    assert ticket.group.name == "Support"
    assert [(each.field, each.value, each.why) for each in ticket.not_landed] == [
        ("Group", "Billing", "no such group")
    ]


NOTHING: FieldContent | None = None

CONVERSIONS = [
    pytest.param(FieldKind.TEXT, Money(amount=4900, currency="eur"), "49.00 EUR", id="text from money"),
    pytest.param(FieldKind.TEXT, date(2026, 12, 1), "2026-12-01", id="text from a date"),
    pytest.param(FieldKind.TEXT, ("one", "two"), "one; two", id="text from lines"),
    pytest.param(FieldKind.TEXT, True, "yes", id="text from true"),
    pytest.param(FieldKind.TEXT, Decimal("1E+3"), "1000", id="text from a decimal"),
    pytest.param(FieldKind.TEXT, "a\r\n b\tc", "a b c", id="text on one line"),
    pytest.param(FieldKind.TEXT, " ", NOTHING, id="text of spaces"),
    pytest.param(FieldKind.LONG_TEXT, ("one", "two"), "one\ntwo", id="long text from lines"),
    pytest.param(FieldKind.CHECKBOX, True, True, id="checkbox from true"),
    pytest.param(FieldKind.CHECKBOX, "claimed", False, id="checkbox from identity"),
    pytest.param(FieldKind.CHECKBOX, "Yes", True, id="checkbox from a word"),
    pytest.param(FieldKind.DATE, date(2026, 12, 1), date(2026, 12, 1), id="date from a date"),
    pytest.param(FieldKind.DATE, datetime(2026, 12, 1, 9, tzinfo=UTC), date(2026, 12, 1), id="date from an instant"),
    pytest.param(FieldKind.DATE, "2026-12-01", date(2026, 12, 1), id="date from text"),
    pytest.param(FieldKind.DATE, "2026-12-01T09:00:00Z", date(2026, 12, 1), id="date from an instant as text"),
    pytest.param(FieldKind.INTEGER, 31, 31, id="integer from an integer"),
    pytest.param(FieldKind.INTEGER, "31.0", 31, id="integer from text"),
    pytest.param(FieldKind.INTEGER, Money(amount=4900, currency="usd"), 49, id="integer from money"),
    pytest.param(FieldKind.DECIMAL, Money(amount=4999, currency="usd"), Decimal("49.99"), id="decimal from money"),
    pytest.param(FieldKind.DECIMAL, Money(amount=4999, currency="jpy"), Decimal(4999), id="decimal from yen"),
    pytest.param(FieldKind.DECIMAL, "1.5E3", Decimal(1500), id="decimal from scientific text"),
    pytest.param(FieldKind.DROPDOWN, "red", "red", id="dropdown by value"),
    pytest.param(FieldKind.DROPDOWN, "Dark red", "red", id="dropdown by label"),
    pytest.param(FieldKind.DROPDOWN, "DARK RED", "red", id="dropdown by label in capitals"),
    pytest.param(FieldKind.MULTISELECT, ("red", "Sky blue"), ("red", "blue"), id="several from lines"),
    pytest.param(FieldKind.MULTISELECT, "blue, dark red,blue", ("blue", "red"), id="several from commas"),
]  # fmt: skip

DESK = '[ticket]\nsubject = "x"\n[fields.F]\nfrom = "a.fact"\n'
COLOURS = (("red", "Dark red"), ("blue", "Sky blue"))


@pytest.mark.parametrize(("kind", "value", "expected"), CONVERSIONS)
def test_conversion(tmp_path: Path, kind: FieldKind, value: FactValue, expected: FieldContent | None):
    ticket = apply(mapping_of(tmp_path, DESK), {"a.fact": value}, account(field("F", kind, *COLOURS)))

    assert fields(ticket) == ({} if expected is None else {"F": expected})
    assert type(fields(ticket).get("F")) is type(expected)
    assert ticket.not_landed == ()


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        pytest.param(FieldKind.CHECKBOX, "maybe", "neither true nor false", id="word into a checkbox"),
        pytest.param(FieldKind.DATE, "next week", "not a date (2026-11-30)", id="words into a date"),
        pytest.param(FieldKind.DATE, ("2026-12-01",), "not a date (2026-11-30)", id="lines into a date"),
        pytest.param(FieldKind.DATE, 20261201, "not a date (2026-11-30)", id="number into a date"),
        pytest.param(FieldKind.INTEGER, "many", "not a number", id="word into an integer"),
        pytest.param(FieldKind.INTEGER, Decimal("1.5"), "not a whole number", id="fraction into an integer"),
        pytest.param(FieldKind.INTEGER, True, "not a number", id="true into an integer"),
        pytest.param(FieldKind.DECIMAL, ("1.00 EUR", "1.00 USD"), "not a number", id="two currencies"),
        pytest.param(FieldKind.DECIMAL, "NaN", "not a number", id="not a number into a decimal"),
        pytest.param(FieldKind.DECIMAL, "١٢", "not a number", id="other digits into a decimal"),
        pytest.param(FieldKind.DROPDOWN, "Dark rd", 'not an option of this field; did you mean "Dark red"?', id="label misspelt"),
        pytest.param(FieldKind.DROPDOWN, "xyz", "not an option of this field", id="no such option"),
        pytest.param(FieldKind.OTHER, "x", "a kind of field that batonpass does not write", id="unknown kind"),
    ],
)  # fmt: skip
def test_what_a_field_cannot_hold_goes_to_the_note(
    tmp_path: Path, kind: FieldKind, value: FactValue, why: str
):
    ticket = apply(mapping_of(tmp_path, DESK), {"a.fact": value}, account(field("F", kind, *COLOURS)))

    assert ticket.fields == ()
    assert [(each.field, each.why, each.where) for each in ticket.not_landed] == [
        ("F", why, "mappings/desk.toml:3")
    ]


def test_options_that_exist_are_kept_beside_one_that_does_not(tmp_path: Path):
    schema = account(field("F", FieldKind.MULTISELECT, *COLOURS))

    ticket = apply(mapping_of(tmp_path, DESK), {"a.fact": ("red", "green")}, schema)

    assert fields(ticket) == {"F": ("red",)}
    assert [each.value for each in ticket.not_landed] == ["green"]


def test_very_long_text_is_cut_and_the_cut_is_told(tmp_path: Path):
    ticket = apply(
        mapping_of(tmp_path, DESK), {"a.fact": "a" * 1_000_000}, account(field("F", FieldKind.TEXT))
    )

    assert len(str(fields(ticket)["F"])) == 10_000
    assert [each.why for each in ticket.not_landed] == ["cut to 10000 characters"]
    assert len(ticket.not_landed[0].value) <= 500


def test_x05_subject_of_ten_thousand_characters_is_cut_on_a_grapheme_border():
    family = "👨‍👩‍👧‍👦"

    ticket = apply(shipped(), {**VALUES, "issue.title": family * 1500}, account())

    assert len(ticket.subject) <= 150
    assert ticket.subject.endswith("…")
    assert ticket.subject[:-1] == family * ((150 - 1) // len(family))
    assert [(each.field, each.why) for each in ticket.not_landed] == [("Subject", "cut to 150 characters")]


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_x05_subject_keeps_to_any_limit(limit: int):
    schema = replace(account(), limits=TicketLimits(subject=limit, note=1000))

    assert len(apply(shipped(), VALUES, schema).subject) <= limit


@pytest.mark.parametrize(
    ("written", "value", "tags"),
    [
        pytest.param('"{a.fact}"', "Very  angry Customer!", ("very_angry_customer",), id="spaces and signs"),
        pytest.param('"x_{a.fact}"', "y" * 100, ("x_" + "y" * 78,), id="too long"),
        pytest.param('"a", "A", " a "', "", ("a",), id="the same twice"),
        pytest.param('"x_{a.fact}", "b"', "", ("b",), id="value not known"),
        pytest.param('"{a.fact}", "b"', "!!!", ("b",), id="nothing left of it"),
        pytest.param('"{a.fact}"', "größe:xl/2", ("größe:xl/2",), id="letters of other languages"),
    ],
)
def test_x05_tag(tmp_path: Path, written: str, value: str, tags: tuple[str, ...]):
    mapping = mapping_of(tmp_path, f'[ticket]\nsubject = "x"\ntags = [{written}]\n')

    assert apply(mapping, {"a.fact": value}, account()).tags == tags


def test_tag_that_is_the_option_of_a_filled_field_is_not_sent_twice(tmp_path: Path):
    mapping = mapping_of(
        tmp_path, '[ticket]\nsubject = "x"\ntags = ["tier_pro", "b"]\n[fields]\n"Customer tier" = "Pro"\n'
    )

    ticket = apply(mapping, {}, account())

    assert fields(ticket) == {"Customer tier": "tier_pro"}
    assert ticket.tags == ("b",)


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        pytest.param("My {{ticket.requester.email}}", "My { {ticket.requester.email}}", id="placeholder"),
        pytest.param("{% if x %}", "{ % if x %}", id="command"),
        pytest.param("{{{{%x", "{ { { { %x", id="many braces"),
        pytest.param("{issue.title} {0}", "{issue.title} {0}", id="our own placeholder"),
        pytest.param("a\r\nBcc: x\x00", "a Bcc: x\ufffd", id="line break and NUL"),
        pytest.param("a\u202eb\ud800", "a[U+202E]b\ufffd", id="hidden and broken characters"),
    ],
)
def test_x06_placeholders_in_the_subject_stay_literal(title: str, subject: str):
    assert apply(shipped(), {**VALUES, "issue.title": title}, account()).subject == subject


def test_x06_placeholders_in_a_text_field_stay_literal():
    ticket = apply(shipped(), {**VALUES, "conversation.id": "{{ticket.id}}"}, account())

    assert fields(ticket)["Conversation ID"] == "{ {ticket.id}}"


def test_new_schema_is_used_at_once():
    mapping = shipped()

    before = apply(mapping, VALUES, account())
    after = apply(mapping, VALUES, without_field(account(), "Plan"))

    assert "Plan" in fields(before)
    assert "Plan" not in fields(after)


ANY_VALUE = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.builds(Money, amount=st.integers(), currency=st.sampled_from(["eur", "jpy", "x"])),
    st.lists(st.text()).map(tuple),
)
MAPPING = shipped()


@given(st.dictionaries(st.sampled_from(sorted(VALUES)), ANY_VALUE), st.sampled_from(FieldKind))
def test_no_value_makes_it_raise(values: dict[str, FactValue], kind: FieldKind):
    schema = account(*(replace(each, kind=kind) for each in account().fields))

    ticket = apply(MAPPING, values, schema)

    assert 0 < len(ticket.subject) <= 150
    assert "\n" not in ticket.subject
    assert "{{" not in ticket.subject
