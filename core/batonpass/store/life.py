"""The table `life`: what became of a handoff once its ticket stood."""

from __future__ import annotations

from collections.abc import Sequence

import sqlite_utils

from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.domain.ticket import Agent
from batonpass.store.instants import from_ms, to_ms


def add(db: sqlite_utils.Database, handoff_id: str, events: Sequence[LifeEvent]) -> None:
    if not events:
        return
    known = db.conn.execute("SELECT count(*) FROM life WHERE handoff_id = ?", (handoff_id,)).fetchone()[0]
    db.conn.executemany(
        "INSERT INTO life VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                handoff_id,
                number,
                event.kind.value,
                to_ms(event.at),
                event.person.id if event.person else None,
                event.person.name if event.person else None,
                event.score,
                event.detail,
            )
            for number, event in enumerate(events, known)
        ],
    )


def of_handoff(db: sqlite_utils.Database, handoff_id: str) -> tuple[LifeEvent, ...]:
    rows = db.query("SELECT * FROM life WHERE handoff_id = ? ORDER BY number", (handoff_id,))
    return tuple(
        LifeEvent(
            kind=LifeKind(row["kind"]),
            at=from_ms(row["at"]),
            person=None if row["person_id"] is None else Agent(id=row["person_id"], name=row["person_name"]),
            score=row["score"],
            detail=row["detail"],
        )
        for row in rows
    )
