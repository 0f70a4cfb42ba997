"""One slice while it is read: where it is, whether its list still goes on, how long it has waited."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from batonpass.domain.facts import FactRule
from batonpass.ports import Page
from batonpass.store.sync_streams import PlannedSlice, StreamState
from batonpass.store.synced import Put
from batonpass.sync.limits import Limits, StuckError
from batonpass.sync.progress import Progress, Tell


class Patience:
    """How long a vendor that does not answer has been waited for, without anything coming of it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waited = 0.0

    def waits(self, seconds: float) -> float:
        """Gives how long it is to wait, and notes it."""
        self._waited += seconds
        return seconds

    def begin_anew(self) -> None:
        self._waited = 0.0

    @property
    def is_over(self) -> bool:
        return self._waited >= self._seconds


class SliceReading:
    def __init__(self, planned: PlannedSlice, limits: Limits) -> None:
        self.planned = planned
        self.cursor = planned.cursor
        self.expired = 0
        """How often its cursor has expired."""
        self._limits = limits
        self._pages = 0
        self._seen: set[int] = set()
        """Hashes of the cursors so far: eight bytes each, whatever a vendor's cursor is like."""
        self._idle = 0
        self.patience = Patience(limits.patience)

    def check(self, page: Page) -> None:
        """Raises `StuckError` where the list runs in a circle or has no end."""
        self._pages += 1
        if self._pages > self._limits.pages:
            raise StuckError(f"slice {self.planned.name}: {self._limits.pages} pages were no end")
        if page.cursor is None:
            return
        if page.cursor == self.cursor or hash(page.cursor) in self._seen:
            raise StuckError(f"slice {self.planned.name}: the vendor's list leads back to where it has been")
        self._seen.add(hash(page.cursor))

    def kept(self, page: Page, counts: Counter[Put]) -> None:
        """Raises `StuckError` where page after page gives what this round has given."""
        self.cursor = page.cursor
        self.patience.begin_anew()
        self._idle = self._idle + 1 if page.records and counts[Put.AGAIN] == len(page.records) else 0
        if self._idle > self._limits.idle_pages:
            raise StuckError(
                f"slice {self.planned.name}: {self._idle} pages in a row gave what this round had given before"
            )

    def begin_anew(self) -> None:
        self.cursor = None
        self.expired += 1
        self._pages = self._idle = 0
        self._seen.clear()


class Counting:
    """Tells whoever watches how far all slices of a round have come."""

    def __init__(self, connection: str, stream: str, state: StreamState, tell: Tell) -> None:
        self._connection, self._stream, self._tell = connection, stream, tell
        self._read = state.counts["read"]
        self._totals: dict[str, int] = {}

    def kept(self, slice_: str, page: Page) -> None:
        self._read += len(page.records)
        if page.total is not None:
            self._totals[slice_] = page.total
        total = sum(self._totals.values()) or None
        self._tell(Progress(connection=self._connection, stream=self._stream, read=self._read, total=total))


async def ahead_of(pages: AsyncIterator[Page]) -> AsyncGenerator[Page, None]:
    """The pages, each asked for while whoever takes them is busy with the one before."""
    async with aclosing(pages) as open_pages:  # type: ignore[type-var]  # all of them are generators
        coming = asyncio.ensure_future(_next(open_pages))
        try:
            while (page := await coming) is not None:
                coming = asyncio.ensure_future(_next(open_pages))
                yield page
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def _next(pages: AsyncIterator[Page]) -> Page | None:
    return await anext(pages, None)


def digest_of(rules: Sequence[FactRule]) -> str:
    """Of what the documents must be able to tell: what a fact is called and how its values are named is no part."""
    asked = sorted({(rule.object, rule.property) for rule in rules})
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
