"""Whole handoffs, read from all their tables."""

from __future__ import annotations

from batonpass.domain.handoff import HandoffRecord, HandoffState
from batonpass.domain.ids import HandoffId
from batonpass.store import handoffs, life, steps
from batonpass.store.instants import from_ms, from_ms_or_none
from batonpass.store.transaction import Transaction
from batonpass.store.values import StoredRequest


async def stored_request(tx: Transaction, handoff_id: HandoffId) -> StoredRequest | None:
    found = await handoffs.request(tx, handoff_id)
    if found is None:
        return None
    return StoredRequest(
        body=found["request"],
        ai_agent=found["ai_agent"],
        created_at=from_ms(found["created_at"]),
        mended=bool(found["mended"]),
        started_by=found["started_by"],
        asked_about=found["asked_about"],
    )


async def handoff_record(tx: Transaction, handoff_id: HandoffId) -> HandoffRecord | None:
    row = await handoffs.record(tx, handoff_id)
    if row is None:
        return None
    return HandoffRecord(
        id=HandoffId(row["id"]),
        state=HandoffState(row["state"]),
        ai_agent=row["ai_agent"],
        conversation_id=row["conversation_id"],
        created_at=from_ms(row["created_at"]),
        updated_at=from_ms(row["updated_at"]),
        mended=bool(row["mended"]),
        parked_because=row["parked_because"],
        ticket_id=row["ticket_id"],
        ticket_url=row["ticket_url"],
        started_by=row["started_by"],
        deadline_at=from_ms_or_none(row["deadline_at"]),
        life=await life.of_handoff(tx, handoff_id),
        steps=await steps.of_handoff(tx, handoff_id),
        attempts=await steps.attempts_of_handoff(tx, handoff_id),
    )
