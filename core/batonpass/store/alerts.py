"""The table `alerts`: what a person must hear of, once for each, however often it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batonpass.domain.alert import Alert, AlertKind, NewAlert
from batonpass.store.instants import from_ms, from_ms_or_none
from batonpass.store.transaction import Transaction

_COLUMNS = "id, kind, about, detail, opened_at, last_at, count, closed_at"


async def note(tx: Transaction, new: NewAlert, at: int) -> None:
    """Open it, or count it once more."""
    counted = await tx.execute(
        "UPDATE alerts SET count = count + 1, last_at = ?, detail = ? WHERE kind = ? AND about = ? AND closed_at IS NULL",
        (at, new.detail, new.kind.value, new.about),
    )
    if not counted:
        await tx.execute(
            "INSERT INTO alerts (kind, about, detail, opened_at, last_at, count) VALUES (?, ?, ?, ?, ?, 1)",
            (new.kind.value, new.about, new.detail, at, at),
        )


async def close(tx: Transaction, kind: AlertKind, about: str, at: int) -> int:
    """It is so no more; gives whether one was open."""
    return await tx.execute(
        "UPDATE alerts SET closed_at = ? WHERE kind = ? AND about = ? AND closed_at IS NULL",
        (at, kind.value, about),
    )


async def close_quiet(tx: Transaction, kind: AlertKind, *, last_before: int, at: int) -> int:
    """Close those of this kind that have not been seen since then; gives their number."""
    return await tx.execute(
        "UPDATE alerts SET closed_at = ? WHERE kind = ? AND closed_at IS NULL AND last_at < ?",
        (at, kind.value, last_before),
    )


async def opened(tx: Transaction) -> list[Alert]:
    """Those that are open, oldest first."""
    found = await tx.rows(f"SELECT {_COLUMNS} FROM alerts WHERE closed_at IS NULL ORDER BY id")
    return [_alert(each) for each in found]


async def untold(tx: Transaction) -> list[Alert]:
    """Those that nobody has been told of yet: that they are open, or that they are over."""
    found = await tx.rows(
        f"SELECT {_COLUMNS} FROM alerts WHERE told_open = 0 OR (closed_at IS NOT NULL AND told_closed = 0)"
        f" ORDER BY id LIMIT 100{tx.skip_locked}"
    )
    return [_alert(each) for each in found]


async def told(tx: Transaction, numbers: Mapping[int, bool]) -> None:
    """People have been told of these: that they are open, or (True) that they are over."""
    for number, over in sorted(numbers.items()):
        await tx.execute("UPDATE alerts SET told_open = 1, told_closed = ? WHERE id = ?", (int(over), number))


async def forget_before(tx: Transaction, closed_at: int) -> int:
    return await tx.execute("DELETE FROM alerts WHERE closed_at < ?", (closed_at,))


def _alert(found: Sequence[Any]) -> Alert:
    return Alert(
        id=found[0],
        kind=AlertKind(found[1]),
        about=found[2],
        detail=found[3],
        opened_at=from_ms(found[4]),
        last_at=from_ms(found[5]),
        count=found[6],
        closed_at=from_ms_or_none(found[7]),
    )
