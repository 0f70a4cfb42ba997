"""The table `life`: what became of a handoff once its ticket stood."""

from __future__ import annotations

from collections.abc import Sequence

from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.domain.ticket import Agent
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.transaction import Transaction, value


async def add(tx: Transaction, handoff_id: str, events: Sequence[LifeEvent]) -> None:
    if not events:
        return
    known = await value(tx, "SELECT count(*) FROM life WHERE handoff_id = ?", (handoff_id,))
    for number, event in enumerate(events, known):
        await tx.execute(
            "INSERT INTO life (handoff_id, number, kind, at, person_id, person_name, score, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                handoff_id,
                number,
                event.kind.value,
                to_ms(event.at),
                event.person.id if event.person else None,
                event.person.name if event.person else None,
                event.score,
                event.detail,
            ),
        )


async def of_handoff(tx: Transaction, handoff_id: str) -> tuple[LifeEvent, ...]:
    found = await tx.records("SELECT * FROM life WHERE handoff_id = ? ORDER BY number", (handoff_id,))
    return tuple(
        LifeEvent(
            kind=LifeKind(row["kind"]),
            at=from_ms(row["at"]),
            person=None if row["person_id"] is None else Agent(id=row["person_id"], name=row["person_name"]),
            score=row["score"],
            detail=row["detail"],
        )
        for row in found
    )
