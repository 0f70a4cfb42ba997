"""How far a figure may be off: 95 % intervals, without any assumption on how lengths of time are distributed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from math import exp, inf, log, sqrt
from operator import itemgetter

Z = 1.959963984540054
"""Of the normal distribution, 95 % lie within so many standard deviations."""


def wilson(hits: int, cases: int) -> tuple[float, float]:
    """The interval of a rate (Wilson 1927): holds for few cases and for rates near 0 and 1, too."""
    rate, z2 = hits / cases, Z * Z
    middle = (rate + z2 / (2 * cases)) / (1 + z2 / cases)
    half = Z / (1 + z2 / cases) * sqrt(rate * (1 - rate) / cases + z2 / (4 * cases * cases))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == cases else min(1.0, middle + half)
    return low, high


def difference(hits: tuple[int, int], cases: tuple[int, int]) -> tuple[float, float, float]:
    """(the first rate less the second, low, high), of independent cases (Newcombe 1998, method 10)."""
    rates = hits[0] / cases[0], hits[1] / cases[1]
    (low0, high0), (low1, high1) = wilson(hits[0], cases[0]), wilson(hits[1], cases[1])
    gap = rates[0] - rates[1]
    below = sqrt((rates[0] - low0) ** 2 + (high1 - rates[1]) ** 2)
    above = sqrt((high0 - rates[0]) ** 2 + (rates[1] - low1) ** 2)
    return gap, gap - below, gap + above


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    value: float
    low: float
    high: float | None
    """None: the data do not reach so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The share that still waits after so long (Kaplan and Meier 1958), with the limits of its 95 % band."""

    steps: tuple[tuple[float, float, float, float], ...]
    """(length, share, lower limit, upper limit), at each length that something ended after."""
    ended: int
    cases: int

    def quantile(self, part: float) -> Quantile | None:
        """After how long this part has ended; None where fewer have, as far as the data reach. Its interval is where
        the band crosses (Brookmeyer and Crowley 1982)."""
        waits = 1 - part + 1e-12
        value = next((at for at, share, _, _ in self.steps if share <= waits), None)
        if value is None:
            return None
        low = next((at for at, _, lower, _ in self.steps if lower <= waits), value)
        high = next((at for at, _, _, upper in self.steps if upper <= waits), None)
        return Quantile(value=value, low=low, high=high)


def survival(lengths: Iterable[tuple[float, bool]]) -> Curve:
    """Of (length, whether it ended then): what had not ended when it was looked at last is counted as long as it was
    seen to wait, and no longer."""
    found = sorted(lengths, key=itemgetter(0))
    at_risk, share, variance, ended = len(found), 1.0, 0.0, 0
    steps: list[tuple[float, float, float, float]] = []
    for at, together in groupby(found, key=itemgetter(0)):
        outcomes = [each[1] for each in together]
        ends = sum(outcomes)
        if ends:
            ended += ends
            share *= 1 - ends / at_risk
            variance += inf if at_risk == ends else ends / (at_risk * (at_risk - ends))
            steps.append((at, share, *_band(share, variance)))
        at_risk -= len(outcomes)
    return Curve(steps=tuple(steps), ended=ended, cases=len(found))


def _band(share: float, variance: float) -> tuple[float, float]:
    """On the scale log(-log), where it stays between 0 and 1."""
    if share <= 0:
        return 0.0, 0.0
    if share >= 1:
        return 1.0, 1.0
    half = Z * sqrt(variance) / abs(log(share))
    return share ** exp(half), share ** exp(-half)
