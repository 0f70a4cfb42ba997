"""What is done by the clock: APScheduler on every node, and where a job is for all nodes, one row decides who runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from batonpass.app.config import Config
from batonpass.app.mappings import Mappings
from batonpass.app.opening import OpenStore, deadlines_of
from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.clock import SteadyClock
from batonpass.engine import Engine, World
from batonpass.engine.deadlines import on_overdue
from batonpass.store import Retention, StoreError

log = structlog.get_logger()

IDEMPOTENCY_KEYS_LIVE = timedelta(hours=24)
DELIVERIES_LIVE = timedelta(days=35)
"""Longer than any vendor sends one again, or keeps it (Stripe: 30 days)."""
STEER_EVERY = 5.0
_FROM = datetime(2026, 1, 1, tzinfo=UTC)
"""Ticks are counted from here on every node, so that all mean the same tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    run: Callable[[], object]
    """Plain or a coroutine function; the latter where it is for all nodes."""
    every: float
    """Seconds."""
    once: bool = False
    """Whether one node runs it for all at each tick."""


class Jobs:
    """The jobs of one process. Missed runs are made up by one: every job is safe to run late."""

    def __init__(
        self, config: Config, store: OpenStore, world: World, engine: Engine, mappings: Mappings
    ) -> None:
        self._store = store
        self._world = world
        self._engine = engine
        self._decide = partial(on_overdue, settings=deadlines_of(config))
        self._retention = Retention(store.journal.database)
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        jobs = {
            "mappings": Job(run=mappings.refresh, every=1),
            "clock": Job(run=self._steer, every=STEER_EVERY),
            "field_schema": Job(run=world.schema.refresh, every=600),
            "overdue": Job(run=self._overdue, every=5, once=True),
            "retention": Job(run=self._forget, every=3600, once=True),
            "tallies": Job(run=self._tidy, every=60, once=True),
        }
        for name, job in jobs.items():
            self._add(name, job)

    def start(self) -> None:
        self._scheduler.start()
        # so that the first customer need not wait
        self._scheduler.add_job(self._world.schema.refresh, id="field_schema_at_start")

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def _add(self, name: str, job: Job) -> None:
        run = partial(self._once, name, job) if job.once else job.run
        trigger = IntervalTrigger(seconds=job.every, start_date=_FROM)
        self._scheduler.add_job(
            run, trigger, id=name, coalesce=True, max_instances=1, misfire_grace_time=None
        )

    async def _once(self, name: str, job: Job) -> None:
        """At most one node for each tick; which tick it is follows from the time alone."""
        now = self._world.clock.now()
        tick = _FROM + (now - _FROM) // timedelta(seconds=job.every) * timedelta(seconds=job.every)
        try:
            if await self._store.installation.take_tick(name, tick):
                done = job.run()
                assert isinstance(done, Awaitable)
                await done
        except StoreError as error:
            log.warning("job_not_run", job=name, code=error.code, detail=str(error))

    async def _steer(self) -> None:
        try:
            ahead = await self._store.steer(again_in=STEER_EVERY)
        except StoreError:
            return  # the next look will do
        if abs(ahead) > SteadyClock.JUMP:
            log.warning("clock_jumped", seconds=round(ahead, 1))
            detail = (
                f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the time that "
                "batonpass goes by, which follows slowly. Next: run NTP; batonpass doctor"
            )
            alert = NewAlert(kind=AlertKind.CLOCK_WRONG, about=self._store.installation.node, detail=detail)
            await self._store.installation.alert(alert, self._world.clock.now())
        else:
            await self._store.installation.over(
                AlertKind.CLOCK_WRONG, self._store.installation.node, self._world.clock.now()
            )

    async def _overdue(self) -> None:
        if await self._world.recovery.overdue(now=self._world.clock.now(), decide=self._decide):
            self._engine.wake()

    async def _forget(self) -> None:
        now = self._world.clock.now()
        await self._retention.forget_idempotency_keys(before=now - IDEMPOTENCY_KEYS_LIVE)
        await self._retention.forget_deliveries(before=now - DELIVERIES_LIVE)

    async def _tidy(self) -> None:
        await self._store.installation.tidy(self._world.clock.now())
