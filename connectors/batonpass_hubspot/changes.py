"""Which tickets have changed: by search, whose index lags a little.

A search gives 10,000 records in all, and its cursor is a place in the list: where a ticket that was read already changes
and moves to the end, the next page would pass over another one. So each page is a search of its own, for what changed
since the last of the page before. Where one instant fills a page (an import, a workflow), its tickets are read by their
ids. https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
"""

from __future__ import annotations

import re
from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import ChangedTicket, TicketKey, TicketRef
from batonpass_hubspot import fields
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_wire import Filter, FilterGroup, Search, Sort
from batonpass_hubspot.following import instant
from batonpass_hubspot.records import TicketShape
from batonpass_hubspot.wire import Page, Record

PER_PAGE = 200
"""The most that a search gives at once."""
PACE = 0.22
"""Seconds from one search to the next: an account's limit is five a second."""
_ID = "hs_object_id"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

MOST_PAGES = 5_000
"""A million tickets: a list that is longer has no end."""
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)

Referring = Callable[[], Awaitable[Callable[[str], TicketRef]]]
"""Gives what makes a reference of an id, once what addresses need is known."""


class Changes:
    def __init__(self, desk: Desk, refer: Referring) -> None:
        self._desk = desk
        self._refer = refer
        self._searched_at: float | None = None

    async def since(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """Raises `RetryLaterError` where the list has no end."""
        shape = await TicketShape.of(self._desk)
        ref_of = await self._refer()
        asked = shape.asked | {fields.KEY_PROPERTY, fields.CHANGED_AT}
        async for record in self._records(_milliseconds(since), asked):
            if record.archived:
                continue
            key = record.stored(fields.KEY_PROPERTY)
            yield ChangedTicket(
                ticket=shape.stored(record, ref_of(record.id)),
                changed_at=_EPOCH + _changed(record) * _MILLISECOND,
                key=TicketKey(key) if key else None,
            )

    async def _records(self, at: int, asked: Collection[str]) -> AsyncIterator[Record]:
        """`at` is the instant from which on everything is still to be given, but for what is in `given`."""
        given: frozenset[str] = frozenset()
        for _ in range(MOST_PAGES):
            page = await self._page((_filter(fields.CHANGED_AT, "GTE", at),), fields.CHANGED_AT, asked)
            for record in page.results:
                if record.id not in given or _changed(record) > at:
                    yield record
            if page.after is None:
                return
            first, last = _ends(page.results, at)
            if first == last:
                async for record in self._of_one_instant(last, asked):
                    yield record
                at, given = last + 1, frozenset()
            else:
                at, given = last, frozenset(each.id for each in page.results if _changed(each) == last)
        raise _endless(f"{MOST_PAGES} pages were no end")

    async def _of_one_instant(self, at: int, asked: Collection[str]) -> AsyncIterator[Record]:
        """All that changed then and have not changed since, by their ids."""
        last = 0
        while True:
            filters = (_filter(fields.CHANGED_AT, "EQ", at), _filter(_ID, "GT", last))
            page = await self._page(filters, _ID, asked)
            for record in page.results:
                yield record
            if page.after is None:
                return
            before, last = last, max((_number(each.id) for each in page.results), default=0)
            if last <= before:
                raise _endless("a page came twice")

    async def _page(self, filters: tuple[Filter, ...], by: str, asked: Collection[str]) -> Page[Record]:
        await self._pace()
        search = Search(
            filter_groups=(FilterGroup(filters=filters),),
            sorts=(Sort(property_name=by),),
            properties=tuple(sorted(asked)),
            limit=PER_PAGE,
        )
        return await self._desk.api.search(ObjectType.TICKETS, search)

    async def _pace(self) -> None:
        """A long list leaves the account's other searches room, and does not run into the limit itself."""
        now = self._desk.clock.monotonic()
        if self._searched_at is not None and now - self._searched_at < PACE:
            await sleep(PACE - (now - self._searched_at))
        self._searched_at = self._desk.clock.monotonic()


def _ends(records: Sequence[Record], at: int) -> tuple[int, int]:
    """The first and the last change on a page after which there are more; none of them is before `at`."""
    times = [_changed(each) for each in records]
    if not times or min(times) < at:
        raise _endless("a page came twice")
    return min(times), max(times)


def _filter(name: str, operator: str, value: int) -> Filter:
    return Filter(property_name=name, operator=operator, value=str(value))


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _changed(record: Record) -> int:
    """In milliseconds since 1970, as HubSpot's index compares them; one that tells no time changed at its beginning."""
    at = instant(record.stored(fields.CHANGED_AT))
    return 0 if at is None else _milliseconds(at)


def _number(record_id: str) -> int:
    return int(record_id) if _NUMBER.fullmatch(record_id) else 0


def _endless(why: str) -> RetryLaterError:
    return RetryLaterError(
        f"tickets.search for changes: {why}; it is begun anew at the next look", code="endless_pages"
    )
