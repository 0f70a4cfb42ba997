"""Who hears of rounds that do not come to their end."""

from __future__ import annotations

from collections import Counter

from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.clock import Clock
from batonpass.store import Installation
from batonpass.sync import BUSY, DONE, HELD, Ended

FAILS = 3
"""Rounds in a row of one stream that end early: a vendor that is away for a while is no news, it is one of these."""


class SyncTelling:
    def __init__(self, installation: Installation, clock: Clock) -> None:
        self._installation = installation
        self._clock = clock
        self._failed: Counter[str] = Counter()

    async def heard(self, ended: Ended) -> None:
        """Raises `StoreError`."""
        about, now = f"{ended.connection}/{ended.stream}", self._clock.now()
        if ended.ended_as == BUSY:
            return
        if ended.ended_as == HELD:
            new = NewAlert(kind=AlertKind.SYNC_HELD, about=about, detail=ended.detail)
            await self._installation.alert(new, now)
            return
        if ended.ended_as == DONE:
            self._failed[about] = 0
            for kind in (AlertKind.SYNC_HELD, AlertKind.SYNC_FAILING):
                await self._installation.over(kind, about, now)
            return
        self._failed[about] += 1
        if self._failed[about] >= FAILS:
            detail = f"{ended.detail} Next: batonpass sync status"
            await self._installation.alert(
                NewAlert(kind=AlertKind.SYNC_FAILING, about=about, detail=detail), now
            )
