"""The table `deliveries`: what vendors delivered, as it came."""

from __future__ import annotations

import sqlite_utils


def keep(db: sqlite_utils.Database, *, connection: str, received_at: int, body: bytes) -> int:
    """Gives its number."""
    cursor = db.conn.execute(
        "INSERT INTO deliveries (connection, received_at, body) VALUES (?, ?, ?)",
        (connection, received_at, body),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def forget_before(db: sqlite_utils.Database, received_at: int) -> int:
    """Delete the older ones; gives their number."""
    return db.conn.execute("DELETE FROM deliveries WHERE received_at < ?", (received_at,)).rowcount
