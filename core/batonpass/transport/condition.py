"""How a connection fares, for metrics and for people: counted as it goes, read when asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of a call."""

    DONE = "2xx"
    REFUSED = "4xx"
    """Any other status below 500 too: a redirect is refused."""
    LIMITED = "429"
    FAILED = "5xx"
    UNANSWERED = "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedGate:
    name: str
    why: str
    """A code of `RetryLaterError`: `rate_limited`, `unavailable`, `breaker_open`, `credentials_refused`."""
    seconds_left: float
    """0: one call tries now, or the next one that comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCount:
    """One operation's calls since the start."""

    operation: str
    outcomes: Mapping[Outcome, int]
    seconds: float
    """That all of them took together, an end without an answer included."""

    @property
    def calls(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    connection: str
    account: str
    """The name of the account's gate: the connection, and which of its credentials where it has several."""
    closed: tuple[ClosedGate, ...]
    calls_left: int | None
    """In the vendor's window, less those under way; None where it does not say."""
    calls_total: int | None
    repeats_refused: int
    """By the retry budget, since the start."""
    operations: tuple[OperationCount, ...]


_OUTCOMES = tuple(Outcome)
_BY_HUNDRED = (
    Outcome.REFUSED,
    Outcome.REFUSED,
    Outcome.DONE,
    Outcome.REFUSED,
    Outcome.REFUSED,
    Outcome.FAILED,
)
_PLACES = tuple(_OUTCOMES.index(outcome) for outcome in _BY_HUNDRED)
_LIMITED = _OUTCOMES.index(Outcome.LIMITED)
_UNANSWERED = _OUTCOMES.index(Outcome.UNANSWERED)


class Tally:
    """The running count of one operation."""

    __slots__ = ("_counts", "_seconds")

    def __init__(self) -> None:
        self._counts = [0] * len(_OUTCOMES)
        self._seconds = 0.0

    def answered(self, status: int, seconds: float) -> None:
        self._counts[_LIMITED if status == 429 else _PLACES[min(status // 100, 5)]] += 1
        self._seconds += seconds

    def unanswered(self, seconds: float) -> None:
        self._counts[_UNANSWERED] += 1
        self._seconds += seconds

    def read(self, operation: str) -> OperationCount:
        outcomes = dict(zip(_OUTCOMES, self._counts, strict=True))
        return OperationCount(operation=operation, outcomes=outcomes, seconds=self._seconds)
