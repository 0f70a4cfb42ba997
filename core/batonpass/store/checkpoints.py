"""The table `checkpoints`: where something that goes on for long has come to."""

from __future__ import annotations

from batonpass.store.transaction import Transaction, value


async def read(tx: Transaction, name: str) -> str | None:
    found: str | None = await value(tx, "SELECT value FROM checkpoints WHERE name = ?", (name,))
    return found


async def write(tx: Transaction, name: str, text: str, at: int) -> None:
    await tx.execute(
        "INSERT INTO checkpoints (name, value, at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
        (name, text, at),
    )


async def keep_first(tx: Transaction, name: str, text: str, at: int) -> str:
    """Write it if there is none; gives the one that is there then."""
    await tx.execute(
        "INSERT INTO checkpoints (name, value, at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (name, text, at),
    )
    found = await read(tx, name)
    assert found is not None
    return found
