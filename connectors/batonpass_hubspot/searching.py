"""What has changed, by search, whose index lags a little.

A search gives 10,000 records in all, and its cursor is a place in the list: where a record that was read already changes
and moves to the end, the next page would pass over another one. So each page is a search of its own, for what changed
since the last of the page before. Where one instant fills a page (an import, a workflow), its records are read by their
ids. https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RetryLaterError
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk_client import HubSpotDeskClient
from batonpass_hubspot.desk_wire import Filter, FilterGroup, Search, Sort
from batonpass_hubspot.values import instant
from batonpass_hubspot.wire import Page, Record

PER_PAGE = 200
"""The most that a search gives at once."""
PACE = 0.22
"""Seconds from one search to the next: an account's limit is five a second, and search answers do not tell it."""
MOST_PAGES = 5_000
"""A million records: a list that is longer has no end."""
AT_ONCE = 4
"""Searches that may follow each other without a wait, after a while without any."""
RECORD_ID = "hs_object_id"
CHANGED_AT = {ObjectType.CONTACTS: "lastmodifieddate"}
"""Object type → the property that has the time of the last change; of all others `hs_lastmodifieddate`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)

Sleep = Callable[[float], Awaitable[None]]


class Pace:
    """Keeps all searches of a connection below the account's limit, and leaves other programs some of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._next_at: float | None = None

    async def wait(self, seconds: float, sleep: Sleep, *, at_once: int = 1) -> None:
        """Until the next search may go out; `seconds` lie between two of them, in the long run. Of a few searches the
        first `at_once` need not wait for each other."""
        async with self._one_at_a_time:
            now = self._clock.monotonic()
            early = (at_once - 1) * seconds
            if self._next_at is not None and self._next_at - early > now:
                await sleep(self._next_at - early - now)
            now = self._clock.monotonic()
            before = now if self._next_at is None or at_once == 1 else max(now, self._next_at)
            self._next_at = before + seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a list of changes goes on."""

    at: int
    """All that has changed from this instant on is still to be given (milliseconds since 1970)."""
    above: int | None = None
    """Of this very instant only the records with larger ids; None: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPage:
    records: tuple[Record, ...]
    following: Place | None
    """None: this is the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRecords:
    """The records of one type, in the order of their changes."""

    api: HubSpotDeskClient
    kind: ObjectType
    asked: Collection[str]
    wait: Callable[[], Awaitable[None]]
    """Until the next search may go out."""
    most_pages: int = MOST_PAGES
    code: str = "page_repeats"
    """Of the error where the list has no end."""

    async def pages(self, place: Place) -> AsyncIterator[ChangedPage]:
        """Raises `RetryLaterError` where the list has no end."""
        given: frozenset[str] = frozenset()
        """What has been given of the instant `place.at`."""
        for _ in range(self.most_pages):
            if place.above is not None:
                found = await self._of_one_instant(place, place.above)
                given = frozenset()
            else:
                found, given = await self._since(place.at, given)
            yield found
            if found.following is None:
                return
            place = found.following
        raise self._endless(f"{self.most_pages} pages were no end")

    async def _since(self, at: int, given: frozenset[str]) -> tuple[ChangedPage, frozenset[str]]:
        """The page, and what it gives of its last instant."""
        page = await self._page((self._changed("GTE", at),), self.changed_at)
        new = tuple(each for each in page.results if each.id not in given or self.changed(each) > at)
        if page.after is None:
            return ChangedPage(records=new, following=None), frozenset()
        first, last = self._ends(page.results, at)
        if first == last:
            return ChangedPage(records=new, following=Place(at=last, above=0)), frozenset()
        of_last = frozenset(each.id for each in page.results if self.changed(each) == last)
        return ChangedPage(records=new, following=Place(at=last)), of_last

    async def _of_one_instant(self, place: Place, above: int) -> ChangedPage:
        """Of all that changed then and have not changed since, the next by their ids."""
        greater = Filter(property_name=RECORD_ID, operator="GT", value=str(above))
        page = await self._page((self._changed("EQ", place.at), greater), RECORD_ID)
        if page.after is None:
            return ChangedPage(records=page.results, following=Place(at=place.at + 1))
        last = max((number(each.id) for each in page.results), default=0)
        if last <= above:
            raise self._endless("a page came twice")
        return ChangedPage(records=page.results, following=Place(at=place.at, above=last))

    async def _page(self, filters: tuple[Filter, ...], by: str) -> Page[Record]:
        await self.wait()
        search = Search(
            filter_groups=(FilterGroup(filters=filters),),
            sorts=(Sort(property_name=by),),
            properties=tuple(sorted(self.asked)),
            limit=PER_PAGE,
        )
        return await self.api.search(self.kind, search)

    def _ends(self, records: Sequence[Record], at: int) -> tuple[int, int]:
        """The first and the last change on a page after which there are more; none of them is before `at`."""
        times = [self.changed(each) for each in records]
        if not times or min(times) < at:
            raise self._endless("a page came twice")
        return min(times), max(times)

    @property
    def changed_at(self) -> str:
        return changed_at(self.kind)

    def changed(self, record: Record) -> int:
        """In milliseconds since 1970, as HubSpot's index compares them; one that tells no time changed at its
        beginning."""
        at = instant(record.stored(self.changed_at))
        return 0 if at is None else milliseconds(at)

    def _changed(self, operator: str, at: int) -> Filter:
        return Filter(property_name=self.changed_at, operator=operator, value=str(at))

    def _endless(self, why: str) -> RetryLaterError:
        return RetryLaterError(
            f"{self.kind}.search for changes: {why}; it is begun anew at the next look", code=self.code
        )


def changed_at(kind: ObjectType) -> str:
    return CHANGED_AT.get(kind, "hs_lastmodifieddate")


def milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def from_milliseconds(at: int) -> datetime:
    return _EPOCH + at * _MILLISECOND


def number(record_id: str) -> int:
    return int(record_id) if _NUMBER.fullmatch(record_id) else 0
