"""Forgetting what is old, in small transactions, so that nobody waits; interrupted anywhere, it goes on there.

A handoff that is not over is never touched.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from batonpass.store import (
    checkpoints,
    deliveries,
    events,
    forgetting,
    handoffs,
    idempotency_keys,
    landings,
    mapping_versions,
    old_records,
)
from batonpass.store.handoffs import FINISHED, Held
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.transaction import Database, Transaction, value

BATCH = 500
RECORDS = 1_000
"""Of the copy, looked at in one transaction."""
HANDOFFS_AT_ONCE = 50
MOST_AHEAD = timedelta(hours=2)
"""By how much the time that retention goes by may grow from one hourly run to the next."""
_OVER = "state IN ('resolved', 'returned', 'abandoned')"
_AS_OF = "retention as of"
_START = (0, "")


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def as_of(self, now: datetime) -> datetime:
        """The time by which things are old. It follows `now`, at twice its pace at most: a clock that has jumped years
        ahead makes nothing old that is not, and after a standstill it has caught up in as long again.

        The first time it is not later than shortly after the newest thing that is kept.
        """
        at = to_ms(now)

        async def work(tx: Transaction) -> int:
            known = await checkpoints.read(tx, _AS_OF)
            last = int(known) if known is not None else await _newest(tx)
            reached = at if last is None else min(at, last + to_ms_of(MOST_AHEAD))
            await checkpoints.write(tx, _AS_OF, str(reached), at)
            return reached

        return from_ms(await self._database.run(work))

    async def forget_idempotency_keys(self, *, before: datetime) -> int:
        """Delete keys that were first used before then; gives their number."""
        return await self._database.run(lambda tx: idempotency_keys.forget_before(tx, to_ms(before)))

    async def forget_deliveries(self, *, before: datetime, events_before: datetime | None = None) -> int:
        """Delete deliveries that were received before then, and events; gives the number of deliveries.

        `events_before`: for events, which have ids only and tell a repeat, where that is earlier."""
        at = to_ms(before)
        events_at = at if events_before is None else min(at, to_ms(events_before))
        await self._again_and_again(lambda tx: events.forget_before(tx, events_at, most=BATCH))
        return await self._again_and_again(lambda tx: deliveries.forget_before(tx, at, most=BATCH))

    async def forget_agent_bodies(self, *, before: datetime) -> int:
        """Delete the raw bodies that AI agents sent before then, once their handoff is over; gives their number."""
        at = to_ms(before)
        return await self._again_and_again(
            lambda tx: tx.execute(
                "DELETE FROM inbox WHERE id IN (SELECT inbox.id FROM inbox LEFT JOIN handoffs"
                " ON handoffs.id = inbox.handoff_id WHERE inbox.received_at < ?"
                f" AND (handoffs.id IS NULL OR handoffs.{_OVER}) LIMIT ?)",
                (at, BATCH),
            )
        )

    async def forget_attempts(self, *, before: datetime) -> int:
        """Delete attempts of before then, at handoffs that were over then; gives the number of handoffs."""
        at = to_ms(before)

        async def work(tx: Transaction, handoff: Held) -> None:
            await tx.execute("DELETE FROM attempts WHERE handoff_id = ? AND started_at < ?", (handoff.id, at))

        return await self._walk("attempts", at, work)

    async def empty_conversations(self, *, before: datetime) -> int:
        """Take what was said, and what was found out, out of handoffs that were over before then; gives their number.
        States, times and the ticket's id stay."""

        async def work(tx: Transaction, handoff: Held) -> None:
            await forgetting.empty(tx, handoff)

        return await self._walk("conversations", to_ms(before), work)

    async def forget_handoffs(self, *, before: datetime) -> int:
        """Delete handoffs that were over before then, with all that belongs to them; gives their number."""
        at = to_ms(before)

        async def work(tx: Transaction) -> int:
            found = await tx.rows(
                f"SELECT id FROM handoffs WHERE {_OVER} AND updated_at < ? ORDER BY updated_at LIMIT ?"
                f"{tx.skip_locked}",
                (at, HANDOFFS_AT_ONCE),
            )
            for (handoff_id,) in found:
                handoff = await handoffs.held(tx, handoff_id)
                assert handoff is not None  # held by this transaction already
                await forgetting.delete(tx, handoff)
            return len(found)

        return await self._again_and_again(work)

    async def forget_mappings(self, *, before: datetime) -> int:
        """Delete mapping versions that others had taken the place of before then, and what is counted of the fields of
        days before; gives the number of versions. The version in force stays, however old it is."""
        at = to_ms(before)
        await self._again_and_again(lambda tx: landings.forget_before(tx, at, most=BATCH))
        return await self._again_and_again(lambda tx: mapping_versions.forget_before(tx, at, most=BATCH))

    async def forget_deleted_records(self, *, before: datetime) -> int:
        """Delete what is left of vendors' records that were deleted there, or emptied here, and that no reading has
        given since then; gives their number. Those of people who asked to be forgotten stay."""
        return await self._again_and_again(lambda tx: old_records.delete(tx, to_ms(before), most=BATCH))

    async def empty_tickets(self, *, before: datetime) -> int:
        """Empty the vendors' tickets that are solved, and have not changed since then; gives their number."""
        emptied, place = 0, old_records.START
        while True:
            some = await self._database.run(
                lambda tx, at=place: old_records.empty_tickets(tx, to_ms(before), after=at, look_at=RECORDS)  # type: ignore[misc]
            )
            if some is None:
                return emptied
            place, emptied = some.place, emptied + some.emptied
            await asyncio.sleep(0)

    async def _again_and_again(self, work: Callable[[Transaction], Awaitable[int]]) -> int:
        gone = 0
        while some := await self._database.run(work):
            gone += some
        return gone

    async def _walk(
        self, name: str, before: int, work: Callable[[Transaction, Held], Awaitable[None]]
    ) -> int:
        """`work` for each handoff that was over before then, in the order in which they were; where the last walk of
        this name ended, this one begins."""

        async def batch(tx: Transaction) -> int:
            known = await checkpoints.read(tx, f"retention {name}")
            found = await tx.rows(
                f"SELECT updated_at, id FROM handoffs WHERE {_OVER} AND updated_at < ? AND (updated_at, id) > (?, ?)"
                " ORDER BY updated_at, id LIMIT ?",
                (before, *(json.loads(known) if known else _START), HANDOFFS_AT_ONCE),
            )
            for _, handoff_id in found:
                handoff = await handoffs.held(tx, handoff_id)
                if handoff is not None and handoff.state in FINISHED and handoff.updated_at < before:
                    await work(tx, handoff)
            if found:
                await checkpoints.write(tx, f"retention {name}", json.dumps(found[-1]), before)
            return len(found)

        return await self._again_and_again(batch)


async def _newest(tx: Transaction) -> int | None:
    """When the newest thing came that is kept; None where there is none."""
    found = [
        await value(tx, "SELECT created_at FROM handoffs ORDER BY id DESC LIMIT 1"),
        await value(tx, "SELECT max(received_at) FROM inbox"),
        await value(tx, "SELECT max(received_at) FROM deliveries"),
    ]
    return max((each for each in found if each is not None), default=None)


def to_ms_of(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
