"""What editors are told of a mapping file: the shipped ones are good, and slips are marked."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from batonpass.domain.ticket import Form
from batonpass.mapping.editor_schema import fact_schema, helpdesk_schema
from mapping_samples import FACTS, SHIPPED, account

ACCOUNT = replace(account(), forms=(Form(id="1", name="Billing"),))
SCHEMA = helpdesk_schema(ACCOUNT, FACTS)


def faults(text: str, schema: dict[str, Any]) -> list[list[str]]:
    """The places of all that is marked."""
    checker = jsonschema.Draft202012Validator(schema)
    return [[str(step) for step in each.absolute_path] for each in checker.iter_errors(tomllib.loads(text))]


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(fact_schema({"o": ("p", "metadata.*"), "any": ("*",)}))


def test_shipped_file_has_no_fault():
    assert faults(SHIPPED.read_text(), SCHEMA) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('schema = 1\nextends = "shipped"\nremove = ["fields.MRR"]', None),
        ('[ticket]\nform = "Billing"\nassignee = { from = "account.owner" }', None),
        ('[fields]\n"Customer tier" = { from = "account.tier", values = { pro = "tier_pro" }, default = "Free" }', None),
        ('[[fields."Customer tier"]]\nvalue = "Pro"\nwhen = "has(account.tier)"', None),
        ('[fields]\nMRR = { from = "a.fact", transforms = ["number:,", "truncate:4"] }', None),
        ('[fields]\nTier = "Pro"', ["fields"]),
        ('[fields]\n"Customer tier" = "Gold"', ["fields", "Customer tier"]),
        ('[fields]\n"Customer tier" = { from = "account.tier", default = "Gold" }', ["fields", "Customer tier"]),
        ('[fields]\n"Customer tier" = { form = "account.tier" }', ["fields", "Customer tier"]),
        ('[ticket]\ngroup = "Nobody"', ["ticket", "group"]),
        ('[ticket]\npriority = { value = "medium" }', ["ticket", "priority"]),
        ('[ticket]\nform = "Biling"', ["ticket", "form"]),
        ('[fields]\nMRR = { from = "a.fact", transforms = ["nubmer"] }', ["fields", "MRR"]),
        ("[feilds]", []),
    ],
)  # fmt: skip
def test_file(text: str, place: list[str] | None):
    assert faults(text, SCHEMA) == ([] if place is None else [place])


def test_values_can_be_completed_and_others_are_allowed():
    names = SCHEMA["properties"]["fields"]["properties"]["Plan"]["anyOf"][1]["properties"]["from"]["anyOf"][0]

    assert {"handoff.reason", "account.tier"} <= set(names["enum"])
    assert faults('[fields]\nPlan = { from = "not.yet" }', SCHEMA) == []


@pytest.mark.parametrize("name", ["hubspot", "stripe"])
def test_shipped_file_of_a_source_has_no_fault(name: str):
    module = pytest.importorskip(f"batonpass_{name}")
    text = (Path(SHIPPED).parent / f"{name}.toml").read_text()

    schema = fact_schema(module.manifest.readable)

    assert faults(text, schema) == []
    assert faults('[facts]\n"a.b" = { object = "nothing", property = "x" }', schema) == [
        ["facts", "a.b", "object"]
    ]
    assert faults('[facts]\n"Bad name" = { object = "x", property = "x" }', schema) == [["facts"]]
