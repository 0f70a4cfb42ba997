"""How fast lists are read in bulk: as fast as they come, until Stripe says that it is too fast.

Stripe takes 25 calls a second at one endpoint and tells nobody how many are left (https://docs.stripe.com/rate-limits), so
only its refusal shows that it is reached; and a refusal makes whoever waits for a customer's facts wait too. After one
the calls of that endpoint are spaced for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RetryLaterError

SPACE = 1 / 22
"""Seconds from one call to the next: the rest is left to those who wait."""
SPACED_FOR = 60.0


class Pace:
    def __init__(self, clock: Clock, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._spaced_until: dict[str, float] = {}
        self._next_at: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, operation: str) -> AsyncIterator[None]:
        """Around one call."""
        now = self._clock.monotonic()
        if now < self._spaced_until.get(operation, 0.0):
            at = max(now, self._next_at.get(operation, 0.0))
            self._next_at[operation] = at + SPACE
            if at > now:
                await self._sleep(at - now)
        try:
            yield
        except RetryLaterError as error:
            if error.code == "rate_limited":
                self._spaced_until[operation] = self._clock.monotonic() + SPACED_FOR
            raise
