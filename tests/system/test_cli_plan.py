"""`batonpass plan`, `batonpass apply` and `batonpass landing`: what they end with, and what they refuse."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from batonpass.domain.clock import SystemClock
from batonpass.domain.errors import CredentialsRefusedError, RetryLaterError
from batonpass.domain.landing import Fate, Landing
from batonpass.store import StoreAddress, database_at, landings
from batonpass.store.instants import to_ms
from batonpass.testing import failpoints
from cli_rig import run
from toy_helpdesk import ToyDesk, installed, manifest_of, refused, toy_folder

RULES = """[ticket]
subject = "{issue.title}"
priority = "high"

[fields]
"Needs a person" = true
"Tier" = "Pro"
"Language" = { from = "conversation.language", values = { en = "English", de = "Deutsch" } }
"""


@pytest.fixture
def account():
    return ToyDesk()


@pytest.fixture
def config(tmp_path, monkeypatch, account):
    with installed(monkeypatch, manifest_of(account)):
        yield toy_folder(tmp_path)


@pytest.fixture
def candidate(tmp_path):
    path = tmp_path / "proposed.toml"
    path.write_text(RULES)
    return path


@pytest.fixture
def place(tmp_path):
    return tmp_path / "mappings" / "toy.toml"


@pytest.fixture
def planned(config, candidate, tmp_path):
    """A plan on the disk."""
    out = tmp_path / "plan.json"
    made = run("plan", f"toy={candidate}", "--out", out, "--config", config)
    assert made.exit_code == 0, made.output
    return out


def test_plan_changes_nothing(config, candidate, account, place, tmp_path):
    former = place.read_text()

    run("plan", f"toy={candidate}", "--out", tmp_path / "plan.json", "--config", config)

    assert account.created == []
    assert place.read_text() == former
    assert not (tmp_path / "batonpass.db").exists()


def test_plan_shows_rules_effect_and_what_is_created(config, candidate):
    shown = run("plan", f"toy={candidate}", "--config", config)

    assert "+ ticket.priority (line 3)" in shown.stdout
    assert "3 get Priority: High" in shown.stdout
    assert 'the field "Language", dropdown with the options: English, Deutsch' in shown.stdout
    assert shown.stderr.strip().endswith("next: the same command with --out plan.json")


def test_json_is_one_document_of_the_plan(config, candidate):
    made = run("plan", f"toy={candidate}", "--config", config, "--format", "json")

    told = json.loads(made.stdout)
    assert told["schema"] == "batonpass.plan/1"
    assert told["files"][0]["candidate"] == "proposed.toml"
    assert told["files"][0]["place"] == "mappings/toy.toml"
    assert told["effect"]["fields"]["Priority"] == {"changed": 3}
    assert [each["name"] for each in told["creates"]] == ["Language"]


def test_redacted_plan_has_no_value_of_a_field(config, candidate):
    made = run("plan", f"toy={candidate}", "--config", config, "--format", "json", "--redact")

    changes = json.loads(made.stdout)["effect"]["changes"]
    assert {value for each in changes for value in (each["before"], each["after"])} <= {None, "(hidden)"}
    assert len(changes) > 1


def test_detailed_exit_code_says_whether_there_is_something_to_apply(config, candidate, place):
    with_changes = run("plan", f"toy={candidate}", "--detailed-exitcode", "--config", config)
    same = run("plan", f"toy={place}", "--from-last", "0", "--detailed-exitcode", "--config", config)

    assert with_changes.exit_code == 3
    assert same.exit_code == 3  # nothing is known to be in force yet


@pytest.mark.parametrize(
    ("text", "code"),
    [("[ticket]\nsubject = 3\n", "1:"), ("[ticket]\nsubject = \n", "TF005"), (f'{RULES}"Teer" = "Pro"\n', "HM201")],
    ids=["wrong shape", "no TOML", "slip in a field's name"],
)  # fmt: skip
def test_candidate_with_errors_ends_with_1_and_is_not_applied(config, candidate, tmp_path, text, code):
    candidate.write_text(text)

    made = run("plan", f"toy={candidate}", "--out", tmp_path / "plan.json", "--config", config)
    applied = run("apply", tmp_path / "plan.json", "--yes", "--config", config)

    assert made.exit_code == 1
    assert code in made.stdout
    assert applied.exit_code == 1
    assert "have errors" in applied.stderr


@pytest.mark.parametrize(
    "arguments",
    [("toy",), ("toy=",), ("tyo=proposed.toml",), ("toy=nothing.toml",), ("--from-last", "-1")],
    ids=["no file", "empty", "unknown connection", "missing file", "negative"],
)
def test_bad_usage_ends_with_2(config, arguments):
    assert run("plan", *arguments, "--config", config).exit_code == 2


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
def test_account_that_is_not_read(config, candidate, account, planned, error, exit_code):
    account.refuses["field_schema"] = error

    assert run("plan", f"toy={candidate}", "--config", config).exit_code == exit_code
    assert run("apply", planned, "--yes", "--config", config).exit_code == exit_code


def test_apply_creates_then_puts_the_file_in_its_place_and_keeps_both_texts(
    config, planned, account, place, candidate, tmp_path
):
    former = place.read_text()

    applied = run("apply", planned, "--yes", "--config", config)

    assert applied.exit_code == 0
    assert account.created == ["Language"]
    assert place.read_text() == candidate.read_text()
    texts = asyncio.run(kept_texts(tmp_path))
    assert [text for _, text in texts] == [former, RULES]
    assert texts[0][0] == "file"
    assert texts[1][0] != "file"


async def kept_texts(folder):
    database = database_at(StoreAddress.file(folder / "batonpass.db"))
    await database.open()
    try:
        found = await database.run(
            lambda tx: tx.rows("SELECT put_by, layers FROM mapping_versions ORDER BY id")
        )
    finally:
        await database.close()
    return [(by, json.loads(layers)[0][1]) for by, layers in found]


def test_applied_plan_leaves_nothing_to_apply(config, planned, place):
    run("apply", planned, "--yes", "--config", config)

    again = run("plan", f"toy={place}", "--detailed-exitcode", "--config", config)
    twice = run("apply", planned, "--yes", "--config", config)

    assert again.exit_code == 0
    assert "nothing to do" in again.stderr
    assert twice.exit_code == 0
    assert "was in place already" in twice.stdout


def test_apply_refuses_when_the_candidate_has_changed(config, planned, account, place, candidate):
    candidate.write_text(f"{RULES}# one more line\n")

    applied = run("apply", planned, "--yes", "--config", config)

    assert applied.exit_code == 2
    assert "proposed.toml has changed" in applied.stderr
    assert applied.stderr.strip().splitlines()[-1].startswith("next: batonpass plan")
    assert account.created == []


def test_apply_refuses_when_somebody_else_has_changed_the_file(config, planned, account, place):
    place.write_text('[ticket]\nsubject = "mine"\n')

    applied = run("apply", planned, "--yes", "--config", config)

    assert applied.exit_code == 2
    assert "mappings/toy.toml has changed" in applied.stderr
    assert place.read_text() == '[ticket]\nsubject = "mine"\n'
    assert account.created == []


def test_apply_refuses_when_the_account_has_changed_and_names_what(config, planned, account, place):
    account.fields[1] = replace(account.fields[1], required=False)
    account.fields.append(replace(account.fields[0], id="8", name="Somebody's"))

    applied = run("apply", planned, "--yes", "--config", config)

    assert applied.exit_code == 2
    assert 'toy: field "Tier" (2) has changed' in applied.stderr
    assert 'field "Somebody\'s" (8) is new' in applied.stderr
    assert account.created == []
    assert "priority" not in place.read_text()


def test_apply_asks_for_each_and_a_no_leaves_all_as_it_is(config, planned, account, place, monkeypatch):
    alone = run("apply", planned, "--config", config)
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(sys.modules["batonpass.cli.apply"], "sys", terminal)
    no = run("apply", planned, "--config", config, stdin=b"n\n")

    assert alone.exit_code == 2
    assert "nobody is here to be asked" in alone.stderr
    assert no.exit_code == 1
    assert account.created == []
    assert "priority" not in place.read_text()


def test_field_that_the_helpdesk_refuses_keeps_the_files_out_of_force(config, planned, account, place):
    account.refuses["create_field"] = refused("refused")

    applied = run("apply", planned, "--yes", "--config", config)

    assert applied.exit_code == 1
    assert '"Language"' in applied.stderr
    assert "priority" not in place.read_text()


@pytest.mark.parametrize("where", ["plan.written", "plan.in_place"])
def test_interrupted_apply_goes_on_and_ends_the_same(config, planned, account, place, candidate, where):
    failpoints.arm([f"{where}:exception"])
    try:
        with pytest.raises(failpoints.FailpointError):
            run("apply", planned, "--yes", "--config", config)
    finally:
        failpoints.arm([])

    again = run("apply", planned, "--yes", "--config", config)

    assert again.exit_code == 0, again.output
    assert account.created == ["Language"]
    assert place.read_text() == candidate.read_text()


@pytest.mark.parametrize(
    "content", [None, b"", b"{}", b'{"schema": "batonpass.plan/2"}'], ids=["none", "empty", "{}", "later"]
)
def test_what_is_no_plan_ends_with_2(config, tmp_path, content):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)

    ended = run("apply", path, "--yes", "--config", config)

    assert ended.exit_code == 2
    assert str(path) in ended.stderr


def test_landing_shows_each_field_with_its_rate_the_worst_first(config, tmp_path):
    asyncio.run(landed(tmp_path))

    shown = run("landing", "--config", config)
    told = json.loads(run("landing", "--json", "--since", "2d", "--config", config).stdout)

    rows = [line.split() for line in shown.stdout.splitlines()[1:]]
    assert rows == [
        ["toy", "Tier", "2", "1", "0", "1", "0", "0", "50.0%"],
        ["toy", "Plan", "1", "1", "0", "0", "0", "0", "100.0%"],
    ]
    assert told["schema"] == "batonpass.landing/1"
    assert [(each["field"], each["rate"], len(each["days"])) for each in told["fields"]] == [
        ("Tier", 0.5, 1),
        ("Plan", 1.0, 1),
    ]


async def landed(folder):
    database = database_at(StoreAddress.file(folder / "batonpass.db"))
    await database.open()
    fates = [("Tier", Fate.SENT), ("Tier", Fate.SENT), ("Tier", Fate.LANDED), ("Tier", Fate.DROPPED)]
    fates += [("Plan", Fate.SENT), ("Plan", Fate.LANDED)]
    at = to_ms(SystemClock().now())
    made = [Landing(field=field, fate=fate) for field, fate in fates]
    await database.run(lambda tx: landings.add(tx, "toy", made, at))
    await database.close()


def test_landing_without_a_journal_says_that_nothing_is_counted(config):
    shown = run("landing", "--config", config)

    assert shown.exit_code == 0
    assert "nothing is counted" in shown.stderr
