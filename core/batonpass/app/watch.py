"""How things stand, looked up every few seconds and kept in memory for whoever asks: metrics, customers who wait."""

from __future__ import annotations

import shutil
from collections import Counter, deque
from datetime import timedelta

from batonpass.app.config import Config
from batonpass.app.metric_views import Standing
from batonpass.app.opening import OpenStore, deadlines_of
from batonpass.domain.alert import Alert, AlertKind, NewAlert
from batonpass.domain.handoff import HandoffState, Lane
from batonpass.store import Backlog

LOOK_EVERY = 2.0
"""Seconds."""
FEW_BYTES = 1_000_000_000
PER = 60.0
"""Seconds over which tickets are counted for the rate that customers are told."""
_BEFORE_TICKET = (HandoffState.REQUESTED, HandoffState.ENRICHED)


class Watch:
    def __init__(self, config: Config, store: OpenStore) -> None:
        self._helpdesk = config.helpdesk.name
        self._folder = None if config.store.path is None else config.store.path.absolute().parent
        self._deadlines = deadlines_of(config)
        self._store = store
        self._backlog = Backlog(states={}, oldest={}, queued=0, fronts={})
        self._alerts: list[Alert] = []
        self._nodes = 1
        self.looks = 0
        """How often it was read."""
        self._ticketed: deque[float] = deque(maxlen=10_000)

    async def look(self) -> None:
        """Read it anew. Raises `StoreError`."""
        self._backlog = await self._store.journal.backlog()
        self._alerts = await self._store.installation.open_alerts()
        self._nodes = max(1, len(await self._store.installation.nodes()))
        self.looks += 1

    def standing(self) -> Standing:
        now = self._store.clock.now()
        return Standing(
            items={HandoffState(state): n for state, n in self._backlog.states.items()},
            oldest={
                HandoffState(state): max(0.0, (now - at).total_seconds())
                for state, at in self._backlog.oldest.items()
            },
            alerts=Counter(alert.kind for alert in self._alerts),
            store_free_bytes=self._free(),
        )

    def ticketed(self) -> None:
        """A ticket has come to stand, by this process."""
        self._ticketed.append(self._store.clock.monotonic())

    @property
    def ahead(self) -> int:
        """Handoffs that wait for their turn."""
        return self._backlog.queued

    def per_minute(self) -> float:
        """Tickets in a minute as it went lately, by all processes; 0 where it is not known."""
        since = self._store.clock.monotonic() - PER
        while self._ticketed and self._ticketed[0] < since:
            self._ticketed.popleft()
        return len(self._ticketed) * self._nodes * 60 / PER

    def front(self, lane: Lane) -> int | None:
        """The lowest rank that waits in the lane."""
        return self._backlog.fronts.get(lane)

    async def settle(self) -> None:
        """Open and close the alerts that follow from how things stand. Raises `StoreError`."""
        await self.look()
        installation, now = self._store.installation, self._store.clock.now()
        oldest = [self._backlog.oldest[state] for state in _BEFORE_TICKET if state in self._backlog.oldest]
        within = timedelta(seconds=self._deadlines.ticket_within)
        open_kinds = {alert.kind for alert in self._alerts}
        # What is known is the time in the state; the customer has waited since before it.
        if AlertKind.HANDOFFS_LATE in open_kinds and not any(now - at > within / 2 for at in oldest):
            await installation.over(AlertKind.HANDOFFS_LATE, self._helpdesk, now)
        given_up = timedelta(seconds=self._deadlines.give_up_after)
        if (
            AlertKind.HANDOFF_PARKED in open_kinds
            and not self._backlog.states.get(HandoffState.PARKED)
            and not any(now - at > given_up for at in oldest)
        ):
            await installation.quiet(AlertKind.HANDOFF_PARKED, since=now, now=now)
        unannounced = self._backlog.oldest.get(HandoffState.TICKETED)
        late = timedelta(seconds=self._deadlines.announce_within)
        if AlertKind.AI_AGENT_NOT_TOLD in open_kinds and (unannounced is None or now - unannounced < late):
            await installation.quiet(AlertKind.AI_AGENT_NOT_TOLD, since=now, now=now)
        for kind, seconds in (
            (AlertKind.NOT_ACCEPTED, self._deadlines.accept_within),
            (AlertKind.NOT_RESOLVED, self._deadlines.resolve_within),
        ):
            if kind in open_kinds:  # whatever is still so confirms it each time
                await installation.quiet(kind, since=now - timedelta(seconds=seconds, hours=1), now=now)
        await self._settle_space()

    async def _settle_space(self) -> None:
        free, installation, now = self._free(), self._store.installation, self._store.clock.now()
        if free is not None and free < FEW_BYTES:
            detail = f"{free / 1e6:,.0f} MB are left where the journal is; without room no handoff is accepted. Next: make room"
            await installation.alert(
                NewAlert(kind=AlertKind.STORE_LOW, about=installation.node, detail=detail), now
            )
        elif any(alert.kind is AlertKind.STORE_LOW for alert in self._alerts):
            await installation.quiet(AlertKind.STORE_LOW, since=now - timedelta(minutes=2), now=now)

    def _free(self) -> int | None:
        return None if self._folder is None else shutil.disk_usage(self._folder).free
