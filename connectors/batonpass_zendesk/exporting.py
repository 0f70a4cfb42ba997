"""The incremental exports: what has changed since a time, or since the last page of the round before."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from batonpass.domain.errors import RefusedError
from batonpass.domain.synced import Record
from batonpass.ports import Page, Round, Slice
from batonpass.transport import Params
from batonpass_zendesk import wire_bulk
from batonpass_zendesk.moving_lists import BAD_CURSOR, NEWEST_EXPORTED, expired, next_place

ALL = "all"
SIZES = (1000, 250, 50)
"""Records on a page: where so many tickets are too many bytes, fewer."""
CLOCKS_DIFFER = timedelta(minutes=15)
"""By how much rounds that go by our clock overlap: the vendor's may be behind."""
STALE_AFTER = timedelta(hours=1)
"""Before the round, for where a cursor is good no more. Zendesk promises no life of its cursors."""

Exported = TypeVar("Exported", bound=wire_bulk.Export)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an export goes on; as text it is the cursor of a page."""

    after: str | None
    seconds: int
    """Where it begins if `after` is good no more, or None."""
    size: int = SIZES[0]

    def __str__(self) -> str:
        return _PLACES.dump_json(self).decode()

    @property
    def asked(self) -> Params:
        return [("start_time", str(self.seconds))] if self.after is None else [("cursor", self.after)]


_PLACES = TypeAdapter(Place)


def place_in(text: str) -> Place:
    return _PLACES.validate_json(text)


def begin(position: str | None, *, since: datetime | None, now: datetime) -> Round:
    """One slice: ten calls a minute are for the account, so several at once would not be quicker. The last page says
    where the next round begins. No round is complete: what changes while all is read, Zendesk withholds for a minute,
    and gives in the next one."""
    if position is not None:
        start = replace(place_in(position), size=SIZES[0])
    elif since is not None:
        start = Place(after=None, seconds=second(min(since, now - NEWEST_EXPORTED)))
    else:
        start = Place(after=None, seconds=0)
    began = second(now - STALE_AFTER)
    part = Slice(name=ALL, start=f"{began} {start}")
    return Round(slices=(part,), position=None, complete=False)


class Export(Generic[Exported]):
    """One export by cursor."""

    def __init__(
        self,
        operation: str,
        ask: Callable[..., Awaitable[Exported]],
        records: Callable[[Exported], Sequence[Record]],
    ) -> None:
        self._operation = operation
        self._ask = ask
        self._records = records

    async def pages(self, part: Slice, cursor: str | None) -> AsyncGenerator[Page, None]:
        began, _, start = part.start.partition(" ")
        place = place_in(start if cursor is None else cursor)
        is_first = cursor is None
        while True:
            told, place = await self._told(place, is_first=is_first)
            records = tuple(self._records(told))
            if told.end_of_stream:
                after = told.after_cursor or place.after
                next_round = Place(after=after, seconds=int(began))
                yield Page(records=records, cursor=None, position=str(next_round))
                return
            after = next_place(self._operation, told.after_cursor, {place.after})
            place, is_first = replace(place, after=after), False
            yield Page(records=records, cursor=str(place))

    async def _told(self, place: Place, *, is_first: bool) -> tuple[Exported, Place]:
        """The page, and the place as it was asked for: smaller where a page was too large, by time where the cursor
        of the round before is good no more."""
        try:
            return await self._ask(place.asked, per_page=place.size), place
        except RefusedError as refused:
            smaller = next((size for size in SIZES if size < place.size), None)
            if refused.code == "unexpected_content" and smaller is not None:
                return await self._told(replace(place, size=smaller), is_first=is_first)
            if is_first and place.after is not None and refused.status in BAD_CURSOR:
                return await self._told(replace(place, after=None), is_first=False)
            raise explained(self._operation, refused, place.after) from None


def explained(operation: str, refused: RefusedError, cursor: str | None) -> Exception:
    if refused.status != 403:
        return expired(operation, refused, cursor)
    return RefusedError(
        f"{operation}: Zendesk lets admins only read this: give the login of this connection the role of an admin",
        status=403,
        code="forbidden",
    )


def second(time: datetime) -> int:
    return max(0, int(time.astimezone(UTC).timestamp()))
