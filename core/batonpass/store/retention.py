"""Forgetting what is old, in small transactions, so that nobody waits."""

from __future__ import annotations

from datetime import datetime

from batonpass.store import deliveries, events, idempotency_keys
from batonpass.store.instants import to_ms
from batonpass.store.transaction import Database

BATCH = 500


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget_idempotency_keys(self, *, before: datetime) -> int:
        """Delete keys that were first used before then; gives their number."""
        return await self._database.run(lambda tx: idempotency_keys.forget_before(tx, to_ms(before)))

    async def forget_deliveries(self, *, before: datetime) -> int:
        """Delete deliveries and events that were received before then; gives the number of deliveries."""
        at, gone = to_ms(before), 0
        while await self._database.run(lambda tx: events.forget_before(tx, at, most=BATCH)):
            pass
        while some := await self._database.run(lambda tx: deliveries.forget_before(tx, at, most=BATCH)):
            gone += some
        return gone
