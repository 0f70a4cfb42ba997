"""Looking through every table for one e-mail address, in batches, and taking it out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from batonpass.store.forgetting import replace_step
from batonpass.store.mentions import Mentions
from batonpass.store.transaction import Database, Transaction

BATCH = 500
"""Rows."""
BODIES = 50
"""Rows of a table in which one may have megabytes."""


class How(Enum):
    MASK = "mask"
    """It belongs to somebody else, or to nobody: a mask takes the address's place."""
    REPLACE = "replace"
    """The same, for steps that are done."""
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Swept:
    """A table in which anybody's address may stand."""

    name: str
    keys: tuple[str, ...]
    texts: tuple[str, ...]
    how: How = How.MASK
    since: str | None = None
    """When a row came: one that came after the erasure began is somebody's new business."""
    batch: int = BATCH


SWEPT = (
    Swept(
        "handoffs",
        ("id",),
        ("request", "conversation_id", "parked_because", "ticket_url", "reason"),
        since="created_at",
        batch=BODIES,
    ),
    Swept("inbox", ("id",), ("body",), since="received_at", batch=BODIES),
    Swept("steps", ("handoff_id", "name"), ("result", "because", "about"), How.REPLACE, since="created_at"),
    Swept("attempts", ("handoff_id", "step", "number"), ("detail", "request_id"), since="started_at"),
    Swept("life", ("handoff_id", "number"), ("detail", "person_id", "person_name")),
    Swept("deliveries", ("id",), ("body",), How.DELETE, since="received_at", batch=BODIES),
    Swept(
        "events",
        ("id",),
        ("event_id", "subject_id", "actor_id", "vendor_kind"),
        How.DELETE,
        since="received_at",
    ),
    Swept("idempotency_keys", ("ai_agent", "key"), ("key",), How.DELETE, since="created_at"),
    Swept("alerts", ("id",), ("about", "detail")),
    Swept("checkpoints", ("name",), ("value",)),
    Swept("gates", ("gate",), ("why",)),
    # What belongs to the person is forgotten before; this is others'. A key is worth nothing once it is masked.
    Swept("synced", ("connection", "kind", "id"), ("data", "document")),
    Swept("synced_keys", ("connection", "kind", "id", "key", "value"), ("value",), How.DELETE),
    Swept("sync_streams", ("connection", "stream"), ("position", "plan", "cursors")),
)

Place = Sequence[Any]
"""The key of the last row that was looked at; nothing before the first."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A batch of a table's rows."""

    hits: tuple[Place, ...]
    """The keys of those that mention the address."""
    place: Place | None
    """Of the last row; None where there was none."""


async def look_through(
    database: Database, table: Swept, mentions: Mentions, place: Place, until: int
) -> Looked:
    """The next batch after `place`, of rows that came until then. Looked at outside of the transaction and of the event
    loop: a body may be large."""
    found = await database.run(lambda tx: batch(tx, table, place, until))
    return await asyncio.to_thread(looked_at, table, mentions, found)


async def batch(tx: Transaction, table: Swept, place: Place, until: int) -> list[dict[str, Any]]:
    """Rows in the order of their keys, with the keys and texts."""
    keys, where, values = ", ".join(table.keys), list[str](), list[Any]()
    if place:
        where.append(f"({keys}) > ({', '.join('?' * len(table.keys))})")
        values += place
    if table.since is not None:
        where.append(f"{table.since} <= ?")
        values.append(until)
    columns = ", ".join(dict.fromkeys((*table.keys, *table.texts)))
    return await tx.records(
        f"SELECT {columns} FROM {table.name}{' WHERE ' if where else ''}{' AND '.join(where)}"
        f" ORDER BY {keys} LIMIT {table.batch}",
        values,
    )


def looked_at(table: Swept, mentions: Mentions, found: Sequence[dict[str, Any]]) -> Looked:
    hits = [each for each in found if any(mentions.are_in(each[column]) for column in table.texts)]
    return Looked(tuple(_key(table, each) for each in hits), _key(table, found[-1]) if found else None)


async def take_out(tx: Transaction, table: Swept, mentions: Mentions, keys: Sequence[Place]) -> int:
    """Gives the number of rows that were changed or deleted."""
    return sum([await _taken_out(tx, table, mentions, key) for key in keys])


async def _taken_out(tx: Transaction, table: Swept, mentions: Mentions, key: Place) -> int:
    where = " AND ".join(f"{column} = ?" for column in table.keys)
    if table.how is How.DELETE:
        return await tx.execute(f"DELETE FROM {table.name} WHERE {where}", key)
    found = await tx.records(f"SELECT * FROM {table.name} WHERE {where}{tx.for_update}", key)
    changes = {
        column: mentions.masked(each[column])
        for each in found
        for column in table.texts
        if mentions.are_in(each[column])
    }
    if not changes:
        return 0  # somebody else has changed it meanwhile
    if table.how is How.REPLACE:
        await replace_step(tx, found[0], changes)
        return 1
    sets = ", ".join(f"{column} = ?" for column in changes)
    return await tx.execute(f"UPDATE {table.name} SET {sets} WHERE {where}", (*changes.values(), *key))


def _key(table: Swept, record: dict[str, Any]) -> Place:
    return tuple(record[column] for column in table.keys)
