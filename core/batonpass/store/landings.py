"""The table `landings`: what became of the values of each field, by day.

Each ticket adds rows of its own, so that no two transactions wait for one row; `sum_up` puts those of a day together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from batonpass.domain.landing import Fate, Landing
from batonpass.store.instants import from_ms
from batonpass.store.transaction import Transaction, row, value

DAY = 86_400_000
"""Milliseconds."""
AT_ONCE = 5_000
"""Rows that one transaction puts together."""
_COUNTS = ", ".join(Fate)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLandings:
    """What became of a field's values on one day (UTC)."""

    day: date
    connection: str
    field: str
    counts: dict[Fate, int]


async def add(tx: Transaction, connection: str, landings: Iterable[Landing], at: int) -> None:
    fields: dict[str, Counter[Fate]] = {}
    for each in landings:
        fields.setdefault(each.field, Counter())[each.fate] += 1
    await _insert(tx, [(at // DAY * DAY, connection, name, *_row(counts)) for name, counts in fields.items()])


async def sum_up(tx: Transaction) -> None:
    """One row for each of the two newest days, connection and field, as far as one transaction should go."""
    await tx.lock("landings")
    newest = await value(tx, "SELECT max(day) FROM landings")
    if newest is None or not await _is_worth_it(tx, newest):
        return
    gone = await tx.rows(
        "DELETE FROM landings WHERE id IN (SELECT id FROM landings WHERE day >= ? ORDER BY id LIMIT ?)"
        f" RETURNING day, connection, field, {_COUNTS}",
        (newest - DAY, AT_ONCE),
    )
    sums: dict[tuple[Any, ...], list[int]] = {}
    for day, connection, field, *counts in gone:
        known = sums.setdefault((day, connection, field), [0] * len(counts))
        sums[day, connection, field] = [a + b for a, b in zip(known, counts, strict=True)]
    await _insert(tx, [(*key, *counts) for key, counts in sorted(sums.items())])


async def _is_worth_it(tx: Transaction, newest: int) -> bool:
    twice = await row(
        tx,
        "SELECT 1 FROM landings WHERE day >= ? GROUP BY day, connection, field HAVING count(*) > 1 LIMIT 1",
        (newest - DAY,),
    )
    return twice is not None


async def since(tx: Transaction, at: int) -> list[FieldLandings]:
    """From the day of that time on, in the order of days, connections and fields."""
    found = await tx.rows(
        f"SELECT day, connection, field, {_SUMS} FROM landings WHERE day >= ?"
        " GROUP BY day, connection, field ORDER BY day, connection, field",
        (at // DAY * DAY,),
    )
    return [
        FieldLandings(
            day=from_ms(day).date(),
            connection=connection,
            field=field,
            counts=dict(zip(Fate, counts, strict=True)),
        )
        for day, connection, field, *counts in found
    ]


async def forget_before(tx: Transaction, day: int, *, most: int) -> int:
    return await tx.execute(
        "DELETE FROM landings WHERE id IN (SELECT id FROM landings WHERE day < ? LIMIT ?)",
        (day // DAY * DAY, most),
    )


_SUMS = ", ".join(f"CAST(sum({each}) AS BIGINT)" for each in Fate)


def _row(counts: Counter[Fate]) -> list[int]:
    return [counts[each] for each in Fate]


async def _insert(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    one = f"({', '.join('?' * len(rows[0]))})"
    await tx.execute(
        f"INSERT INTO landings (day, connection, field, {_COUNTS}) VALUES {', '.join([one] * len(rows))}",
        [each for one_row in rows for each in one_row],
    )
