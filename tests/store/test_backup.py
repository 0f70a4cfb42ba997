"""Backups, and stores that are damaged or older than they were."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batonpass.domain.handoff import AttemptRecord, HandoffState, NewStep, Plan, StepKind
from batonpass.store import (
    Journal,
    StoreAddress,
    StoreError,
    database_at,
)
from batonpass.store.backup import back_up
from batonpass.store.verifying import verify
from batonpass.store.witness import Witness, restored, witnessed
from filled_stores import NOW, fill, filled, hand_over, opened


async def test_a_backup_is_whole_while_the_store_is_being_written(tmp_path: Path) -> None:
    path, to = tmp_path / "a.db", tmp_path / "backup.db"
    async with opened(StoreAddress.file(path)) as database:
        journal = Journal(database)
        made = await fill(journal)
        writing = asyncio.create_task(hand_over(journal, 200))
        done = await asyncio.to_thread(back_up, path, to)
        await writing

    restored = StoreAddress.file(to)
    assert done.handoffs >= len(made)
    assert verify(restored, full=True).faults == ()
    assert not to.with_name("backup.db-wal").exists()
    assert (to.stat().st_mode & 0o777, list(tmp_path.glob(".*.part"))) == (0o600, [])
    async with opened(restored) as database:
        assert await Journal(database).handoff(made[0]) is not None


async def test_p05_a_backup_that_cannot_be_written_leaves_nothing_and_overwrites_nothing(
    tmp_path: Path,
) -> None:
    path, kept = tmp_path / "a.db", tmp_path / "kept.db"
    await filled(StoreAddress.file(path))
    kept.write_text("mine")

    with pytest.raises(StoreError, match=r"kept\.db: there is a file already"):
        back_up(path, kept)
    with pytest.raises(StoreError, match=r"full/backup\.db: the backup cannot be written"):
        back_up(path, tmp_path / "full" / "backup.db")

    assert kept.read_text() == "mine"
    assert verify(StoreAddress.file(path), full=True).faults == ()


async def test_p08_an_older_state_of_the_store_is_told_and_taken_only_when_somebody_says_so(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    address = StoreAddress.file(path)
    async with opened(address) as database, witnessed(database, path, NOW):
        (asked,) = await hand_over(Journal(database))
    back_up(path, tmp_path / "backup.db")
    async with opened(address) as database, witnessed(database, path, NOW):
        journal = Journal(database)
        (step,) = await journal.claim([StepKind.GATHER_FACTS], now=NOW, most=1)
        attempt = AttemptRecord(step=step.name, number=1, started_at=NOW, seconds=0.1, outcome="done")
        plan = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))
        await journal.finish(step, result={}, plan=plan, attempt=attempt, now=NOW)
    path.unlink()
    (tmp_path / "backup.db").rename(path)

    async with opened(address) as database:
        with pytest.raises(StoreError, match="batonpass store restored") as refused:
            await Witness(database, path).check()
        steps_and_handoffs = await restored(database, path, NOW)
        await Witness(database, path).check()
        record = await Journal(database).handoff(asked)

    assert refused.value.code == "store_older"
    assert steps_and_handoffs == (1, 1)
    assert record is not None
    assert record.state is HandoffState.PARKED


async def test_p08_a_wal_file_that_was_deleted_after_a_crash_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    script = (
        "import asyncio, os, signal, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from batonpass.store import StoreAddress, database_at; from batonpass.store.witness import witnessed\n"
        "async def run():\n"
        "    path = Path(sys.argv[1]); database = database_at(StoreAddress.file(path)); await database.open()\n"
        "    async with witnessed(database, path, datetime.now(UTC)):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(run())\n"
    )
    async with opened(StoreAddress.file(path)) as database, witnessed(database, path, NOW):
        pass
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, str(path)], check=False)
    path.with_name("a.db-wal").unlink()

    async with opened(StoreAddress.file(path)) as database:
        with pytest.raises(StoreError, match="-wal file was deleted"):
            await Witness(database, path).check()

    assert killed.returncode == -signal.SIGKILL


async def test_p08_a_damaged_page_is_found_and_the_store_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    address = StoreAddress.file(path)
    async with opened(address) as database:
        await hand_over(Journal(database), 300)
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096 * 8)

    found = verify(address, full=True)

    assert {each.code for each in found.faults} == {"damaged"}
    with pytest.raises(StoreError, match=r"(?s)a\.db.*") as refused:
        await database_at(address).open()
    assert ".recover" in str(refused.value) or "is it a batonpass database" in str(refused.value)
