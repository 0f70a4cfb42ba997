"""`batonpass discover`."""

from __future__ import annotations

import json

import pytest

from batonpass.domain.errors import CredentialsRefusedError, RetryLaterError
from cli_rig import run, words
from toy_helpdesk import LEDGER, ToyDesk, installed, manifest_of, refused, toy_folder


@pytest.fixture
def account():
    return ToyDesk()


@pytest.fixture
def config(tmp_path, monkeypatch, account):
    with installed(monkeypatch, manifest_of(account), LEDGER):
        yield toy_folder(tmp_path, more='[connections.ledger]\napi_key = "env:LEDGER_KEY"\n')


ENV = {"LEDGER_KEY": "something"}


def test_fields_are_told_as_the_account_has_them(config):
    found = run("discover", "--config", config, "--json", env=ENV)

    told = json.loads(found.stdout)
    assert (found.exit_code, told["schema"], told["connection"]) == (0, "batonpass.discover/1", "toy")
    tier = next(each for each in told["fields"] if each["name"] == "Tier")
    assert (tier["kind"], tier["required"], tier["active"]) == ("dropdown", True, True)
    assert tier["options"][1] == {"value": "tier_pro", "label": "Pro"}
    assert [each["name"] for each in told["groups"]] == ["Support", "Billing"]
    assert told["forms"][0]["statuses"] == ["New", "Done"]
    assert "agents" not in told


def test_people_read_it_too(config):
    shown = words(run("discover", "toy", "--agents", "--config", config, env=ENV).stdout)

    assert "Tier dropdown required Free (tier_free), Pro (tier_pro) 2" in shown
    assert "switched off" in shown
    assert "Ada Agent ada@toy.example away Lunch messaging 2/5 51" in shown
    assert "who is there was read" in shown


def test_agents_and_presence_with_its_age(config):
    found = run("discover", "--agents", "--config", config, "--json", env=ENV)

    told = json.loads(found.stdout)
    assert found.exit_code == 0
    assert told["agents"] == [{"id": "51", "name": "Ada Agent", "email": "ada@toy.example"}]
    assert told["presence"]["agents"][0]["availability"] == "away"
    assert told["presence"]["age_seconds"] >= 0
    assert told["not_told"] == []


def test_part_that_the_account_does_not_tell_costs_only_that_part(config, account):
    account.refuses["presence"] = refused("forbidden")

    found = run("discover", "--agents", "--config", config, "--json", env=ENV)

    told = json.loads(found.stdout)
    assert found.exit_code == 6
    assert told["presence"] is None
    assert told["agents"][0]["id"] == "51"
    assert [each["part"] for each in told["not_told"]] == ["presence"]


def test_saved_schema_has_no_people(config):
    found = run("discover", "--agents", "--save", "--config", config, env=ENV)

    saved = config.parent / ".batonpass" / "toy.schema.json"
    told = json.loads(saved.read_text())
    assert found.exit_code == 0
    assert told["schema"] == "batonpass.discover/1"
    assert {each["name"] for each in told["fields"]} == {"Needs a person", "Tier", "Old"}
    written = sorted(saved.parent.iterdir())
    assert [path.name for path in written] == ["toy.mapping.schema.json", "toy.schema.json"]
    assert all("Ada" not in path.read_text() for path in written)


def test_saved_schema_for_editors_has_the_accounts_own_names(config):
    run("discover", "--save", "--config", config, env=ENV)

    schema = json.loads((config.parent / ".batonpass" / "toy.mapping.schema.json").read_text())
    fields = schema["properties"]["fields"]["properties"]
    assert set(fields) == {"Needs a person", "Tier"}  # "Old" is switched off


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (CredentialsRefusedError("401"), 4),
        (refused("forbidden"), 4),
        (refused("refused"), 1),
        (RetryLaterError("no answer"), 5),
    ],
    ids=["credentials", "permission", "refused", "unreachable"],
)
def test_account_that_tells_nothing(config, account, error, exit_code):
    account.refuses["field_schema"] = error

    assert run("discover", "--config", config, env=ENV).exit_code == exit_code


def test_connection_that_keeps_no_tickets_has_no_fields(config):
    asked = run("discover", "ledger", "--config", config, env=ENV)

    assert asked.exit_code == 2
    assert "keeps no tickets" in asked.stderr
