"""The table `handoffs`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
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
    helpdesk: str,
    started_by: str | None = None,
    asked_about: str | None = None,
) -> None:
    """`asked_about`: the ticket that stands already; see `asking` for whether there is a handoff for it."""
    db.conn.execute(
        "INSERT INTO handoffs (id, state, ai_agent, conversation_id, created_at, updated_at, mended, request,"
        " helpdesk, started_by, asked_about, asking) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id, state.value, ai_agent, conversation_id, at, at, int(mended), request,
            helpdesk, started_by, asked_about, None if asked_about is None else 1,
        ),
    )  # fmt: skip


_NEVER_BACK_TO: Mapping[HandoffState, tuple[HandoffState, ...]] = MappingProxyType(
    dict.fromkeys(
        (HandoffState.TICKETED, HandoffState.ANNOUNCED),
        (HandoffState.ACCEPTED, HandoffState.RESOLVED, HandoffState.RETURNED, HandoffState.ABANDONED),
    )
)
"""An agent may be quicker than our own steps: what they did is not undone by a step that ends after it."""


def set_state(db: sqlite_utils.Database, id: str, state: HandoffState, at: int) -> None:  # noqa: A002
    later = [each.value for each in _NEVER_BACK_TO.get(state, ())]
    marks = ",".join("?" * len(later))
    over = state in {HandoffState.RESOLVED, HandoffState.RETURNED, HandoffState.ABANDONED}
    db.conn.execute(
        f"UPDATE handoffs SET state = ?, updated_at = ?, asking = CASE WHEN ? THEN NULL ELSE asking END"  # noqa: S608 - marks only
        f" WHERE id = ? AND state NOT IN ({marks})",
        (state.value, at, over, id, *later),
    )


def set_request(db: sqlite_utils.Database, id: str, request: bytes) -> None:  # noqa: A002
    db.conn.execute("UPDATE handoffs SET request = ? WHERE id = ?", (request, id))


def asking(db: sqlite_utils.Database, *, helpdesk: str, ticket_id: str, ai_agent: str) -> HandoffId | None:
    """The handoff that this AI agent asked for this ticket and that is not over; None where there is none."""
    found = db.conn.execute(
        "SELECT id FROM handoffs WHERE helpdesk = ? AND asked_about = ? AND asking = 1 AND ai_agent = ?",
        (helpdesk, ticket_id, ai_agent),
    ).fetchone()
    return None if found is None else HandoffId(found[0])


def of_ticket(
    db: sqlite_utils.Database, *, helpdesk: str, ticket_id: str
) -> tuple[HandoffId, HandoffState, bool] | None:
    """(id, state, whether its ticket is known to be complete) of the newest handoff of this ticket, one
    that is over only where there is no other."""
    found = db.conn.execute(
        "SELECT * FROM (SELECT id, state, ticket_id IS NOT NULL FROM handoffs WHERE helpdesk = ? AND ticket_id = ?"
        " UNION SELECT id, state, ticket_id IS NOT NULL FROM handoffs WHERE helpdesk = ? AND asked_about = ?)"
        " ORDER BY state IN ('returned', 'abandoned'), id DESC LIMIT 1",
        (helpdesk, ticket_id, helpdesk, ticket_id),
    ).fetchone()
    return None if found is None else (HandoffId(found[0]), HandoffState(found[1]), bool(found[2]))


def is_live_besides(db: sqlite_utils.Database, id: str, *, helpdesk: str, ticket_id: str) -> bool:  # noqa: A002
    """Whether another handoff than this one, and none that is over, is about this ticket."""
    found = db.conn.execute(
        "SELECT 1 FROM (SELECT id, state FROM handoffs WHERE helpdesk = ? AND ticket_id = ?"
        " UNION ALL SELECT id, state FROM handoffs WHERE helpdesk = ? AND asked_about = ?)"
        " WHERE id <> ? AND state NOT IN ('returned', 'abandoned', 'parked') LIMIT 1",
        (helpdesk, ticket_id, helpdesk, ticket_id, id),
    ).fetchone()
    return found is not None


def set_ticket(db: sqlite_utils.Database, id: str, *, ticket_id: str, url: str) -> None:  # noqa: A002
    db.conn.execute("UPDATE handoffs SET ticket_id = ?, ticket_url = ? WHERE id = ?", (ticket_id, url, id))


def park(db: sqlite_utils.Database, id: str, because: str, at: int) -> None:  # noqa: A002
    """It goes no further by itself, so it does not stand in the way of an AI agent that asks again."""
    db.conn.execute(
        "UPDATE handoffs SET state = ?, parked_because = ?, updated_at = ?, asking = NULL WHERE id = ?",
        (HandoffState.PARKED.value, because, at, id),
    )


def with_ticket(db: sqlite_utils.Database, ticket_id: str) -> HandoffId | None:
    """The newest handoff of this ticket, whichever helpdesk keeps it."""
    found = db.conn.execute(
        "SELECT id FROM handoffs WHERE ticket_id = ? OR asked_about = ? ORDER BY id DESC LIMIT 1",
        (ticket_id, ticket_id),
    ).fetchone()
    return None if found is None else HandoffId(found[0])


def row(db: sqlite_utils.Database, id: str) -> dict[str, Any] | None:  # noqa: A002
    """Everything but the request."""
    found = db.query(
        "SELECT id, state, ai_agent, conversation_id, created_at, updated_at, mended, ticket_id, ticket_url,"
        " parked_because, started_by, helpdesk FROM handoffs WHERE id = ?",
        (id,),
    )
    return next(iter(found), None)


def request(db: sqlite_utils.Database, id: str) -> dict[str, Any] | None:  # noqa: A002
    """What was asked for, when and by whom; `request` is empty until the helpdesk's conversation has been read."""
    found = db.query(
        "SELECT request, ai_agent, created_at, mended, started_by, asked_about FROM handoffs WHERE id = ?",
        (id,),
    )
    return next(iter(found), None)


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
