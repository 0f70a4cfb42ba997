"""Reads an account's records in bulk: `Streams`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.facts import FactRule
from batonpass.domain.synced import Record
from batonpass.ports import Page, Round, Slice, Stream
from batonpass_hubspot import wire
from batonpass_hubspot.belonging import with_links
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk import PERSON, Desk
from batonpass_hubspot.directory import Directory
from batonpass_hubspot.dividing import MOST_PARTS, Extent, divided, extent
from batonpass_hubspot.documents import Documents
from batonpass_hubspot.listing import ListPlace, Part, beginning_of, listed
from batonpass_hubspot.places import (
    ARCHIVED,
    CHANGED,
    LIST,
    Position,
    of_changes,
    place_in,
    read,
    text_of,
    unreadable,
)
from batonpass_hubspot.searching import (
    PACE,
    ChangedRecords,
    Place,
    changed_at,
    from_milliseconds,
    milliseconds,
)
from batonpass_hubspot.streams import (
    ARCHIVED_EVERY,
    ARCHIVED_OVERLAP,
    LAG,
    OF_DESK,
    OF_FACTS,
    OWNERS,
    Source,
)
from batonpass_hubspot.synced_crm import OF_COMPANY, OF_CONTACT, OF_DEAL, Companies, Customers, Deals, agent
from batonpass_hubspot.synced_tickets import Tickets
from batonpass_hubspot.synced_values import deleted, former_ids, with_merged
from batonpass_hubspot.wanted import Wanted

_PROPERTIES = {
    ObjectType.CONTACTS: OF_CONTACT,
    ObjectType.COMPANIES: OF_COMPANY,
    ObjectType.DEALS: OF_DEAL,
}
"""Object type → what its columns and keys are made of."""
_MS = timedelta(milliseconds=1)
_LAG, _ARCHIVED_EVERY = LAG // _MS, ARCHIVED_EVERY // _MS


class Making(Protocol):
    """Makes the records of one type."""

    def record(self, record: wire.Record, now: datetime, /) -> Record: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How the records of one type are read and made."""

    asked: tuple[str, ...]
    """The properties that are needed."""
    maker: Making


