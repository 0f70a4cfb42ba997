"""The table `events`: what happened at a vendor, each event once however often it was delivered."""

from __future__ import annotations

from dataclasses import dataclass

from batonpass.domain.event import Event, EventKind
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.transaction import Transaction, row, value


@dataclass(frozen=True, slots=True)
class KeptEvent:
    number: int
    """Grows with each event of one ticket that is kept."""
    event: Event


async def keep(
    tx: Transaction, event: Event, *, connection: str, delivery_id: int, received_at: int
) -> int | None:
    """Gives its number; None where it was there before."""
    found = await row(
        tx,
        "INSERT INTO events (connection, event_id, delivery_id, kind, vendor_kind, subject_id, actor_id, at,"
        " received_at, test) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
        (
            connection,
            event.id,
            delivery_id,
            event.kind.value,
            event.vendor_kind,
            event.subject_id,
            event.actor_id,
            to_ms(event.at),
            received_at,
            int(event.test),
        ),
    )
    return None if found is None else found[0]


async def belongs(tx: Transaction, number: int, handoff_id: str) -> None:
    await tx.execute("UPDATE events SET handoff_id = ? WHERE id = ?", (handoff_id, number))


async def adopt(tx: Transaction, *, connection: str, subject_id: str, handoff_id: str) -> None:
    """Give the handoff the events of its ticket that came before anybody knew whose ticket it is."""
    await tx.execute(
        "UPDATE events SET handoff_id = ? WHERE connection = ? AND subject_id = ? AND handoff_id IS NULL",
        (handoff_id, connection, subject_id),
    )


async def newest(tx: Transaction, handoff_id: str) -> int:
    """The number of its newest event; 0 where it has none."""
    found: int | None = await value(tx, "SELECT max(id) FROM events WHERE handoff_id = ?", (handoff_id,))
    return found or 0


async def after(tx: Transaction, handoff_id: str, number: int) -> list[KeptEvent]:
    found = await tx.records(
        "SELECT id, event_id, kind, vendor_kind, subject_id, actor_id, at, test FROM events"
        " WHERE handoff_id = ? AND id > ? ORDER BY id",
        (handoff_id, number),
    )
    return [
        KeptEvent(
            row["id"],
            Event(
                kind=EventKind(row["kind"]),
                id=row["event_id"],
                subject_id=row["subject_id"],
                at=from_ms(row["at"]),
                vendor_kind=row["vendor_kind"],
                actor_id=row["actor_id"],
                test=bool(row["test"]),
            ),
        )
        for row in found
    ]


async def counts(tx: Transaction, connection: str, *, since: int) -> dict[tuple[str, str], int]:
    """(kind, the vendor's word) → how many were delivered since then; what we have found ourselves is none."""
    found = await tx.rows(
        "SELECT kind, vendor_kind, count(*) FROM events WHERE connection = ? AND received_at >= ? AND delivery_id <> 0"
        " GROUP BY kind, vendor_kind",
        (connection, since),
    )
    return {(row[0], row[1]): row[2] for row in found}


async def last_received(tx: Transaction, connection: str) -> int | None:
    found: int | None = await value(
        tx, "SELECT max(received_at) FROM events WHERE connection = ? AND delivery_id <> 0", (connection,)
    )
    return found


async def forget_before(tx: Transaction, received_at: int, *, most: int) -> int:
    """Delete up to `most` of the older ones; gives their number."""
    return await tx.execute(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE received_at < ? LIMIT ?)",
        (received_at, most),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    last: int
    """The number of the newest event."""
    kinds: frozenset[tuple[str, str]]
    """(Connection, kind) of what has happened since; tests are left out."""


async def heard_after(tx: Transaction, last: int | None) -> Heard:
    """What has happened since the event with that number; None: nothing before now counts."""
    newest: int = await value(tx, "SELECT coalesce(max(id), 0) FROM events")
    if last is None or newest == last:
        return Heard(last=newest, kinds=frozenset())
    rows = await tx.rows(
        "SELECT DISTINCT connection, kind FROM events WHERE id > ? AND id <= ? AND test = 0", (last, newest)
    )
    return Heard(last=newest, kinds=frozenset((each[0], each[1]) for each in rows))
