"""How long the vendors kept us waiting, measured at their own doors."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from batonpass.domain.clock import Clock


@dataclass
class VendorTime:
    """Notes when calls were under way at any of the vendors.

    Everything outside these intervals is ours: deciding, writing to the disk, the way over the socket.
    """

    clock: Clock
    _calls: list[tuple[float, float]] = field(default_factory=list)

    def measured(self, vendor: ASGIApp) -> ASGIApp:
        """The vendor, its calls noted."""

        async def at_the_door(scope: Scope, receive: Receive, send: Send) -> None:
            began = self.clock.monotonic()
            try:
                await vendor(scope, receive, send)
            finally:
                self._calls.append((began, self.clock.monotonic()))

        return at_the_door

    def between(self, start: float, end: float) -> float:
        """Seconds of this time in which at least one call was under way: calls beside each other count once."""
        total, covered_until = 0.0, start
        for began, ended in sorted(self._calls):
            begins, ends = max(began, covered_until), min(ended, end)
            if ends > begins:
                total += ends - begins
                covered_until = ends
        return total
