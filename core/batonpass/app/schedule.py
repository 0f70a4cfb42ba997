"""The clock of one process: APScheduler on every node; where a job is for all of them, one row decides who runs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from batonpass.domain.clock import Clock
from batonpass.store import Installation, StoreError

log = structlog.get_logger()

Run = Callable[[], object]
"""Plain, or a coroutine function."""

WATCH_EVERY = 0.5
SOON = 20.0
"""Seconds."""
CRON_TICK = 60.0
"""Seconds: five fields name minutes."""
_FROM = datetime(2026, 1, 1, tzinfo=UTC)
"""Ticks are counted from here on every node, so that all mean the same tick."""


class Schedule:
    """Missed runs are made up by one: every job is safe to run late."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self._installation = installation
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._every: dict[str, float] = {}
        self._ran_at: dict[str, float] = {}
        self._watching: asyncio.Task[None] | None = None

    def each(self, seconds: float, name: str, run: Run) -> None:
        """In this process."""
        self._every[name] = seconds
        trigger = IntervalTrigger(seconds=seconds, start_date=_FROM)
        self._scheduler.add_job(
            partial(self._run, name, run),
            trigger,
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def once_each(self, seconds: float, name: str, run: Run) -> None:
        """In one process at each tick, whichever comes first."""

        async def if_first() -> None:
            if await self._installation.take_tick(name, self._tick(seconds)):
                await _done(run)

        self.each(seconds, name, if_first)

    def once_by_cron(self, cron: str, name: str, run: Run) -> None:
        """In one process at each time that the five fields name (UTC), whichever comes first."""

        async def if_first() -> None:
            if await self._installation.take_tick(name, self._tick(CRON_TICK)):
                await _done(run)

        trigger = CronTrigger.from_crontab(cron, timezone="UTC")
        self._scheduler.add_job(
            partial(self._run, name, if_first),
            trigger,
            id=name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def now(self, name: str, run: Run) -> None:
        """Once, when the schedule starts."""
        self._scheduler.add_job(partial(self._run, name, run), id=name)

    def soon(self, name: str, run: Run) -> None:
        """Once, a little after the start, when the backlog that waited for it is under way."""
        at = datetime.now(UTC) + timedelta(seconds=SOON)
        self._scheduler.add_job(
            partial(self._run, name, run), "date", run_date=at, id=name, misfire_grace_time=None
        )

    def start(self) -> None:
        self._ran_at = dict.fromkeys(self._every, time.monotonic())
        self._scheduler.start()
        self._watching = asyncio.create_task(self._watch(), name="schedule")

    def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._scheduler.shutdown(wait=False)

    async def _watch(self) -> None:
        """APScheduler goes by the machine's clock: where that is set back, it would wait until it has caught up."""
        while True:
            await asyncio.sleep(WATCH_EVERY)
            now = time.monotonic()
            late = any(
                now - self._ran_at[name] > 2 * seconds + WATCH_EVERY for name, seconds in self._every.items()
            )
            if not late:
                continue
            for name, seconds in self._every.items():
                self._ran_at[name] = now
                trigger = IntervalTrigger(seconds=seconds, start_date=_FROM)
                self._scheduler.reschedule_job(name, trigger=trigger)

    async def _run(self, name: str, run: Run) -> None:
        """A store that does not answer costs one run."""
        self._ran_at[name] = time.monotonic()
        try:
            await _done(run)
        except StoreError as error:
            log.warning("job_not_run", job=name, code=error.code, detail=str(error))

    def _tick(self, seconds: float) -> datetime:
        """Which tick it is follows from the time alone: the same on all nodes."""
        every = timedelta(seconds=seconds)
        return _FROM + (self._clock.now() - _FROM) // every * every


async def _done(run: Run) -> None:
    done = run()
    if isinstance(done, Awaitable):
        await done
