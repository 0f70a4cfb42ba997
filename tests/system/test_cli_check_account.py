"""`batonpass check` against an account: as it was found last, and as it is now."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from batonpass.domain.errors import CredentialsRefusedError, OutcomeUnknownError, RetryLaterError
from batonpass.domain.ticket import FieldOption
from cli_rig import run
from toy_helpdesk import ToyDesk, installed, manifest_of, refused, toy_folder


@pytest.fixture
def account():
    return ToyDesk()


@pytest.fixture
def config(tmp_path, monkeypatch, account):
    with installed(monkeypatch, manifest_of(account)):
        yield toy_folder(tmp_path)


def write(config, text):
    mapping = config.parent / "mappings" / "toy.toml"
    mapping.write_text(f'[ticket]\nsubject = "{{issue.title}}"\n{text}')
    return mapping


def codes(told):
    return [(each["code"], each["location"]["line"]) for each in json.loads(told.stdout)["findings"]]


def check(config, *more):
    return run("check", "--config", config, "--format", "json", *more)


def rename(account, value, label):
    tier = account.fields[1]
    options = tuple(
        FieldOption(value=each.value, label=label) if each.value == value else each for each in tier.options
    )
    account.fields[1] = replace(tier, options=options)


def test_without_a_snapshot_it_says_how_to_get_one(config):
    checked = run("check", "--config", config)

    assert checked.exit_code == 0
    assert "batonpass discover toy --save" in checked.stderr


def test_snapshot_is_used_and_its_age_is_said(config):
    run("discover", "--save", "--config", config)
    write(config, '[fields]\nTier = "Gold"\n')

    checked = run("check", "--config", config)
    as_json = check(config)

    assert checked.exit_code == 1
    assert 'option "Gold" does not exist' in checked.stdout
    assert "held against the account as it was " in checked.stderr
    assert codes(as_json) == [("HM204", 4)]
    told = json.loads(as_json.stdout)["accounts"]
    assert [(each["connection"], each["live"], each["problem"]) for each in told] == [("toy", False, None)]
    assert datetime.fromisoformat(told[0]["as_of"]).tzinfo is not None


def test_broken_snapshot_hides_nothing_else(config):
    run("discover", "--save", "--config", config)
    (config.parent / ".batonpass" / "toy.schema.json").write_text('{"schema": "batonpass.discover/1"}')
    write(config, '[fields]\nTier = { from = "custmer.name" }\n')

    checked = run("check", "--config", config)

    assert checked.exit_code == 1
    assert "batonpass discover toy --save writes it anew" in checked.stderr
    assert "custmer.name" in checked.stdout


def test_live_asks_the_account_as_it_is_now(config, account):
    run("discover", "--save", "--config", config)
    rename(account, "tier_free", "Starter")

    saved, live = check(config), check(config, "--live")

    assert (saved.exit_code, codes(saved)) == (0, [])
    assert (live.exit_code, codes(live)) == (1, [("HM204", 5)])
    assert "renamed since 2026" in json.loads(live.stdout)["findings"][0]["hint"]


def test_person_who_is_not_there_is_found_live(config):
    write(config, 'assignee = "grace@toy.example"\n[fields]\nTier = "Free"\n')

    assert codes(check(config, "--live")) == [("HM210", 3)]


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (CredentialsRefusedError("401"), 4),
        (refused("forbidden"), 4),
        (refused("refused"), 1),
        (RetryLaterError("no answer"), 5),
        (OutcomeUnknownError("no answer"), 5),
    ],
    ids=["credentials", "permission", "refused", "unreachable", "cut off"],
)
def test_account_that_tells_nothing_decides_the_exit_code_and_hides_no_finding(
    config, account, error, exit_code
):
    account.refuses["field_schema"] = error
    write(config, '[fields]\nTier = { from = "custmer.name" }\n')

    checked = check(config, "--live")

    assert checked.exit_code == exit_code
    assert codes(checked) == [("HM101", 4)]
    assert json.loads(checked.stdout)["accounts"][0]["problem"]


def test_live_with_a_broken_configuration_asks_nobody(config, account):
    config.write_text(config.read_text().replace("[server]", "[server]\nprot = 1\n"))

    checked = check(config, "--live")

    assert checked.exit_code == 1
    assert "config.toml has to be mended first" in json.loads(checked.stdout)["accounts"][0]["problem"]
    assert account.seen_secrets == []


def test_renamed_option_and_field_are_mended(config, account):
    run("discover", "--save", "--config", config)
    rename(account, "tier_free", "Starter")
    account.fields[0] = replace(account.fields[0], name="Wants a person")
    run("discover", "--save", "--config", config)
    mapping = write(
        config,
        "[fields]\n# the plan\nTier  = 'Free'   # always\n\"Needs a person\" = {value = true }\n",
    )

    fixed = run("check", "--config", config, "--fix")

    assert fixed.exit_code == 0
    assert mapping.read_text().endswith(
        "[fields]\n# the plan\nTier  = 'Starter'   # always\n\"Wants a person\" = {value = true }\n"
    )
    assert "-Tier  = 'Free'   # always\n" in fixed.stdout
    assert "+Tier  = 'Starter'   # always\n" in fixed.stdout
    assert "2 findings mended in 1 files" in fixed.stderr


def test_option_that_is_gone_for_good_is_left_to_a_person(config, account):
    run("discover", "--save", "--config", config)
    account.fields[1] = replace(account.fields[1], options=account.fields[1].options[1:])
    run("discover", "--save", "--config", config)
    before = (config.parent / "mappings" / "toy.toml").read_bytes()

    fixed = run("check", "--config", config, "--fix")

    assert fixed.exit_code == 1
    assert (config.parent / "mappings" / "toy.toml").read_bytes() == before


def test_old_names_are_known_over_several_discoveries(config, account):
    for label in ("Starter", "Basic", "Entry"):
        run("discover", "--save", "--config", config)
        rename(account, "tier_free", label)
    run("discover", "--save", "--config", config)

    fixed = run("check", "--config", config, "--fix")

    assert fixed.exit_code == 0
    assert 'Tier = "Entry"' in (config.parent / "mappings" / "toy.toml").read_text()


def test_snapshot_older_than_a_week_says_how_to_renew_it(config, account):
    run("discover", "--save", "--config", config)
    saved = config.parent / ".batonpass" / "toy.schema.json"
    told = json.loads(saved.read_text())
    told["as_of"] = (datetime.fromisoformat(told["as_of"]) - timedelta(days=30)).isoformat()
    saved.write_text(json.dumps(told))

    assert "--save reads it anew" in run("check", "--config", config).stderr
