"""Fair shares between AI agents: pure."""

from __future__ import annotations

from collections import OrderedDict

MOST_SHARES = 1024
"""Shares that are remembered; the one that was silent for longest is forgotten, and begins anew."""
MOST_AHEAD = 100_000
"""Handoffs that one share can be behind the others, however many it has asked for."""


class Fair:
    """Start-time fair queueing (Goyal, Vin, Cheng 1996): an AI agent with a hundred times the load delays the others
    by a few handoffs, not by its backlog. One for each lane: ranks of two lanes do not compare."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()
        self._virtual = 0

    def place(self, share: str, now_ms: int, front: int | None = None) -> int:
        """The rank of one more handoff: the lowest is done first, of equal ones the oldest.

        `front` is the lowest rank that waits in this lane now, whichever process has given it; None: nothing waits.
        While nothing waits a rank is the time, so that ranks of several processes, and of before a restart, compare.
        """
        self._virtual = now_ms if front is None else max(front, min(self._virtual, now_ms))
        last = self._last.pop(share, self._virtual - 1)
        rank = min(max(self._virtual, last + 1), self._virtual + MOST_AHEAD)
        self._last[share] = rank
        if len(self._last) > MOST_SHARES:
            self._last.popitem(last=False)
        return rank
