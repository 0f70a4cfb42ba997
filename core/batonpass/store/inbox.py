"""The table `inbox`: raw deliveries of AI agents, as they came."""

from __future__ import annotations

from batonpass.store.transaction import Transaction


async def keep(tx: Transaction, *, source: str, received_at: int, body: bytes, handoff_id: str) -> None:
    await tx.execute(
        "INSERT INTO inbox (source, received_at, body, handoff_id) VALUES (?, ?, ?, ?)",
        (source, received_at, body, handoff_id),
    )
