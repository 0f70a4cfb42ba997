"""When an operation fails so often that calling it does no good."""

from __future__ import annotations

from batonpass.transport.recent import LastMinute

IN_A_ROW = 5
ENOUGH_CALLS = 20
"""In a minute: of fewer, half says little."""
SHARE = 0.5


class Breaker:
    """Opens after five failures in a row, or when half of a minute's calls failed and there were twenty of them."""

    __slots__ = ("_in_a_row", "_minute")

    def __init__(self) -> None:
        self._in_a_row = 0
        self._minute = LastMinute()

    def answered(self, now: float) -> None:
        """The vendor is there, whatever it said."""
        self._in_a_row = 0
        self._minute.count(now)

    def failed(self, now: float) -> bool:
        """No answer, or a 5xx: whether that is enough. Then it begins to count anew."""
        self._in_a_row += 1
        self._minute.count(now)
        self._minute.mark(now)
        calls, failures = self._minute.totals(now)
        if self._in_a_row < IN_A_ROW and not (calls >= ENOUGH_CALLS and failures >= SHARE * calls):
            return False
        self._in_a_row = 0
        self._minute.clear()
        return True
