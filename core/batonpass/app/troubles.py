"""Troubles with vendors become alerts."""

from __future__ import annotations

from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.clock import Clock
from batonpass.store import Installation
from batonpass.transport.sharing import WELL, Notice

_KINDS = {
    "credentials_refused": AlertKind.CREDENTIALS_REFUSED,
    "breaker_open": AlertKind.BREAKER_OPEN,
}
_NEXT = {
    AlertKind.CREDENTIALS_REFUSED: "its credentials are refused; the work waits for new ones. Next: batonpass doctor",
    AlertKind.BREAKER_OPEN: "calls fail again and again and are held back, one tries every half minute. Next: batonpass doctor",
}


class Troubles:
    """Heard by the transports of one process, which must not wait; told to the store a little later."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self._installation = installation
        self._clock = clock
        self._heard: dict[str, str] = {}

    def hear(self, notice: Notice) -> None:
        self._heard[notice.gate] = notice.why

    async def tell(self) -> None:
        """Open and close alerts. Raises `StoreError`."""
        now = self._clock.now()
        while self._heard:
            gate, why = next(iter(self._heard.items()))
            if why == WELL:
                for kind in _NEXT:
                    await self._installation.over(kind, gate, now)
            elif (told := _KINDS.get(why)) is not None:
                alert = NewAlert(kind=told, about=gate, detail=f"{gate}: {_NEXT[told]}")
                await self._installation.alert(alert, now)
            if self._heard.get(gate) == why:
                del self._heard[gate]
