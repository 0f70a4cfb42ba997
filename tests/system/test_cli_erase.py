"""`batonpass erase` and `batonpass export`; a transcript that is no longer kept."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batonpass.app.forgetting import Forgetter
from batonpass.store import Installation
from cli_rig import SECRETS, emulated, furnished, held_open, run, subprocess_environment, words
from operated import serving
from scene import body, playing

MIA = "mia.keller@example.com"


@pytest.fixture(scope="module")
def vendors():
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path, vendors):
    """With one handoff of Mia's, whose ticket nobody has taken yet."""
    made = furnished(tmp_path, vendors)
    conversation = tmp_path / "mia.json"
    asked = body("zebraword") | {"customer": {"name": "Mia Keller", "email": MIA, "identity": "verified"}}
    conversation.write_text(json.dumps(asked))
    told = run("handoff", conversation, "--config", made.config, "--json", env=SECRETS)
    made.handoff = json.loads(told.stdout)["handoff"]
    conversation.unlink()
    return made


def erase(desk, *more, stdin: bytes | None = f"{MIA}\n".encode()):
    return run("erase", "--email", "-", "--config", desk.config, *more, stdin=stdin)


def is_kept(desk) -> bool:
    files = [file for file in desk.folder.glob("batonpass.db*") if file.is_file()]
    return any(b"zebraword" in file.read_bytes() for file in files)


def test_d08_open_handoff_ends_with_1_and_the_way_out(desk):
    refused = erase(desk, "--yes")

    assert refused.exit_code == 1
    assert desk.handoff["id"] in words(refused.stderr)
    assert "--cancel-open" in refused.stderr
    assert is_kept(desk)


def test_d08_erased_with_a_proof_and_the_tickets_that_are_still_there(desk):
    as_json = erase(desk, "--yes", "--cancel-open", "--json")
    again = erase(desk, "--yes")

    told = json.loads(as_json.stdout)
    assert (as_json.exit_code, told["schema"]) == (0, "batonpass.erase/1")
    ticket = {"handoff": desk.handoff["id"], "helpdesk": "zendesk", "id": desk.handoff["ticket"]["id"]}
    assert told["tickets"] == [ticket]
    assert told["proof"]["counts"]["inbox"] == 1
    assert MIA not in as_json.output
    assert not is_kept(desk)
    assert again.exit_code == 0
    assert again.stdout.startswith("erased: er_")


def test_d08_dry_run_says_what_and_changes_nothing(desk):
    planned = erase(desk, "--dry-run")
    as_json = json.loads(erase(desk, "--dry-run", "--json").stdout)

    assert planned.exit_code == 0
    assert "1 handoffs of theirs, 1 of them not over" in planned.stdout
    assert f"ticket {desk.handoff['ticket']['id']} at zendesk" in planned.stdout
    assert as_json["handoffs"] == [{"id": desk.handoff["id"], "state": desk.handoff["state"]}]
    assert is_kept(desk)


def test_d08_nobody_is_asked_where_nobody_is(desk):
    unasked = erase(desk, "--cancel-open")
    no_address = run("erase", "--config", desk.config, "--yes")

    assert (unasked.exit_code, no_address.exit_code) == (2, 2)
    assert "--yes" in unasked.stderr
    assert "--email -" in no_address.stderr
    assert is_kept(desk)


def test_what_is_no_address_is_refused_without_repeating_it(desk):
    refused = erase(desk, "--yes", stdin=b"just a name\n")

    assert refused.exit_code == 2
    assert "NAME@DOMAIN" in refused.stderr
    assert "just a name" not in refused.output


def test_d08_store_that_a_process_without_orders_has_open_is_named(desk):
    with held_open(desk.folder / "batonpass.db"):
        refused = erase(desk, "--yes", "--cancel-open")

    assert refused.exit_code == 2
    assert "takes no orders" in words(refused.stderr)
    assert is_kept(desk)


def test_d08_a_running_server_erases_them_itself(desk):
    with serving(desk):
        done = erase(desk, "--yes", "--cancel-open", "--json")

        kept = is_kept(desk)

    assert done.exit_code == 0
    assert json.loads(done.stdout)["proof"]["counts"]
    assert not kept


