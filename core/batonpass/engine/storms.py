"""Surges of handoffs from one cause, and what is done first in them: pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from batonpass.domain.conversation import ReasonCode
from batonpass.domain.handoff import Lane

MINUTE = 60.0
HOUR = 3600.0
CALM = 300.0
"""Seconds below half of the level after which a storm is over."""
MOST_CAUSES = 1000
"""Causes that are counted; the one that was silent for longest is forgotten."""

HARD: Mapping[ReasonCode, str] = MappingProxyType(
    {
        ReasonCode.LEGAL_OR_SAFETY: "somebody may come to harm, or a legal term runs",
        ReasonCode.SECURITY: "an account may be in a stranger's hands now",
        ReasonCode.KEY_ACCOUNT: "the business has promised these customers to be first",
        ReasonCode.CUSTOMER_ASKED: "they have said no to the AI agent, and nothing else helps them",
    }
)
"""The reasons for which a person must take over, and why they are done first."""
_HARD_FOR_ONE = frozenset({ReasonCode.CUSTOMER_ASKED})
"""Hard as long as it is said by single customers. When a broken AI agent or an outage makes everybody ask, to do all
of them first would be to do nobody first, and those in danger would wait among thousands."""


@dataclass(frozen=True, slots=True)
class Cause:
    ai_agent: str
    reason: ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What one more handoff makes of its cause."""

    storm: bool
    just_began: bool = False


def lane_of(reason: ReasonCode, *, storm: bool) -> Lane:
    """The lane of a handoff whose customer waits."""
    return Lane.URGENT if _is_hard(reason, storm=storm) else Lane.LIVE


def waits_in_line(reason: ReasonCode, *, storm: bool) -> bool:
    """Whether its customer is told how long the line is."""
    return storm and not _is_hard(reason, storm=storm)


def share_of(cause: Cause, *, storm: bool) -> str:
    """Whose fair share a handoff counts against: its AI agent's. A storm has a share of its own, so that the same AI
    agent's other customers do not wait behind it."""
    return f"{cause.ai_agent} {cause.reason}" if storm else cause.ai_agent


def _is_hard(reason: ReasonCode, *, storm: bool) -> bool:
    return reason in HARD and not (storm and reason in _HARD_FOR_ONE)


class _Window:
    """How many there were in the last `slots` times `seconds`, in fixed memory."""

    __slots__ = ("_counts", "_newest", "_seconds", "total")

    def __init__(self, slots: int, seconds: float) -> None:
        self._counts = [0] * slots
        self._seconds = seconds
        self._newest = 0
        self.total = 0

    def move_to(self, now: float) -> None:
        """Forget what is too old."""
        slot = int(now // self._seconds)
        size = len(self._counts)
        for passed in range(max(self._newest + 1, slot - size + 1), slot + 1):
            self.total -= self._counts[passed % size]
            self._counts[passed % size] = 0
        self._newest = max(self._newest, slot)

    def add(self, now: float) -> None:
        self.move_to(now)
        self._counts[self._newest % len(self._counts)] += 1
        self.total += 1


@dataclass(slots=True)
class _Seen:
    seen_at: float = 0.0
    minute: _Window = field(default_factory=lambda: _Window(60, 1.0))
    hour: _Window = field(default_factory=lambda: _Window(60, 60.0))
    began_at: float | None = None
    rate_before: float = 0.0
    loud_at: float = 0.0

    def move_to(self, now: float) -> None:
        self.minute.move_to(now)
        self.hour.move_to(now)


class Storms:
    """Handoffs that surge from one cause: more than `per_minute` in a minute, and more than `times` its own rate."""

    def __init__(self, *, per_minute: float = 60.0, times: float = 5.0) -> None:
        self._per_minute = per_minute
        self._times = times
        self._causes: OrderedDict[Cause, _Seen] = OrderedDict()

    def seen(self, cause: Cause, now: float) -> Weather:
        """One more handoff; `now` is monotonic. It takes the same time however many there are."""
        known = self._causes.get(cause)
        if known is None:
            known = self._causes[cause] = _Seen()
            if len(self._causes) > MOST_CAUSES:
                self._causes.popitem(last=False)
        self._causes.move_to_end(cause)
        known.minute.add(now)
        known.hour.add(now)
        known.seen_at = now
        if known.began_at is not None:
            self._listen(known, now)
            return Weather(storm=True)
        rate = known.hour.total / 60
        if known.minute.total <= self._level(rate):
            return Weather(storm=False)
        known.began_at = known.loud_at = now
        known.rate_before = max(0.0, known.hour.total - known.minute.total) / 59
        return Weather(storm=True, just_began=True)

    def under_way(self) -> tuple[Cause, ...]:
        return tuple(cause for cause, known in self._causes.items() if known.began_at is not None)

    def over(self, now: float) -> tuple[Cause, ...]:
        """The causes whose storm is over, each told once. To be asked every few seconds."""
        ended = []
        for cause, known in list(self._causes.items()):
            known.move_to(now)
            if known.began_at is not None:
                self._listen(known, now)
                if now - known.loud_at >= CALM:
                    known.began_at = None
                    ended.append(cause)
            elif now - known.seen_at > HOUR:
                del self._causes[cause]
        return tuple(ended)

    def _listen(self, known: _Seen, now: float) -> None:
        """An hour after it began, what the cause does is its own rate, and no storm any more."""
        assert known.began_at is not None
        rate = known.rate_before if now - known.began_at < HOUR else known.hour.total / 60
        if known.minute.total >= self._level(rate) / 2:
            known.loud_at = now

    def _level(self, rate: float) -> float:
        return max(self._per_minute, self._times * rate)
