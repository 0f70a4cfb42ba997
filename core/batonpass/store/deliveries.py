"""The table `deliveries`: what vendors delivered, as it came."""

from __future__ import annotations

from batonpass.store.transaction import Transaction, value


async def keep(tx: Transaction, *, connection: str, received_at: int, body: bytes) -> int:
    """Gives its number."""
    number: int = await value(
        tx,
        "INSERT INTO deliveries (connection, received_at, body) VALUES (?, ?, ?) RETURNING id",
        (connection, received_at, body),
    )
    return number


async def forget_before(tx: Transaction, received_at: int, *, most: int) -> int:
    """Delete up to `most` of the older ones; gives their number."""
    return await tx.execute(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE received_at < ? LIMIT ?)",
        (received_at, most),
    )
