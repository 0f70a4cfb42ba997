"""The table `deliveries`: what vendors delivered, as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from batonpass.store.instants import from_ms
from batonpass.store.transaction import Transaction, value


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDelivery:
    number: int
    connection: str
    received_at: datetime
    body: bytes = field(repr=False)


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


async def chosen(
    tx: Transaction,
    *,
    numbers: Sequence[int] = (),
    connection: str | None = None,
    since: int = 0,
    after: int = 0,
    most: int,
) -> list[KeptDelivery]:
    """Those of these numbers, or all of this connection that were received since then; above `after`, oldest first."""
    where, values = _where(numbers, connection, since)
    found = await tx.rows(
        f"SELECT id, connection, received_at, body FROM deliveries WHERE {where} AND id > ? ORDER BY id LIMIT ?",
        (*values, after, most),
    )
    return [
        KeptDelivery(number=each[0], connection=each[1], received_at=from_ms(each[2]), body=each[3])
        for each in found
    ]


async def counted(
    tx: Transaction, *, numbers: Sequence[int] = (), connection: str | None = None, since: int = 0
) -> int:
    where, values = _where(numbers, connection, since)
    found: int = await value(tx, f"SELECT count(*) FROM deliveries WHERE {where}", values)
    return found


def _where(numbers: Sequence[int], connection: str | None, since: int) -> tuple[str, list[int | str]]:
    where, values = "received_at >= ?", list[int | str]([since])
    if numbers:
        where += f" AND id IN ({','.join('?' * len(numbers))})"
        values += numbers
    if connection is not None:
        where += " AND connection = ?"
        values.append(connection)
    return where, values
