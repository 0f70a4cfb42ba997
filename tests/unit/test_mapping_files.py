from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.diagnostics import Finding, Severity
from batonpass.domain.ticket import FieldKind, FieldSchema
from batonpass.mapping import HelpdeskMapping, check_schema, load_helpdesk_mapping
from mapping_samples import FACTS, SHIPPED, account, field, with_field, without_field

GOOD = """\
[ticket]
subject = "{issue.title}"
priority = { from = "handoff.reason", values = { security = "urgent" }, default = "normal" }
group = { from = "handoff.reason", values = { security = "Security" }, default = "Support" }
tags = ["ai_handoff", "reason_{handoff.reason}"]

[fields."Customer tier"]
from = "account.tier"
values = { pro = "Pro", free = "tier_free" }
default = "Free"

[fields]
Plan = { template = "{billing.plan} of {customer.name}" }
"Identity verified" = { from = "customer.identity", values = { verified = true, claimed = false } }
"Handoff reason" = { template = "handoff_{handoff.reason}" }
"AI confidence" = 7
"""


def load(tmp_path: Path, text: str) -> tuple[HelpdeskMapping | None, list[Finding]]:
    path = tmp_path / "zendesk.toml"
    path.write_text(text)
    return load_helpdesk_mapping(path, facts=FACTS, shown_as="mappings/zendesk.toml")


def checked(tmp_path: Path, text: str, schema: FieldSchema) -> list[Finding]:
    mapping, findings = load(tmp_path, text)
    return [*findings, *(check_schema(mapping, schema) if mapping else ())]


def test_good_file_gives_no_finding(tmp_path: Path):
    assert checked(tmp_path, GOOD, account()) == []


def test_shipped_file_fits_the_sample_account():
    mapping, findings = load_helpdesk_mapping(SHIPPED, facts=FACTS)

    assert mapping is not None
    assert [*findings, *check_schema(mapping, account())] == []
    assert {rule.name for rule in mapping.fields} == {each.name for each in account().fields}


OFFLINE = [
    pytest.param("{issue.title}", "{issue.titel}", (2, 11, "HM101"), '"issue.title"', id="placeholder misspelt"),
    pytest.param("{issue.title}", "{issue.title", (2, 11, "HM103"), None, id="brace not closed"),
    pytest.param("{issue.title}", "{issue.title!r}", (2, 11, "HM103"), None, id="conversion in a placeholder"),
    pytest.param("{issue.title}", "{}", (2, 11, "HM103"), None, id="placeholder without a name"),
    pytest.param('"{issue.title}"', '" "', (2, 11, "HM106"), None, id="empty subject"),
    pytest.param('= "account.tier"', '= "account.teir"', (8, 8, "HM101"), '"account.tier"', id="fact misspelt"),
    pytest.param('= "account.tier"', '= "tier"', (8, 8, "HM101"), '"account.tier"', id="fact without its first word"),
    pytest.param('= "account.tier"', '= "handoff.stuff"', (8, 8, "HM101"), None, id="no such path of the package"),
    pytest.param('= "account.tier"', '= "loyalty.score"', (8, 8, "HM102"), "facts:", id="fact that no source tells"),
    pytest.param('security = "urgent"', 'securty = "urgent"', (3, 50, "HM104"), '"security"', id="reason misspelt"),
    pytest.param("claimed = false", "guessed = false", (14, 81, "HM104"), "verified, claimed", id="identity that never occurs"),
    pytest.param('"urgent"', '"urgnt"', (3, 61, "HM105"), '"urgent"', id="priority misspelt"),
    pytest.param('default = "normal"', 'default = "medium"', (3, 83, "HM105"), "priorities: high", id="default priority unknown"),
    pytest.param('values = { pro = "Pro", free = "tier_free" }', "values = {}", (9, 10, "HM106"), None, id="empty values"),
    pytest.param('"ai_handoff"', '"AI handoff"', (5, 9, "HM107"), "underscore", id="tag with a space"),
    pytest.param('"ai_handoff"', '""', (5, 9, "HM106"), None, id="empty tag"),
    pytest.param("reason_{handoff.reason}", "{handoff.raeson}", (5, 23, "HM101"), '"handoff.reason"', id="tag's placeholder misspelt"),
    pytest.param("{billing.plan}", "{biling.plan}", (13, 21, "HM101"), '"billing.plan"', id="template's placeholder misspelt"),
    pytest.param("group =", "gruop =", (4, 1, "TF101"), '"group"', id="key misspelt"),
    pytest.param("[fields]", "[feilds]", (12, 2, "TF101"), '"fields"', id="table misspelt"),
    pytest.param('default = "Free"', 'defualt = "Free"', (10, 1, "TF101"), '"default"', id="key of a field misspelt"),
    pytest.param('from = "account.tier"\n', "", (7, 1, "TF103"), None, id="from is missing"),
    pytest.param('subject = "{issue.title}"\n', "", (1, 1, "TF103"), None, id="subject is missing"),
    pytest.param('= "account.tier"', "= 5", (8, 8, "TF102"), None, id="number for a path"),
    pytest.param('"AI confidence" = 7', '"AI confidence" = [7]', (16, 19, "TF102"), None, id="list for a field"),
    pytest.param('default = "Free"', "default = Free", (10, 11, "TF005"), '"Free"', id="text without quotes"),
    pytest.param('default = "Free"', 'from = "x"', (10, 1, "TF006"), "line 8", id="key twice"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "place", "hint"), OFFLINE)
