"""Keeping a page of records, and nothing of those who have asked to be forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TypeVar

from batonpass.domain.synced import Key, KeyKind, Record, RecordKind
from batonpass.store import belongings, checkpoints, masking, people, synced
from batonpass.store.belongings import ADDRESSES, POINTS_AT
from batonpass.store.instants import from_ms
from batonpass.store.synced import FORGOTTEN, Put, Reading
from batonpass.store.transaction import Transaction, value

_AT_ONCE = 500
"""Values in one statement."""
T = TypeVar("T")
_Place = tuple[RecordKind, str]


async def keep(tx: Transaction, reading: Reading, records: Sequence[Record]) -> Counter[Put]:
    """Keep these records. Of whoever has asked to be forgotten, and of what belongs to them, nothing but that: also
    where it came before its customer did. Where others mention their address, a mask takes its place."""
    if await value(tx, "SELECT 1 FROM suppressed LIMIT 1") is None:
        return await synced.put(tx, reading, records, forgotten=())
    pepper = await checkpoints.read(tx, people.PEPPER)
    suppressed = await _suppressed(tx, records, bytes.fromhex(pepper or ""))
    unwanted = await _unwanted(tx, reading.connection, records, suppressed)
    # What was merged into them may still be pointed at.
    merged = unwanted - {(each.kind, each.id) for each in records}
    left = [Record(kind=kind, id=id_, changed_at=from_ms(reading.at), deleted=True) for kind, id_ in merged]
    shown = [_shown(each, suppressed) for each in records]
    counts = await synced.put(tx, reading, [*shown, *left], forgotten=unwanted)
    known = [(reading.connection, kind.value, id_) for kind, id_ in sorted(unwanted)]
    counts[Put.FORGOTTEN] += await belongings.forget(tx, await belongings.of(tx, known)) - len(left)
    return +counts


async def _suppressed(tx: Transaction, records: Sequence[Record], pepper: bytes) -> frozenset[str]:
    """Of all addresses in these records, those of people who have asked to be forgotten."""
    found = sorted({address for record in records for address in masking.addresses_in(record)})
    whose = {people.person(pepper, address): address for address in found}
    theirs = set[bytes]()
    for some in _some(list(whose)):
        theirs |= await people.suppressed_among(tx, some)
    return frozenset(whose[each] for each in theirs)


def _shown(record: Record, suppressed: Collection[str]) -> Record:
    if not suppressed:
        return record
    mentioned = sorted(masking.addresses_in(record).intersection(suppressed))
    return masking.masked(record, mentioned) if mentioned else record


async def _unwanted(
    tx: Transaction, connection: str, records: Sequence[Record], suppressed: Collection[str]
) -> frozenset[_Place]:
    """Those of the records, and of the ids that were merged into them, that are to be forgotten."""
    pointed = {each for record in records for each in _points_at(record)}
    forgotten = await _forgotten(tx, connection, pointed)
    found = {(each.kind, each.id) for each in records if any(_is_of(key, suppressed) for key in each.keys)}
    size = -1
    while size < len(found):  # a ticket of theirs, then its rating
        size = len(found)
        for record in records:
            known = (record.kind, record.id)
            if known in found or any(each in found or each in forgotten for each in _points_at(record)):
                found.add(known)
                found |= {(record.kind, key.value) for key in record.keys if key.kind is KeyKind.FORMER_ID}
    return frozenset(found)


def _is_of(key: Key, suppressed: Collection[str]) -> bool:
    return key.kind in ADDRESSES and people.normalised(key.value) in suppressed


def _points_at(record: Record) -> list[_Place]:
    """The records that it belongs to, and those that were merged into it."""
    pointed = [(POINTS_AT[key.kind], key.value) for key in record.keys if key.kind in POINTS_AT]
    return pointed + [(record.kind, key.value) for key in record.keys if key.kind is KeyKind.FORMER_ID]


async def _forgotten(tx: Transaction, connection: str, places: Collection[_Place]) -> set[_Place]:
    """Those of these records that are forgotten already."""
    found = set[_Place]()
    for kind in sorted({kind for kind, _ in places}):
        for some in _some(sorted(id_ for of, id_ in places if of is kind)):
            rows = await tx.rows(
                "SELECT id FROM synced WHERE connection = ? AND kind = ? AND deleted = ?"
                f" AND id IN ({', '.join('?' * len(some))})",
                (connection, kind.value, FORGOTTEN, *some),
            )
            found |= {(kind, each[0]) for each in rows}
    return found


def _some(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
