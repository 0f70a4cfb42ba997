"""`batonpass verify`."""

from __future__ import annotations

import json
import sqlite3

import pytest

from batonpass.domain.ids import new_handoff_id
from batonpass.testing.emulator import Fault
from cli_rig import DOUBLE_CHARGE, SECRETS, emulated, furnished, held_open, run, words


@pytest.fixture(scope="module")
def vendors():
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path, vendors):
    """One handoff with its ticket, and nothing else of ours in the helpdesk."""
    helpdesk = vendors.emulators["zendesk"]
    for ticket in list(helpdesk.account.tickets):
        helpdesk.delete_ticket(str(ticket))
    return furnished(tmp_path, vendors)


def hand_over(desk):
    """(Handoff, ticket)."""
    told = json.loads(run("handoff", DOUBLE_CHARGE, "--config", desk.config, "--json", env=SECRETS).stdout)
    return told["handoff"]["id"], told["handoff"]["ticket"]["id"]


def verify(desk, *more, env=SECRETS):
    return run("verify", "--config", desk.config, *more, env=env)


def differences(desk, *more):
    """(Exit code, [(kind, handoff, tickets)])."""
    verified = verify(desk, "--json", *more)
    told = json.loads(verified.stdout)
    assert told["schema"] == "batonpass.verify/1"
    assert told["ok"] is (verified.exit_code == 0)
    return verified.exit_code, [
        (each["kind"], each["handoff"], each["tickets"]) for each in told["differences"]
    ]


def test_where_journal_and_helpdesk_agree_nothing_is_found_and_nothing_changed(desk):
    hand_over(desk)
    written = len(desk.emulators["zendesk"].ledger)

    verified = verify(desk)

    assert (verified.exit_code, verified.stdout) == (0, "")
    assert "1 handoffs and 1 tickets of zendesk" in words(verified.stderr)
    assert len(desk.emulators["zendesk"].ledger) == written


def test_it_may_run_beside_a_server(desk):
    hand_over(desk)

    with held_open(desk.folder / "batonpass.db"):
        assert verify(desk).exit_code == 0


def test_p08_p10_after_an_old_copy_of_the_journal_its_lost_handoffs_are_named(desk):
    handoff, ticket = hand_over(desk)
    for file in desk.folder.glob("batonpass.db*"):
        file.unlink()
    run("handoff", DOUBLE_CHARGE, "--config", desk.config, env=SECRETS)  # a journal without the first one

    assert differences(desk) == (1, [("orphaned", handoff, [ticket])])


def test_a_copied_ticket_is_named_beside_the_first(desk):
    handoff, ticket = hand_over(desk)
    copy = desk.emulators["zendesk"].add_ticket("Copied by hand")
    copy.external_id = handoff

    code, ((kind, of, tickets),) = differences(desk)

    assert (code, kind, of, sorted(tickets)) == (1, "doubled", handoff, sorted([ticket, str(copy.id)]))


def test_a_deleted_ticket_is_told_after_it_has_been_read(desk):
    handoff, ticket = hand_over(desk)
    desk.emulators["zendesk"].delete_ticket(ticket)

    assert differences(desk) == (1, [("gone", handoff, [ticket])])


def test_a_handoff_that_nobody_works_on_is_lost(desk):
    handoff, _ = hand_over(desk)
    lost = new_handoff_id()
    with sqlite3.connect(desk.folder / "batonpass.db") as db:  # as after a step was taken out by hand
        db.execute(
            "INSERT INTO handoffs (id, state, ai_agent, created_at, updated_at, mended, request, helpdesk)"
            " SELECT ?, 'enriched', ai_agent, created_at - 3600000, updated_at, 0, x'', helpdesk FROM handoffs WHERE id = ?",
            (lost, handoff),
        )

    shown = verify(desk)

    assert differences(desk) == (1, [("lost", lost, [])])
    assert shown.stderr.strip().splitlines()[-1] == f"next: batonpass trace {lost}"


def test_wrong_key_ends_with_4_and_no_answer_with_5(desk):
    hand_over(desk)

    refused = verify(desk, env={**SECRETS, "ZENDESK_CLIENT_SECRET": "another-secret"})
    desk.emulators["zendesk"].next_call(Fault.SERVER_ERROR, status=503, times=9)
    unreachable = verify(desk)

    assert (refused.exit_code, unreachable.exit_code) == (4, 5)
    assert "another-secret" not in refused.output


@pytest.mark.parametrize("since", ["yesterday", "0h", "91d", "-1h"])
def test_a_time_that_is_none_ends_with_2_and_an_example(desk, since):
    verified = verify(desk, f"--since={since}")

    assert verified.exit_code == 2
    assert "next: batonpass verify --since 24h" in verified.stderr


def test_without_a_journal_it_ends_with_2(desk):
    assert verify(desk).exit_code == 2