def test_fault_is_found_at_its_place(
    tmp_path: Path, good: str, bad: str, place: tuple[int, int, str], hint: str | None
):
    assert good in GOOD

    mapping, findings = load(tmp_path, GOOD.replace(good, bad, 1))

    assert [(each.line, each.column, each.code) for each in findings] == [place]
    assert (hint or "") in (findings[0].hint or "")
    assert findings[0].file == "mappings/zendesk.toml"
    assert (mapping is None) == (findings[0].severity is Severity.ERROR)


@pytest.mark.parametrize(
    ("good", "bad", "place", "hint"),
    [
        pytest.param('"Security"', '"Securty"', (4, 58, "HM205"), '"Security"', id="group misspelt"),
        pytest.param('default = "Support"', 'default = "Nobody"', (4, 82, "HM205"), "groups: Billing", id="no such group"),
        pytest.param('[fields."Customer tier"]', '[fields."Custmer tier"]', (7, 9, "HM201"), '"Customer tier"', id="field misspelt"),
        pytest.param('pro = "Pro"', 'pro = "Proo"', (9, 18, "HM204"), '"Pro"', id="label of an option misspelt"),
        pytest.param('"tier_free"', '"tier_fre"', (9, 32, "HM204"), '"tier_free"', id="value of an option misspelt"),
        pytest.param('default = "Free"', 'default = "Gold"', (10, 11, "HM204"), "options:", id="no such option"),
        pytest.param("handoff_{handoff.reason}", "{customer.identity}", (15, 33, "HM204"), "options:", id="template that makes no option"),
        pytest.param("verified = true", 'verified = "maybe"', (14, 75, "HM203"), None, id="text for a checkbox"),
        pytest.param('"AI confidence" = 7', '"AI confidence" = 7.5', (16, 19, "HM203"), None, id="fraction for a whole number"),
        pytest.param('"AI confidence" = 7', '"AI confidence" = { from = "issue.title" }', (16, 28, "HM203"), None, id="text path into a number"),
        pytest.param('"AI confidence" = 7', '"Renewal date" = { from = "conversation.turns" }', (16, 27, "HM203"), None, id="number path into a date"),
    ],
)  # fmt: skip
def test_fault_against_the_account_is_found_at_its_place(
    tmp_path: Path, good: str, bad: str, place: tuple[int, int, str], hint: str | None
):
    assert good in GOOD

    findings = checked(tmp_path, GOOD.replace(good, bad, 1), account())

    assert {(each.line, each.column, each.code) for each in findings} == {place}
    assert (hint or "") in (findings[0].hint or "")


def test_field_that_was_switched_off_is_found_at_its_name(tmp_path: Path):
    schema = with_field(account(), "Plan", active=False)

    findings = checked(tmp_path, GOOD, schema)

    assert [(each.line, each.column, each.code) for each in findings] == [(13, 1, "HM202")]


def test_kind_of_field_that_is_not_written_is_found_at_its_name(tmp_path: Path):
    schema = account(*without_field(account(), "Plan").fields, field("Plan", FieldKind.OTHER))

    findings = checked(tmp_path, GOOD, schema)

    assert [(each.line, each.column, each.code) for each in findings] == [(13, 1, "HM203")]


def test_all_faults_are_found_in_one_run(tmp_path: Path):
    text = GOOD.replace("issue.title", "issue.titel").replace('"urgent"', '"urgnt"')
    text = text.replace('"account.tier"', '"account.teir"').replace("verified = true", "verifed = true")

    _, findings = load(tmp_path, text)

    assert sorted((each.line, each.code) for each in findings) == [
        (2, "HM101"),
        (3, "HM105"),
        (8, "HM101"),
        (14, "HM104"),
    ]


def test_unknown_fact_of_a_source_that_is_not_connected_leaves_the_mapping_usable():
    mapping, findings = load_helpdesk_mapping(SHIPPED, facts=["account.tier"])

    assert mapping is not None
    assert {(each.code, each.severity) for each in findings} == {("HM102", Severity.WARNING)}
