"""Time for a machine of rules: it runs as it does, hours can be let pass at once, and a machine's clock can be wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from batonpass.domain.clock import SteadyClock

BEGINNING = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class TrueClock:
    """What the time really is: the vendors and the AI agent go by it."""

    passed: float = 0.0
    """Seconds that were let pass at once."""
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return time.monotonic() - self._began + self.passed


@dataclass(slots=True)
class WrongClock:
    """The clock of the machine that batonpass runs on: somebody may set it."""

    true: TrueClock
    ahead: float = 0.0
    """Seconds."""

    def now(self) -> datetime:
        return self.true.now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return self.true.monotonic()


class LedClock(SteadyClock):
    """The service's own clock, led by the machine's, also while hours pass at once."""

    def __init__(self, machine: WrongClock, *, not_before: datetime) -> None:
        """`not_before`: the latest that a process before this one has had: what it has left waits by that time."""
        super().__init__(machine)
        self._wrong = machine
        self.begin_at(max(machine.now(), not_before))

    def steer(self, reference: datetime, *, again_in: float) -> float:
        """The reference is the machine's clock, whatever the service takes for it: no database knows of our hours."""
        del reference
        return super().steer(self._wrong.now(), again_in=again_in)

    def pass_seconds(self, seconds: float) -> None:
        """As if a look had come just before and just after, so that no hour is led too far."""
        self.steer(self.now(), again_in=seconds)
        self._wrong.true.passed += seconds
        self.steer(self.now(), again_in=5.0)
