"""The table `idempotency_keys`: which handoff an AI agent's key made, and from which body."""

from __future__ import annotations

import sqlite_utils


def find(db: sqlite_utils.Database, *, ai_agent: str, key: str) -> tuple[bytes, str] | None:
    """(SHA-256 of the body, handoff id) under this key; None where it is new."""
    row = db.conn.execute(
        "SELECT body_sha256, handoff_id FROM idempotency_keys WHERE ai_agent = ? AND key = ?", (ai_agent, key)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def keep(
    db: sqlite_utils.Database,
    *,
    ai_agent: str,
    key: str,
    body_sha256: bytes,
    handoff_id: str,
    created_at: int,
) -> None:
    db.conn.execute(
        "INSERT INTO idempotency_keys VALUES (?, ?, ?, ?, ?)",
        (ai_agent, key, body_sha256, handoff_id, created_at),
    )


def forget_before(db: sqlite_utils.Database, created_at: int) -> int:
    """Delete the keys that are older; gives their number."""
    return db.conn.execute("DELETE FROM idempotency_keys WHERE created_at < ?", (created_at,)).rowcount
