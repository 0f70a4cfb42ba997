"""How much of what goes out may be repeats: an outage is not to be multiplied by those who try again."""

from __future__ import annotations

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RetryLaterError
from batonpass.transport.recent import LastMinute

LONGEST_WAIT_INSIDE = 2.0
"""Seconds that a step may wait while it holds its slot, to repeat a call at once."""
SHARE = 0.2
FLOOR = 10
"""Repeats in a minute that are always allowed: few calls have no fifth to give."""


class RepeatsSpentError(RetryLaterError):
    """As `RetryLaterError`, but not within this step: too much of what goes out is repeats. The schedule holds where
    it asks for more than `retry_after`."""


class RetryBudget:
    """Lets a fifth of a minute's calls be repeats."""

    def __init__(self, clock: Clock, *, share: float = SHARE, floor: int = FLOOR) -> None:
        self._clock = clock
        self._share = share
        self._floor = floor
        self._minute = LastMinute()
        self.called = self._minute.count
        """To be told of every call, and when."""
        self.refused = 0
        """Repeats that were not allowed, since the start."""

    def take(self) -> bool:
        """Whether one more repeat is allowed; then it counts."""
        now = self._clock.monotonic()
        calls, repeats = self._minute.totals(now)
        if repeats >= max(self._floor, self._share * calls):
            self.refused += 1
            return False
        self._minute.mark(now)
        return True

    def later(self, message: str, *, code: str, request_id: str | None = None) -> RetryLaterError:
        """The error of a call that did nothing: it may be repeated at once only while the budget lasts."""
        if self.take():
            return RetryLaterError(message, code=code, request_id=request_id)
        return RepeatsSpentError(
            message, retry_after=LONGEST_WAIT_INSIDE + 1.0, code=code, request_id=request_id
        )
