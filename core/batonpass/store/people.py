"""The tables `people` and `suppressed`: whose handoff it is, by a keyed hash; who asked to be forgotten."""

from __future__ import annotations

import hashlib
import hmac

from batonpass.store.transaction import Transaction, row


def person(pepper: bytes, email: str) -> bytes:
    """Whoever writes under this address; without the store's pepper nobody can try addresses out."""
    return hmac.digest(pepper, email.strip().casefold().encode("utf-8", "replace"), hashlib.sha256)


async def add(tx: Transaction, person: bytes, handoff_id: str) -> None:
    await tx.execute(
        "INSERT INTO people (person, handoff_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (person, handoff_id)
    )


async def handoffs_of(tx: Transaction, person: bytes) -> list[str]:
    found = await tx.rows("SELECT handoff_id FROM people WHERE person = ? ORDER BY handoff_id", (person,))
    return [each[0] for each in found]


async def is_suppressed(tx: Transaction, person: bytes) -> bool:
    return await row(tx, "SELECT 1 FROM suppressed WHERE person = ?", (person,)) is not None
