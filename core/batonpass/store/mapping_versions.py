"""The table `mapping_versions`: every mapping text that came into force, and since when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batonpass.store.instants import from_ms
from batonpass.store.transaction import Transaction, row

BY_FILE = "file"
"""Somebody has saved the file."""
_COLUMNS = "connection, version, since, put_by, layers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One of the files that a mapping is put together from."""

    file: str
    """Its name, for people."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingVersion:
    """A mapping that came into force."""

    connection: str
    version: str
    since: datetime
    put_by: str
    """`file`, or the user who has put it in force."""
    layers: tuple[Layer, ...]
    """The lowest first."""


async def keep(
    tx: Transaction, *, connection: str, version: str, at: int, put_by: str, layers: Sequence[Layer]
) -> bool:
    """It is in force now; whether that is new: one that was in force already stays as it is."""
    await tx.lock(f"mapping {connection}")
    known = await newest(tx, connection)
    if known is not None and known.version == version:
        return False
    text = json.dumps([[each.file, each.text] for each in layers], ensure_ascii=False, separators=(",", ":"))
    await tx.execute(
        f"INSERT INTO mapping_versions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
        (connection, version, at, put_by, text),
    )
    return True


async def newest(tx: Transaction, connection: str) -> MappingVersion | None:
    """The one in force; None where none has ever been."""
    found = await history(tx, connection, most=1)
    return found[0] if found else None


async def history(tx: Transaction, connection: str, *, most: int) -> list[MappingVersion]:
    """Newest first."""
    found = await tx.rows(
        f"SELECT {_COLUMNS} FROM mapping_versions WHERE connection = ? ORDER BY id DESC LIMIT ?",
        (connection, most),
    )
    return [_version(each) for each in found]


async def with_version(tx: Transaction, connection: str, version: str) -> MappingVersion | None:
    """The newest of this version."""
    found = await row(
        tx,
        f"SELECT {_COLUMNS} FROM mapping_versions WHERE connection = ? AND version = ? ORDER BY id DESC LIMIT 1",
        (connection, version),
    )
    return None if found is None else _version(found)


async def forget_before(tx: Transaction, at: int, *, most: int) -> int:
    """Those that others took the place of before then, of each connection; the one in force always stays."""
    return await tx.execute(
        "DELETE FROM mapping_versions WHERE id IN (SELECT v.id FROM mapping_versions AS v WHERE v.since < ?"
        " AND EXISTS (SELECT 1 FROM mapping_versions AS w WHERE w.connection = v.connection AND w.id > v.id"
        " AND w.since < ?) LIMIT ?)",
        (at, at, most),
    )


def _version(found: Sequence[Any]) -> MappingVersion:
    connection, version, since, put_by, layers = found
    return MappingVersion(
        connection=connection,
        version=version,
        since=from_ms(since),
        put_by=put_by,
        layers=tuple(Layer(file=file, text=text) for file, text in json.loads(layers)),
    )
