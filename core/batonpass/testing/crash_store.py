"""The stores of the crash test: a file in the run's folder, or a PostgreSQL database that is emptied for each run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from batonpass.domain.handoff import HandoffRecord, HandoffState
from batonpass.store import StoreError, handoffs, reading
from batonpass.store.address import StoreAddress
from batonpass.store.records import handoff_record
from batonpass.store.transaction import Row, Transaction

_PROGRESS = """SELECT
    (SELECT count(*) FROM steps WHERE status = 'running' OR (status = 'ready' AND due_at < {far})),
    (SELECT count(*) FROM handoffs),
    (SELECT count(*) FROM handoffs WHERE state = '{over}')"""


class Store(Protocol):
    """Where the runs of a slot keep their handoffs, one after the other."""

    async def fresh(self, folder: Path) -> StoreAddress:
        """An empty one, which may be below this folder."""
        ...

    async def rows(self, sql: str) -> list[Row]:
        """Raises `StoreError`."""
        ...


class Files:
    """A file for each run."""

    _address: StoreAddress

    async def fresh(self, folder: Path) -> StoreAddress:
        self._address = StoreAddress.file(folder / "batonpass.db")
        return self._address

    async def rows(self, sql: str) -> list[Row]:
        return reading.look(self._address, lambda tx: tx.rows(sql))


class Emptied:
    """One PostgreSQL database for one run after the other: emptying it costs less than making one. One connection
    for all looks: one for each was a fifth of a run."""

    def __init__(self, url: str) -> None:
        self._address = StoreAddress.parse(url, folder=Path())
        self._connection = psycopg.connect(url, autocommit=True)
        self._tables: list[sql.Identifier] | None = None

    async def fresh(self, folder: Path) -> StoreAddress:
        del folder
        await asyncio.to_thread(self._empty)
        return self._address

    async def rows(self, sql: str) -> list[Row]:
        return await asyncio.to_thread(self._read, sql)

    def _read(self, sql: str) -> list[Row]:
        try:
            return self._connection.execute(sql.encode()).fetchall()
        except psycopg.errors.UndefinedTable as error:
            raise StoreError("there is no journal yet", code="no_store") from error

    def _empty(self) -> None:
        connection = self._connection
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
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")
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


async def all_done(store: Store, wanted: int, solved: bool) -> bool:
    """Whether every step is done, parked or far off, and every handoff over where `solved`."""
    far = int((datetime.now(UTC) + timedelta(minutes=20)).timestamp() * 1000)
    try:
        ((busy, handoffs, resolved),) = await store.rows(
            _PROGRESS.format(far=far, over=HandoffState.RESOLVED)
        )
    except StoreError:
        return False
    return not busy and handoffs >= wanted and (not solved or resolved == handoffs)
