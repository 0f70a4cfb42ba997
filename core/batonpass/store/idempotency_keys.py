"""The table `idempotency_keys`: which handoff an AI agent's key made, and from which body."""

from __future__ import annotations

from batonpass.store.transaction import Transaction, row


async def find(tx: Transaction, *, ai_agent: str, key: str) -> tuple[bytes, str] | None:
    """(SHA-256 of the body, handoff id) under this key; None where it is new."""
    found = await row(
        tx,
        "SELECT body_sha256, handoff_id FROM idempotency_keys WHERE ai_agent = ? AND key = ?",
        (ai_agent, key),
    )
    return None if found is None else (found[0], found[1])


async def keep(
    tx: Transaction, *, ai_agent: str, key: str, body_sha256: bytes, handoff_id: str, created_at: int
) -> None:
    await tx.execute(
        "INSERT INTO idempotency_keys (ai_agent, key, body_sha256, handoff_id, created_at) VALUES (?, ?, ?, ?, ?)",
        (ai_agent, key, body_sha256, handoff_id, created_at),
    )


async def forget_before(tx: Transaction, created_at: int) -> int:
    """Delete the keys that are older; gives their number."""
    return await tx.execute("DELETE FROM idempotency_keys WHERE created_at < ?", (created_at,))
