"""What a connection's account may still call, and which work goes first when it is little."""

from __future__ import annotations

import math

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RetryLaterError
from batonpass.domain.handoff import Lane
from batonpass.transport.limits import LONGEST_PAUSE, PLENTY, UNTOLD, Left

_KEPT = {Lane.BACKGROUND: 0.2, Lane.REPLAY: 0.5}
"""The share of a window that a lane leaves to those before it."""
_NEVER = -1_000_000_000
_FORGET_AFTER = 60.0
"""Seconds; a smaller plan is noticed within twice that."""


class Allowance:
    """Counts down what the account has left, with the calls that are under way.

    Live work waits only when there is nothing left: then calls are refused until the vendor's window is over, one
    call finds out what there is, and the others follow. Other work leaves a reserve to it.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._started = 0
        self._told_by = 0
        """The number of the latest call whose answer told something."""
        self._left: int | None = None
        """What it told; None: nothing yet."""
        self._until = 0.0
        """When there are more, for who finds nothing left."""
        self._more_at = 0.0
        """The same for who must leave a reserve: in no hurry, where the vendor does not say it."""
        self._size = _Size()
        self._floors = (_NEVER,) * len(Lane)
        """For each lane what must be left, so that it may call."""
        self._floors_for: tuple[int, bool] | None = None

    def enter(self, lane: Lane = Lane.LIVE) -> int:
        """The number of this call, for `told`. Raises `RetryLaterError` with the seconds left."""
        left = self._left
        if left is not None:
            left -= self._started - self._told_by
            if left <= self._floors[lane]:
                self._check_window(left, lane)
        self._started += 1
        return self._started

    def told(self, number: int, left: Left) -> None:
        """What the answer to this call says is left. Answers that come late, after those to later calls, tell
        nothing new."""
        if number < self._told_by:
            return
        self._told_by = number
        self._left = left.calls
        now = self._clock.monotonic()
        total = self._size.told(left, now)
        near = left.calls <= PLENTY
        if self._floors_for != (total, near):
            self._floors_for = (total, near)
            first = 0 if near else _NEVER  # with plenty left, more cannot be under way at once
            self._floors = tuple(math.ceil(_KEPT[lane] * total) if lane in _KEPT else first for lane in Lane)
        self._until = now + (UNTOLD if left.resets_in is None else left.resets_in)
        self._more_at = now + (LONGEST_PAUSE if left.resets_in is None else left.resets_in)

    @property
    def left(self) -> int | None:
        """Less those under way; None where the vendor tells nothing."""
        return None if self._left is None else max(0, self._left - (self._started - self._told_by))

    @property
    def total(self) -> int | None:
        return self._size.total

    @property
    def resets_in(self) -> float | None:
        """The seconds for which there is nothing left; None while there is something."""
        if self._left != 0:
            return None
        seconds = self._until - self._clock.monotonic()
        return seconds if seconds > 0 else None

    def _check_window(self, left: int, lane: Lane) -> None:
        now = self._clock.monotonic()
        if left > 0:
            self._check_reserve(lane, now)
            return
        wait = self._until - now
        if wait <= 0:
            self._left, self._told_by, self._until = 1, self._started, now + UNTOLD
            return
        if self._left:  # calls under way will use it up; their answers will say
            wait = min(wait, UNTOLD)
        raise self._refusal("the vendor's limit is used up", wait)

    def _check_reserve(self, lane: Lane, now: float) -> None:
        wait = self._more_at - now
        if wait <= 0:
            self._more_at = now + UNTOLD  # this call finds out
            return
        if self._left is not None and self._left > self._floors[lane]:  # only calls under way reach into it
            wait = min(wait, UNTOLD)
        raise self._refusal("the rest of the vendor's limit is kept for customers who wait", wait)

    def _refusal(self, why: str, wait: float) -> RetryLaterError:
        return RetryLaterError(
            f"{self._name}: {why}, resumes in {wait:.0f} s",
            retry_after=wait,
            consumes_attempt=False,
            code="rate_limited",
        )


class _Size:
    """How many calls a window has: what the vendor says, else the most that was seen in the last minute or two."""

    def __init__(self) -> None:
        self.total: int | None = None
        self._most = 0
        self._most_before = 0
        self._anew_at = 0.0

    def told(self, left: Left, now: float) -> int:
        if left.total is not None:
            self.total = left.total
            return left.total
        if now >= self._anew_at:
            self._most_before, self._most, self._anew_at = self._most, 0, now + _FORGET_AFTER
        self._most = max(self._most, left.calls + 1)  # with the call that was told it
        self.total = max(self._most, self._most_before)
        return self.total
