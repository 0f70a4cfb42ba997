"""A complete reading of one kind of objects, slice by slice, the newest first.

https://docs.stripe.com/pagination. A list's order is that of creation, which nothing changes: what is changed meanwhile
stays where it is, what is created meanwhile comes with the next round's events.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.ports import Page, Slice
from batonpass_stripe import wire
from batonpass_stripe.client import Place
from batonpass_stripe.kinds import Kind, Object
from batonpass_stripe.synced_records import Documents
from batonpass_stripe.windows import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    window: int
    after: str | None = None
    """The last object that was read in it, and when that was created."""
    created: int | None = None

    def to_text(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a slice's `start` says."""

    as_of: int
    """By Stripe's clock, in seconds: the lists are sure to show every change before it."""
    now: int
    nth: int
    of: int

    def to_slice(self) -> Slice:
        name = "all" if self.of == 1 else f"part {self.nth + 1} of {self.of}"
        return Slice(name=name, start=json.dumps({"list": asdict(self)}))


async def listed(
    kind: Kind[Object], part: Part, cursor: str | None, *, documents: Documents
) -> AsyncIterator[Page]:
    """The pages of one slice from `cursor` on."""
    windows = Windows(now=part.now, nth=part.nth, of=part.of)
    at = datetime.fromtimestamp(part.as_of, UTC)
    place = Cursor(**json.loads(cursor)) if cursor else Cursor(window=part.nth)
    while True:
        page = await _page(kind, windows, place)
        low = windows.low(place.window)
        ours = [each for each in page.data if (each.created or 0) >= low]
        following = _following(windows, place, page, len(ours))
        if following == place:
            raise repeats(kind.of)
        records = await kind.records([(each, at) for each in ours], documents)
        yield Page(records=tuple(records), cursor=None if following is None else following.to_text())
        if following is None:
            return
        place = following


async def _page(kind: Kind[Object], windows: Windows, place: Cursor) -> wire.Page[Object]:
    """Without a lower end: what is older than the window says where there is more to read."""
    high = windows.high(place.window)
    try:
        return await kind.page(Place(before=high, after=place.after))
    except RefusedError as error:
        if place.created is None or not is_lost(error):
            raise
        # The last one that was read has been deleted meanwhile: those of its second are read once more.
        return await kind.page(Place(before=place.created + 1))


def _following(windows: Windows, place: Cursor, page: wire.Page[Object], ours: int) -> Cursor | None:
    """Where the slice goes on after this page, whose first `ours` objects are of its window."""
    if ours < len(page.data):
        window = windows.ours_with(page.data[ours].created or 0)
        return None if window is None else Cursor(window=window)
    if not page.has_more or not page.data:
        return None
    last = page.data[-1]
    return Cursor(window=place.window, after=last.id, created=last.created)


def is_lost(error: RefusedError) -> bool:
    """Whether Stripe does not know the object after which the page was to begin."""
    return error.status in {400, 404} and "starting_after" in error.fields


def repeats(what: Any) -> RetryLaterError:
    return RetryLaterError(f"{what}s.list: the list does not go on: its pages repeat", code="page_repeats")
