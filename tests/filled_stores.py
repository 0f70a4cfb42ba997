"""Stores with something in them, for the tests of what is done with a store as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from batonpass.domain.handoff import AttemptRecord, HandoffState, Plan, StepKind
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.domain.ticket import TicketRef
from batonpass.engine import decide
from batonpass.store import (
    Database,
    Installation,
    Journal,
    NewHandoff,
    StoreAddress,
    database_at,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


async def hand_over(journal: Journal, n: int = 1) -> list[HandoffId]:
    made = []
    for k in range(n):
        new = NewHandoff(
            id=new_handoff_id(), ai_agent="bot", conversation_id=f"c{k}", body=b"\x00\xff", request=b"{}", mended=False,
            idempotency_key=f"k{k}-{new_handoff_id()}", body_sha256=b"\x01", received_at=NOW, helpdesk="zendesk",
            person=bytes([k % 256]),
        )  # fmt: skip
        await journal.accept(new, decide.on_request())
        made.append(new.id)
    return made


async def fill(journal: Journal) -> list[HandoffId]:
    """Handoffs in several states, with attempts, lives and results that are hard to write in another's words."""
    made = await hand_over(journal, 6)
    for number, step in enumerate(await journal.claim([StepKind.GATHER_FACTS], now=NOW, most=5)):
        attempt = AttemptRecord(step=step.name, number=1, started_at=NOW, seconds=0.1 + 0.2, outcome="done")
        if number == 0:
            await journal.park(step, because="ü 'quoted' \\ %", attempt=attempt, now=NOW)
            continue
        lived = LifeEvent(kind=LifeKind.RATED, at=NOW, score=1 / 3, detail="good")
        plan = Plan(state=HandoffState.RESOLVED if number > 1 else HandoffState.TICKETED, life=(lived,))
        ticket = TicketRef(id=str(number), url="u")
        await journal.finish(step, result={"é": "\x00😀"}, plan=plan, attempt=attempt, now=NOW, ticket=ticket)
    installation = Installation(journal.database, node="n", name="n")
    await installation.pepper(NOW)
    return made


@asynccontextmanager
async def opened(address: StoreAddress) -> AsyncIterator[Database]:
    database = database_at(address)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def filled(address: StoreAddress) -> list[HandoffId]:
    async with opened(address) as database:
        return await fill(Journal(database))


async def read(address: StoreAddress, sql: str, *values: object) -> Any:
    async with opened(address) as database:
        return await database.run(lambda tx: tx.rows(sql, values))
