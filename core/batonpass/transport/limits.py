"""What a vendor says of its rate limit beside every answer, so that we slow down before it refuses.

No vendor is named here: the headers come in a few forms, and names are told by their ends.

- `ratelimit-remaining`, `x-rate-limit-remaining`, `x-<vendor>-ratelimit-remaining`: the calls that the whole account
  has left. Under the same beginning `…reset` says when there are more, in seconds from now or since 1970, or
  `…interval-milliseconds` how long the window is; `…limit`, `…total`, `…max` or the bare beginning say how many there
  are in a window.
- `<vendor>-ratelimit-<endpoint>: total=100; remaining=0; resets=41`: the calls that one endpoint has left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

from batonpass.domain.clock import Clock
from batonpass.transport.waiting import vendors_now

LONGEST_PAUSE = 60.0
PLENTY = 100
"""With more calls left than this no limit is near: more cannot be under way at once."""
UNTOLD = 1.0
"""Seconds, where nothing says when there are calls again: then the vendor's refusal will."""
_EPOCH = 1_000_000_000
_MOST_NAMES = 1000
_TOTALS = ("limit", "max", "total", "daily")
_BESIDE = ("reset", "request", "milliseconds", "policy")
_NUMBER = re.compile(r"[0-9]{1,13}(\.[0-9]{1,9})?")
_REMAINING = re.compile(rb"remaining=(\d{1,9})\b")
_RESETS = re.compile(rb"resets?=(\d{1,9})\b")

RawHeaders = Iterable[tuple[bytes, bytes]]


class About(Enum):
    """What a header tells of."""

    ACCOUNT = auto()
    TOTAL = auto()
    ENDPOINT = auto()
    END = auto()


_ACCOUNT, _TOTAL, _ENDPOINT = About.ACCOUNT, About.TOTAL, About.ENDPOINT
"""Looked up once: they are compared with every header that tells something."""


class Name(NamedTuple):
    """A header's name, once it has been looked at."""

    about: About
    low: str
    """In lower case; of the account's, only the beginning that its headers share."""


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
    if name.endswith(_TOTALS):
        return Name(About.TOTAL, _beginning_of_total(name))
    return Name(About.ENDPOINT, name)


def _beginning_of_total(name: str) -> str:
    """`ratelimit-limit` and `x-rate-limit`, `x-toy-ratelimit-max` and `x-toy-ratelimit-daily`."""
    for ending in ("limit", "max", "total"):
        beginning = name.removesuffix(ending)
        if beginning != name and "ratelimit" in beginning.replace("-", ""):
            return beginning
    return f"{name}-"


class Left(NamedTuple):
    """What the account has left."""

    calls: int
    resets_in: float | None
    """Seconds until there are more; None: it does not say, or there is too much left for that to matter."""
    total: int | None = None
    """Of a window; None: it does not say."""


def account_left(told: Told, headers: Mapping[str, str], clock: Clock) -> Left | None:
    """The scarcest of what `told` (from `notable`) says of the account; None where it says nothing.

    When it resets is read only where that matters: with plenty left it is as good as never needed.
    """
    scarcest = -1
    beginnings: list[str] = []
    totals: dict[str, bytes] = {}
    for name, value in told:
        if name.about is _TOTAL:
            totals[name.low] = value
        elif name.about is _ACCOUNT and value.isdigit():
            calls = int(value[:9])
            if calls < scarcest or scarcest < 0:
                scarcest, beginnings = calls, [name.low]
            elif calls == scarcest:  # the same told twice
                beginnings.append(name.low)
    if scarcest < 0:
        return None
    total = _total(beginnings, totals)
    if total is not None and scarcest > PLENTY + total // 2:
        return Left(scarcest, None, total)
    resets = [each for low in beginnings if (each := _resets_in(low, headers, clock)) is not None]
    return Left(scarcest, max(resets, default=None), total)


def _total(beginnings: Sequence[str], totals: Mapping[str, bytes]) -> int | None:
    for beginning in beginnings:
        value = totals.get(beginning)
        if value is not None and value.isdigit():
            return int(value[:9])
    return None


def endpoint_pause(told: Told) -> float | None:
    """The seconds for which the endpoint that was called has no calls left; None where it has some, or none is
    told."""
    pause: float | None = None
    for name, value in told:
        if name.about is _ENDPOINT and (found := _REMAINING.search(value)) and int(found[1]) == 0:
            resets = _RESETS.search(value)
            seconds = _within_reason(float(resets[1]) if resets else UNTOLD)
            pause = seconds if pause is None else max(pause, seconds)
    return pause


def _resets_in(beginning: str, headers: Mapping[str, str], clock: Clock) -> float | None:
    reset = headers.get(f"{beginning}reset", "").strip()
    if _NUMBER.fullmatch(reset):
        told = float(reset)
        if told >= _EPOCH * 1000:
            told /= 1000
        if told >= _EPOCH:
            told -= vendors_now(headers.get("date"), clock).timestamp()
        return _within_reason(told)
    interval = headers.get(f"{beginning}interval-milliseconds", "").strip()
    return _within_reason(float(interval) / 1000) if _NUMBER.fullmatch(interval) else None


def _within_reason(seconds: float) -> float:
    """Whole seconds may be rounded down to none, so at least one."""
    return min(max(seconds, 1.0), LONGEST_PAUSE)
