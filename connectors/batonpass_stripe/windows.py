"""The parts of a complete reading: windows of the time at which objects were created, shared between slices.

Nobody can ask Stripe how many objects there are or how old they are. So the windows grow with their age, each a fifth of
all that is newer, and neighbours go to different slices: whether an account has grown evenly or fast, each
slice has about as much to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

_YOUNGEST = 60
"""Seconds that the first window reaches back."""
_GROWTH = 1.2
_WINDOWS = 90
"""The last one but one begins 18 years ago; Stripe opened in 2011."""


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Those of one slice. Window 0 is the newest and open at its end, the last one reaches back to the beginning."""

    now: int
    """When the round began, in seconds."""
    nth: int = 0
    of: int = 1
    """How many slices share the windows; one has it all in a single window."""

    @cached_property
    def _lows(self) -> Sequence[int]:
        """Where each window begins, the newest first."""
        if self.of == 1:
            return (0,)
        ages = (int(_YOUNGEST * _GROWTH**each) for each in range(_WINDOWS - 1))
        return (*(max(0, self.now - age) for age in ages), 0)

    def low(self, window: int) -> int:
        return self._lows[window]

    def high(self, window: int) -> int | None:
        """Where it ends; None: nowhere."""
        return None if window == 0 else self._lows[window - 1]

    def ours_from(self, window: int) -> int | None:
        """The first of this slice's windows from this one on; None where there is none."""
        ours = (each for each in range(window, len(self._lows)) if self._owner(each) == self.nth)
        return next(ours, None)

    def ours_with(self, created: int) -> int | None:
        """The first of this slice's windows that may have something that is no newer than this."""
        return self.ours_from(next(each for each, low in enumerate(self._lows) if low <= created))

    def _owner(self, window: int) -> int:
        """To and fro, so that the slice with the longer window of one turn has the shorter one of the next."""
        place = window % (2 * self.of)
        return place if place < self.of else 2 * self.of - 1 - place