class Syncing:
    """`Streams` of one connection."""

    def __init__(self, desk: Desk) -> None:
        self.directory = Directory(desk.crm, desk.clock)
        self._desk = desk
        sources = OF_DESK if desk.settings.tickets else OF_FACTS
        self._sources = {each.stream.name: each for each in sources}
        self._streams = (OWNERS, *(each.stream for each in sources))

    def streams(self) -> tuple[Stream, ...]:
        return self._streams

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        """A complete round lists all records, in up to four parts; another one searches for what has changed."""
        source = self._source(stream)
        if source is None:
            return Round(slices=(Slice(name="all", start=text_of({})),), position=None, complete=False)
        known = Position.of(position)
        if known is None and since is None:
            return await self._complete_round(source, now, most_slices)
        at, overlapping = milliseconds(now), milliseconds(now - ARCHIVED_OVERLAP)
        if since is not None or known is None:
            begun = milliseconds(since or now)
            known = Position(changed=begun, newest=None, seen=at, archived=begun)
        is_due = since is not None or at - known.archived >= _ARCHIVED_EVERY
        start = {CHANGED: known.changed, ARCHIVED: known.archived if is_due else None}
        there = await extent(self._desk.api, source.kind, self._plan_pace, now=at)
        following = known.after(
            there.newest, now=at, archived=overlapping if is_due else known.archived, lag=_LAG
        )
        changes = Slice(name="changes", start=text_of(start))
        return Round(slices=(changes,), position=text_of(asdict(following)), complete=False)

    async def _complete_round(self, source: Source, now: datetime, most_slices: int) -> Round:
        """The list does not lag: what changes after the newest change that is known by now is the next round's. Where
        search is busy, the list is read in one part, and the next round begins by our clock."""
        at, archived = milliseconds(now), milliseconds(now - ARCHIVED_OVERLAP)
        api, kind = self._desk.api, source.kind
        try:
            there = await extent(api, kind, self._plan_pace, now=at)
            parts = await divided(api, kind, most_slices, there.total, self._plan_pace)
            changed = 0 if there.newest is None else there.newest + 1
        except RetryLaterError:
            there, parts, changed = Extent(total=0, newest=None), [(Part(), None)], at - _LAG
        position = Position(changed=changed, newest=there.newest, seen=at, archived=archived)
        slices = tuple(
            Slice(
                name="all" if part.is_all else f"ids {part.above or ''}..{part.until or ''}",
                start=text_of({LIST: [part.above, part.until], "total": total}),
            )
            for part, total in parts
        )
        return Round(slices=slices, position=text_of(asdict(position)), complete=True)

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        source = self._source(stream)
        start, at = read(part.start), None if cursor is None else read(cursor)
        if source is None:
            return self._owners(at or {})
        if LIST in start:
            return self._listed(source, start, at, rules)
        return self._changed(source, start, at, rules)

    # All ------------------------------------------------------------------------------------------------------

    async def _listed(
        self, source: Source, start: dict[str, Any], at: dict[str, Any] | None, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        making = await self._making(source, rules)
        above, until = start[LIST]
        part = Part(above=above, until=until)
        place = beginning_of(part) if at is None else ListPlace(**at.get(LIST, {}))

        async def read_page(*, after: str | None) -> wire.Page[wire.Record]:
            return await self._desk.crm.list_page(
                source.kind, properties=making.asked, associations=source.links, after=after
            )

        async for page in listed(read_page, part, place):
            following = page.following
            yield Page(
                records=self._made(making, page.records),
                cursor=None
                if following is None
                else text_of(
                    {LIST: {"after": following.after, "last": following.last, "by_id": following.by_id}}
                ),
                total=start.get("total"),
            )

    # What has changed -----------------------------------------------------------------------------------------

    async def _changed(
        self, source: Source, start: dict[str, Any], at: dict[str, Any] | None, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        """The changes, and then, where it is time for that, what was deleted."""
        last = None if start[ARCHIVED] is None else text_of({ARCHIVED: None})
        if at is None or CHANGED in at:
            making = await self._making(source, rules)
            changed = ChangedRecords(
                api=self._desk.api, kind=source.kind, asked=making.asked, wait=self._pace
            )
            place = Place(at=start[CHANGED]) if at is None else place_in(at)
            async for page in changed.pages(place):
                there = [each for each in page.records if not each.archived]
                with_their_links = await with_links(self._desk.api, source.kind, there, source.links)
                yield Page(
                    records=self._made(making, with_their_links),
                    cursor=last if page.following is None else of_changes(page.following),
                )
            if last is None:
                return
            at = read(last)
        if ARCHIVED not in at:
            raise unreadable()
        async for gone in self._archived(source, start[ARCHIVED], at[ARCHIVED]):
            yield gone

    async def _archived(self, source: Source, since: int, after: str | None) -> AsyncIterator[Page]:
        """Of the deleted records those that were deleted since then."""
        from_, kind = from_milliseconds(since), source.stream.kinds[0]
        while True:
            page = await self._desk.crm.list_page(
                source.kind, properties=(changed_at(source.kind),), after=after, archived=True
            )
            now = self._desk.clock.now()
            found = [deleted(kind, each, changed_at(source.kind), now) for each in page.results]
            if page.after is not None and page.after == after:
                raise RetryLaterError("HubSpot's list leads back to the same page", code="page_repeats")
            after = page.after
            yield Page(
                records=tuple(each for each in found if each.changed_at >= from_),
                cursor=None if after is None else text_of({ARCHIVED: after}),
            )
            if after is None:
                return

    # Owners ---------------------------------------------------------------------------------------------------

    async def _owners(self, at: dict[str, Any]) -> AsyncIterator[Page]:
        """The active ones, then those who are archived."""
        after, archived = at.get("after"), bool(at.get(ARCHIVED))
        while True:
            page = await self._desk.crm.owners_page(after=after, archived=archived)
            now = self._desk.clock.now()
            if page.after is not None and page.after == after:
                raise RetryLaterError("HubSpot's list leads back to the same page", code="page_repeats")
            after, is_last = page.after, page.after is None and archived
            archived = archived or after is None
            yield Page(
                records=tuple(agent(each, now) for each in page.results if each.type == PERSON),
                cursor=None if is_last else text_of({"after": after, ARCHIVED: archived}),
            )
            if is_last:
                return

    # ----------------------------------------------------------------------------------------------------------

    def _source(self, stream: str) -> Source | None:
        """None: the owners."""
        if stream == OWNERS.name:
            return None
        try:
            return self._sources[stream]
        except KeyError:
            raise RefusedError(f"HubSpot has no stream {stream} here", code="unsupported") from None

    async def _making(self, source: Source, rules: Sequence[FactRule]) -> _Way:
        if source.kind is ObjectType.TICKETS:
            tickets = await Tickets.of(self._desk)
            return _Way(asked=tickets.asked, maker=tickets)
        wanted = Wanted.by(rules)
        known = await self.directory.told_by(wanted, stages=source.kind is ObjectType.DEALS)
        documents = Documents(source.kind, wanted, known)
        makers: Mapping[ObjectType, Making] = {
            ObjectType.CONTACTS: Customers(documents=documents),
            ObjectType.COMPANIES: Companies(documents=documents),
            ObjectType.DEALS: Deals(documents=documents, stages=known.stages),
        }
        asked = dict.fromkeys((*_PROPERTIES[source.kind], *documents.asked))
        return _Way(asked=tuple(asked), maker=makers[source.kind])

    def _made(self, making: _Way, records: Sequence[wire.Record]) -> tuple[Record, ...]:
        now, make = self._desk.clock.now(), making.maker.record
        made: list[Record] = []
        for each in records:
            former = former_ids(each)
            made += with_merged(make(each, now), former) if former else (make(each, now),)
        return tuple(made)

    async def _pace(self) -> None:
        await self._desk.pace.wait(PACE, asyncio.sleep)

    async def _plan_pace(self) -> None:
        await self._desk.pace.wait(PACE, asyncio.sleep, at_once=MOST_PARTS)
