"""What each process does by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from batonpass.app.config import Config
from batonpass.app.mappings import Mappings
from batonpass.app.metrics import Metrics
from batonpass.app.notices import Notices
from batonpass.app.opening import OpenStore, deadlines_of
from batonpass.app.watch import Watch
from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.clock import SteadyClock
from batonpass.engine import Engine, World
from batonpass.engine.deadlines import on_overdue

log = structlog.get_logger()

STEER_EVERY = 5.0
"""Seconds."""
_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
STORM_QUIET = timedelta(seconds=90)
"""After which a storm that no process confirms is over."""


RELOAD_EVERY = 0.5
"""Seconds; a change is in force after two looks at the latest."""


class Reloading:
    """Looks at the mapping files, and lets the metrics know."""

    def __init__(self, mappings: Mappings, metrics: Metrics, store: OpenStore) -> None:
        self._mappings = mappings
        self._metrics = metrics
        self._store = store
        self._seen: tuple[str, ...] = ()

    def look(self) -> None:
        self._mappings.look()
        self.tell()

    def tell(self) -> None:
        """At start, when other files have come into force, and when one has broken."""
        now = (*self._mappings.versions, str(self._mappings.all_in_force))
        if now != self._seen:
            self._seen = now
            self._metrics.reloaded(self._store.machine.now(), successful=self._mappings.all_in_force)


class Steering:
    """Leads the clock, and says where the machine's has jumped."""

    def __init__(self, store: OpenStore) -> None:
        self._store = store
        self._wrong = False

    async def steer(self) -> None:
        ahead = await self._store.steer(again_in=STEER_EVERY)
        installation, now = self._store.installation, self._store.clock.now()
        says = self._store.machine.now()
        if says < _RELEASED:  # machines without a battery begin in 1970
            self._wrong = True
            log.error("clock_not_set", says=says.isoformat())
            detail = (
                f"this machine's clock says {says:%Y-%m-%d}, before this release was made: certificates and "
                "signatures are not accepted so. Next: run NTP, then start batonpass again"
            )
            alert = NewAlert(kind=AlertKind.CLOCK_WRONG, about=installation.node, detail=detail)
            await installation.alert(alert, now)
        elif abs(ahead) > SteadyClock.JUMP:
            self._wrong = True
            log.warning("clock_jumped", seconds=round(ahead, 1))
            detail = (
                f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the time that "
                "batonpass goes by, which follows slowly. Next: run NTP; batonpass doctor"
            )
            alert = NewAlert(kind=AlertKind.CLOCK_WRONG, about=installation.node, detail=detail)
            await installation.alert(alert, now)
        elif self._wrong:
            self._wrong = False
            await installation.over(AlertKind.CLOCK_WRONG, installation.node, now)


class Reaping:
    """Handoffs whose time is over, and the alerts that follow from how things stand."""

    def __init__(self, config: Config, store: OpenStore, world: World, engine: Engine, watch: Watch) -> None:
        self._decide = partial(on_overdue, settings=deadlines_of(config))
        self._store = store
        self._world = world
        self._engine = engine
        self._watch = watch

    async def reap(self) -> None:
        now = self._store.clock.now()
        if await self._world.recovery.overdue(now=now, decide=self._decide):
            self._engine.wake()
        await self._store.installation.quiet(AlertKind.STORM, since=now - STORM_QUIET, now=now)
        await self._watch.settle()


class Telling:
    """Tells people of alerts, each piece of news once."""

    def __init__(self, config: Config, store: OpenStore) -> None:
        self._installation = store.installation
        self._notices = Notices(config.notices.places, clock=store.clock)

    async def tell(self) -> None:
        alerts = await self._installation.untold_alerts()
        told = {alert.id: alert.closed_at is not None for alert in alerts if await self._notices.tell(alert)}
        await self._installation.told(told)
