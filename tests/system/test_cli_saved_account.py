"""What a command has created in the account is known to the next `check`, where the account had been saved."""

from __future__ import annotations

import json

import pytest

from cli_rig import run
from toy_helpdesk import ToyDesk, installed, manifest_of, toy_folder


@pytest.fixture
def account():
    return ToyDesk()


@pytest.fixture
def config(tmp_path, monkeypatch, account):
    with installed(monkeypatch, manifest_of(account)):
        yield toy_folder(tmp_path)


def saved_fields(config):
    saved = config.parent / ".batonpass" / "toy.schema.json"
    return [each["name"] for each in json.loads(saved.read_text(encoding="utf-8"))["fields"]]


def test_created_field_is_in_what_was_saved(config):
    assert run("discover", "--save", "--config", config).exit_code == 0
    before = saved_fields(config)

    created = run("provision", "--field", "Language", "--yes", "--config", config)

    assert created.exit_code == 0
    assert (before.count("Language"), saved_fields(config).count("Language")) == (0, 1)
    assert created.stderr.strip().endswith("next: batonpass check")


def test_nothing_is_saved_where_nothing_was(config):
    created = run("provision", "--field", "Language", "--yes", "--config", config)

    assert created.exit_code == 0
    assert not (config.parent / ".batonpass").exists()
    assert created.stderr.strip().endswith("next: batonpass discover toy --save")


def test_account_that_cannot_be_saved_again_has_its_field_and_the_next_step_is_told(config, account):
    run("discover", "--save", "--config", config)
    in_the_way = config.parent / ".batonpass" / "toy.schema.new"
    in_the_way.mkdir()

    created = run("provision", "--field", "Language", "--yes", "--config", config)

    assert created.exit_code == 0
    assert account.created == ["Language"]
    assert "the saved fields are from before this" in created.stderr
    assert created.stderr.strip().endswith("next: batonpass discover toy --save")
