"""What a vendor says of its rate limit beside every answer, so that we slow down before it refuses.

No vendor is named here: the headers come in a few forms, and names are told by their ends.

- `ratelimit-remaining`, `x-rate-limit-remaining`, `x-<vendor>-ratelimit-remaining`: the calls that the whole account
  has left. Under the same beginning `…reset` says when there are more, in seconds from now or since 1970, or
  `…interval-milliseconds` how long the window is.
- `<vendor>-ratelimit-<endpoint>: total=100; remaining=0; resets=41`: the calls that one endpoint has left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RetryLaterError
from batonpass.transport.waiting import vendors_now

LONGEST_PAUSE = 60.0
PLENTY = 100
"""With more calls left than this no limit is near: more cannot be under way at once."""
_UNTOLD = 1.0
"""Seconds, where nothing says when there are calls again: then the vendor's refusal will."""
_EPOCH = 1_000_000_000
_MOST_NAMES = 1000
_BESIDE = ("limit", "reset", "max", "total", "daily", "request", "milliseconds", "policy")
_NUMBER = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?")
_REMAINING = re.compile(rb"remaining=(\d{1,9})\b")
_RESETS = re.compile(rb"resets?=(\d{1,9})\b")

RawHeaders = Iterable[tuple[bytes, bytes]]


class About(Enum):
    """What a header tells of."""

    ACCOUNT = auto()
    ENDPOINT = auto()
    END = auto()


class Name(NamedTuple):
    """A header's name, once it has been looked at."""

    about: About
    low: str
    """In lower case; of the account's, only what stands before `remaining`."""


class _Names(dict[bytes, Name | None]):
    """Every header of every answer is looked up here: a vendor sends the same ones again and again."""

    def __missing__(self, name: bytes) -> Name | None:
        told = _looked_at(name.lower().decode("latin-1"))
        if len(self) < _MOST_NAMES:
            self[name] = told
        return told


_NAMES = _Names()
Told = Sequence[tuple[Name, bytes]]


def notable(raw: RawHeaders) -> Told:
    """Of an answer's headers those that tell a limit or an end; most answers have none."""
    return [(told, value) for name, value in raw if (told := _NAMES[name])]


def _looked_at(name: str) -> Name | None:
    if name in {"deprecation", "sunset"}:
        return Name(About.END, name)
    if "ratelimit" not in name.replace("-", "") or name.endswith(_BESIDE):
        return None
    if name.endswith("remaining"):
        return Name(About.ACCOUNT, name.removesuffix("remaining"))
    return Name(About.ENDPOINT, name)


class Left(NamedTuple):
    """What the account has left."""

    calls: int
    resets_in: float
    """Seconds until there are more."""


def account_left(told: Told, headers: Mapping[str, str], clock: Clock) -> Left | None:
    """The scarcest of what `told` (from `notable`) says of the account; None where it says nothing.

    When it resets is read only where that matters: with plenty left it is as good as never needed.
    """
    left: Left | None = None
    for name, value in told:
        if name.about is not About.ACCOUNT or not value.isdigit():
            continue
        calls = int(value[:9])
        resets_in = _resets_in(name.low, headers, clock) if calls <= PLENTY else 0.0
        if left is None or (calls, -resets_in) < (left.calls, -left.resets_in):
            left = Left(calls, resets_in)
    return left


def endpoint_pause(told: Told) -> float | None:
    """The seconds for which the endpoint that was called has no calls left; None where it has some, or none is
    told."""
    pauses = [
        _within_reason(float(resets[1]) if (resets := _RESETS.search(value)) else _UNTOLD)
        for name, value in told
        if name.about is About.ENDPOINT and (found := _REMAINING.search(value)) and int(found[1]) == 0
    ]
    return max(pauses, default=None)


def _resets_in(beginning: str, headers: Mapping[str, str], clock: Clock) -> float:
    reset = headers.get(f"{beginning}reset", "").strip()
    if _NUMBER.fullmatch(reset):
        told = float(reset)
        if told >= _EPOCH * 1000:
            told /= 1000
        if told >= _EPOCH:
            told -= vendors_now(headers.get("date"), clock).timestamp()
        return _within_reason(told)
    interval = headers.get(f"{beginning}interval-milliseconds", "").strip()
    return _within_reason(float(interval) / 1000) if _NUMBER.fullmatch(interval) else _UNTOLD


def _within_reason(seconds: float) -> float:
    """Whole seconds may be rounded down to none, so at least one."""
    return min(max(seconds, 1.0), LONGEST_PAUSE)


class Allowance:
    """Counts down what the account has left, with the calls that are under way.

    While there is some left nobody waits. When there is none, calls are refused until the vendor's window is over;
    then one call finds out what there is, and the others follow.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._started = 0
        self._told_by = 0
        """The number of the latest call whose answer told something."""
        self._left: int | None = None
        """What it told; None: no limit is near."""
        self._until = 0.0

    def enter(self) -> int:
        """The number of this call, for `told`. Raises `RetryLaterError` with the seconds left."""
        if self._left is not None and self._started - self._told_by >= self._left:
            self._check_window(self._left)
        self._started += 1
        return self._started

    def told(self, number: int, left: Left) -> None:
        """What the answer to this call says is left. Answers that come late, after those to later calls, tell
        nothing new."""
        if number < self._told_by:
            return
        self._told_by = number
        if left.calls > PLENTY:
            self._left = None
            return
        self._left = left.calls
        self._until = self._clock.monotonic() + left.resets_in

    @property
    def resets_in(self) -> float | None:
        """The seconds for which there is nothing left; None while there is something."""
        seconds = self._until - self._clock.monotonic()
        return seconds if self._left == 0 and seconds > 0 else None

    def _check_window(self, left: int) -> None:
        now = self._clock.monotonic()
        wait = self._until - now
        if wait <= 0:
            self._left, self._told_by, self._until = 1, self._started, now + _UNTOLD
            return
        if left > 0:  # calls under way will use it up; their answers will say
            wait = min(wait, _UNTOLD)
        raise RetryLaterError(
            f"{self._name}: the vendor's limit is used up, resumes in {wait:.0f} s",
            retry_after=wait,
            consumes_attempt=False,
            code="rate_limited",
        )
