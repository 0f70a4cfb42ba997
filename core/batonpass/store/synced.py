"""The tables `synced` and `synced_keys`: the copy of the vendors' records, and what each is known by."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic_core import to_json

from batonpass.domain.synced import KeptRecord, Key, KeyKind, Record, RecordKind
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.transaction import Row, Transaction

MOST_KNOWN_BY = 200
TOGETHER = 100
"""Records in one statement."""
_FOLDED = frozenset({KeyKind.EMAIL, KeyKind.VERIFIED_EMAIL, KeyKind.DOMAIN})
THERE, GONE, FORGOTTEN, OLD = 0, 1, 2, 3
"""`deleted`: what is forgotten because its person asked for that stays so, whatever is read later; what was emptied
because it is old stays so until it changes at the vendor's."""
_SHOWN = "connection, kind, id, changed_at, read_at, data, document"
_CONFIRMED = (
    "s.connection, s.kind, s.id, s.changed_at,"
    " CASE WHEN coalesce(y.done_up_to, 0) > s.read_at THEN y.done_up_to ELSE s.read_at END, s.data, s.document"
)
"""What a round has not given has not changed until it began: that old is the record."""
_ITS_STREAM = "LEFT JOIN sync_streams AS y ON y.connection = s.connection AND y.stream = s.stream"


class Put(StrEnum):
    """What became of a record that was read."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    AGAIN = "again"
    """This round has given it before, as it is."""
    OLDER = "older"
    """What is kept is newer: a later page or a webhook was first."""
    DELETED = "deleted"
    FORGOTTEN = "forgotten"
    """Its person has asked to be forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where a page comes from."""

    connection: str
    stream: str
    round: int
    at: int


async def put(
    tx: Transaction,
    reading: Reading,
    records: Sequence[Record],
    *,
    forgotten: Collection[tuple[RecordKind, str]],
) -> Counter[Put]:
    """Keep these records. `forgotten` are those of them whose person asked to be forgotten (`keeping.keep` knows)."""
    counts: Counter[Put] = Counter()
    newest = _newest(records)
    for start in range(0, len(newest), TOGETHER):
        counts += await _put_together(tx, reading, newest[start : start + TOGETHER], forgotten)
    return counts


def _newest(records: Sequence[Record]) -> list[Record]:
    """Each record once: a page may have two readings of one."""
    found: dict[tuple[RecordKind, str], Record] = {}
    for record in records:
        known = found.get((record.kind, record.id))
        if known is None or known.changed_at <= record.changed_at:
            found[record.kind, record.id] = record
    return list(found.values())


async def _put_together(
    tx: Transaction,
    reading: Reading,
    records: Sequence[Record],
    forgotten: Collection[tuple[RecordKind, str]],
) -> Counter[Put]:
    known = await _known(tx, reading.connection, records)
    fates: dict[Put, list[Record]] = {each: [] for each in Put}
    for record in records:
        place = (record.kind, record.id)
        fate = Put.FORGOTTEN if place in forgotten else _fate(record, known.get(place), reading.round)
        fates[fate].append(record)
    written = [*fates[Put.NEW], *fates[Put.CHANGED]]
    later = [
        each for each in fates[Put.SAME] if to_ms(each.changed_at) != known[each.kind, each.id].changed_at
    ]
    emptied = [*fates[Put.DELETED], *fates[Put.FORGOTTEN]]
    await _write(
        tx,
        [
            *(_row(reading, each, GONE if each.deleted else THERE) for each in later),
            *(_row(reading, each, THERE) for each in written),
            *(_row(reading, each, GONE) for each in fates[Put.DELETED]),
            *(_row(reading, each, FORGOTTEN) for each in fates[Put.FORGOTTEN]),
        ],
    )
    await _seen(tx, reading, [*fates[Put.SAME], *fates[Put.OLDER]])
    await _unkey(tx, reading.connection, [(each.kind, each.id) for each in (*fates[Put.CHANGED], *emptied)])
    await _key(tx, reading.connection, written)
    return Counter({fate: len(some) for fate, some in fates.items() if some})


def _fate(record: Record, before: _Before | None, round_: int) -> Put:
    if before is None:
        return Put.DELETED if record.deleted else Put.NEW
    at = to_ms(record.changed_at)
    if before.deleted == FORGOTTEN:
        return Put.FORGOTTEN
    if before.changed_at > at:
        return Put.OLDER
    if record.deleted:
        return Put.SAME if before.deleted == GONE else Put.DELETED
    if before.deleted == OLD and before.changed_at == at:
        return Put.SAME
    if before.deleted != THERE or before.texts != _texts(record):
        return Put.CHANGED
    return Put.AGAIN if before.round == round_ else Put.SAME


def _texts(record: Record) -> tuple[str, str | None]:
    """The record's data and document, as they are kept."""
    document = None if record.document is None else to_json(record.document).decode()
    return to_json(dict(record.columns)).decode(), document


