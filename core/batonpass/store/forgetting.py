"""Taking what is private out of a handoff, or the whole handoff: over all tables, within a transaction of the caller's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from batonpass.domain.handoff import HandoffState
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.store import handoffs, life
from batonpass.store.emptied import emptied, without_values
from batonpass.store.handoffs import FINISHED, Held
from batonpass.store.instants import from_ms
from batonpass.store.transaction import Transaction, row, value

Counts = Counter[str]
"""Table → rows that were changed or deleted."""


async def empty(tx: Transaction, handoff: Held) -> Counts:
    """What was said and found out about the customer goes; states, times and the ticket's id stay."""
    counts = Counts()
    kept: bytes = await value(tx, "SELECT request FROM handoffs WHERE id = ?", (handoff.id,))
    if (left := emptied(kept)) != kept:
        await handoffs.set_request(tx, handoff.id, left)
        counts["handoffs"] += 1
    for step in await tx.records(
        "SELECT * FROM steps WHERE handoff_id = ? AND result IS NOT NULL", (handoff.id,)
    ):
        text = json.dumps(without_values(json.loads(step["result"])), separators=(",", ":"))
        if text != step["result"]:
            await replace_step(tx, step, {"result": text})
            counts["steps"] += 1
    counts["life"] += await tx.execute(
        "UPDATE life SET detail = '' WHERE handoff_id = ? AND kind = ? AND detail <> ''",
        (handoff.id, LifeKind.RATED.value),
    )
    counts["inbox"] += await tx.execute("DELETE FROM inbox WHERE handoff_id = ?", (handoff.id,))
    return counts


async def empty_for_good(tx: Transaction, handoff: Held) -> Counts:
    """As `empty`, and whatever else its person may stand in: what vendors delivered about its ticket, what they
    said when they refused something. Nothing more is done for it."""
    counts = await empty(tx, handoff)
    counts["steps"] += await tx.execute(
        "DELETE FROM steps WHERE handoff_id = ? AND status <> 'done'", (handoff.id,)
    )
    counts["attempts"] += await tx.execute(
        "UPDATE attempts SET detail = '' WHERE handoff_id = ? AND detail <> ''", (handoff.id,)
    )
    counts["handoffs"] += await tx.execute(
        "UPDATE handoffs SET parked_because = NULL WHERE id = ? AND parked_because IS NOT NULL", (handoff.id,)
    )
    counts["deliveries"] += await tx.execute(
        "DELETE FROM deliveries WHERE id IN (SELECT delivery_id FROM events WHERE handoff_id = ?)",
        (handoff.id,),
    )
    # The event itself stays: it has ids only, and without it the same delivery again would count as a new one.
    counts["events"] += await tx.execute(
        "UPDATE events SET actor_id = NULL WHERE handoff_id = ? AND actor_id IS NOT NULL", (handoff.id,)
    )
    return counts


async def replace_step(tx: Transaction, step: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Write a step anew: the tables let nobody change the result of one that is done."""
    new = {**step, **changes}
    await tx.execute(
        "DELETE FROM steps WHERE handoff_id = ? AND name = ?", (step["handoff_id"], step["name"])
    )
    columns, marks = ", ".join(new), ", ".join("?" * len(new))
    await tx.execute(f"INSERT INTO steps ({columns}) VALUES ({marks})", tuple(new.values()))


async def is_under_way(tx: Transaction, handoff_id: str, at: int) -> bool:
    """Whether somebody may be working on one of its steps at this moment."""
    found = await row(
        tx,
        "SELECT 1 FROM steps WHERE handoff_id = ? AND status = 'running' AND lease_until > ? LIMIT 1",
        (handoff_id, at),
    )
    return found is not None


async def cancel(tx: Transaction, handoff: Held, at: int) -> None:
    """Nothing more is done for a handoff that is not over."""
    await tx.execute("DELETE FROM steps WHERE handoff_id = ? AND status <> 'done'", (handoff.id,))
    await handoffs.enter(tx, handoff, HandoffState.ABANDONED, at, deadline_at=None)
    gone = LifeEvent(kind=LifeKind.WITHDRAWN, at=from_ms(at), detail="cancelled, to be erased")
    await life.add(tx, handoff.id, [gone])


async def delete(tx: Transaction, handoff: Held) -> None:
    """The whole handoff, which is over; it counts no more."""
    for table in ("steps", "life", "attempts", "inbox", "people", "events"):
        await tx.execute(f"DELETE FROM {table} WHERE handoff_id = ?", (handoff.id,))
    await tx.execute("DELETE FROM handoffs WHERE id = ?", (handoff.id,))
    if handoff.state in FINISHED:
        await tx.execute("INSERT INTO tallies (state, n) VALUES (?, -1)", (handoff.state.value,))
