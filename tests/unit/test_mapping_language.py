"""What a helpdesk's file can say besides what goes into which field: agents, forms, transforms, conditions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batonpass.diagnostics import Finding
from batonpass.domain.facts import FactValue
from batonpass.domain.ticket import (
    Agent,
    FieldContent,
    FieldKind,
    FieldSchema,
    Form,
    TextUnit,
)
from batonpass.mapping import HelpdeskMapping, MappedTicket, apply, load_helpdesk_mapping
from mapping_samples import VALUES, account, field, with_field

FACTS = ("account.tier", "account.owner", "billing.plan", "billing.mrr", "a.fact", "a.list")
ANNA = Agent(id="1", name="Anna Berg", email="anna@example.com")
BERT, OTHER_BERT = Agent(id="2", name="Bert"), Agent(id="3", name="Bert", email="b2@example.com")
TEAM = replace(
    account(),
    agents=(ANNA, BERT, OTHER_BERT),
    forms=(Form(id="f1", name="Support request"), Form(id="f2", name="Billing")),
)


def load(tmp_path: Path, text: str) -> tuple[HelpdeskMapping | None, list[Finding]]:
    path = tmp_path / "desk.toml"
    path.write_text(text if "[ticket]" in text else f'[ticket]\nsubject = "x"\n{text}')
    return load_helpdesk_mapping(path, facts=FACTS, shown_as="mappings/desk.toml")


def applied(
    tmp_path: Path, text: str, values: dict[str, FactValue], schema: FieldSchema = TEAM
) -> MappedTicket:
    mapping, findings = load(tmp_path, text)
    assert mapping is not None, findings
    return apply(mapping, values, schema)


def fields(ticket: MappedTicket) -> dict[str, FieldContent]:
    return {each.name: each.value for each in ticket.fields}


def lost(ticket: MappedTicket) -> list[tuple[str, str, str]]:
    return [(each.field, each.value, each.why) for each in ticket.not_landed]


@pytest.mark.parametrize("name", ["anna@example.com", "ANNA@example.com", "Anna Berg", " anna berg "])
def test_agent_is_found_by_address_or_name(tmp_path: Path, name: str):
    ticket = applied(tmp_path, 'assignee = { from = "account.owner" }', {"account.owner": name})

    assert ticket.assignee == ANNA
    assert ticket.not_landed == ()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Bert", "several agents have this name"),
        ("Carla", "no agent has this e-mail address or name"),
    ],
)
def test_agent_who_is_not_one_person_is_told_and_the_ticket_is_made(tmp_path: Path, name: str, why: str):
    ticket = applied(tmp_path, 'assignee = { from = "account.owner" }', {"account.owner": name})

    assert ticket.assignee is None
    assert lost(ticket) == [("Assignee", name, why)]


def test_agent_of_an_account_that_does_not_tell_its_agents_is_told(tmp_path: Path):
    ticket = applied(tmp_path, 'assignee = "Anna Berg"', {}, account())

    assert lost(ticket) == [("Assignee", "Anna Berg", "the helpdesk has not told who its agents are")]


def test_form_is_found_by_name_and_an_unknown_one_gives_way_to_the_default(tmp_path: Path):
    rule = 'form = { from = "handoff.reason", values = { security = "Securty" }, default = "billing" }'

    known = applied(tmp_path, 'form = "Support request"', {})
    default = applied(tmp_path, rule, {"handoff.reason": "other"})
    unknown = applied(tmp_path, rule, {"handoff.reason": "security"})

    assert (known.form, default.form, unknown.form) == (TEAM.forms[0], TEAM.forms[1], TEAM.forms[1])
    assert lost(unknown) == [("Form", "Securty", "no such form")]


def test_transforms_are_done_in_their_order_after_values_and_not_with_the_default(tmp_path: Path):
    rule = '[fields]\nPlan = { from = "a.fact", values = { p = "pro plan" }, default = "none", transforms = ["title"] }'

    assert fields(applied(tmp_path, rule, {"a.fact": "P"})) == {"Plan": "Pro Plan"}
    assert fields(applied(tmp_path, rule, {"a.fact": "q"})) == {"Plan": "none"}


def test_transform_that_cannot_be_done_puts_the_value_into_the_note(tmp_path: Path):
    rule = '[fields]\nMRR = { from = "a.fact", transforms = ["number:,"] }'

    good = applied(tmp_path, rule, {"a.fact": "1.234,50 €"})
    bad = applied(tmp_path, rule, {"a.fact": "1,234.50"})

    assert [str(value) for value in fields(good).values()] == ["1234.50"]
    assert fields(bad) == {}
    assert lost(bad) == [("MRR", "1,234.50", 'not a number with "," before its decimals')]
    assert bad.not_landed[0].where == "mappings/desk.toml:4"


@pytest.mark.parametrize(
    ("unit", "shown", "kept"),
    [
        (TextUnit.CHARACTERS, "characters", "ééé…"),
        (TextUnit.UTF16, "characters as UTF-16 counts them", "ééé…"),
        (TextUnit.BYTES, "bytes of UTF-8", "…"),
    ],
)
def test_x05_text_is_cut_to_what_its_field_holds_in_the_vendors_unit_and_the_cut_is_told(
    tmp_path: Path, unit: TextUnit, shown: str, kept: str
):
    schema = with_field(account(field("F", FieldKind.TEXT)), "F", longest=4, unit=unit)

    ticket = applied(tmp_path, '[fields]\nF = { from = "a.fact" }', {"a.fact": "éééééé"}, schema)

    assert fields(ticket) == {"F": kept}
    assert lost(ticket) == [("F", "éééééé", f"cut to 4 {shown}")]


def test_text_is_truncated_in_the_unit_of_its_field(tmp_path: Path):
    schema = with_field(account(field("F", FieldKind.TEXT)), "F", unit=TextUnit.BYTES)
    rule = '[fields]\nF = { from = "a.fact", transforms = ["truncate:7"] }'

    ticket = applied(tmp_path, rule, {"a.fact": "éééééé"}, schema)

    assert fields(ticket) == {"F": "éé…"}


SEVERAL = """
[[fields."Plan"]]
value = "VIP"
when = 'handoff.reason == "security" && account.tier == "enterprise"'

