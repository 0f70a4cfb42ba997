"""How many steps may be under way at once: fewer while the event loop lags.

A loop that lags reads the vendors' answers late: sources would miss their deadline though they answered in time, and
every ticket would be as late as the last. Handoffs that wait are safe in the journal.
"""

from __future__ import annotations

import asyncio
import time

LOOK_EVERY = 0.05
TOLERATED_LAG = 0.02
"""Seconds that a callback may be late."""
LEAST = 32


class Pace:
    """Additive increase, multiplicative decrease, as TCP shares a line."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._moved_at = time.monotonic()
        self.limit = min(LEAST, most)
        """Steps that may be under way now: few at first, for a backlog may wait at start."""

    def seen(self, lag: float) -> None:
        """The event loop was `lag` seconds late."""
        if lag > TOLERATED_LAG:
            self.limit = max(min(LEAST, self.most), self.limit * 3 // 4)
        elif lag < TOLERATED_LAG / 2:
            self.limit = min(self.most, self.limit + 4)

    def still_for(self) -> float:
        """Seconds since the loop last moved; from any thread."""
        return max(0.0, time.monotonic() - self._moved_at - LOOK_EVERY)

    async def watch(self) -> None:
        """Look for ever."""
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(LOOK_EVERY)
            self._moved_at = time.monotonic()
            self.seen(loop.time() - before - LOOK_EVERY)
