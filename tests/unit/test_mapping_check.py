"""Checks of a mapping against an account: what is told beside the table of faults, and what is no fault."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from batonpass.diagnostics import Finding
from batonpass.domain.ticket import Agent, FieldId, FieldKind, FieldSchema, Form, TextUnit
from batonpass.mapping import check_schema
from batonpass.mapping.files import read_helpdesk_mapping
from batonpass.mapping.layers import Layers, read_layers
from mapping_samples import FACTS, account, field, with_field

HEAD = '[ticket]\nsubject = "{issue.title}"\n'


def checked(tmp_path: Path, text: str, schema: FieldSchema | None = None) -> list[Finding]:
    path = tmp_path / "zendesk.toml"
    path.write_text(HEAD + text)
    mapping, findings = read_helpdesk_mapping(path, facts=FACTS)
    assert mapping is not None
    return [*findings, *check_schema(mapping, schema or account())]


def places(findings: list[Finding]) -> list[tuple[str, int, int]]:
    return [(each.code, each.line, each.column) for each in findings]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[fields]\n"AI confidence" = { from = "handoff.confidence", values = { 90 = 100 }, default = 0 }', id="numbers on the left"),
        pytest.param('[fields]\n"Handoff reason" = { from = "handoff.reason", transforms = ["title"], when = \'handoff.reason == "security"\' }', id="a list that a condition narrows"),
        pytest.param('[[fields."Plan"]]\nvalue = "VIP"\nwhen = \'account.tier == "enterprise"\'\n[[fields."Plan"]]\nfrom = "billing.plan"', id="the rule for all comes last"),
        pytest.param('[fields]\n"Renewal date" = { from = "customer.name", transforms = ["date"] }', id="text brought into a date"),
        pytest.param('[fields]\nPlan = "https://portal.example.com/account.tier/x"', id="text with a name in it"),
        pytest.param('[fields]\nPlan = { template = "tier {account.tier} of {loyalty.level}" }', id="template with one known value"),
        pytest.param("[fields]\nPlan = { from = \"handoff.id\", when = '\"billing\" in [handoff.reason_text]' }", id="text compared with another path"),
        pytest.param('[fields]\nPlan = { from = "conversation.language", values = { de = "German", en = "English" } }', id="open list without a default"),
    ],
)  # fmt: skip
def test_what_is_meant_so_is_no_fault(tmp_path: Path, text: str):
    known = [each for each in checked(tmp_path, text) if each.code != "HM102"]

    assert known == []


@pytest.mark.parametrize(
    ("unit", "text", "fits"),
    [
        (TextUnit.CHARACTERS, "é" * 10, True),
        (TextUnit.BYTES, "é" * 10, False),
        (TextUnit.BYTES, "é" * 5, True),
        (TextUnit.UTF16, "🎉" * 10, False),
        (TextUnit.UTF16, "🎉" * 5, True),
    ],
)
def test_length_is_counted_as_the_helpdesk_counts(tmp_path: Path, unit: TextUnit, text: str, fits: bool):
    schema = with_field(account(), "Plan", longest=10, unit=unit)

    assert places(checked(tmp_path, f'[fields]\nPlan = "{text}"\n', schema)) == (
        [] if fits else [("HM206", 4, 8)]
    )


def test_text_that_is_cut_on_purpose_is_no_fault(tmp_path: Path):
    schema = with_field(account(), "Plan", longest=10)
    rule = '{ from = "issue.summary", transforms = ["truncate:10"] }'

    assert checked(tmp_path, f"[fields]\nPlan = {rule}\n", schema) == []


@pytest.mark.parametrize(
    ("assignee", "found"),
    [("ada@toy.example", 0), ("Grace Hopper", 0), ("Sam", 1), ("Nobody", 1)],
    ids=["e-mail", "name", "two of one name", "nobody"],
)
def test_person_is_found_by_name_or_address(tmp_path: Path, assignee: str, found: int):
    people = (
        Agent(id="1", name="Ada", email="Ada@toy.example"),
        Agent(id="2", name="Grace Hopper", email="grace@toy.example"),
        Agent(id="3", name="Sam", email="sam.a@toy.example"),
        Agent(id="4", name="sam", email="sam.b@toy.example"),
    )

    findings = checked(tmp_path, f'assignee = "{assignee}"\n', replace(account(), agents=people))

    assert places(findings) == [("HM210", 3, 12)] * found


def test_people_that_nobody_has_asked_for_are_not_missed(tmp_path: Path):
    assert checked(tmp_path, 'assignee = "Nobody"\n') == []


def test_tags_are_options_only_where_the_helpdesk_has_it_so(tmp_path: Path):
    text = 'tags = ["tier_pro"]\n'

    assert checked(tmp_path, text) == []
    assert places(checked(tmp_path, text, replace(account(), options_are_tags=True))) == [("HM207", 3, 9)]


def test_required_field_with_a_broken_rule_is_not_told_twice(tmp_path: Path):
    schema = with_field(account(), "Plan", required=True)

    assert [each.code for each in checked(tmp_path, "[fields]\nPlan = { form = 1 }\n", schema)] == ["TF101"]


def test_faults_of_the_account_are_told_beside_those_of_the_shape(tmp_path: Path):
    text = 'group = "Billings"\npriority = { form = "x" }\n[fields]\nMRR = [1]\nPlann = "x"\n'

    assert sorted(places(checked(tmp_path, text))) == [
        ("HM201", 7, 1),
        ("HM205", 3, 9),
        ("TF101", 4, 14),
        ("TF102", 6, 7),
    ]


def test_field_of_no_form_is_told_where_one_form_is_all_there_is(tmp_path: Path):
    form = Form(id="1", name="Default", fields=(FieldId("id of MRR"),))
    schema = replace(account(), forms=(form,))

    found = checked(tmp_path, '[fields]\nPlan = "x"\nMRR = 1\n', schema)

    assert places(found) == [("HM208", 4, 1)]


def test_fault_in_an_upper_layer_is_told_and_mended_there(tmp_path: Path):
    shipped, team, upper = (tmp_path / name for name in ("shipped.toml", "toy.toml", "toy.staging.toml"))
    shipped.write_text(HEAD + '[fields]\nPlan = "a"\n')
    team.write_text('extends = "shipped"\n[fields]\nMRR = 1\n')
    upper.write_text('[fields]\n\n"open balance" = 1\n')

    mapping, findings = read_helpdesk_mapping(
        read_layers(Layers(file=team, shipped=shipped, environment=upper)), facts=FACTS
    )

    assert mapping is not None
    (told,) = [*findings, *check_schema(mapping, account())]
    assert (told.code, told.file, told.line) == ("HM213", str(upper), 3)
    assert told.edit is not None
    assert told.edit.becomes == '"Open balance"'


@pytest.mark.parametrize(
    ("team", "upper"),
    [
        ('[fields]\n"open balance" = 1\n', '[fields]\n"open balance" = 2\n'),
        ('[fields]\n"open balance" = 1\n"Open balance" = 2\n', ""),
        ('[[fields."open balance"]]\nvalue = 1\nwhen = "true"\n', ""),
    ],
    ids=["two layers", "a rule of the new name", "several rules"],
)
def test_name_that_others_use_too_is_left_to_a_person(tmp_path: Path, team: str, upper: str):
    (tmp_path / "toy.toml").write_text(HEAD + team)
    (tmp_path / "toy.staging.toml").write_text(upper or "schema = 1\n")
    layers = Layers(file=tmp_path / "toy.toml", environment=tmp_path / "toy.staging.toml")

    mapping, _ = read_helpdesk_mapping(read_layers(layers), facts=FACTS)

    assert mapping is not None
    told = [each for each in check_schema(mapping, account()) if each.code == "HM213"]
    assert [each.edit for each in told] == [None]


def test_checking_a_large_mapping_takes_linear_time(tmp_path: Path):
    schema = account(
        *(field(f"Field {number}", FieldKind.DROPDOWN, ("a", "A"), ("b", "B")) for number in range(300))
    )
    text = "[fields]\n" + "".join(f'"Field {number}" = "Z{number}"\n' for number in range(300))

    started = time.process_time()
    found = checked(tmp_path, text, schema)

    assert len(found) == 300
    assert time.process_time() - started < 5
