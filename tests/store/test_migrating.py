"""Upgrades: from the release before, killed half-way, and beside a later one."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import sqlite_utils

from batonpass.domain.handoff import AttemptRecord, NewStep, Plan, StepKind
from batonpass.store import (
    Journal,
    StoreAddress,
    sqlite_schema,
)
from batonpass.store.migrating import migrated
from batonpass.store.reading import look
from batonpass.store.verifying import verify
from filled_stores import NOW, filled, hand_over, opened

OLD = (
    (
        "INSERT INTO handoffs (id, state, ai_agent, created_at, updated_at, mended, request, ticket_id, ticket_url)"
        " VALUES ('ho_old', 'announced', 'bot', 1, 1, 0, X'7B7D', '5', 'u'),"
        " ('ho_over', 'abandoned', 'bot', 1, 1, 0, X'7B7D', '6', 'u')"
    ),
    (
        "INSERT INTO handoffs (id, state, ai_agent, created_at, updated_at, mended, request)"
        " VALUES ('ho_waits', 'requested', 'bot', 1, 1, 0, X'7B7D')"
    ),
    (
        "INSERT INTO steps (handoff_id, name, kind, about, status, due_at, created_at, fence, attempts)"
        " VALUES ('ho_waits', 'gather_facts', 'gather_facts', '', 'ready', 1, 1, 0, 0)"
    ),
    (
        "INSERT INTO steps (handoff_id, name, kind, about, status, due_at, created_at, fence, attempts, result)"
        " SELECT id, 'open_ticket', 'open_ticket', '', 'done', 1, 1, 1, 1, '{}' FROM handoffs WHERE ticket_id IS NOT NULL"
    ),
)


def of_two_migrations(path: Path) -> None:
    db = sqlite_utils.Database(path)
    sqlite_schema.MIGRATIONS.apply(db, stop_before="0003_several_nodes")
    for statement in OLD:
        db.execute(statement)
    db.conn.commit()
    db.close()


async def test_p17_a_store_of_the_release_before_is_brought_up_to_date_mid_queue(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    of_two_migrations(path)
    pending = migrated(StoreAddress.file(path)).pending

    async with opened(StoreAddress.file(path)) as database:
        journal = Journal(database)
        (step,) = await journal.claim(tuple(StepKind), now=NOW, most=9)
        counts = await journal.counts()

    assert pending[0] == "0003_several_nodes"
    assert step.handoff_id == "ho_waits"
    assert counts == {"announced": 1, "requested": 1, "abandoned": 1}
    assert migrated(StoreAddress.file(path)).pending == ()
    assert verify(StoreAddress.file(path), full=True).faults == ()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from batonpass.store import StoreAddress, database_at, postgres_schema, sqlite_schema

address = StoreAddress.parse(sys.argv[1], folder=Path('/'))
if address.path is not None:
    import sqlite_utils
    whole = sqlite_utils.Database.execute
    def execute(self, sql, *values):
        if 'CREATE TABLE checkpoints' in sql:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, sql, *values)
    sqlite_utils.Database.execute = execute
else:
    import psycopg
    whole_async = psycopg.AsyncConnection.execute
    async def execute_async(self, query, *values, **more):
        if 'CREATE TABLE checkpoints' in str(getattr(query, '_obj', query)):
            os.kill(os.getpid(), signal.SIGKILL)
        return await whole_async(self, query, *values, **more)
    psycopg.AsyncConnection.execute = execute_async
asyncio.run(database_at(address).open())
"""


async def test_p17_a_migration_that_was_killed_half_way_is_finished_at_the_next_start(
    address: StoreAddress,
) -> None:
    if address.path is not None:
        of_two_migrations(address.path)
    url = address.url if address.path is None else f"sqlite:///{address.path}"
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED, url],
        env=dict(os.environ),
        check=False,
        capture_output=True,
    )
    half_way = migrated(address).pending

    async with opened(address) as database:
        (handoff_id,) = await hand_over(Journal(database))
        accepted = await Journal(database).handoff(handoff_id)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert half_way[0] == "0003_several_nodes"
    assert migrated(address).pending == ()
    assert accepted is not None


async def test_p17_this_release_works_on_a_store_that_a_later_one_has_added_to(
    address: StoreAddress,
) -> None:
    await filled(address)
    later = [
        "ALTER TABLE handoffs ADD COLUMN mood TEXT",
        "ALTER TABLE steps ADD COLUMN cost INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE moods (id INTEGER PRIMARY KEY)",
    ]
    if address.path is not None:
        note = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('batonpass', '0999_moods', '')"
        connection = sqlite3.connect(address.path)
        for statement in (*later, note):
            connection.execute(statement)
        connection.commit()
        connection.close()
    else:
        with psycopg.connect(address.url) as server:
            for statement in (*later, "INSERT INTO migrations (name) VALUES ('0999_moods')"):
                server.execute(statement)  # type: ignore[arg-type]

    async with opened(address) as database:
        journal = Journal(database)
        await hand_over(journal)
        claimed = await journal.claim(tuple(StepKind), now=NOW, most=9)
        for step in claimed:
            attempt = AttemptRecord(
                step=step.name, number=step.fence, started_at=NOW, seconds=0.1, outcome="done"
            )
            plan = Plan(steps=(NewStep(kind=StepKind.LATE_FACTS, about="crm", delay=1),))
            await journal.finish(step, result={}, plan=plan, attempt=attempt, now=NOW)
        record = await journal.handoff(claimed[0].handoff_id)

    assert migrated(address).unknown == ("0999_moods",)
    assert record is not None
    assert verify(address, full=False).faults == ()
    assert look(address, lambda tx: tx.rows("SELECT count(*) FROM moods")) == [(0,)]
