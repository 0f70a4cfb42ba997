"""The stores of the crash test: a file in the run's folder, or a PostgreSQL database that is emptied for each run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from batonpass.domain.handoff import HandoffRecord, HandoffState
from batonpass.store import StoreError, handoffs, reading
from batonpass.store.address import StoreAddress
from batonpass.store.records import handoff_record
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


def kept(store: StoreAddress) -> dict[str, HandoffRecord]:
    """Every handoff that the store has; none where no process has come as far as to make it."""

    async def work(tx: Transaction) -> dict[str, HandoffRecord]:
        ids = [id_ for id_, _, _ in await handoffs.newest(tx, most=1000)]
        found = {id_: await handoff_record(tx, id_) for id_ in ids}
        return {id_: record for id_, record in found.items() if record is not None}

    try:
        return reading.look(store, work)
    except StoreError:
        return {}


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
