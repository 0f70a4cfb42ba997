"""`batonpass handoff` and `batonpass trace`."""

from __future__ import annotations

import json
import re

import pytest

from cli_rig import DOUBLE_CHARGE, SECRETS, emulated, furnished, held_open, run, words


@pytest.fixture(scope="module")
def vendors():
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path, vendors):
    return furnished(tmp_path, vendors)


def hand_over(desk, *more, **options):
    return run("handoff", DOUBLE_CHARGE, "--config", desk.config, *more, env=SECRETS, **options)


def test_file_becomes_a_ticket_and_can_be_traced(desk):
    handed_over = hand_over(desk)

    assert handed_over.exit_code == 0
    assert re.match(r"ticket \d+  http://127\.0\.0\.1:", handed_over.stdout)
    assert desk.emulators["zendesk"].calls.count("tickets.create") == 1
    last = handed_over.stderr.strip().splitlines()[-1]
    assert last.startswith("next: batonpass trace ho_")

    traced = run("trace", last.split()[-1], "--config", desk.config)

    assert traced.exit_code == 0
    for step in ("gather_facts", "open_ticket", "read_back"):
        assert step in traced.stdout
    assert "hubspot: 4 facts" in words(traced.stdout)
    assert "mia.keller@example.com" not in traced.output
    assert "rent is due" not in traced.output


def test_transcript_is_shown_when_asked_for(desk):
    handoff_id = json.loads(hand_over(desk, "--json").stdout)["handoff"]["id"]

    as_text = run("trace", handoff_id, "--config", desk.config, "--transcript")
    as_json = run("trace", handoff_id, "--config", desk.config, "--transcript", "--json")

    assert "[7] customer: Then please get me somebody who is." in as_text.stdout
    told = json.loads(as_json.stdout)
    assert told["schema"] == "batonpass.trace/1"
    assert len(told["conversation"]["turns"]) == 8


def test_a_handoff_is_found_by_its_tickets_id_too(desk):
    told = json.loads(hand_over(desk, "--json").stdout)["handoff"]

    by_ticket = run("trace", told["ticket"]["id"], "--config", desk.config)
    by_nothing = run("trace", "4711", "--config", desk.config)

    assert told["id"] in by_ticket.stdout
    assert (by_nothing.exit_code, "none with a ticket of this id" in words(by_nothing.output)) == (2, True)


def test_stdin_and_json(desk):
    handed_over = run(
        "handoff", "-", "--config", desk.config, "--json", env=SECRETS, stdin=DOUBLE_CHARGE.read_bytes()
    )

    told = json.loads(handed_over.stdout)
    assert (handed_over.exit_code, told["schema"]) == (0, "batonpass.handoff/1")
    assert told["handoff"]["ticket"]["url"].endswith(f"/{told['handoff']['ticket']['id']}")


def test_value_that_did_not_land_ends_with_6(desk):
    mapping = desk.folder / "mappings" / "zendesk.toml"
    mapping.write_text(mapping.read_text().replace('pro = "Pro"', 'pro = "Gold"'))

    handed_over = hand_over(desk)

    assert handed_over.exit_code == 6
    assert handed_over.stdout.startswith("ticket ")
    assert "Customer tier" in handed_over.stderr


def test_no_ticket_in_time_ends_with_5_and_keeps_the_handoff(desk):
    desk.change("connections.zendesk", "base_url", "http://127.0.0.1:9")

    handed_over = hand_over(desk, "--wait", "0.2", "--json")

    told = json.loads(handed_over.stdout)["handoff"]
    assert (handed_over.exit_code, told["ticket"]) == (5, None)
    assert run("trace", told["id"], "--config", desk.config).exit_code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ('{"conversation": {"turns": []}}', "conversation.turns: "),
        ('{"conversation": {"turns": [{"role": "bot", "text": 3}]}}', "conversation.turns.0.role: "),
        ('{"conversation": {"turns": [{"role": "ai", "text": "x"}]}, "nope": 1}', "nope: "),
    ],
    ids=["no json", "no turns", "wrong role", "unknown field"],
)
def test_file_that_is_no_handoff_ends_with_2_and_names_the_field(tmp_path, content, said):
    file = tmp_path / "bad.json"
    file.write_text(content)

    handed_over = run("handoff", file, "--config", tmp_path / "config.toml")

    assert handed_over.exit_code == 2
    assert said in handed_over.stderr
    assert handed_over.stderr.strip().splitlines()[-1].startswith("next: correct")


def test_file_that_is_not_there_ends_with_2(tmp_path):
    assert run("handoff", tmp_path / "none.json").exit_code == 2


def test_unknown_ai_agent_ends_with_2(desk):
    handed_over = hand_over(desk, "--agent", "nobody")

    assert handed_over.exit_code == 2
    assert "it has: ai-agent" in handed_over.stderr


def test_store_that_a_server_has_open_points_to_the_server(desk):
    with held_open(desk.folder / "batonpass.db"):
        handed_over = hand_over(desk)

    assert handed_over.exit_code == 2
    assert "batonpass handoff FILE --url URL" in handed_over.stderr


@pytest.mark.parametrize(
    ("url", "key", "code"),
    [("http://127.0.0.1:9", "bp_x", 5), ("http://127.0.0.1:9", "", 2), ("127.0.0.1:9", "bp_x", 2)],
    ids=["nobody there", "no key", "no address"],
)
def test_server_that_cannot_be_used(url, key, code):
    handed_over = run("handoff", DOUBLE_CHARGE, "--url", url, env={"BATONPASS_API_KEY": key})

    assert handed_over.exit_code == code
    assert handed_over.stderr.strip().splitlines()[-1].startswith("next: ")


def test_trace_of_what_is_not_there_names_the_newest(desk):
    before = run("trace", "ho_none", "--config", desk.config)
    handoff_id = json.loads(hand_over(desk, "--json").stdout)["handoff"]["id"]
    after = run("trace", "ho_none", "--config", desk.config)

    assert (before.exit_code, after.exit_code) == (2, 2)
    assert "there is no journal yet" in before.stderr
    assert after.stderr.strip().splitlines()[-1] == f"next: batonpass trace {handoff_id} (the newest)"


def test_trace_needs_no_secrets_and_works_while_a_server_writes(desk):
    handoff_id = json.loads(hand_over(desk, "--json").stdout)["handoff"]["id"]
    with held_open(desk.folder / "batonpass.db"):
        traced = run("trace", handoff_id, "--config", desk.config)

    assert traced.exit_code == 0
