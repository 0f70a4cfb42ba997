"""All records of one type, by the list endpoint, which reads the store and does not lag.

HubSpot documents its cursor as a token and the order of the list not at all. In practice a list is in the order of the
ids, and a token is the id that a page ends with, so that parts of it can be read beside each other, each from an id to
an id. Each part looks whether that holds, and where it does not it reads the list from its beginning and keeps what is
its own: slower, and as complete.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass_hubspot.searching import number
from batonpass_hubspot.wire import Page, Record


class ReadPage(Protocol):
    async def __call__(self, *, after: str | None) -> Page[Record]:
        """One page of the list; None: the first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The records with ids above `above`, up to `until`; None: no bound."""

    above: int | None = None
    until: int | None = None

    @property
    def is_all(self) -> bool:
        return self.above is None and self.until is None

    def own(self, records: Sequence[Record]) -> tuple[Record, ...]:
        if self.is_all:
            return tuple(records)
        return tuple(each for each in records if self._has(number(each.id)))

    def _has(self, record_id: int) -> bool:
        return (self.above is None or record_id > self.above) and (
            self.until is None or record_id <= self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlace:
    after: str | None = None
    """The token of the next page."""
    last: int = 0
    """The id that the page before ended with."""
    by_id: bool = True
    """Whether the list has been in the order of ids so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    records: tuple[Record, ...]
    following: ListPlace | None
    """None: this is the last one."""


def beginning_of(part: Part) -> ListPlace:
    if part.above is None:
        return ListPlace()
    return ListPlace(after=str(part.above), last=part.above)


async def listed(read_page: ReadPage, part: Part, place: ListPlace) -> AsyncIterator[ListedPage]:
    """Raises `RetryLaterError` (`page_repeats`) where the list does not go on."""
    while True:
        page = await _page(read_page, part, place)
        if page is None or (place.by_id and not part.is_all and not _ascends(page.results, place.last)):
            anew = part.above is not None
            place = ListPlace(by_id=False) if anew else replace(place, by_id=False)
            if anew or page is None:
                continue
        last = number(page.results[-1].id) if page.results else place.last
        is_past = place.by_id and part.until is not None and last >= part.until
        following = None
        if page.after is not None and not is_past:
            if page.after == place.after:
                raise RetryLaterError("HubSpot's list leads back to the same page", code="page_repeats")
            following = ListPlace(after=page.after, last=last, by_id=place.by_id)
        yield ListedPage(records=part.own(page.results), following=following)
        if following is None:
            return
        place = following


async def _page(read_page: ReadPage, part: Part, place: ListPlace) -> Page[Record] | None:
    """None where an id is no token."""
    try:
        return await read_page(after=place.after)
    except RefusedError as refused:
        if place.by_id and part.above is not None and refused.status == 400:
            return None
        raise


def _ascends(records: Sequence[Record], last: int) -> bool:
    """From the last id on, which may come again."""
    ids = [number(each.id) for each in records]
    return all(before < after for before, after in zip([last - 1, *ids], ids, strict=False))
