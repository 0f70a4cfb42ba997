"""The same customer again: after a ticket was solved, or while it was still open."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from batonpass.insight.columns import UNKNOWN, Columns

WITHIN_DAYS = 7
WITHIN = WITHIN_DAYS * 86_400_000
DOUBLED_WITHIN = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Per ticket, in the order of the columns: 1, 0, or -1 where it cannot be told (yet)."""

    back: array[int]
    """A new ticket of the same customer within seven days after this one was solved."""
    back_same: array[int]
    """The same, of the same topic."""
    doubled: array[int]
    """The same customer had opened another one less than a day before, and it was not solved yet."""


def repeats_in(columns: Columns, kinds: array[int]) -> Repeats:
    """`kinds`: what each ticket is about; those below 0 are like no other."""
    blank = array("b", [UNKNOWN]) * len(columns)
    found = Repeats(back=blank[:], back_same=blank[:], doubled=blank[:])
    for tickets in _by_customer(columns):
        opened = [columns.created[each] for each in tickets]
        for place, ticket in enumerate(tickets):
            found.doubled[ticket] = _doubled(columns, tickets, place)
            solved = columns.solved[ticket]
            if solved < 0 or solved + WITHIN > columns.seen[ticket]:
                continue
            first, last = bisect_right(opened, solved), bisect_right(opened, solved + WITHIN)
            later = [each for each in tickets[first:last] if each != ticket]
            found.back[ticket] = bool(later)
            if kinds[ticket] >= 0:
                found.back_same[ticket] = any(kinds[each] == kinds[ticket] for each in later)
    return found


def _by_customer(columns: Columns) -> Iterator[list[int]]:
    """The tickets of each customer who is known, oldest first."""
    known = [n for n, each in enumerate(columns.customer) if each >= 0]
    known.sort(key=lambda n: (columns.customer[n], columns.created[n]))
    for _, tickets in groupby(known, key=columns.customer.__getitem__):
        yield list(tickets)


def _doubled(columns: Columns, tickets: list[int], place: int) -> bool:
    """Whether an earlier one was still open. Looks at the few that were opened within the day before."""
    at = columns.created[tickets[place]]
    for earlier in reversed(tickets[:place][-20:]):
        if at - columns.created[earlier] >= DOUBLED_WITHIN:
            return False
        if not columns.done[earlier] or columns.solved[earlier] > at:
            return True
    return False
