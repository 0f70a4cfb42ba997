"""What the nodes of one batonpass tell each other of the way out, so that none repeats what another has found.

A vendor that refuses one node refuses them all. Times travel as instants; each node counts durations by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from batonpass.domain.clock import Clock

WELL = "well"
"""The `why` of a notice that a trouble is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """That a gate is closed."""

    gate: str
    """`<connection>` for an account's credentials and allowance, `<connection> <operation>` for one operation."""
    why: str
    until: datetime
    """Then one call may try."""
    at: datetime


class Board(Protocol):
    """Where the nodes hang their notices.

    A notice stands from `post` to `clear`, past its `until` too: then one node tries for all. What this node has
    posted or cleared shows here at once, also while the others cannot be reached, and nothing that was read before
    undoes it. Of two notices for one gate the one that ends later stands.

    All but `take_probe` are asked with every call: memory only, no waiting. Nothing here raises.
    """

    def closed(self, gate: str) -> Notice | None:
        """The notice that stands, the same object as long as it does; None where there is none."""
        ...

    def post(self, notice: Notice) -> None:
        """Tell the others soon. It ends the probe that was allowed before."""
        ...

    def clear(self, gate: str) -> None:
        """It is over, and with it the probe."""
        ...

    async def take_probe(self, gate: str, seconds: float) -> bool:
        """Whether this node may try now; no other may for so many seconds. True where nobody can be asked."""
        ...


class LocalBoard:
    """The board of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._notices: dict[str, Notice] = {}
        self._probes: dict[str, float] = {}

    def closed(self, gate: str) -> Notice | None:
        return self._notices.get(gate)

    def post(self, notice: Notice) -> None:
        standing = self._notices.get(notice.gate)
        if standing is None or notice.until >= standing.until:
            self._notices[notice.gate] = notice
            self._probes.pop(notice.gate, None)

    def clear(self, gate: str) -> None:
        self._notices.pop(gate, None)
        self._probes.pop(gate, None)

    def gates(self) -> frozenset[str]:
        """Those for which a notice stands."""
        return frozenset(self._notices)

    async def take_probe(self, gate: str, seconds: float) -> bool:
        now = self._clock.monotonic()
        if self._probes.get(gate, now) > now:
            return False
        self._probes[gate] = now + seconds
        return True
