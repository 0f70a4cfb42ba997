"""What is done by the clock: APScheduler on every node, and where a job is for all nodes, one row decides who runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from batonpass.app.board import SharedBoard
from batonpass.app.config import Config
from batonpass.app.line import Line
from batonpass.app.mappings import Mappings
from batonpass.app.metrics import Metrics
from batonpass.app.notices import Notices
from batonpass.app.opening import OpenStore, deadlines_of
from batonpass.app.troubles import Troubles
from batonpass.app.watch import LOOK_EVERY, Watch
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
STORM_QUIET = timedelta(seconds=30)
"""After which a storm that no process confirms is over."""
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
        self,
        config: Config,
        store: OpenStore,
        mappings: Mappings,
        *,
        watch: Watch,
        line: Line,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._watch = watch
        self._line = line
        self._decide = partial(on_overdue, settings=deadlines_of(config))
        self._retention = Retention(store.journal.database)
        self._notices = Notices(config.notices.places, clock=store.clock)
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._clock_wrong = False
        self._beside: list[asyncio.Task[None]] = []
        self._mappings = mappings
        self._metrics = metrics
        self._versions: tuple[str, ...] = ()
        self._add("mappings", Job(run=self._reload, every=1))
        self._add("clock", Job(run=self._steer, every=STEER_EVERY))
        self._add("watch", Job(run=self._look, every=LOOK_EVERY))
        self._add("storms", Job(run=self._tell_storms, every=5))

    def work(self, world: World, engine: Engine, board: SharedBoard, troubles: Troubles) -> None:
        """The jobs of a process that works."""
        self._world = world
        self._engine = engine
        self._add("troubles", Job(run=troubles.tell, every=2))
        self._add("field_schema", Job(run=world.schema.refresh, every=600))
        self._add("overdue", Job(run=self._overdue, every=5, once=True))
        self._add("notices", Job(run=self._tell, every=5, once=True))
        self._add("retention", Job(run=self._forget, every=3600, once=True))
        self._add("tallies", Job(run=self._tidy, every=60, once=True))
        # so that the first customer need not wait
        self._scheduler.add_job(world.schema.refresh, id="field_schema_at_start")
        self._beside.append(asyncio.create_task(board.stay(), name="board"))

    def start(self) -> None:
        self._tell_reloaded()
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
        for task in self._beside:
            task.cancel()

    def _add(self, name: str, job: Job) -> None:
        run = partial(self._run, name, job)
        trigger = IntervalTrigger(seconds=job.every, start_date=_FROM)
        self._scheduler.add_job(
            run, trigger, id=name, coalesce=True, max_instances=1, misfire_grace_time=None
        )

    async def _run(self, name: str, job: Job) -> None:
        """A store that does not answer costs one run."""
        try:
            if job.once and not await self._store.installation.take_tick(name, self._tick(job)):
                return
            done = job.run()
            if isinstance(done, Awaitable):
                await done
        except StoreError as error:
            log.warning("job_not_run", job=name, code=error.code, detail=str(error))

    def _tick(self, job: Job) -> datetime:
        """Which tick it is follows from the time alone: the same on all nodes."""
        every = timedelta(seconds=job.every)
        return _FROM + (self._store.clock.now() - _FROM) // every * every

    def _reload(self) -> None:
        self._mappings.refresh()
        self._tell_reloaded()

    def _tell_reloaded(self) -> None:
        """At start, when other files have come into force, and when one has broken."""
        now = (*self._mappings.versions, str(self._mappings.all_in_force))
        if now != self._versions:
            self._versions = now
            self._metrics.reloaded(self._store.machine.now(), successful=self._mappings.all_in_force)

    async def _steer(self) -> None:
        ahead = await self._store.steer(again_in=STEER_EVERY)
        if abs(ahead) > SteadyClock.JUMP:
            log.warning("clock_jumped", seconds=round(ahead, 1))
            detail = (
                f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the time that "
                "batonpass goes by, which follows slowly. Next: run NTP; batonpass doctor"
            )
            alert = NewAlert(kind=AlertKind.CLOCK_WRONG, about=self._store.installation.node, detail=detail)
            await self._store.installation.alert(alert, self._store.clock.now())
            self._clock_wrong = True
        elif self._clock_wrong:
            self._clock_wrong = False
            await self._store.installation.over(
                AlertKind.CLOCK_WRONG, self._store.installation.node, self._store.clock.now()
            )

    async def _look(self) -> None:
        await self._watch.look()

    async def _tell_storms(self) -> None:
        await self._line.tell(self._store.installation)

    async def _overdue(self) -> None:
        if await self._world.recovery.overdue(now=self._world.clock.now(), decide=self._decide):
            self._engine.wake()
        now = self._store.clock.now()
        await self._store.installation.quiet(AlertKind.STORM, since=now - STORM_QUIET, now=now)
        await self._watch.settle()

    async def _tell(self) -> None:
        alerts = await self._store.installation.untold_alerts()
        told = [alert.id for alert in alerts if await self._notices.tell(alert)]
        if told:
            await self._store.installation.told(told)

    async def _forget(self) -> None:
        now = self._store.clock.now()
        await self._retention.forget_idempotency_keys(before=now - IDEMPOTENCY_KEYS_LIVE)
        await self._retention.forget_deliveries(before=now - DELIVERIES_LIVE)

    async def _tidy(self) -> None:
        await self._store.installation.tidy(self._store.clock.now())
