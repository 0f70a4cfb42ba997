"""Moving an installation from one database to another: table by table, in batches, resumable, compared at the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from batonpass.store import checkpoints
from batonpass.store.transaction import Database, StoreError, Transaction, row, value

BATCH = 500
"""Rows in one transaction."""
TOGETHER = 50
"""Rows in one statement."""
CHECKPOINT = "copied to here"
_ALIVE = 20_000
"""Milliseconds: a process that has given a sign of life since then has the store in use."""

TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "handoffs": ("id",),
        "steps": ("handoff_id", "name"),
        "attempts": ("handoff_id", "step", "number"),
        "life": ("handoff_id", "number"),
        "inbox": ("id",),
        "idempotency_keys": ("ai_agent", "key"),
        "deliveries": ("id",),
        "events": ("id",),
        "nodes": ("id",),
        "ticks": ("job", "at"),
        "checkpoints": ("name",),
        "gates": ("gate",),
        "alerts": ("id",),
        "tallies": ("id",),
        "people": ("person", "handoff_id"),
        "suppressed": ("person",),
        "erasures": ("id",),
        "mapping_versions": ("id",),
        "landings": ("id",),
        "synced": ("connection", "kind", "id"),
        "synced_keys": ("connection", "kind", "id", "key", "value"),
        "sync_streams": ("connection", "stream"),
        "synced_people": ("connection", "kind", "id"),
        "synced_changes": ("connection", "kind", "id"),
    }
)
"""Every table with its key; parents first."""
FILLED_BY_OTHERS = frozenset({"synced_changes"})
"""Tables into which the database itself writes while others are copied."""
NUMBERED = ("inbox", "deliveries", "events", "alerts", "tallies", "mapping_versions", "landings")
"""Tables whose keys the database counts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A table of both databases, compared."""

    table: str
    rows: int
    sha256: str


Tell = Callable[[str, int, int], None]
"""(Table, rows copied so far, all its rows)."""


async def copy(source: Database, target: Database, *, tell: Tell) -> list[Copied]:
    """Copy everything and compare it. Whoever was interrupted calls it again. Both are open.

    Raises `StoreError` where the source is in use, where the target holds something else, and where both differ in the
    end.
    """
    await _refuse_in_use(source)
    await _refuse_in_use(target)
    done = await _begun(source, target)
    own = [table for table in TABLES if table not in FILLED_BY_OTHERS]
    for table in own:
        await _copy_table(source, target, table, done, tell)
    compared = [await _compared(source, target, table) for table in own]
    await target.run(_ended)
    return compared


async def _refuse_in_use(database: Database) -> None:
    now = await database.milliseconds()
    if now is None:
        return  # a file: whoever has it open has locked it
    seen = await database.run(lambda tx: value(tx, "SELECT max(seen_at) FROM nodes"))
    if seen is not None and seen > now - _ALIVE:
        raise StoreError(
            f"{database.name}: a batonpass process works on it; stop all of them and wait "
            f"{_ALIVE // 1000} seconds",
            code="store_in_use",
        )


async def _begun(source: Database, target: Database) -> dict[str, Any]:
    """Where an earlier copy has come to, by table."""

    async def work(tx: Transaction) -> dict[str, Any]:
        kept = await checkpoints.read(tx, CHECKPOINT)
        if kept is not None:
            known: dict[str, Any] = json.loads(kept)
            if known["source"] == source.name:
                return known
        for table in TABLES:
            if await row(tx, f"SELECT 1 FROM {table} LIMIT 1") is not None:
                raise StoreError(
                    f"{target.name}: there is something in it already (table {table}); a copy needs an empty database",
                    code="store_not_empty",
                )
        fresh = {"source": source.name, "after": {}}
        await checkpoints.write(tx, CHECKPOINT, json.dumps(fresh), 0)
        return fresh

    return await target.run(work)


async def _copy_table(
    source: Database, target: Database, table: str, done: dict[str, Any], tell: Tell
) -> None:
    key = TABLES[table]
    copied = await target.run(partial(_count, table))
    rows = await source.run(partial(_count, table))
    after = _read_key(done["after"].get(table))
    while batch := await source.run(partial(_read, table, key, after)):
        after = tuple(batch[-1][name] for name in key)
        done["after"][table] = [_key_json(part) for part in after]
        await target.run(partial(_write, table, batch, json.dumps(done)))
        copied += len(batch)
        tell(table, copied, rows)
    if table in NUMBERED and target.is_shared:
        await target.run(partial(_count_on, table))


async def _read(
    table: str, key: Sequence[str], after: tuple[Any, ...] | None, tx: Transaction
) -> list[dict[str, Any]]:
    names = ", ".join(key)
    beyond = "" if after is None else f" WHERE ({names}) > ({', '.join('?' * len(key))})"
    return await tx.records(f"SELECT * FROM {table}{beyond} ORDER BY {names} LIMIT {BATCH}", after or ())


async def _write(table: str, batch: Sequence[Mapping[str, Any]], done: str, tx: Transaction) -> None:
    names = list(batch[0])
    one = f"({', '.join('?' * len(names))})"
    into = f"INSERT INTO {table} ({', '.join(names)}) VALUES "
    for start in range(0, len(batch), TOGETHER):
        some = batch[start : start + TOGETHER]
        values = [each[name] for each in some for name in names]
        await tx.execute(into + ", ".join([one] * len(some)), values)
    await checkpoints.write(tx, CHECKPOINT, done, 0)


async def _count_on(table: str, tx: Transaction) -> None:
    """Let PostgreSQL's next number be a new one."""
    await tx.rows(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM {table}"
    )


async def _compared(source: Database, target: Database, table: str) -> Copied:
    there, here = await _digest(source, table), await _digest(target, table)
    if there != here:
        raise StoreError(
            f"{target.name}: table {table} has {here.rows} rows and is not the same as in {source.name}, which has "
            f"{there.rows}: somebody has written to one of them meanwhile. Empty the target and copy again",
            code="copy_differs",
        )
    return here


async def _digest(database: Database, table: str) -> Copied:
    """A checksum that does not depend on the order of the rows: the two databases sort texts differently."""
    key, after, rows, total = TABLES[table], None, 0, 0
    while batch := await database.run(partial(_read, table, key, after)):
        after = tuple(batch[-1][name] for name in key)
        for each in batch:
            if table == "checkpoints" and each["name"] == CHECKPOINT:
                continue
            rows += 1
            total += int.from_bytes(hashlib.sha256(_canonical(each)).digest())
    return Copied(table=table, rows=rows, sha256=f"{total % 2**256:064x}")


def _canonical(found: Mapping[str, Any]) -> bytes:
    """Columns that are empty say nothing: a later release may have added some on one side."""
    return repr(sorted((name, _plain(held)) for name, held in found.items() if held is not None)).encode()


def _plain(held: Any) -> Any:
    return bytes(held) if isinstance(held, memoryview | bytearray) else held


async def _count(table: str, tx: Transaction) -> int:
    found: int = await value(tx, f"SELECT count(*) FROM {table}")
    return found


async def _ended(tx: Transaction) -> None:
    await tx.execute("DELETE FROM checkpoints WHERE name = ?", (CHECKPOINT,))


def _key_json(part: Any) -> Any:
    return {"hex": part.hex()} if isinstance(part, bytes) else part


def _read_key(kept: list[Any] | None) -> tuple[Any, ...] | None:
    if kept is None:
        return None
    return tuple(bytes.fromhex(part["hex"]) if isinstance(part, dict) else part for part in kept)
