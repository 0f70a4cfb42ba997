"""A template names values and nothing else: it cannot compute, climb or grow."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from batonpass.mapping.files import load_helpdesk_mapping
from batonpass.mapping.wording import Template

TRICKS = (
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{0}",
    "{customer.name!r}",
    "{customer.name:>1000000000}",
    "{customer.name:{handoff.confidence}}",
)


@pytest.mark.parametrize("trick", TRICKS)
def test_x15_a_template_that_would_compute_is_refused_at_its_line(tmp_path: Path, trick: str) -> None:
    file = tmp_path / "zendesk.toml"
    file.write_text(f"[ticket]\nsubject = \"Handoff\"\n\n[fields.About]\ntemplate = '{trick}'\n")

    mapping, findings = load_helpdesk_mapping(file)

    errors = [each for each in findings if each.severity == "error"]
    assert mapping is None
    assert {each.line for each in errors} == {5}


@pytest.mark.parametrize("name", ["customer.__class__.__mro__", "lipsum.__globals__"])
def test_x15_a_name_is_looked_up_and_never_climbed(tmp_path: Path, name: str) -> None:
    file = tmp_path / "zendesk.toml"
    file.write_text(f"[ticket]\nsubject = \"Handoff\"\n\n[fields.About]\ntemplate = '{{{name}}}'\n")

    _, findings = load_helpdesk_mapping(file)

    assert {(each.code, each.line) for each in findings} >= {("HM102", 5)}
    assert Template.read(f"{{{name}}}").fill({"customer.name": "Mia"}) is None


def test_x15_a_value_that_is_missing_or_of_another_type_leaves_the_rest_of_the_text() -> None:
    template = Template.read("{customer.name} / {billing.balance} / {history.contacts}")

    filled = template.fill({"billing.balance": Decimal("1E+1000"), "history.contacts": ("one", "two")})

    assert filled == " / 1E+1000 / one; two"
    assert template.fill({}) is None
