"""The scheduled rounds of one process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from batonpass.app.schedule import Schedule
from batonpass.app.syncing.rounds import Syncing
from batonpass.app.syncing.settings import SyncedStream
from batonpass.domain.clock import Clock
from batonpass.store import SyncBook

JITTER_SHARE, MOST_JITTER = 0.1, 60.0
"""Of a stream's interval, and seconds: streams of one interval do not all begin at the same second."""

Sleep = Callable[[float], Awaitable[None]]


class SyncJobs:
    def __init__(
        self,
        syncing: Syncing,
        book: SyncBook,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        self._syncing = syncing
        self._book = book
        self._clock = clock
        self._sleep = sleep
        self._chance = chance or random.Random()  # noqa: S311 - no secret

    def add_to(self, schedule: Schedule) -> None:
        """Each stream by its own clock; what is overdue when the process starts a little later, parents first."""
        for each in self._syncing.synced:
            name, run = f"sync {each.name}", partial(self._scheduled, each)
            if each.settings.cron is not None:
                schedule.once_by_cron(each.settings.cron, name, run)
            else:
                schedule.once_each(each.every.total_seconds(), name, run)
        if self._syncing.synced:
            schedule.soon("sync_at_start", self.overdue)

    async def overdue(self) -> None:
        """A round of each stream that has never been read to its end, or not for longer than its interval."""
        for each in self._syncing.synced:
            state = await self._book.state(each.connection, each.stream.name)
            every = timedelta(days=1) if each.settings.cron is not None else each.every
            ended = None if state is None or state.plan is not None else state.ended_at
            if ended is None or self._clock.now() - ended >= every:
                await self._syncing.run(each)

    async def _scheduled(self, each: SyncedStream) -> None:
        await self._sleep(
            self._chance.uniform(0, min(MOST_JITTER, JITTER_SHARE * each.every.total_seconds()))
        )
        await self._syncing.run(each)
