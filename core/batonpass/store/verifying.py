"""Whether a store is whole and its tables agree with each other. Only reads; a server may be running."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from batonpass.store.address import StoreAddress
from batonpass.store.migrating import migrated
from batonpass.store.reading import look
from batonpass.store.sqlite import connect_to_read
from batonpass.store.transaction import StoreError, Transaction

MOST_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    code: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    handoffs: int
    steps: int
    faults: tuple[Fault, ...]


# Each is one statement, so that it sees one moment of a store that is being written.
_MUST_BE_EMPTY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "no_steps": (
            "handoffs have no step",
            (
                "SELECT count(*), min(id) FROM handoffs WHERE NOT EXISTS ("
                "SELECT 1 FROM steps WHERE handoff_id = handoffs.id)"
            ),
        ),
        "no_handoff": (
            "steps belong to no handoff",
            (
                "SELECT count(*), min(handoff_id) FROM steps WHERE NOT EXISTS ("
                "SELECT 1 FROM handoffs WHERE id = steps.handoff_id)"
            ),
        ),
        "ticket_not_kept": (
            "tickets were opened that their handoffs do not know",
            (
                "SELECT count(*), min(handoffs.id) FROM handoffs JOIN steps ON steps.handoff_id = handoffs.id"
                " WHERE steps.kind = 'open_ticket' AND steps.status = 'done' AND handoffs.ticket_id IS NULL"
                " AND steps.result LIKE ?"
            ),
        ),
        "nothing_moves": (
            "handoffs have no ticket and no step that could bring one",
            (
                "SELECT count(*), min(id) FROM handoffs WHERE state IN ('requested', 'enriched') AND NOT EXISTS ("
                "SELECT 1 FROM steps WHERE handoff_id = handoffs.id AND status <> 'done')"
            ),
        ),
        "key_of_nothing": (
            "keys of vendors' records belong to none that is kept",
            (
                "SELECT count(*), min(k.connection || '/' || k.kind || ' ' || k.id) FROM synced_keys AS k"
                " WHERE NOT EXISTS (SELECT 1 FROM synced AS s WHERE s.connection = k.connection AND s.kind = k.kind"
                " AND s.id = k.id AND s.deleted = 0)"
            ),
        ),
        "no_result": (
            "steps are done without a result",
            "SELECT count(*), min(handoff_id) FROM steps WHERE status = 'done' AND result IS NULL",
        ),
    }
)
_VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType({"ticket_not_kept": ('%"ticket":%',)})
_SINCE: Mapping[str, str] = MappingProxyType({"key_of_nothing": "0005_sync"})
_TALLIES = (
    "SELECT state, sum(tallied), sum(counted) FROM ("
    "SELECT state, n AS tallied, 0 AS counted FROM tallies"
    " UNION ALL SELECT state, 0, count(*) FROM handoffs"
    " WHERE state IN ('resolved', 'returned', 'abandoned') GROUP BY state) AS counts"
    " GROUP BY state HAVING sum(tallied) <> sum(counted) ORDER BY state"
)


def verify(store: StoreAddress, *, full: bool) -> Verified:
    """`full`: reads every page and index, which takes minutes for gigabytes. Raises `StoreError` where the store cannot
    be read at all."""
    damage = () if store.path is None else _damage(store.path, full=full)
    if damage:
        return Verified(handoffs=0, steps=0, faults=damage)
    pending = migrated(store).pending
    return look(store, lambda tx: _agreeing(tx, pending))


def _damage(path: Path, *, full: bool) -> tuple[Fault, ...]:
    """What SQLite itself finds."""
    check = "integrity_check" if full else "quick_check"
    try:
        with connect_to_read(path) as connection:
            said = [str(row[0]) for row in connection.execute(f"PRAGMA {check}({MOST_TOLD})")]
            orphans = [] if said != ["ok"] else connection.execute("PRAGMA foreign_key_check").fetchall()
    except StoreError as error:
        if not isinstance(error.__context__, sqlite3.DatabaseError):
            raise
        return (Fault(code="damaged", what=str(error)),)
    found = [Fault(code="damaged", what=" ".join(each.split())) for each in said if each != "ok"]
    found += [
        Fault(code="no_parent", what=f"{row[0]}: a row belongs to no {row[2]}") for row in orphans[:MOST_TOLD]
    ]
    return tuple(found)


async def _agreeing(tx: Transaction, pending: Sequence[str]) -> Verified:
    faults = []
    for code, (what, sql) in _MUST_BE_EMPTY.items():
        if _SINCE.get(code) in pending:
            continue  # its tables are not there yet
        n, first = (await tx.rows(sql, _VALUES.get(code, ())))[0]
        if n:
            faults.append(Fault(code=code, what=f"{n} {what}; the first is of {first}"))
    for state, tallied, counted in await tx.rows(_TALLIES):
        faults.append(
            Fault(code="tallies", what=f"{counted} handoffs are {state}, but {tallied} are tallied")
        )
    counts = (await tx.rows("SELECT (SELECT count(*) FROM handoffs), (SELECT count(*) FROM steps)"))[0]
    return Verified(handoffs=counts[0], steps=counts[1], faults=tuple(faults))
