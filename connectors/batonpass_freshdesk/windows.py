"""Reading a list by its page numbers so that nothing is left out while it moves.

Whoever counts pages loses a row for each one that goes away before the next page: all behind it move up. So each page
takes in the last rows of the one before: its number and size are chosen so that it begins a few rows early. Where those
rows are found again, what comes after them is what comes next. Where they are not, the list has moved too far, and is
read again from where that is sure to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

PAGE_SIZE = 100
OVERLAP = 5
"""Rows at least that two pages share."""
_REMEMBERED = 10
_SMALLEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Of a page: what is known of a row beside what is in it."""

    mark: str
    """The row as it stands: its id and when it was changed. One that has changed may have moved."""
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    number: int
    size: int

    @property
    def first(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a window brings."""

    new: tuple[int, ...]
    """The places of its rows that are not known to have been read: all that have not, and perhaps more."""
    end: int
    """How many rows the list has up to the window's end."""
    has_moved: bool
    """Whether the known rows stood elsewhere than before."""


def window(at: int) -> Window:
    """The window that reaches furthest of those that begin `OVERLAP` rows before this place, or earlier."""
    if at == 0:
        return Window(number=1, size=PAGE_SIZE)
    begins = max(at - OVERLAP, 0)
    sizes = range(_SMALLEST, PAGE_SIZE + 1)
    size = max(sizes, key=lambda each: (begins // each + 1) * each)
    return Window(number=begins // size + 1, size=size)


def found(
    rows: Sequence[Row], seen: Window, *, at: int, known: Sequence[str], has_next: bool
) -> Found | None:
    """What is new in this window of a list of which `at` rows have been read, the last of them `known`. None: there is
    no telling, for none of those is in it, or nothing comes after them and yet the list goes on."""
    last = set(known)
    unknown = tuple([place for place, row in enumerate(rows) if row.mark not in last])
    end = seen.first + len(rows)
    if at == 0:
        return None if has_next and not unknown else Found(new=unknown, end=end, has_moved=False)
    places = {row.mark: place for place, row in enumerate(rows)}
    newest = next((mark for mark in reversed(known) if mark in places), None)
    if newest is None or (has_next and places[newest] == len(rows) - 1):
        return None
    stands = places[newest]
    has_moved = newest != known[-1] or stands != at - 1 - seen.first
    return Found(
        new=unknown if has_moved else tuple(range(stands + 1, len(rows))), end=end, has_moved=has_moved
    )


def remembered(known: Sequence[str], rows: Sequence[Row]) -> tuple[str, ...]:
    return (*known, *(row.mark for row in rows))[-_REMEMBERED:]
