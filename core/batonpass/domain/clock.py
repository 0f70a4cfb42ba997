"""Time as a parameter."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the time is. Everything that needs it is given one of these."""

    def now(self) -> datetime:
        """The time of day, with its zone (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds from some fixed moment; never goes back. For durations and deadlines."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SteadyClock:
    """A time of day that never goes back and never jumps, whatever is done to the machine's clock.

    It runs with the machine's monotonic clock and is led slowly towards a reference, which several machines may
    share: what waits for a time waits neither an hour longer nor an hour less because somebody has set a clock.
    """

    SLEW = 0.1
    """Seconds by which it may be led in each second."""
    JUMP = 2.0
    """Seconds: a difference that no clock drifts to between two looks."""

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._since = machine.monotonic()
        self._then = machine.now()
        self._led = 0.0
        """Seconds for each second, until the next `steer`."""

    def now(self) -> datetime:
        passed = max(0.0, self._machine.monotonic() - self._since)
        return self._then + timedelta(seconds=passed * (1.0 + self._led))

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def begin_at(self, reference: datetime) -> None:
        """Take the reference's time, before anybody has asked for it."""
        self._since, self._then, self._led = self._machine.monotonic(), reference, 0.0

    def steer(self, reference: datetime, *, again_in: float) -> float:
        """Be led towards the reference until the next look, `again_in` seconds from now; gives by how many seconds the
        reference is ahead."""
        now = self.now()
        ahead = (reference - now).total_seconds()
        self._since, self._then = self._machine.monotonic(), now
        self._led = max(-self.SLEW, min(self.SLEW, ahead / max(again_in, 0.001)))
        return ahead
