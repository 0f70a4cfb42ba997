"""`batonpass store`, and what `serve` says of a store that it cannot use."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batonpass.domain.ids import new_handoff_id
from batonpass.engine import decide
from batonpass.store import Journal, NewHandoff, StoreAddress, database_at
from batonpass.store.copying import TABLES
from cli_rig import SECRETS, Desk, Vendors, emulated, furnished, held_open, run, subprocess_environment, words
from operated import NOW, serving, store_of


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, vendors: Vendors) -> Desk:
    return furnished(tmp_path, vendors)


async def filled(address: StoreAddress, n: int = 1) -> None:
    journal = Journal(database_at(address))
    await journal.open()
    for _ in range(n):
        new = NewHandoff(
            id=new_handoff_id(), ai_agent="ai-agent", conversation_id=None, body=b"{}", request=b"{}", mended=False,
            idempotency_key=None, body_sha256=b"", received_at=NOW, helpdesk="zendesk",
        )  # fmt: skip
        await journal.accept(new, decide.on_request())
    await journal.close()


def store(desk: Desk, *arguments: object, **env: str) -> Any:
    return run("store", *arguments, "--config", desk.config, env={**SECRETS, **env})


def path_of(desk: Desk) -> Path:
    path = store_of(desk).path
    assert path is not None
    return path


def test_migrate_shows_what_is_pending_then_does_it(desk: Desk) -> None:
    pending = store(desk, "migrate", "--dry-run")
    done = store(desk, "migrate")
    again = store(desk, "migrate", "--json")
    with held_open(path_of(desk)):
        beside = store(desk, "migrate")

    assert [each.exit_code for each in (pending, done, again, beside)] == [0, 0, 0, 0]
    assert "pending: 0003_several_nodes" in pending.stdout
    assert "done: 0003_several_nodes" in done.stdout
    assert json.loads(again.stdout)["pending"] == []


def test_migrate_beside_a_process_that_has_an_old_store_open_is_refused(desk: Desk) -> None:
    with held_open(path_of(desk)) as _:
        path_of(desk).unlink()
        refused = store(desk, "migrate")

    assert refused.exit_code == 2
    assert "another batonpass process has it open" in refused.stderr
    assert refused.stderr.strip().splitlines()[-1].startswith("next: ")


def test_backup_while_a_server_runs_is_whole(desk: Desk, tmp_path: Path) -> None:
    asyncio.run(filled(store_of(desk), 3))

    with serving(desk):
        done = store(desk, "backup", tmp_path / "backup.db", "--json")
        again = store(desk, "backup", tmp_path / "backup.db")
        well = store(desk, "verify", "--full", "--json")

    told = json.loads(done.stdout)
    assert (done.exit_code, told["schema"], told["handoffs"]) == (0, "batonpass.store.backup/1", 3)
    assert (again.exit_code, "there is a file already" in again.stderr) == (2, True)
    assert (well.exit_code, json.loads(well.stdout)["ok"]) == (0, True)
    desk.change("store", "url", f"sqlite:///{tmp_path}/backup.db")
    assert store(desk, "verify").exit_code == 0


def test_backup_of_postgresql_names_pg_dump(desk: Desk, tmp_path: Path) -> None:
    desk.change("store", "url", "env:STORE_URL")

    refused = store(desk, "backup", tmp_path / "b", STORE_URL="postgresql://ann:s3cret@db.example:5433/baton")

    last = refused.stderr.strip().splitlines()[-1]
    assert refused.exit_code == 2
    assert last.startswith(
        "next: pg_dump --format=custom --host=db.example --port=5433 --username=ann --dbname=baton"
    )
    assert "s3cret" not in refused.output


def test_verify_tells_what_does_not_agree_and_what_is_not_there(desk: Desk) -> None:
    nothing = store(desk, "verify")
    asyncio.run(filled(store_of(desk)))

    async def lose() -> None:
        database = database_at(store_of(desk))
        await database.open()
        await database.run(lambda tx: tx.execute("DELETE FROM steps"))
        await database.close()

    asyncio.run(lose())
    wrong = store(desk, "verify")

    assert (nothing.exit_code, "there is no journal yet" in nothing.stderr) == (2, True)
    assert (wrong.exit_code, "no_steps: 1 handoffs have no step" in wrong.stdout) == (1, True)
    assert wrong.stderr.strip().splitlines()[-1].startswith("next: ")


def test_copy_moves_to_postgresql_and_says_what_to_change(desk: Desk, postgres_url: str) -> None:
    asyncio.run(filled(store_of(desk), 5))

    dry = store(desk, "copy", "--to", "env:TARGET", "--dry-run", TARGET=postgres_url)
    unasked = store(desk, "copy", "--to", "env:TARGET", TARGET=postgres_url)
    with held_open(path_of(desk)):
        in_use = store(desk, "copy", "--to", "env:TARGET", "--yes", TARGET=postgres_url)
    done = store(desk, "copy", "--to", "env:TARGET", "--yes", TARGET=postgres_url)
    again = store(desk, "copy", "--to", "env:TARGET", "--yes", TARGET=postgres_url)
    desk.change("store", "url", "env:TARGET")
    listed = run("queue", "list", "--config", desk.config, env={**SECRETS, "TARGET": postgres_url})
    cancelled = run(
        "queue", "cancel", "--all", "--yes", "--config", desk.config, env={**SECRETS, "TARGET": postgres_url}
    )

    assert f"copy {len(TABLES)} tables" in words(dry.stdout)
    assert [each.exit_code for each in (unasked, in_use, done, again)] == [2, 2, 0, 2]
    assert "another batonpass process has it open" in in_use.stderr
    assert "handoffs: 5 rows, the same" in done.stdout
    assert 'put url = "env:TARGET" under [store]' in done.stderr
    assert "a copy needs an empty database" in again.stderr
    assert "5 handoffs: 5 requested" in listed.stderr
    assert (cancelled.exit_code, "5 cancelled" in cancelled.stdout) == (0, True)


def test_copy_to_no_store_or_to_itself_is_refused(desk: Desk) -> None:
    wrong = store(desk, "copy", "--to", "mysql://x", "--yes")
    missing = store(desk, "copy", "--to", "env:NOT_SET", "--yes")
    itself = store(desk, "copy", "--to", f"sqlite:///{path_of(desk)}", "--yes")

    assert [each.exit_code for each in (wrong, missing, itself)] == [2, 2, 2]


def _no_more_than_others() -> None:
    """Give up root's right to read and write whatever belongs to others; whoever is not root has it not anyway."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: not after the exec


