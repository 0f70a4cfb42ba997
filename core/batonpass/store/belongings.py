"""What belongs to a record of the copy, and forgetting it: for a person who has asked for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.store.synced import FORGOTTEN
from batonpass.store.transaction import Transaction

Known = tuple[str, str, str]
"""A record: connection, kind, id."""
MOST = 200
"""Of what belongs to one record, so many at once."""
_TOGETHER = 100
"""Records in one statement."""
ADDRESSES = (KeyKind.EMAIL, KeyKind.VERIFIED_EMAIL)
"""Whoever such a key names is the person themselves."""
POINTS_AT: Mapping[KeyKind, RecordKind] = MappingProxyType(
    {KeyKind.CUSTOMER: RecordKind.CUSTOMER, KeyKind.TICKET: RecordKind.TICKET}
)
"""A record with such a key belongs to that record. (A company's records belong to its people, each to one.)"""
_KEY_TO: Mapping[str, str] = MappingProxyType({kind.value: key.value for key, kind in POINTS_AT.items()})


async def known_by(tx: Transaction, addresses: Sequence[str], *, most: int = MOST) -> list[Known]:
    """The records that are known by one of these addresses, at whichever connection."""
    found = await tx.rows(
        f"SELECT DISTINCT connection, kind, id FROM synced_keys WHERE key IN ({_marks(ADDRESSES)})"
        f" AND value IN ({_marks(addresses)}) ORDER BY connection, kind, id LIMIT {most}",
        (*(each.value for each in ADDRESSES), *addresses),
    )
    return [(each[0], each[1], each[2]) for each in found]


async def some_of(tx: Transaction, record: Known) -> list[Known]:
    """Some of what belongs to it, with all that belongs to that; else the record itself."""
    first = await _pointing_at(tx, record[0], [record], most=MOST)
    some = [each for each in first if each != record]
    return await of(tx, some or [record])


async def of(tx: Transaction, records: Sequence[Known]) -> list[Known]:
    """These records, and all that belongs to them."""
    found, fresh = dict.fromkeys(records), list(records)
    while fresh:
        fresh = [
            each
            for connection in sorted({each[0] for each in fresh})
            for each in await _pointing_at(tx, connection, [one for one in fresh if one[0] == connection])
            if each not in found
        ]
        found |= dict.fromkeys(fresh)
    return list(found)


async def _pointing_at(
    tx: Transaction, connection: str, records: Sequence[Known], *, most: int | None = None
) -> list[Known]:
    """What belongs to one of these records of this connection, under the ids merged into them, too."""
    found: list[Known] = []
    limit = "" if most is None else f" LIMIT {most}"
    for kind, ids in _ids(records):
        if (key := _KEY_TO.get(kind)) is None:
            continue
        known_as = [*ids, *await _former_ids(tx, connection, kind, ids)]
        rows = await tx.rows(
            "SELECT DISTINCT connection, kind, id FROM synced_keys WHERE key = ?"
            f" AND value IN ({_marks(known_as)}) AND connection = ? ORDER BY connection, kind, id{limit}",
            (key, *known_as, connection),
        )
        found += [(each[0], each[1], each[2]) for each in rows]
    return found


async def forget(tx: Transaction, records: Sequence[Known]) -> int:
    """Of these records, and of the ids that were merged into them, nothing is left but that they are forgotten; gives
    how many were not so before."""
    changed = 0
    for connection in sorted({each[0] for each in records}):
        for kind, ids in _ids(each for each in records if each[0] == connection):
            changed += await _forget(tx, connection, kind, ids)
    return changed


async def _forget(tx: Transaction, connection: str, kind: str, ids: Sequence[str]) -> int:
    former = await _former_ids(tx, connection, kind, ids)
    for each in former:
        await tx.execute(
            "INSERT INTO synced (connection, kind, id, stream, round, changed_at, read_at, deleted, data, document)"
            " VALUES (?, ?, ?, '', 0, 0, 0, ?, '{}', NULL) ON CONFLICT (connection, kind, id) DO NOTHING",
            (connection, kind, each, FORGOTTEN),
        )
    all_ids = [*ids, *former]
    which = f"connection = ? AND kind = ? AND id IN ({_marks(all_ids)})"
    await tx.execute(f"DELETE FROM synced_keys WHERE {which}", (connection, kind, *all_ids))
    return await tx.execute(
        f"UPDATE synced SET deleted = ?, data = '{{}}', document = NULL WHERE {which} AND deleted <> ?",
        (FORGOTTEN, connection, kind, *all_ids, FORGOTTEN),
    )


async def _former_ids(tx: Transaction, connection: str, kind: str, ids: Sequence[str]) -> list[str]:
    """The ids that were merged into these records."""
    rows = await tx.rows(
        f"SELECT DISTINCT value FROM synced_keys WHERE connection = ? AND kind = ? AND id IN ({_marks(ids)})"
        " AND key = ? ORDER BY value",
        (connection, kind, *ids, KeyKind.FORMER_ID.value),
    )
    return [each[0] for each in rows]


def _ids(records: Iterable[Known]) -> list[tuple[str, list[str]]]:
    """(Kind, ids), so many together as one statement takes."""
    found: dict[str, list[str]] = {}
    for _, kind, id_ in records:
        found.setdefault(kind, []).append(id_)
    return [
        (kind, ids[start : start + _TOGETHER])
        for kind, ids in sorted(found.items())
        for start in range(0, len(ids), _TOGETHER)
    ]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