def _row(reading: Reading, record: Record, deleted: int) -> tuple[Any, ...]:
    texts = _texts(record) if deleted == THERE else ("{}", None)
    return (
        reading.connection, record.kind.value, record.id, reading.stream, reading.round, to_ms(record.changed_at),
        reading.at, deleted, *texts,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Before:
    """What is kept of a record."""

    changed_at: int
    deleted: int
    texts: tuple[str, str | None]
    round: int


async def _known(
    tx: Transaction, connection: str, records: Sequence[Record]
) -> dict[tuple[str, str], _Before]:
    found: dict[tuple[str, str], _Before] = {}
    for kind, ids in _by_kind((record.kind, record.id) for record in records).items():
        rows = await tx.rows(
            "SELECT id, changed_at, deleted, data, document, round FROM synced"
            f" WHERE connection = ? AND kind = ? AND id IN ({_marks(ids)}){tx.for_update}",
            (connection, kind, *ids),
        )
        found |= {(kind, each[0]): _Before(each[1], each[2], (each[3], each[4]), each[5]) for each in rows}
    return found


async def _write(tx: Transaction, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    await tx.execute(
        "INSERT INTO synced (connection, kind, id, stream, round, changed_at, read_at, deleted, data, document)"
        f" VALUES {_tuples(rows)} ON CONFLICT (connection, kind, id) DO UPDATE SET stream = excluded.stream,"
        " round = excluded.round, changed_at = excluded.changed_at, read_at = excluded.read_at,"
        " deleted = excluded.deleted, data = excluded.data, document = excluded.document",
        [value for row in rows for value in row],
    )


async def _seen(tx: Transaction, reading: Reading, records: Sequence[Record]) -> None:
    """They are as they were."""
    for kind, ids in _by_kind((record.kind, record.id) for record in records).items():
        await tx.execute(
            "UPDATE synced SET round = ?, read_at = ?, stream = ?"
            f" WHERE connection = ? AND kind = ? AND id IN ({_marks(ids)})",
            (reading.round, reading.at, reading.stream, reading.connection, kind, *ids),
        )


async def _unkey(tx: Transaction, connection: str, records: Iterable[tuple[str, str]]) -> None:
    for kind, ids in _by_kind(records).items():
        await tx.execute(
            f"DELETE FROM synced_keys WHERE connection = ? AND kind = ? AND id IN ({_marks(ids)})",
            (connection, kind, *ids),
        )


async def _key(tx: Transaction, connection: str, records: Sequence[Record]) -> None:
    rows = sorted(
        {
            (connection, each.kind.value, each.id, key.kind.value, folded(key))
            for each in records
            for key in each.keys
            if key.value
        }
    )
    if rows:
        await tx.execute(
            f"INSERT INTO synced_keys (connection, kind, id, key, value) VALUES {_tuples(rows)}"
            " ON CONFLICT DO NOTHING",
            [value for row in rows for value in row],
        )


def folded(key: Key) -> str:
    """As it is looked up: addresses and domains without regard to case."""
    return key.value.casefold() if key.kind in _FOLDED else key.value


# Reading ------------------------------------------------------------------------------------------------------------


async def record(tx: Transaction, connection: str, kind: RecordKind, id_: str) -> KeptRecord | None:
    """The record with this id, or the one that this id was merged into."""
    rows = await tx.rows(
        f"SELECT {_CONFIRMED} FROM synced AS s {_ITS_STREAM}"
        " WHERE s.connection = ? AND s.kind = ? AND s.id = ? AND s.deleted = ?",
        (connection, kind.value, id_, THERE),
    )
    if not rows:
        into = await known_by(tx, connection, kind, Key(kind=KeyKind.FORMER_ID, value=id_))
        return into[0] if len(into) == 1 else None
    return kept(rows[0])


async def known_by(tx: Transaction, connection: str, kind: RecordKind, key: Key) -> list[KeptRecord]:
    """The last changed first."""
    rows = await tx.rows(
        f"SELECT {_CONFIRMED} FROM synced_keys AS k JOIN synced AS s"
        f" ON s.connection = k.connection AND s.kind = k.kind AND s.id = k.id {_ITS_STREAM}"
        " WHERE k.key = ? AND k.value = ? AND k.connection = ? AND k.kind = ? AND s.deleted = ?"
        f" ORDER BY s.changed_at DESC, s.id LIMIT {MOST_KNOWN_BY}",
        (key.kind.value, folded(key), connection, kind.value, THERE),
    )
    return [kept(each) for each in rows]


async def after(
    tx: Transaction, connection: str, kind: RecordKind, id_: str, *, most: int
) -> list[KeptRecord]:
    """Those of this kind whose ids come after that one, in their order."""
    rows = await tx.rows(
        f"SELECT {_SHOWN} FROM synced WHERE connection = ? AND kind = ? AND id > ? AND deleted = ?"
        f" ORDER BY id LIMIT {most}",
        (connection, kind.value, id_, THERE),
    )
    return [kept(each) for each in rows]


async def with_ids(
    tx: Transaction, connection: str, kind: RecordKind, ids: Sequence[str]
) -> list[KeptRecord]:
    """Those of these that are kept; at most `MOST_KNOWN_BY` ids at once."""
    if not ids:
        return []
    rows = await tx.rows(
        f"SELECT {_SHOWN} FROM synced WHERE connection = ? AND kind = ? AND deleted = ? AND id IN ({_marks(ids)})",
        (connection, kind.value, THERE, *ids),
    )
    return [kept(each) for each in rows]


async def forgotten(tx: Transaction, connection: str, kind: RecordKind, ids: Sequence[str]) -> frozenset[str]:
    """Those of these ids whose person has asked to be forgotten."""
    rows = await tx.rows(
        f"SELECT id FROM synced WHERE connection = ? AND kind = ? AND deleted = ? AND id IN ({_marks(ids)})",
        (connection, kind.value, FORGOTTEN, *ids),
    )
    return frozenset(each[0] for each in rows)


async def ids_after(
    tx: Transaction, connection: str, stream: str, kind: RecordKind, id_: str, *, most: int
) -> list[str]:
    """The ids of this kind that the stream has given, after that one, in their order."""
    rows = await tx.rows(
        "SELECT id FROM synced WHERE connection = ? AND kind = ? AND id > ? AND stream = ? AND deleted = ?"
        f" ORDER BY id LIMIT {most}",
        (connection, kind.value, id_, stream, THERE),
    )
    return [each[0] for each in rows]


async def count(tx: Transaction) -> dict[tuple[str, str], tuple[int, int]]:
    """(connection, stream) → how many records there are, and when the oldest of them was read."""
    rows = await tx.rows(
        "SELECT connection, stream, count(*), min(read_at) FROM synced WHERE deleted = 0 GROUP BY connection, stream"
    )
    return {(each[0], each[1]): (each[2], each[3]) for each in rows}


def kept(row: Row) -> KeptRecord:
    connection, kind, id_, changed_at, read_at, data, document = row
    return KeptRecord(
        connection=connection,
        kind=RecordKind(kind),
        id=id_,
        changed_at=from_ms(changed_at),
        read_at=from_ms(read_at),
        columns=json.loads(data),
        document=None if document is None else json.loads(document),
    )


# What a complete round has not given is gone --------------------------------------------------------------------


async def left_out(tx: Transaction, connection: str, stream: str, round_: int) -> tuple[int, int]:
    """(How many of the stream's records the round has not given, how many there are)."""
    rows = await tx.rows(
        "SELECT CAST(coalesce(sum(CASE WHEN round < ? THEN 1 ELSE 0 END), 0) AS BIGINT), count(*) FROM synced"
        " WHERE connection = ? AND stream = ? AND deleted = 0",
        (round_, connection, stream),
    )
    return rows[0][0], rows[0][1]


async def end_left_out(
    tx: Transaction, connection: str, stream: str, round_: int, *, at: int, most: int
) -> int:
    """Some of them are marked as deleted; gives their number."""
    rows = await tx.rows(
        "SELECT kind, id FROM synced WHERE connection = ? AND stream = ? AND round < ? AND deleted = 0"
        f" ORDER BY kind, id LIMIT {most}{tx.for_update}",
        (connection, stream, round_),
    )
    ids = [(each[0], each[1]) for each in rows]
    for kind, some in _by_kind(ids).items():
        await tx.execute(
            "UPDATE synced SET deleted = ?, round = ?, read_at = ?, data = '{}', document = NULL"
            f" WHERE connection = ? AND kind = ? AND id IN ({_marks(some)})",
            (GONE, round_, at, connection, kind, *some),
        )
    await _unkey(tx, connection, ids)
    return len(ids)


def _by_kind(records: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, id_ in records:
        found.setdefault(str(kind), []).append(id_)
    return found


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _tuples(rows: Sequence[Sequence[Any]]) -> str:
    return ", ".join([f"({_marks(rows[0])})"] * len(rows))
