"""`batonpass provision`."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from batonpass.app.discovery import lacking
from batonpass.cli import connecting
from batonpass.domain.errors import CredentialsRefusedError, RetryLaterError
from batonpass.domain.ticket import FieldKind, NewField
from cli_rig import run
from toy_helpdesk import KEY, ToyDesk, installed, manifest_of, refused, toy_folder


@pytest.fixture
def account():
    return ToyDesk()


@pytest.fixture
def config(tmp_path, monkeypatch, account):
    with installed(monkeypatch, manifest_of(account)):
        yield toy_folder(tmp_path)


def test_own_fields_are_created_once(config, account):
    first = run("provision", "--yes", "--config", config, "--json")
    second = run("provision", "--yes", "--config", config, "--json")

    assert (first.exit_code, second.exit_code) == (0, 0)
    (stored,) = json.loads(first.stdout)["stored"]
    assert (stored["id"], stored["name"], stored["kind"]) == ("cf_4", "Batonpass key", "text")
    assert json.loads(second.stdout)["stored"] == []
    assert account.created == ["Batonpass key"]


def test_it_asks_first_and_lists_what_it_will_create(config, account):
    asked = run("provision", "--config", config)

    assert asked.exit_code == 2
    assert 'the field "Batonpass key", text (finds a ticket again)' in asked.stderr
    assert asked.stderr.strip().splitlines()[-1].startswith("next: batonpass provision --yes")
    assert account.created == []


@pytest.mark.parametrize(
    ("answer", "exit_code", "created"), [(b"n\n", 1, []), (b"y\n", 0, ["Batonpass key"])]
)
def test_person_is_asked(config, account, monkeypatch, answer, exit_code, created):
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(connecting, "sys", terminal)

    asked = run("provision", "--config", config, stdin=answer)

    assert asked.exit_code == exit_code
    assert account.created == created


def test_dry_run_creates_nothing(config, account):
    planned = run("provision", "--dry-run", "--config", config, "--json")

    told = json.loads(planned.stdout)
    assert planned.exit_code == 0
    assert told["planned"] == [
        {"field": "Batonpass key", "kind": "text", "create": True, "options": [], "conflict": None}
    ]
    assert account.created == []


DROPDOWN = ("--field", "Handoff reason", "--kind", "dropdown", "--option", "Billing", "--option", "Security")


def test_field_of_ones_own_comes_back_in_the_stored_form(config):
    made = run("provision", *DROPDOWN, "--yes", "--config", config)

    assert made.exit_code == 0
    assert '"Handoff reason" (dropdown) stands as cf_4' in made.stdout
    assert "Billing is written as toy_billing" in made.stdout


def test_only_the_options_that_are_missing_are_added(config, account):
    wanted = ("--field", "tier", "--kind", "dropdown", "--option", "Pro", "--option", "Enterprise")

    made = run("provision", *wanted, "--yes", "--config", config, "--json")

    assert made.exit_code == 0
    tier = next(each for each in account.fields if each.name == "Tier")
    assert [each.label for each in tier.options] == ["Free", "Pro", "Enterprise"]
    assert json.loads(made.stdout)["stored"][0]["options"][-1]["value"] == "toy_enterprise"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (("--field", "Tier", "--kind", "text"), "with the kind dropdown, not text"),
        (("--field", "Old", "--kind", "text"), "switched off"),
    ],
    ids=["other kind", "switched off"],
)
def test_name_that_is_taken_is_a_problem(config, account, wanted, said):
    made = run("provision", *wanted, "--yes", "--config", config)

    assert made.exit_code == 1
    assert said in made.stderr
    assert account.created == []


def test_one_refusal_leaves_the_others_unharmed(config, account):
    account.own = (KEY, NewField(name="Tier", kind=FieldKind.TEXT))

    made = run("provision", "--yes", "--config", config, "--json")

    told = json.loads(made.stdout)
    assert made.exit_code == 6
    assert [each["name"] for each in told["stored"]] == ["Batonpass key"]
    assert [each["field"] for each in told["refused"]] == ["Tier"]


@pytest.mark.parametrize(
    "wanted",
    [
        ("--option", "A"),
        ("--field", "X", "--kind", "dropdown"),
        ("--field", "X", "--kind", "text", "--option", "A"),
        ("--field", "X", "--kind", "other"),
        ("--field", " "),
    ],
    ids=["options alone", "no options", "options of text", "unwritable", "no name"],
)
def test_bad_usage_ends_with_2(config, wanted):
    assert run("provision", *wanted, "--yes", "--config", config).exit_code == 2


@pytest.mark.parametrize(
    ("method", "error", "exit_code"),
    [
        ("field_schema", CredentialsRefusedError("401"), 4),
        ("create_field", refused("forbidden"), 4),
        ("create_field", refused("refused"), 1),
        ("create_field", RetryLaterError("no answer"), 5),
    ],
    ids=["credentials", "permission", "refused", "unreachable"],
)
def test_account_that_does_not_do_it(config, account, method, error, exit_code):
    account.refuses[method] = error

    assert run("provision", "--yes", "--config", config).exit_code == exit_code


def test_field_is_known_by_its_name_in_any_case():
    account = ToyDesk()
    schema_fields = [replace(account.fields[1], name="TIER")]

    class Schema:
        fields = tuple(schema_fields)

    assert lacking([NewField(name="Tier", kind=FieldKind.DROPDOWN, options=("pro",))], Schema()) == ()
