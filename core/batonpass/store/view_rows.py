"""The rows of a view, page by page in the order of their keys: however many there are, one page is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from batonpass.store.transaction import Row, Transaction, value
from batonpass.store.views import View, as_text

PAGE = 1_000


async def connections(tx: Transaction) -> list[str]:
    """Of which there are records, or handoffs."""
    synced = await _jumped(tx, "synced", "connection")
    return sorted({*synced, *await _jumped(tx, "handoffs", "helpdesk")})


async def pages(
    tx: Transaction, view: View, *, connection: str | None, since: datetime | None
) -> AsyncIterator[list[Row]]:
    """`since`: what has changed since then, to the second."""
    where, values = (["changed_at >= ?"], [as_text(since)]) if since is not None else ([], list[Any]())
    if view.kind is None and connection is None:
        async for page in _pages(tx, view, where, values):
            yield page
        return
    # A connection at a time: then each page of records begins where an index says.
    for each in await _jumped(tx, "synced", "connection") if connection is None else [connection]:
        async for page in _pages(tx, view, [*where, f"{view.connection} = ?"], [*values, each]):
            yield page


async def _pages(
    tx: Transaction, view: View, where: Sequence[str], values: Sequence[Any]
) -> AsyncIterator[list[Row]]:
    names = ", ".join(f'"{each}"' for each in view.names)
    key = view.key[-1]
    place, after = view.names.index(key), ""
    while True:
        found = await tx.rows(
            f"SELECT {names} FROM {view.name} WHERE {' AND '.join([*where, f'{key} > ?'])}"
            f" ORDER BY {key} LIMIT {PAGE}",
            [*values, after],
        )
        if found:
            yield found
        if len(found) < PAGE:
            return
        after = found[-1][place]


async def _jumped(tx: Transaction, table: str, column: str) -> list[str]:
    """The different values of a column that an index begins with, without a look at every row."""
    found: list[str] = []
    while True:
        known = await value(
            tx, f"SELECT min({column}) FROM {table} WHERE {column} > ?", (found[-1] if found else "",)
        )
        if known is None:
            return found
        found.append(known)
