"""The table `inbox`: raw deliveries as they came."""

from __future__ import annotations

import sqlite_utils


def keep(db: sqlite_utils.Database, *, source: str, received_at: int, body: bytes, handoff_id: str) -> None:
    db.conn.execute(
        "INSERT INTO inbox (source, received_at, body, handoff_id) VALUES (?, ?, ?, ?)",
        (source, received_at, body, handoff_id),
    )