[[fields."Plan"]]
from = "billing.plan"
when = "has(billing.plan)"

[[fields."Plan"]]
template = "none for {handoff.reason}"
"""


@pytest.mark.parametrize(
    ("values", "plan"),
    [
        ({"handoff.reason": "security", "account.tier": "enterprise", "billing.plan": "Pro"}, "VIP"),
        ({"handoff.reason": "security", "account.tier": "pro", "billing.plan": "Pro"}, "Pro"),
        ({"handoff.reason": "security"}, "none for security"),
    ],
)
def test_the_first_rule_whose_condition_holds_is_taken(
    tmp_path: Path, values: dict[str, FactValue], plan: str
):
    ticket = applied(tmp_path, SEVERAL, values)

    assert fields(ticket) == {"Plan": plan}
    assert ticket.not_landed == ()


def test_rule_whose_condition_is_false_does_not_apply(tmp_path: Path):
    text = """
[ticket]
subject = "x"
priority = { value = "urgent", when = "handoff.confidence < 10" }
group = { from = "handoff.reason", values = { security = "Security" }, when = "handoff.confidence < 10" }
assignee = { value = "Anna Berg", when = "handoff.confidence < 10" }
tags = ["ai", { template = "low_{handoff.confidence}", when = "handoff.confidence < 10" }]
"""

    low = applied(tmp_path, text, {"handoff.confidence": 5, "handoff.reason": "security"})
    high = applied(tmp_path, text, {"handoff.confidence": 50, "handoff.reason": "security"})

    assert (low.priority, low.group and low.group.name, low.assignee) == ("urgent", "Security", ANNA)
    assert low.tags == ("ai", "low_5")
    assert (high.priority, high.group, high.assignee, high.tags) == (None, None, None, ("ai",))
    assert high.not_landed == ()


def test_p19_condition_that_fails_is_false_and_told_with_what_the_rule_would_have_made(tmp_path: Path):
    text = '[fields]\nPlan = { from = "billing.plan", when = "handoff.reason < 5" }'

    ticket = applied(tmp_path, text, {"billing.plan": "Pro", "handoff.reason": "security"})

    assert fields(ticket) == {}
    assert lost(ticket) == [
        ("Plan", "Pro", "its condition failed: it compares or adds values of different kinds")
    ]


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        pytest.param('Plan = { from = "a.fact", transforms = ["titel"] }', (4, 41, "HM108"), '"title"', id="transform misspelt"),
        pytest.param('Plan = { from = "a.fact", transforms = ["lower", "truncate"] }', (4, 50, "HM109"), None, id="no length"),
        pytest.param("Plan = { from = \"a.fact\", when = 'a.fact = \"x\"' }", (4, 42, "HM110"), "==", id="one equals sign"),
        pytest.param('Plan = { from = "a.fact", when = "a.fact == \\"x\\" and a.list" }', (4, 51, "HM110"), "&&", id="after escaped quotes"),
        pytest.param('Plan = { from = "a.fact", when = """\na.fact\n  = 5""" }', (6, 3, "HM110"), "==", id="on the third line"),
        pytest.param('Plan = { from = "a.fact", when = "a.fact.matches(\'x\')" }', (4, 34, "HM111"), "contains", id="a pattern"),
        pytest.param('Plan = { from = "a.fact", when = "handoff.raeson == \'x\'" }', (4, 35, "HM101"), '"handoff.reason"', id="value misspelt"),
        pytest.param('Plan = { from = "a.fact", when = "a.fact == \'a.b\' && reason == 5" }', (4, 54, "HM101"), "handoff.reason", id="value without its first word"),
        pytest.param('Plan = { from = "a.fact", when = "a.fact == True" }', (4, 45, "HM101"), "write true", id="true with a capital"),
        pytest.param('[[fields.Plan]]\nvalue = "x"\nwhen = "a.fact =="', (6, 18, "HM110"), "missing", id="in one of several"),
        pytest.param('[[fields.Plan]]\nvalue = "x"\nwehn = "has(a.fact)"', (6, 1, "TF101"), '"when"', id="key misspelt in one of several"),
        pytest.param("Plan = []", (4, 8, "TF102"), None, id="no rule at all"),
    ],
)  # fmt: skip
def test_fault_is_found_at_its_sign(tmp_path: Path, text: str, place: tuple[int, int, str], hint: str | None):
    mapping, findings = load(tmp_path, f"[fields]\n{text}")

    assert mapping is None
    assert [(each.line, each.column, each.code) for each in findings] == [place]
    assert (hint or "") in (findings[0].hint or "")


def test_fact_in_a_condition_that_no_source_tells_is_a_warning(tmp_path: Path):
    mapping, findings = load(tmp_path, '[fields]\nPlan = { from = "a.fact", when = "has(loyalty.score)" }')

    assert mapping is not None
    assert [(each.line, each.column, each.length, each.code) for each in findings] == [(4, 39, 13, "HM102")]


def test_every_value_of_the_samples_can_be_asked_for(tmp_path: Path):
    conditions = " && ".join(f"has({path})" for path in VALUES)
    mapping, _ = load(tmp_path, f'[fields]\nPlan = {{ value = "all", when = "{conditions}" }}')
    assert mapping is not None

    assert fields(apply(mapping, VALUES, TEAM)) == {"Plan": "all"}
