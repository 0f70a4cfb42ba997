"""The tables `synced_people` and `synced_changes`: which records are one person's, and which are to be looked at anew.

What is read here is of the copy of the vendors' records: `synced`, `synced_keys`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.store.synced import THERE
from batonpass.store.transaction import Transaction, row, value

TOGETHER = 200
"""Values in one statement."""
KINDS = (RecordKind.CUSTOMER, RecordKind.COMPANY)
"""Records that are joined; each with its own kind alone."""
_TELLING_KEYS = (
    KeyKind.EMAIL,
    KeyKind.VERIFIED_EMAIL,
    KeyKind.PHONE,
    KeyKind.EXTERNAL_ID,
    KeyKind.DOMAIN,
    KeyKind.COMPANY,
    KeyKind.FORMER_ID,
)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A record; of which kind is told beside it."""

    connection: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A record, as far as it matters for whose it is."""

    ref: Ref
    keys: frozenset[tuple[KeyKind, str]]
    """As they are looked up: addresses and domains in small letters."""
    name: str | None = None
    email: str | None = None
    """As the vendor writes it."""
    created_at: str = ""
    """ISO 8601; empty: not known."""

    def values(self, kind: KeyKind) -> list[str]:
        return sorted(found for key, found in self.keys if key is kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record has been put."""

    person: str
    component: str
    contested: bool


# What is to be done ------------------------------------------------------------------------------------------------


async def take_changed(tx: Transaction, kind: RecordKind, *, most: int) -> list[Ref]:
    """Some records that have changed; they count as looked at once this transaction is committed. Taken before anything
    of them is read: whoever writes one meanwhile waits, and it is changed again."""
    rows = await tx.rows(
        "DELETE FROM synced_changes WHERE (connection, kind, id) IN ("
        f"SELECT connection, kind, id FROM synced_changes WHERE kind = ? LIMIT {most}) RETURNING connection, id",
        (kind.value,),
    )
    return sorted(Ref(each[0], each[1]) for each in rows)


async def changed(tx: Transaction) -> int:
    """How many records are still to be looked at."""
    found: int = await value(tx, "SELECT count(*) FROM synced_changes")
    return found


async def change_all(tx: Transaction) -> None:
    """Look at every record anew."""
    kinds = ", ".join(f"'{kind.value}'" for kind in KINDS)
    for table in ("synced", "synced_people"):
        await tx.execute(
            "INSERT INTO synced_changes (connection, kind, id)"
            f" SELECT connection, kind, id FROM {table} WHERE kind IN ({kinds}) ON CONFLICT DO NOTHING"
        )


# Records -----------------------------------------------------------------------------------------------------------


async def nodes(tx: Transaction, kind: RecordKind, refs: Iterable[Ref]) -> dict[Ref, Node]:
    """Those of them that are there."""
    found: dict[Ref, Node] = {}
    for connection, ids in _by_connection(refs):
        which = f"connection = ? AND kind = ? AND id IN ({_marks(ids)})"
        keys: dict[str, set[tuple[KeyKind, str]]] = {}
        for id_, key, text in await tx.rows(
            f"SELECT id, key, value FROM synced_keys WHERE {which} AND key IN ({_marks(_TELLING_KEYS)})",
            (connection, kind.value, *ids, *(key.value for key in _TELLING_KEYS)),
        ):
            keys.setdefault(id_, set()).add((KeyKind(key), text))
        for id_, data in await tx.rows(
            f"SELECT id, data FROM synced WHERE {which} AND deleted = ?",
            (connection, kind.value, *ids, THERE),
        ):
            known: dict[str, Any] = json.loads(data)
            ref = Ref(connection, id_)
            found[ref] = Node(
                ref=ref,
                keys=frozenset(keys.get(id_, ())),
                name=known.get("name"),
                email=known.get("email"),
                created_at=known.get("created_at") or "",
            )
    return found


async def with_key(tx: Transaction, kind: RecordKind, key: KeyKind, values: Collection[str]) -> set[Ref]:
    """All records that have one of these values."""
    found: set[Ref] = set()
    for some in _parts(sorted(values)):
        rows = await tx.rows(
            f"SELECT connection, id FROM synced_keys WHERE key = ? AND value IN ({_marks(some)}) AND kind = ?",
            (key.value, *some, kind.value),
        )
        found |= {Ref(each[0], each[1]) for each in rows}
    return found