def test_d10_legal_hold_wins(desk):
    desk.config.write_text(desk.config.read_text().replace("# legal_hold = false", "legal_hold = true"))

    refused = erase(desk, "--yes", "--cancel-open")

    assert refused.exit_code == 2
    assert "legal_hold" in refused.stderr
    assert is_kept(desk)


def test_trace_says_that_a_conversation_is_no_longer_kept(desk):
    erase(desk, "--yes", "--cancel-open")

    as_text = run("trace", desk.handoff["id"], "--config", desk.config, "--transcript")
    as_json = run("trace", desk.handoff["id"], "--config", desk.config, "--transcript", "--json")

    assert (as_text.exit_code, as_json.exit_code) == (0, 0)
    assert "no longer kept here" in as_text.stderr
    assert json.loads(as_json.stdout)["conversation"] is None


def test_d11_export_is_one_document_that_only_its_owner_can_read(desk, tmp_path):
    file = tmp_path / "mia.export.json"

    shown = run("export", "--email", MIA, "--config", desk.config)
    written = run("export", "--email", MIA, "--config", desk.config, "--to", file)
    again = run("export", "--email", MIA, "--config", desk.config, "--to", file)

    told = json.loads(shown.stdout)
    assert (told["schema"], told["email"]) == ("batonpass.person/1", MIA)
    assert told["handoffs"][0]["request"]["conversation"]["turns"][0]["text"] == "zebraword"
    assert json.loads(file.read_text()) == told
    assert (written.exit_code, file.stat().st_mode & 0o777) == (0, 0o600)
    assert (again.exit_code, "is not there yet" in words(again.stderr)) == (2, True)


def test_d08_command_that_is_killed_goes_on_when_it_is_run_again(desk):
    path = desk.folder / "batonpass.db"
    _mention(path, 4_000)
    arguments = ["erase", "--email", MIA, "--yes", "--cancel-open", "--config", str(desk.config)]
    process = subprocess.Popen([sys.executable, "-m", "batonpass", *arguments], env=subprocess_environment())
    while _place(path) is None and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    killed_at = _place(path)

    again = erase(desk, "--yes", "--json")

    proof = json.loads(again.stdout)["proof"]
    assert killed_at is not None
    assert proof["id"] == killed_at[0]
    assert proof["counts"]["attempts"] >= 4_000
    assert not any(MIA.encode() in file.read_bytes() for file in desk.folder.glob("batonpass.db*"))


def _mention(path: Path, times: int) -> None:
    with sqlite3.connect(path) as db:
        db.executemany(
            "INSERT INTO attempts (handoff_id, step, number, started_at, seconds, outcome, detail)"
            " VALUES ('ho_x', 's', ?, 0, 0, 'refused', ?)",
            [(number, f"no user {MIA}") for number in range(times)],
        )
    db.close()


def _place(path: Path) -> tuple[str, str] | None:
    """(Id, stage) of the erasure that is looking through the attempts."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute(
            "SELECT id, stage FROM erasures WHERE done_at IS NULL AND stage = 'attempts'"
        ).fetchone()
    finally:
        db.close()


async def test_d08_transcript_of_an_erased_person_is_gone_over_the_api_of_a_running_server(tmp_path) -> None:
    async with playing(tmp_path) as scene:
        asked = body("zebraword") | {"customer": {"email": MIA}}
        handoff_id = await scene.hand_over(asked)
        service = scene.service
        database = service.journal.database
        forgetter = Forgetter(
            database,
            Installation(database, node="me", name=str(os.getpid())),
            service.clock,
            legal_hold=False,
        )

        await scene.until(handoff_id)
        before = await scene.http.get(f"/v1/handoffs/{handoff_id}/transcript")
        await forgetter.erase(MIA, cancel_open=True)
        after = await scene.http.get(f"/v1/handoffs/{handoff_id}/transcript")
        status = await scene.http.get(f"/v1/handoffs/{handoff_id}")

    assert before.text == "[1] customer: zebraword"
    assert (after.status_code, after.json()["code"]) == (410, "transcript_gone")
    assert (status.status_code, status.json()["state"]) == (200, "abandoned")
