"""Numbers, texts and dates that a mapping takes for each other, and those that it rightly does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.mapping import check_schema
from batonpass.mapping.files import read_helpdesk_mapping
from mapping_samples import FACTS, account

HEAD = '[ticket]\nsubject = "{issue.title}"\n[fields]\n'


def codes(tmp_path: Path, rule: str) -> list[str]:
    path = tmp_path / "zendesk.toml"
    path.write_text(HEAD + rule, encoding="utf-8")
    mapping, findings = read_helpdesk_mapping(path, facts=FACTS)
    assert mapping is not None
    return [each.code for each in (*findings, *check_schema(mapping, account()))]


@pytest.mark.parametrize(
    "condition",
    [
        'handoff.confidence < "50"',
        '"50" > handoff.confidence',
        'handoff.confidence == "low"',
        'billing.mrr >= "100.50"',
        "conversation.id > 100",
        "3 == handoff.reason_text",
    ],
)
def test_number_compared_with_text_is_told(tmp_path: Path, condition: str):
    assert codes(tmp_path, f"Plan = {{ value = \"VIP\", when = '{condition}' }}") == ["HM128"]


@pytest.mark.parametrize(
    "condition",
    [
        "handoff.confidence < 50 && billing.mrr > 100.5",
        'billing.renewal_date < "2026-12-31"',
        'account.tier == "3"',
        "size(given.order_numbers) > 1",
        "int(conversation.id) > 100",
        'given.lines.exists(line, line.contains("100"))',
    ],
)
def test_comparison_of_one_kind_is_no_fault(tmp_path: Path, condition: str):
    assert codes(tmp_path, f"Plan = {{ value = \"VIP\", when = '{condition}' }}") == []


@pytest.mark.parametrize(
    ("field", "path", "transforms", "told"),
    [
        ("Renewal date", "billing.renewal_date", '"date:%d.%m.%Y"', ["HM203"]),
        ("MRR", "billing.mrr", '"money:text"', ["HM203"]),
        ("MRR", "billing.mrr", '"money:text", "lower"', ["HM203"]),
        ("Renewal date", "billing.renewal_date", '"date:%Y-%m-%d"', []),
        ("Renewal date", "billing.renewal_date", '"date"', []),
        ("Plan", "billing.renewal_date", '"date:%d.%m.%Y"', []),
        ("MRR", "billing.mrr", '"money"', []),
        ("MRR", "billing.mrr", '"money:text", "number"', []),
        ("AI confidence", "billing.renewal_date", '"date:%Y"', []),
    ],
)
def test_what_a_transform_makes_is_held_against_its_field(
    tmp_path: Path, field: str, path: str, transforms: str, told: list[str]
):
    assert codes(tmp_path, f'"{field}" = {{ from = "{path}", transforms = [{transforms}] }}') == told


@pytest.mark.parametrize(
    "template",
    [
        "Order <{given.order_number}>",
        "[{issue.title}] {{{{ticket.id}}}}",
        "see <portal.example> or 50 % of {{it}}",
        "https://portal.example.com/account.tier/{conversation.id}",
    ],
)
def test_text_that_only_looks_like_a_placeholder_is_no_fault(tmp_path: Path, template: str):
    assert codes(tmp_path, f"Plan = {{ template = '{template}' }}") == []


@pytest.mark.parametrize(
    "template",
    ["Order {{given.order_number}}", "for {{ticket.requester.name}}", "[issue.title]", "%issue.title%"],
)
def test_placeholder_of_another_program_is_told_once(tmp_path: Path, template: str):
    assert codes(tmp_path, f"Plan = {{ template = 'About: {template}' }}") == ["HM124"]