async def there(tx: Transaction, kind: RecordKind, refs: Iterable[Ref]) -> set[Ref]:
    """Those of them that are there, and for ids that were merged into another record that one."""
    found: set[Ref] = set()
    for connection, ids in _by_connection(refs):
        rows = await tx.rows(
            f"SELECT id FROM synced WHERE connection = ? AND kind = ? AND id IN ({_marks(ids)}) AND deleted = ?",
            (connection, kind.value, *ids, THERE),
        )
        rows += await tx.rows(
            f"SELECT id FROM synced_keys WHERE key = ? AND value IN ({_marks(ids)}) AND connection = ? AND kind = ?",
            (KeyKind.FORMER_ID.value, *ids, connection, kind.value),
        )
        found |= {Ref(connection, each[0]) for each in rows}
    return found


# People ------------------------------------------------------------------------------------------------------------


async def places(tx: Transaction, kind: RecordKind, refs: Iterable[Ref]) -> dict[Ref, Place]:
    """Where they have been put, as far as they have been."""
    found: dict[Ref, Place] = {}
    for connection, ids in _by_connection(refs):
        rows = await tx.rows(
            "SELECT id, person, component, contested FROM synced_people"
            f" WHERE connection = ? AND kind = ? AND id IN ({_marks(ids)})",
            (connection, kind.value, *ids),
        )
        found |= {Ref(connection, each[0]): _place(*each[1:]) for each in rows}
    return found


async def in_components(tx: Transaction, components: Collection[str]) -> dict[Ref, Place]:
    return await _put_where(tx, "component", components)


async def of_people(tx: Transaction, people: Collection[str]) -> dict[Ref, Place]:
    return await _put_where(tx, "person", people)


async def _put_where(tx: Transaction, column: str, values: Collection[str]) -> dict[Ref, Place]:
    found: dict[Ref, Place] = {}
    for some in _parts(sorted(values)):
        rows = await tx.rows(
            "SELECT connection, id, person, component, contested FROM synced_people"
            f" WHERE {column} IN ({_marks(some)})",
            some,
        )
        found |= {Ref(each[0], each[1]): _place(*each[2:]) for each in rows}
    return found


async def kind_of(tx: Transaction, person: str) -> RecordKind | None:
    """Of which kind its records are; None: there is no such person."""
    found = await value(tx, "SELECT kind FROM synced_people WHERE person = ? LIMIT 1", (person,))
    return None if found is None else RecordKind(found)


async def is_taken(tx: Transaction, person: str) -> bool:
    return await row(tx, "SELECT 1 FROM synced_people WHERE person = ? LIMIT 1", (person,)) is not None


async def put(tx: Transaction, kind: RecordKind, placed: Iterable[tuple[Ref, Place]]) -> None:
    rows = [
        (ref.connection, kind.value, ref.id, each.person, each.component, int(each.contested))
        for ref, each in placed
    ]
    for some in _parts(rows):
        await tx.execute(
            "INSERT INTO synced_people (connection, kind, id, person, component, contested)"
            f" VALUES {', '.join(['(?, ?, ?, ?, ?, ?)'] * len(some))} ON CONFLICT (connection, kind, id)"
            " DO UPDATE SET person = excluded.person, component = excluded.component,"
            " contested = excluded.contested",
            [value for each in some for value in each],
        )


async def take_out(tx: Transaction, kind: RecordKind, refs: Iterable[Ref]) -> None:
    """They are nobody's: they are not there any more."""
    for connection, ids in _by_connection(refs):
        await tx.execute(
            f"DELETE FROM synced_people WHERE connection = ? AND kind = ? AND id IN ({_marks(ids)})",
            (connection, kind.value, *ids),
        )


def _place(person: str, component: str, contested: int) -> Place:
    return Place(person=person, component=component, contested=bool(contested))


def _by_connection(refs: Iterable[Ref]) -> Iterator[tuple[str, list[str]]]:
    """(Connection, so many ids as one statement takes)."""
    found: dict[str, list[str]] = {}
    for ref in sorted(refs):
        found.setdefault(ref.connection, []).append(ref.id)
    for connection, ids in found.items():
        for some in _parts(ids):
            yield connection, list(some)


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), TOGETHER):
        yield values[start : start + TOGETHER]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
