"""What can honestly be told to customers who wait in a long line: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

_STEPS = (2, 3, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1000)
_FEWEST_AHEAD = 5
_FEWEST_MINUTES = 2
LONGEST_SAID = 4 * 60
"""Minutes; nobody knows what will be in four hours."""

DEFAULT_LANGUAGE = "en"
SAY = (
    "Many people are asking for our team at the moment. You are in line: about {ahead} are ahead of you, and it will "
    "probably take about {minutes} minutes until your conversation reaches our team. It is kept; you need not write "
    "it again."
)
SAY_WITHOUT_TIME = (
    "Many people are asking for our team at the moment. You are in line, and about {ahead} are ahead of you; we "
    "cannot say yet how long it will take. Your conversation is kept; you need not write it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Rounded up, so that it is not falsely exact."""

    ahead: int
    seconds: int | None
    """Until the ticket stands, not until a person answers; None where nobody knows."""

    def say(self, sentences: Mapping[str, str], without_time: Mapping[str, str], language: str | None) -> str:
        """The sentence of their language that says no more than is known; where there is none, the English one."""
        timeless = {tag: text for tag, text in sentences.items() if "{minutes}" not in text}
        if self.seconds is None:
            ready = {DEFAULT_LANGUAGE: SAY_WITHOUT_TIME, **timeless, **without_time}
        else:
            ready = {**without_time, DEFAULT_LANGUAGE: SAY, **sentences}
        wanted = (language or DEFAULT_LANGUAGE).lower()
        text = ready.get(wanted) or ready.get(wanted.partition("-")[0]) or ready[DEFAULT_LANGUAGE]
        minutes = "" if self.seconds is None else str(self.seconds // 60)
        return text.replace("{ahead}", str(self.ahead)).replace("{minutes}", minutes)


def expectation(ahead: int, per_minute: float) -> Expectation:
    """`ahead` handoffs will be done first, `per_minute` of them in a minute as it went lately (0: it is not known)."""
    people = _rounded_up(ahead, least=_FEWEST_AHEAD)
    if not isfinite(per_minute) or per_minute <= 0 or ahead / per_minute > LONGEST_SAID:
        return Expectation(ahead=people, seconds=None)
    return Expectation(ahead=people, seconds=60 * _rounded_up(ahead / per_minute, least=_FEWEST_MINUTES))


def _rounded_up(number: float, *, least: int) -> int:
    wanted = max(least, number)
    return next((step for step in _STEPS if step >= wanted), int(-(-wanted // 1000) * 1000))
