"""The tables `nodes` and `ticks`: the processes that work on this store, and whose turn a schedule's tick is."""

from __future__ import annotations

from batonpass.store.transaction import Transaction, value


async def beat(tx: Transaction, *, id: str, name: str, at: int) -> None:  # noqa: A002 - the column's name
    """It is alive."""
    await tx.execute(
        "INSERT INTO nodes (id, name, started_at, seen_at, beats) VALUES (?, ?, ?, ?, 1)"
        " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, beats = nodes.beats + 1",
        (id, name, at, at),
    )


async def all_beats(tx: Transaction) -> dict[str, int]:
    """Node → how often it has said that it is alive."""
    return {each[0]: each[1] for each in await tx.rows("SELECT id, beats FROM nodes")}


async def named(tx: Transaction) -> list[tuple[str, str, int]]:
    """(id, name, last seen at)."""
    found = await tx.rows("SELECT id, name, seen_at FROM nodes ORDER BY started_at")
    return [(each[0], each[1], each[2]) for each in found]


async def newest_stamp(tx: Transaction) -> int | None:
    """Of ticks, nodes and handoffs."""
    stamps = [
        await value(tx, "SELECT max(at) FROM ticks"),
        await value(tx, "SELECT max(seen_at) FROM nodes"),
        await value(tx, "SELECT created_at FROM handoffs ORDER BY id DESC LIMIT 1"),
    ]
    return max((stamp for stamp in stamps if stamp is not None), default=None)


async def forget(tx: Transaction, id: str) -> None:  # noqa: A002
    await tx.execute("DELETE FROM nodes WHERE id = ?", (id,))


async def take_tick(tx: Transaction, *, job: str, at: int, node: str) -> bool:
    """Whether this node is the first to ask for this tick."""
    return bool(
        await tx.execute(
            "INSERT INTO ticks (job, at, node) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (job, at, node)
        )
    )


async def forget_ticks(tx: Transaction, before: int) -> int:
    return await tx.execute("DELETE FROM ticks WHERE at < ?", (before,))
