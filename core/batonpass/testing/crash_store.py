"""Fresh stores for the crash test: a file in the run's folder, or a PostgreSQL database that is emptied."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
from psycopg import sql

from batonpass.store.address import StoreAddress


async def fresh_file(folder: Path) -> StoreAddress:
    return StoreAddress.file(folder / "batonpass.db")


class Emptied:
    """One PostgreSQL database for one run after the other: emptying it costs less than making one."""

    def __init__(self, url: str) -> None:
        self._address = StoreAddress.parse(url, folder=Path())

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
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'"
            ).fetchall()
            if tables:
                names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in tables)
                connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
