"""The table `gates`: what one node has found out about a vendor, for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from batonpass.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptGate:
    gate: str
    why: str
    until_at: int
    at: int


async def post(tx: Transaction, kept: KeptGate) -> None:
    """The latest end counts."""
    await tx.execute(
        "INSERT INTO gates (gate, why, until_at, at) VALUES (?, ?, ?, ?) ON CONFLICT (gate) DO UPDATE SET"
        " why = excluded.why, until_at = excluded.until_at, at = excluded.at, probed_until = 0 WHERE gates.until_at < excluded.until_at",
        (kept.gate, kept.why, kept.until_at, kept.at),
    )


async def clear(tx: Transaction, gate: str) -> None:
    await tx.execute("DELETE FROM gates WHERE gate = ?", (gate,))


async def all_kept(tx: Transaction) -> list[KeptGate]:
    found = await tx.rows("SELECT gate, why, until_at, at FROM gates")
    return [KeptGate(gate=each[0], why=each[1], until_at=each[2], at=each[3]) for each in found]


async def take_probe(tx: Transaction, gate: str, *, now: int, until: int) -> bool:
    """Whether this caller may find out, for all, whether the vendor answers again; until then nobody else may."""
    taken = await tx.execute(
        "UPDATE gates SET probed_until = ? WHERE gate = ? AND probed_until <= ?", (until, gate, now)
    )
    if taken:
        return True
    return not await tx.rows("SELECT 1 FROM gates WHERE gate = ?", (gate,))


async def forget_before(tx: Transaction, until_at: int) -> int:
    return await tx.execute("DELETE FROM gates WHERE until_at < ?", (until_at,))
