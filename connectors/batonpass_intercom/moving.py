"""A list that is sorted by the time of the last change, read page by page while it moves.

Intercom's cursor names the last thing of a page and no place in the list, so that nothing is passed over where the list
moves meanwhile. What changes moves to the end of a list that is sorted by its time, and is read there. `sort` is heeded,
but documented for contacts only: a list that comes newest first is read again from its beginning on, until no time has
passed while it was read.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from batonpass.domain.errors import RefusedError, RetryLaterError


class Timed(Protocol):
    """A ticket, a conversation, a contact."""

    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> int | None: ...

    @property
    def updated_at(self) -> int | None: ...


Told = TypeVar("Told", bound=Timed)
Told_co = TypeVar("Told_co", covariant=True)


class Listed(Protocol[Told_co]):
    @property
    def listed(self) -> tuple[Told_co, ...]: ...

    @property
    def after(self) -> str | None: ...

    @property
    def total_count(self) -> int | None: ...


Read = Callable[[int, str | None], Awaitable[Listed[Told]]]
"""From which second on and the cursor → a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """How far the reading has come: a cursor of ours."""

    second: int
    """What changed in it or later is read."""
    after: str | None = None
    """Intercom's cursor; None: at the beginning."""
    pages: int = 0
    first_newest: int = 0
    """Of the first page: what changes while the list is read is no older."""
    last: int = 0
    """Of the last thing so far, its time."""
    ascends: bool = True

    def beyond(self, seconds: Sequence[int], after: str | None) -> Spot | None:
        """After a page of things with these times; None: everything has been read."""
        seen = self._with(seconds)
        if after is not None:
            return replace(seen, after=after)
        # One page is of one moment, and of a list that ascends what changes moves to the end.
        if seen.pages <= 1 or seen.ascends:
            return None
        return Spot(second=seen.first_newest)

    def _with(self, seconds: Sequence[int]) -> Spot:
        if not seconds:
            return replace(self, pages=self.pages + 1)
        ascends = self.ascends and self.last <= seconds[0] and list(seconds) == sorted(seconds)
        first = self.first_newest if self.pages else max(seconds)
        return replace(self, pages=self.pages + 1, first_newest=first, last=seconds[-1], ascends=ascends)

    def __str__(self) -> str:
        return json.dumps(
            [self.second, self.after, self.pages, self.first_newest, self.last, int(self.ascends)]
        )

    @classmethod
    def of(cls, text: str) -> Spot:
        """Raises `RetryLaterError` with code `cursor_expired` on what is no cursor of ours."""
        try:
            second, after, pages, first, last, ascends = json.loads(text)
            return cls(
                second=int(second),
                after=None if after is None else str(after),
                pages=int(pages),
                first_newest=int(first),
                last=int(last),
                ascends=bool(ascends),
            )
        except (ValueError, TypeError):
            raise expired("it is of another release") from None


async def pages_of(read: Read[Told], spot: Spot) -> AsyncGenerator[tuple[Listed[Told], Spot | None], None]:
    """Each page, and where it goes on after it. Raises as `Streams.pages`."""
    at: Spot | None = spot
    while at is not None:
        page = await _page(read, at)
        if page.after is not None and (page.after == at.after or not page.listed):
            raise RetryLaterError("the search leads back to where it has been", code="page_repeats")
        at = at.beyond([second_of(each) for each in page.listed], page.after)
        yield page, at


async def _page(read: Read[Told], spot: Spot) -> Listed[Told]:
    try:
        return await read(spot.second, spot.after)
    except RefusedError as refused:
        if refused.status == 400 and spot.after is not None:
            raise expired("Intercom takes it no more") from None
        raise


def second_of(told: Timed) -> int:
    return told.updated_at or told.created_at or 0


def expired(why: str) -> RetryLaterError:
    return RetryLaterError(
        f"the place in the list is good no more ({why}); it is read from its beginning", code="cursor_expired"
    )
