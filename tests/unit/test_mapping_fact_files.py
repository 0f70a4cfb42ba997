from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.diagnostics import Finding
from batonpass.domain.facts import FactRule
from batonpass.mapping import load_fact_mapping

READABLE = {
    "company": ("*",),
    "subscription": ("plan", "mrr", "metadata.*"),
}

GOOD = """\
[facts]
"account.tier" = { object = "company", property = "tier__c", values = { "Pro (2024)" = "pro" } }
"billing.mrr" = { object = "subscription", property = "mrr" }

[facts."account.manager"]
object = "subscription"
property = "metadata.account_manager"
"""


def load(tmp_path: Path, text: str) -> tuple[tuple[FactRule, ...] | None, list[Finding]]:
    path = tmp_path / "source.toml"
    path.write_text(text)
    return load_fact_mapping(path, readable=READABLE, shown_as="mappings/source.toml")


def test_good_file_gives_its_rules_in_order(tmp_path: Path):
    rules, findings = load(tmp_path, GOOD)

    assert findings == []
    assert rules == (
        FactRule(name="account.tier", object="company", property="tier__c", values=(("Pro (2024)", "pro"),)),
        FactRule(name="billing.mrr", object="subscription", property="mrr"),
        FactRule(name="account.manager", object="subscription", property="metadata.account_manager"),
    )


@pytest.mark.parametrize(
    ("good", "bad", "place", "hint"),
    [
        pytest.param('"company"', '"compny"', (2, 29, "HM301"), '"company"', id="object misspelt"),
        pytest.param('"mrr" }', '"mmr" }', (3, 55, "HM302"), '"mrr"', id="property misspelt"),
        pytest.param("metadata.account_manager", "metadata.", (7, 12, "HM302"), None, id="metadata without a name"),
        pytest.param('"account.tier"', '"Account tier"', (2, 1, "HM303"), '"account.tier"', id="name of the wrong form"),
        pytest.param('"account.tier" =', "account.tier =", (2, 9, "HM303"), '"account.tier" =', id="name without quotes"),
        pytest.param('"account.tier"', '"handoff.tier"', (2, 1, "HM304"), None, id="first word of the package"),
        pytest.param('"account.tier"', '"customer.identity"', (2, 1, "HM304"), None, id="path of the package"),
        pytest.param('object = "subscription"\n', "", (5, 1, "TF103"), None, id="object is missing"),
        pytest.param('"subscription", property', '"subscription", prperty', (3, 44, "TF101"), '"property"', id="key misspelt"),
        pytest.param("[facts]\n", "[fact]\n", (1, 2, "TF101"), '"facts"', id="table misspelt"),
    ],
)  # fmt: skip
def test_fault_is_found_at_its_place(
    tmp_path: Path, good: str, bad: str, place: tuple[int, int, str], hint: str | None
):
    assert good in GOOD

    rules, findings = load(tmp_path, GOOD.replace(good, bad, 1))

    assert rules is None
    assert [(each.line, each.column, each.code) for each in findings] == [place]
    assert (hint or "") in (findings[0].hint or "")


@pytest.mark.parametrize("name", ["hubspot", "stripe"])
def test_shipped_file_of_a_source_has_no_finding(name: str):
    path = Path(__file__).parent.parent.parent / "mappings" / f"{name}.toml"
    module = pytest.importorskip(f"batonpass_{name}")

    _, findings = load_fact_mapping(path, readable=module.manifest.readable)

    assert findings == []
