"""The stores of the crash test: a file in the run's folder, or a PostgreSQL database that is emptied for each run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from batonpass.domain.handoff import HandoffState
from batonpass.store import StoreError, reading
from batonpass.store.address import StoreAddress
from batonpass.store.transaction import Transaction


async def fresh_file(folder: Path) -> StoreAddress:
    return StoreAddress.file(folder / "batonpass.db")


class Emptied:
    """One PostgreSQL database for one run after the other: emptying it costs less than making one."""

    def __init__(self, url: str) -> None:
        self._address = StoreAddress.parse(url, folder=Path())
        self._tables: list[sql.Identifier] | None = None

    async def __call__(self, folder: Path) -> StoreAddress:
        del folder
        await asyncio.to_thread(self._empty)
        return self._address

    def _empty(self) -> None:
        with psycopg.connect(self._address.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if self._tables is None:
                found = connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'"
                ).fetchall()
                self._tables = [sql.Identifier(name) for (name,) in found] or None
                connection.execute("VACUUM")
            if self._tables is not None:
                # in any order, and cheaper than TRUNCATE for a few rows: 2 ms, not 70
                connection.execute("SET session_replication_role = replica")
                connection.execute(
                    sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(each) for each in self._tables)
                )


async def all_done(address: StoreAddress, wanted: int, solved: bool) -> bool:
    """Whether every step is done, parked or far off, and every handoff over where `solved`."""
    far = int((datetime.now(UTC) + timedelta(minutes=20)).timestamp() * 1000)
    over = HandoffState.RESOLVED.value

    async def work(tx: Transaction) -> tuple[int, int, int]:
        ((busy,),) = await tx.rows(
            "SELECT count(*) FROM steps WHERE status = 'running' OR (status = 'ready' AND due_at < ?)", (far,)
        )
        ((handoffs, resolved),) = await tx.rows(
            "SELECT count(*), coalesce(sum(CASE WHEN state = ? THEN 1 ELSE 0 END), 0) FROM handoffs", (over,)
        )
        return busy, handoffs, resolved

    try:
        if address.path is not None:
            busy, handoffs, resolved = reading.look(address, work)
        else:
            busy, handoffs, resolved = await asyncio.to_thread(reading.look, address, work)
    except StoreError:
        return False
    return not busy and handoffs >= wanted and (not solved or resolved == handoffs)
