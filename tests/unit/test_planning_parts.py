"""What a plan is made of: the rules that differ, the effect on tickets, what the account lacks, whether it has moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from batonpass.app.planning import account
from batonpass.app.planning.changes import ChangeKind, rule_changes
from batonpass.app.planning.effect import Outcome, Tried, effect_of
from batonpass.app.planning.needs import kind_of, needs_of
from batonpass.app.planning.preview import Previewed, ShownField
from batonpass.diagnostics import TomlFile
from batonpass.domain.facts import Money
from batonpass.domain.ids import HandoffId
from batonpass.domain.landing import Fate, Landing
from batonpass.domain.ticket import FieldKind, Form, Note, NotLanded
from batonpass.engine import counting
from batonpass.mapping import load_helpdesk_mapping
from mapping_samples import account as sample_account
from mapping_samples import with_field, without_field

BEFORE = """
[ticket]
subject = "{issue.title}"
priority = { from = "handoff.reason", values = { security = "high" }, default = "normal" }

[fields."MRR"]
from = "billing.mrr"
"""
AFTER = """
[ticket]
subject = "{issue.title}"
priority = { from = "handoff.reason", values = { security = "urgent", abuse = "high" }, default = "normal" }

[fields."Plan"]
from = "billing.plan"
"""


def toml(text):
    return TomlFile.of(text.encode(), shown_as="mappings/desk.toml")


def test_rules_that_differ_are_told_one_by_one_with_their_lines():
    found = rule_changes(toml(BEFORE), toml(AFTER))

    assert [(each.kind, each.rule, each.line) for each in found] == [
        (ChangeKind.CHANGED, "ticket.priority", 4),
        (ChangeKind.ADDED, "fields.Plan", 6),
        (ChangeKind.REMOVED, "fields.MRR", None),
    ]
    assert found[0].details == ('values.security: "high" → "urgent"', 'values.abuse: "high" is new')
    assert found[2].details == ('{ from = "billing.mrr" }',)


def test_only_comments_and_layout_are_no_change():
    assert rule_changes(toml(BEFORE), toml("# a comment\n" + BEFORE.replace(" = ", "  =  "))) == ()


def test_without_a_text_before_every_rule_is_new():
    found = rule_changes(None, toml(BEFORE))

    assert {each.kind for each in found} == {ChangeKind.ADDED}


def test_a_secret_in_a_rule_is_masked():
    (found,) = rule_changes(
        toml("[ticket]\n"), toml('[ticket]\nsubject = "sk_live_51HxQWERTYUIOPasdfghjkl"\n')
    )

    assert "QWERTY" not in str(found.details)


def ticket(**changes):
    made = Previewed(
        subject="S", priority="Normal", group=None, assignee=None, form=None, tags=(), fields=(),
        note=Note(html="", text=""), not_landed=(),
    )  # fmt: skip
    return replace(made, **changes)


def tried(number, after, before=None):
    return Tried(id=HandoffId(f"ho_{number}"), before=ticket() if before is None else before, after=after)


def test_effect_is_told_field_by_field_with_the_handoffs():
    lost = NotLanded(field="Plan", value="Gold", why="not an option of this field")
    found = effect_of(
        [
            *(tried(number, ticket()) for number in range(44)),
            *(tried(number, ticket(priority="High")) for number in range(44, 49)),
            tried(49, ticket(not_landed=(lost,))),
        ]
    )

    assert (len(found.same), len(found.changed), len(found.fails)) == (44, 5, 1)
    fails, changes = found.changes
    assert (fails.outcome, fails.field, fails.why) == (Outcome.FAILS, "Plan", "not an option of this field")
    assert (changes.field, changes.before, changes.after) == ("Priority", "Normal", "High")
    assert changes.handoffs == tuple(HandoffId(f"ho_{number}") for number in range(44, 49))
    assert found.fields["Priority"] == {Outcome.SAME: 45, Outcome.CHANGED: 5}


def test_what_failed_before_as_well_is_no_new_failure():
    lost = (NotLanded(field="Plan", value="Gold", why="not an option of this field"),)

    found = effect_of([tried(1, ticket(not_landed=lost), ticket(not_landed=lost))])

    assert found.fails == ()


def test_a_value_that_is_only_cut_has_not_failed():
    cut = (NotLanded(field="Subject", value="long", why="cut to 100 characters"),)

    assert effect_of([tried(1, ticket(not_landed=cut))]).fails == ()


def test_field_that_comes_and_field_that_goes_are_both_told():
    tier = (ShownField(name="Tier", value="Pro"),)

    found = effect_of([tried(1, ticket(fields=tier)), tried(2, ticket(), ticket(fields=tier))])

    assert {(each.before, each.after) for each in found.changes} == {(None, "Pro"), ("Pro", None)}


def mapping_of(tmp_path, fields):
    path = tmp_path / "desk.toml"
    path.write_text(f'[ticket]\nsubject = "{{issue.title}}"\n{fields}')
    mapping, _ = load_helpdesk_mapping(path, facts=("account.tier", "billing.mrr", "billing.renewal_date"))
    assert mapping is not None
    return mapping


@pytest.mark.parametrize(
    ("rule", "kind", "options"),
    [
        (
            'from = "account.tier"\nvalues = { a = "Gold", b = "Silver" }',
            FieldKind.DROPDOWN,
            ("Gold", "Silver"),
        ),
        (
            'from = "customer.identity"\nvalues = { verified = true, claimed = false }',
            FieldKind.CHECKBOX,
            (),
        ),
        ('from = "billing.mrr"', FieldKind.DECIMAL, ()),
        ('from = "billing.renewal_date"', FieldKind.DATE, ()),
        ('template = "{customer.name}: {issue.title}"', FieldKind.TEXT, ()),
    ],
    ids=["listed words", "yes and no", "money", "date", "template"],
)
def test_field_that_the_account_lacks_is_needed_with_a_kind_that_holds_its_values(
    tmp_path, rule, kind, options
):
    mapping = mapping_of(tmp_path, f'[fields."Zebra crossing"]\n{rule}\n')
    seen = {
        "billing.mrr": [Money(amount=4900, currency="eur")],
        "billing.renewal_date": [date(2026, 12, 1)],
    }

    (need,) = needs_of(mapping, sample_account(), seen)

    assert (need.field.name, need.field.kind, need.field.options) == ("Zebra crossing", kind, options)
    assert not need.adds_options
    assert need.meant is None


def test_option_that_a_dropdown_lacks_is_needed_and_a_slip_is_not(tmp_path):
    rule = '[fields."Customer tier"]\nfrom = "account.tier"\nvalues = { a = "Platinum", b = "Enterprize" }\n'

    found = needs_of(mapping_of(tmp_path, rule), sample_account(), {})

    options = {each.field.options: each.meant for each in found}
    assert options == {("Platinum",): None, ("Enterprize",): "Enterprise"}


def test_field_that_was_probably_meant_is_told(tmp_path):
    (need,) = needs_of(mapping_of(tmp_path, '[fields."Renewel date"]\nfrom = "billing.renewal_date"\n'), sample_account(), {})  # fmt: skip

    assert need.meant == "Renewal date"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False], FieldKind.CHECKBOX),
        ([1, 2], FieldKind.INTEGER),
        ([1, Decimal("2.5")], FieldKind.DECIMAL),
        ([1, "x"], FieldKind.TEXT),
        (["x" * 300], FieldKind.LONG_TEXT),
        ([("a", "b")], FieldKind.LONG_TEXT),
        ([], FieldKind.TEXT),
    ],
)
def test_kind_holds_all_the_values_that_have_come(values, kind):
    assert kind_of(values) is kind


def test_account_that_moved_is_named_part_by_part():
    schema = sample_account()
    planned = account.parts_of(schema)
    renamed = with_field(without_field(schema, "Plan"), "MRR", required=True)

    found = account.moved(planned, account.parts_of(renamed))

    assert found == ['field "MRR" (id of MRR) has changed', 'field "Plan" (id of Plan) is gone']


def test_what_the_plan_itself_has_created_is_no_move(tmp_path):
    rules = (
        '[fields."Zebra crossing"]\nfrom = "account.tier"\nvalues = { a = "Gold" }\n'
        '[fields."Customer tier"]\nfrom = "account.tier"\nvalues = { a = "Platinum" }\n'
    )
    schema = replace(sample_account(), forms=(Form(id="1", name="Default"),))
    needs = needs_of(mapping_of(tmp_path, rules), schema, {})
    planned = account.parts_of(schema)
    created = account.with_created(schema, needs)
    on_form = replace(created, forms=(Form(id="1", name="Default", fields=(created.fields[-1].id,)),))

    assert account.parts_of(on_form) != planned
    assert account.moved(planned, account.parts_of(account.without(on_form, needs, planned))) == []


def test_each_value_has_one_fate():
    result = {
        "fields": [{"name": "Tier"}, {"name": "Plan"}, {"name": "MRR"}],
        "priority": "high",
        "group": None,
        "tags": ["a"],
        "not_landed": [
            {"field": "Note", "value": "x", "why": counting.REFUSED, "where": None},
            {"field": "Region", "value": "x", "why": "no such option", "where": "desk.toml:3"},
            {"field": "Subject", "value": "x", "why": "cut to 100 characters", "where": "desk.toml:2"},
        ],
    }
    missing = [
        NotLanded(field="Tier", value="x", why=counting.DROPPED),
        NotLanded(field="Plan", value="x", why=counting.ALTERED),
    ]

    opened, read = counting.of_opened(result), counting.of_read_back(result, missing)

    sent = ("Tier", "Plan", "MRR", "Priority", "Tags")
    assert opened == (
        *(Landing(field=name, fate=Fate.SENT) for name in sent),
        Landing(field="Note", fate=Fate.REFUSED),
        Landing(field="Region", fate=Fate.UNFIT),
    )
    assert {each.field: each.fate for each in read} == {
        "Tier": Fate.DROPPED,
        "Plan": Fate.ALTERED,
        "MRR": Fate.LANDED,
        "Priority": Fate.LANDED,
        "Tags": Fate.LANDED,
    }