OPEN = """
import asyncio, sys
from pathlib import Path
from batonpass.store import StoreAddress, StoreError, database_at

for path in sys.argv[1:]:
    try:
        asyncio.run(database_at(StoreAddress.file(Path(path))).open())
        print("opened")
    except StoreError as error:
        print(error)
"""


def test_p06_a_folder_or_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    stores = [tmp_path / name / "journal.db" for name in ("folder", "file", "lock")]
    for each in stores:
        each.parent.mkdir()
        asyncio.run(filled(StoreAddress.file(each)))
    of_others = (stores[1], stores[2].with_name("journal.db.lock"))
    for each in of_others:
        each.chmod(0o400)
        if os.geteuid() == 0:
            os.chown(each, 65534, 65534)
    stores[0].with_name("journal.db.lock").unlink()
    stores[0].parent.chmod(0o555)

    answer = subprocess.run(
        [sys.executable, "-c", OPEN, *map(str, stores)],
        env=subprocess_environment(), capture_output=True, text=True, timeout=30, check=True,
        preexec_fn=_no_more_than_others,
    )  # fmt: skip

    folder, file, lock = answer.stdout.splitlines()
    assert folder.startswith(f"{stores[0]}: cannot write there (Permission denied)")
    assert file.startswith(f"{stores[1]}: ")
    assert "may this user write it?" in file
    assert lock.startswith(f"{stores[2]}: cannot write there (Permission denied)")


def test_p06_a_folder_that_is_missing_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.change("store", "url", f"sqlite:///{tmp_path}/nowhere/journal.db")

    told = run("serve", "--config", desk.config, "--port", 0, env=SECRETS)

    assert told.exit_code == 2
    assert f"{tmp_path}/nowhere/journal.db: cannot write there (No such file or directory)" in words(
        told.stderr
    )


def test_p06_p08_what_is_no_store_is_refused_with_the_way_out(desk: Desk) -> None:
    path_of(desk).write_bytes(b"SQLite format 3\x00" + b"\xff" * 8192)

    told = run("serve", "--config", desk.config, "--port", 0, env=SECRETS)
    found = store(desk, "verify")

    assert told.exit_code == 2
    assert str(path_of(desk)) in told.stderr
    assert told.stderr.strip().splitlines()[-1] == "next: batonpass doctor"
    assert (found.exit_code, "damaged" in found.stdout, ".recover" in found.stderr) == (1, True, True)
