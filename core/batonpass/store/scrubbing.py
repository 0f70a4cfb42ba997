"""Of a SQLite file: that what was deleted is gone from its bytes, too."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from batonpass.store.sqlite import SqliteDatabase
from batonpass.store.transaction import Database, StoreError, Transaction

_LOOKS = 20


async def overwrite_deleted(database: Database) -> None:
    """From now on SQLite writes zeros over whatever it deletes. (PostgreSQL does so by itself, when it vacuums.)"""
    if not isinstance(database, SqliteDatabase):
        return

    async def work(tx: Transaction) -> None:
        await tx.rows("PRAGMA secure_delete = ON")

    await database.run(work)


async def scrub(database: Database, *, rewrite: bool) -> None:
    """Bring what was deleted out of the write-ahead log. `rewrite`: write the whole file anew, which also takes what an
    older release deleted without overwriting it; nobody else may have it open.

    Raises `StoreError` where somebody reads it all the time.
    """
    if isinstance(database, SqliteDatabase):
        await asyncio.to_thread(_scrub, database.path, rewrite=rewrite)


def _scrub(path: Path, *, rewrite: bool) -> None:
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=2.0)) as connection:
            if rewrite:
                connection.execute("VACUUM")
            for _ in range(_LOOKS):  # each waits for two seconds at most
                if not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    return
    except sqlite3.Error as error:
        raise StoreError(
            f"{path}: {error}; what was deleted may still be in its bytes", code="not_scrubbed"
        ) from None
    raise StoreError(
        f"{path}: somebody reads it all the time, so that {path.name}-wal still has what was deleted; close what has it "
        "open, then the same command again",
        code="not_scrubbed",
    )
