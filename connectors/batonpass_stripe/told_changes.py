"""What has changed since the last round, by Stripe's events: https://docs.stripe.com/api/events

An event brings its object as it stood then, in the shape of the API version that the account had set: a snapshot counts
only where that version is ours, and no other event of the same second tells of the same object, for within a second
nobody knows the order. Else the object itself is read again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, cast

from pydantic import ValidationError

from batonpass.domain.errors import RefusedError
from batonpass.domain.synced import Record
from batonpass.ports import Page, Slice
from batonpass_stripe import wire
from batonpass_stripe.client import VERSION, Place, StripeClient
from batonpass_stripe.kinds import Kind, Object
from batonpass_stripe.listing import is_lost, repeats
from batonpass_stripe.rights import a_few_at_once
from batonpass_stripe.synced_records import Documents, deleted
from batonpass_stripe.wire import ListedEvent

_SECOND = timedelta(milliseconds=999)
_A_LITTLE = timedelta(milliseconds=1)
_MOST_PAGES = 998


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What a slice's `start` says."""

    since: int
    """By Stripe's clock, in seconds."""

    def to_slice(self) -> Slice:
        return Slice(name="events", start=json.dumps({"events": asdict(self)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    after: str
    """The last event that was read, and when it happened."""
    created: int
    pages: int
    """How many pages have had events of that second."""

    def to_text(self) -> str:
        return json.dumps(asdict(self))


class Changes(Generic[Object]):
    """The events of one kind of objects."""

    def __init__(
        self, client: StripeClient, kind: Kind[Object], *, types: Collection[str], deletions: Collection[str]
    ) -> None:
        """`types` of events tell of it, those in `deletions` that it is no more."""
        self._client = client
        self._kind = kind
        self._types = types
        self._deletions = deletions

    async def newest(self) -> int | None:
        """When the newest one happened; None: nothing has in 30 days."""
        page = await self._client.events(Place(), types=self._types, limit=1)
        return page.data[0].created if page.data else None

    async def pages(self, since: Since, cursor: str | None, *, documents: Documents) -> AsyncIterator[Page]:
        """The newest events first: an older one says nothing about an object of which a newer one has told."""
        place = Cursor(**json.loads(cursor)) if cursor else None
        while True:
            page = await self._page(since.since, place)
            following = _following(place, page)
            if place is not None and following is not None and following.after == place.after:
                raise repeats("event")
            records = await self._records(self._newest_of_each(page.data), place, documents)
            yield Page(records=tuple(records), cursor=None if following is None else following.to_text())
            if following is None:
                return
            place = following

    async def _page(self, since: int, place: Cursor | None) -> wire.Page[ListedEvent]:
        after = None if place is None else place.after
        try:
            return await self._client.events(Place(since=since, after=after), types=self._types)
        except RefusedError as error:
            if place is None or not is_lost(error):
                raise
            # That event is over 30 days old by now: those of its second are read once more.
            return await self._client.events(Place(since=since, before=place.created + 1), types=self._types)

    def _newest_of_each(self, events: Iterable[ListedEvent]) -> list[tuple[ListedEvent, Object | None]]:
        """The newest event of each object, with what it tells; None where the object must be read again. What was
        deleted stays so, whatever else happened in that second."""
        newest: dict[str, ListedEvent] = {}
        unclear: set[str] = set()
        for event in events:
            subject = event.data.object["id"]
            known = newest.setdefault(subject, event)
            if known is event or known.created != event.created:
                continue
            unclear.add(subject)
            if event.type in self._deletions:
                newest[subject] = event
        return [
            (event, None if subject in unclear else self._snapshot(event))
            for subject, event in newest.items()
        ]

    def _snapshot(self, event: ListedEvent) -> Object | None:
        if event.api_version != VERSION or not self._kind.events_tell_all:
            return None
        try:
            # mypy takes the bound of `Object` for what the model gives.
            return cast("Object", self._kind.model.model_validate(event.data.object))
        except ValidationError:
            return None

    async def _records(
        self,
        told: Sequence[tuple[ListedEvent, Object | None]],
        place: Cursor | None,
        documents: Documents,
    ) -> list[Record]:
        """One of each object."""
        subjects = {
            event.data.object["id"]: event.data.object
            for event, made in told
            if made is None and event.type not in self._deletions
        }
        again = await a_few_at_once(subjects, lambda each: self._kind.again(subjects[each]))
        there: list[tuple[Object, datetime]] = []
        gone: list[Record] = []
        for event, made in told:
            subject, at = event.data.object["id"], _time_of(event, place)
            now = made or again.get(subject)
            if now is None or event.type in self._deletions:
                gone.append(deleted(self._kind.of, subject, at))
            else:
                there.append((now, at))
        return [*await self._kind.records(there, documents), *gone]


def _following(place: Cursor | None, page: wire.Page[ListedEvent]) -> Cursor | None:
    if not page.has_more or not page.data:
        return None
    last, first = page.data[-1], page.data[0]
    before = place.pages if place is not None and place.created == last.created == first.created else 0
    return Cursor(after=last.id, created=last.created, pages=before + 1)


def _time_of(event: ListedEvent, place: Cursor | None) -> datetime:
    """Events tell whole seconds. Of one second the newest pages come first, so what a later page tells of it counts as
    a little older; and all of it as newer than what a list showed at its beginning."""
    pages = place.pages if place is not None and place.created == event.created else 0
    return datetime.fromtimestamp(event.created, UTC) + _SECOND - min(pages, _MOST_PAGES) * _A_LITTLE
