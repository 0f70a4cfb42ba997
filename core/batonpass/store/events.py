"""The table `events`: what happened at a vendor, each event once however often it was delivered."""

from __future__ import annotations

from dataclasses import dataclass

import sqlite_utils

from batonpass.domain.event import Event, EventKind
from batonpass.store.instants import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class KeptEvent:
    number: int
    """Grows with each event that is kept."""
    event: Event


def keep(
    db: sqlite_utils.Database, event: Event, *, connection: str, delivery_id: int, received_at: int
) -> int | None:
    """Gives its number; None where it was there before."""
    cursor = db.conn.execute(
        "INSERT INTO events (connection, event_id, delivery_id, kind, vendor_kind, subject_id, actor_id, at,"
        " received_at, test) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            connection,
            event.id,
            delivery_id,
            event.kind.value,
            event.vendor_kind,
            event.subject_id,
            event.actor_id,
            to_ms(event.at),
            received_at,
            int(event.test),
        ),
    )
    return cursor.lastrowid if cursor.rowcount else None


def belongs(db: sqlite_utils.Database, number: int, handoff_id: str) -> None:
    db.conn.execute("UPDATE events SET handoff_id = ? WHERE id = ?", (handoff_id, number))


def adopt(db: sqlite_utils.Database, *, connection: str, subject_id: str, handoff_id: str) -> None:
    """Give the handoff the events of its ticket that came before anybody knew whose ticket it is."""
    db.conn.execute(
        "UPDATE events SET handoff_id = ? WHERE connection = ? AND subject_id = ? AND handoff_id IS NULL",
        (handoff_id, connection, subject_id),
    )


def newest(db: sqlite_utils.Database, handoff_id: str) -> int:
    """The number of its newest event; 0 where it has none."""
    found: int | None = db.conn.execute(
        "SELECT max(id) FROM events WHERE handoff_id = ?", (handoff_id,)
    ).fetchone()[0]
    return found or 0


def after(db: sqlite_utils.Database, handoff_id: str, number: int) -> list[KeptEvent]:
    rows = db.query(
        "SELECT id, event_id, kind, vendor_kind, subject_id, actor_id, at, test FROM events"
        " WHERE handoff_id = ? AND id > ? ORDER BY id",
        (handoff_id, number),
    )
    return [
        KeptEvent(
            row["id"],
            Event(
                kind=EventKind(row["kind"]),
                id=row["event_id"],
                subject_id=row["subject_id"],
                at=from_ms(row["at"]),
                vendor_kind=row["vendor_kind"],
                actor_id=row["actor_id"],
                test=bool(row["test"]),
            ),
        )
        for row in rows
    ]


def counts(db: sqlite_utils.Database, connection: str, *, since: int) -> dict[tuple[str, str], int]:
    """(kind, the vendor's word) → how many were received since then."""
    rows = db.conn.execute(
        "SELECT kind, vendor_kind, count(*) FROM events WHERE connection = ? AND received_at >= ?"
        " GROUP BY kind, vendor_kind",
        (connection, since),
    )
    return {(row[0], row[1]): row[2] for row in rows}


def last_received(db: sqlite_utils.Database, connection: str) -> int | None:
    found: int | None = db.conn.execute(
        "SELECT max(received_at) FROM events WHERE connection = ?", (connection,)
    ).fetchone()[0]
    return found


def forget_before(db: sqlite_utils.Database, received_at: int) -> int:
    """Delete the older ones; gives their number."""
    return db.conn.execute("DELETE FROM events WHERE received_at < ?", (received_at,)).rowcount
