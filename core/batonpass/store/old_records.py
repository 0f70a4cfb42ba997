"""What is too old in the copy of the vendors' records."""

from __future__ import annotations

import json
from dataclasses import dataclass

from batonpass.domain.synced import RecordKind
from batonpass.store.synced import GONE, OLD, THERE
from batonpass.store.transaction import Transaction, value

_SOLVED = frozenset({"solved", "closed"})
_TICKET = RecordKind.TICKET.value
_TOGETHER = 100
"""Records in one statement."""
Place = tuple[str, str]
"""Connection and id of the last one that was looked at."""
START: Place = ("", "")


@dataclass(frozen=True, slots=True)
class Looked:
    place: Place
    emptied: int


async def delete(tx: Transaction, before: int, *, most: int) -> int:
    return await tx.execute(
        "DELETE FROM synced WHERE (connection, kind, id) IN (SELECT connection, kind, id FROM synced"
        f" WHERE deleted <> 0 AND deleted IN ({GONE}, {OLD}) AND read_at < ? LIMIT ?)",
        (before, most),
    )


async def empty_tickets(tx: Transaction, before: int, *, after: Place, look_at: int) -> Looked | None:
    """Look at the next ones, whatever their age, and empty those that are old and solved; None after the last one."""
    connection, id_ = after
    rows = await tx.rows(
        "SELECT id, CASE WHEN changed_at < ? THEN data ELSE NULL END FROM synced"
        " WHERE connection = ? AND kind = ? AND id > ? AND deleted = ? ORDER BY id LIMIT ?",
        (before, connection, _TICKET, id_, THERE, look_at),
    )
    if not rows:
        following = await value(tx, "SELECT min(connection) FROM synced WHERE connection > ?", (connection,))
        return None if following is None else Looked((following, ""), 0)
    old = [each for each, data in rows if data is not None and json.loads(data).get("status") in _SOLVED]
    for start in range(0, len(old), _TOGETHER):
        some = old[start : start + _TOGETHER]
        which = f"connection = ? AND kind = ? AND id IN ({', '.join('?' * len(some))})"
        await tx.execute(
            f"UPDATE synced SET deleted = ?, data = '{{}}', document = NULL WHERE {which} AND deleted = ?"
            " AND changed_at < ?",
            (OLD, connection, _TICKET, *some, THERE, before),
        )
        await tx.execute(
            f"DELETE FROM synced_keys WHERE {which} AND NOT EXISTS (SELECT 1 FROM synced AS s"
            " WHERE s.connection = synced_keys.connection AND s.kind = synced_keys.kind AND s.id = synced_keys.id"
            " AND s.deleted = ?)",
            (connection, _TICKET, *some, THERE),
        )
    return Looked((connection, rows[-1][0]), len(old))
