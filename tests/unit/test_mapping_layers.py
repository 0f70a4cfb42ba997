"""What ships with batonpass, below the team's file, below the environment's."""

from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.diagnostics import Finding
from batonpass.mapping import HelpdeskMapping, apply, load_fact_mapping, load_helpdesk_mapping
from batonpass.mapping.layers import Layers, layers_of, read_layers
from mapping_samples import FACTS, VALUES, account

SHIPPED = """\
[ticket]
subject = "{issue.title}"
group = { from = "handoff.reason", values = { security = "Security" }, default = "Support" }
tags = ["ai_handoff"]

[fields]
Plan = { from = "billing.plan" }
MRR = { from = "billing.mrr" }
"Customer tier" = { from = "account.tier", values = { enterprise = "Enterprise" } }
"""
TEAM = """\
extends = "shipped"
remove = ["fields.MRR"]

[fields]
Plan = "{not a template}"
"Renewal date" = { from = "billing.renewal_date" }
"""
STAGING = """\
[ticket]
tags = ["staging"]
"""


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    (tmp_path / "shipped").mkdir()
    made = Layers(
        file=tmp_path / "desk.toml",
        shipped=tmp_path / "shipped" / "desk.toml",
        environment=tmp_path / "desk.staging.toml",
    )
    for path, text in zip(made.watched, (SHIPPED, TEAM, STAGING), strict=True):
        path.write_text(text)
    return made


def load(layers: Layers) -> tuple[HelpdeskMapping | None, list[Finding]]:
    return load_helpdesk_mapping(read_layers(layers, shown_as="mappings/desk.toml"), facts=FACTS)


def loaded(layers: Layers) -> HelpdeskMapping:
    mapping, findings = load(layers)
    assert mapping is not None, findings
    return mapping


def test_a_rule_in_a_higher_file_takes_the_place_of_that_one_rule(layers: Layers):
    mapping = loaded(layers)
    ticket = apply(mapping, VALUES, account())

    assert {rule.name for rule in mapping.fields} == {"Plan", "Customer tier", "Renewal date"}
    assert {each.name: each.value for each in ticket.fields}["Plan"] == "{not a template}"
    assert ticket.subject == "Charged twice for November"
    assert ticket.group is not None
    assert ticket.tags == ("staging",)
    assert ticket.not_landed == ()


def test_each_rule_names_the_file_and_line_where_it_stands(layers: Layers):
    mapping = loaded(layers)

    where = {rule.name: rule.where for rule in mapping.rules}

    assert where == {
        "Subject": "<shipped desk.toml>:2",
        "Group": "<shipped desk.toml>:3",
        "Plan": "mappings/desk.toml:5",
        "Customer tier": "<shipped desk.toml>:9",
        "Renewal date": "mappings/desk.toml:6",
    }
    assert [tag.where for tag in mapping.tags] == [f"{layers.environment}:2"]


@pytest.mark.parametrize(
    ("layer", "good", "bad", "place"),
    [
        pytest.param("file", "billing.renewal_date", "handoff.renewal", ("mappings/desk.toml", 6, 27, "HM101"), id="value misspelt in the team's"),
        pytest.param("environment", "tags =", "tagz =", ("desk.staging.toml", 2, 1, "TF101"), id="key misspelt in the environment's"),
        pytest.param("shipped", '"billing.mrr"', "5", None, id="fault below a rule that was removed"),
        pytest.param("file", "fields.MRR", "fields.MMR", ("mappings/desk.toml", 2, 11, "HM114"), id="nothing to remove"),
        pytest.param("file", '"shipped"', '"default"', ("mappings/desk.toml", 1, 11, "HM113"), id="something else to extend"),
        pytest.param("file", 'extends = "shipped"', 'extnds = "shipped"', ("mappings/desk.toml", 1, 1, "TF101"), id="extends misspelt"),
        pytest.param("environment", "[ticket]", 'extends = "shipped"\n[ticket]', ("desk.staging.toml", 1, 11, "HM113"), id="extends in the environment's"),
        pytest.param("environment", "[ticket]", "[ticket", ("desk.staging.toml", 1, 8, "TF005"), id="broken environment's"),
        pytest.param("file", 'extends = "shipped"', 'schema = 2\nextends = "shipped"', ("mappings/desk.toml", 1, 10, "HM112"), id="later edition"),
        pytest.param("file", 'extends = "shipped"', 'schema = 1\nextends = "shipped"', None, id="this edition"),
    ],
)  # fmt: skip
def test_fault_is_found_in_the_file_where_it_stands(
    layers: Layers, layer: str, good: str, bad: str, place: tuple[str, int, int, str] | None
):
    path: Path = getattr(layers, layer)
    assert good in path.read_text()
    path.write_text(path.read_text().replace(good, bad, 1))

    mapping, findings = load(layers)

    found = [
        (each.file.removeprefix(f"{path.parent}/"), each.line, each.column, each.code) for each in findings
    ]
    if place is None:
        assert (found, mapping is None) == ([], False)
    else:
        assert place in found
        assert mapping is None


def test_file_that_extends_nothing_stands_by_itself(layers: Layers):
    layers.file.write_text('[ticket]\nsubject = "own"\n')

    mapping = loaded(layers)

    assert mapping.fields == ()
    assert [tag.where for tag in mapping.tags] == [f"{layers.environment}:2"]


def test_environment_without_a_file_changes_nothing(layers: Layers):
    assert layers.environment is not None
    layers.environment.unlink()

    assert [tag.where for tag in loaded(layers).tags] == ["<shipped desk.toml>:4"]


def test_connection_for_which_nothing_is_shipped_cannot_extend_it(layers: Layers):
    _, findings = load(Layers(file=layers.file))

    assert ("HM113", 1) in [(each.code, each.line) for each in findings]


def test_the_texts_of_what_was_read_give_the_same_mapping_again(layers: Layers):
    first = loaded(layers)

    again, findings = load_helpdesk_mapping(layers_of(first.file.texts, "mappings/desk.toml"), facts=FACTS)

    assert again is not None, findings
    assert [rule.where for rule in again.rules] == [rule.where for rule in first.rules]
    assert apply(again, VALUES, account()) == apply(first, VALUES, account())


def test_a_text_can_be_tried_in_place_of_what_a_file_says(layers: Layers):
    tried = read_layers(layers, instead={layers.file: TEAM.replace("{not a template}", "other")})

    mapping, _ = load_helpdesk_mapping(tried, facts=FACTS)

    assert mapping is not None
    ticket = apply(mapping, VALUES, account())
    assert {each.name: each.value for each in ticket.fields}["Plan"] == "other"
    assert "{not a template}" in layers.file.read_text()


def test_facts_have_layers_too(tmp_path: Path):
    shipped, own = tmp_path / "shipped.toml", tmp_path / "own.toml"
    shipped.write_text(
        '[facts]\n"a.one" = { object = "o", property = "p" }\n"a.two" = { object = "o", property = "p" }\n'
    )
    own.write_text(
        'extends = "shipped"\nremove = ["facts.a.two"]\n[facts]\n"a.three" = { object = "o", property = "q" }\n'
    )

    rules, findings = load_fact_mapping(
        read_layers(Layers(file=own, shipped=shipped)), readable={"o": ("*",)}
    )

    assert findings == []
    assert rules is not None
    assert [(rule.name, rule.property) for rule in rules] == [("a.one", "p"), ("a.three", "q")]
