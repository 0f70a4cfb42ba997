"""The table `handoffs`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlite_utils

from batonpass.domain.handoff import HandoffState
from batonpass.domain.ids import HandoffId
from batonpass.store.instants import from_ms


def insert(
    db: sqlite_utils.Database,
    *,
    id: str,  # noqa: A002 - the column's name
    state: HandoffState,
    ai_agent: str,
    conversation_id: str | None,
    at: int,
    mended: bool,
    request: bytes,
) -> None:
    db.conn.execute(
        "INSERT INTO handoffs (id, state, ai_agent, conversation_id, created_at, updated_at, mended, request)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (id, state.value, ai_agent, conversation_id, at, at, int(mended), request),
    )


def set_state(db: sqlite_utils.Database, id: str, state: HandoffState, at: int) -> None:  # noqa: A002
    db.conn.execute("UPDATE handoffs SET state = ?, updated_at = ? WHERE id = ?", (state.value, at, id))


def set_ticket(db: sqlite_utils.Database, id: str, *, ticket_id: str, url: str) -> None:  # noqa: A002
    db.conn.execute("UPDATE handoffs SET ticket_id = ?, ticket_url = ? WHERE id = ?", (ticket_id, url, id))


def park(db: sqlite_utils.Database, id: str, because: str, at: int) -> None:  # noqa: A002
    db.conn.execute(
        "UPDATE handoffs SET state = ?, parked_because = ?, updated_at = ? WHERE id = ?",
        (HandoffState.PARKED.value, because, at, id),
    )


def row(db: sqlite_utils.Database, id: str) -> dict[str, Any] | None:  # noqa: A002
    """Everything but the request."""
    found = db.query(
        "SELECT id, state, ai_agent, conversation_id, created_at, updated_at, mended, ticket_id, ticket_url,"
        " parked_because FROM handoffs WHERE id = ?",
        (id,),
    )
    return next(iter(found), None)


def request(db: sqlite_utils.Database, id: str) -> tuple[bytes, str, int, bool] | None:  # noqa: A002
    """(request, AI agent, created at, mended)."""
    found = db.conn.execute(
        "SELECT request, ai_agent, created_at, mended FROM handoffs WHERE id = ?", (id,)
    ).fetchone()
    return None if found is None else (found[0], found[1], found[2], bool(found[3]))


def counts(db: sqlite_utils.Database) -> dict[str, int]:
    """How many handoffs stand in each state."""
    return {
        row["state"]: row["n"] for row in db.query("SELECT state, count(*) AS n FROM handoffs GROUP BY state")
    }


def newest(db: sqlite_utils.Database, *, most: int) -> list[tuple[HandoffId, datetime, str]]:
    """(id, created at, state); ids sort by time."""
    rows = db.conn.execute(
        "SELECT id, created_at, state FROM handoffs ORDER BY id DESC LIMIT ?", (most,)
    ).fetchall()
    return [(HandoffId(row[0]), from_ms(row[1]), row[2]) for row in rows]
