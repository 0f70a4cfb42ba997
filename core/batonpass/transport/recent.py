"""Counts of the last minute that take no more room than six numbers each."""

from __future__ import annotations

_TEN_SECONDS = 10.0
_PARTS = 6


class LastMinute:
    """How many there were in the last 50 to 60 seconds, and how many of them were marked."""

    __slots__ = ("_all", "_latest", "_marked")

    def __init__(self) -> None:
        self._latest = 0
        self._all = [0] * _PARTS
        self._marked = [0] * _PARTS

    def count(self, now: float) -> None:
        part = int(now / _TEN_SECONDS)
        if part != self._latest:
            self._forget(part)
        self._all[part % _PARTS] += 1

    def mark(self, now: float) -> None:
        """One that is counted was of the kind that matters."""
        part = int(now / _TEN_SECONDS)
        if part != self._latest:
            self._forget(part)
        self._marked[part % _PARTS] += 1

    def totals(self, now: float) -> tuple[int, int]:
        """All, and the marked ones."""
        self._forget(int(now / _TEN_SECONDS))
        return sum(self._all), sum(self._marked)

    def clear(self) -> None:
        self._all = [0] * _PARTS
        self._marked = [0] * _PARTS

    def _forget(self, part: int) -> None:
        for over in range(self._latest + 1, min(part, self._latest + _PARTS) + 1):
            self._all[over % _PARTS] = self._marked[over % _PARTS] = 0
        self._latest = max(part, self._latest)
