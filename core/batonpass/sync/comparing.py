"""The copy beside the vendor: whether rounds of changes have ended in the same as a reading of everything would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

from pydantic_core import to_json

from batonpass.domain.clock import Clock
from batonpass.domain.facts import FactRule
from batonpass.domain.handoff import Lane
from batonpass.domain.synced import KeptRecord, Record, RecordKind
from batonpass.ports import Deletions, Page, Stream, Streams
from batonpass.store import SyncBook
from batonpass.sync.progress import Progress, Tell
from batonpass.sync.slices import ahead_of
from batonpass.transport import in_lane

SHOWN = 20
"""Ids of each kind of difference that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """Records of one kind of difference."""

    number: int = 0
    ids: tuple[str, ...] = ()
    """The first twenty."""

    def with_one(self, id_: str) -> Differing:
        return Differing(number=self.number + 1, ids=(*self.ids, id_) if self.number < SHOWN else self.ids)


@dataclass(kw_only=True)
class Compared:
    connection: str
    stream: str
    read: int = 0
    """Records at the vendor."""
    newer: int = 0
    """Changed at the vendor since the last round has begun: the next one brings them."""
    missing: Differing = field(default_factory=Differing)
    """There, and not kept."""
    different: Differing = field(default_factory=Differing)
    extra: Differing = field(default_factory=Differing)
    """Kept, and not there any more."""

    @property
    def agree(self) -> bool:
        return not (self.missing.number or self.different.number or self.extra.number)


class Comparing:
    """Reads everything at the vendor's and keeps nothing."""

    def __init__(self, connection: str, port: Streams, book: SyncBook, *, clock: Clock) -> None:
        self._connection = connection
        self._port = port
        self._book = book
        self._clock = clock

    async def run(self, stream: Stream, rules: Sequence[FactRule], tell: Tell = lambda _: None) -> Compared:
        """`rules`: the facts that the copy must be able to tell. Raises our errors and `StoreError`."""
        state = await self._book.state(self._connection, stream.name)
        last = None if state is None else state.begun_at
        found = Compared(connection=self._connection, stream=stream.name)
        seen: dict[RecordKind, set[str]] = {kind: set() for kind in stream.kinds}
        with in_lane(Lane.REPLAY):
            planned = await self._port.begin_round(
                stream.name, None, since=None, now=self._clock.now(), most_slices=1
            )
            for part in planned.slices:
                pages = self._port.pages(stream.name, part, None, rules=rules)
                async with aclosing(ahead_of(pages)) as ahead:
                    async for page in ahead:
                        await self._compare(page, stream, found, seen, last)
                        read = Progress(
                            connection=self._connection, stream=stream.name, read=found.read, total=page.total
                        )
                        tell(read)
                        if page.cursor is None:
                            break
        if planned.complete and stream.deletions is not Deletions.NEVER:
            await self._look_for_extra(stream, found, seen)
        return found

    async def _compare(
        self,
        page: Page,
        stream: Stream,
        found: Compared,
        seen: dict[RecordKind, set[str]],
        last: datetime | None,
    ) -> None:
        new = {
            (each.kind, each.id): each
            for each in page.records
            if not each.deleted and each.id not in seen[each.kind]
        }
        for kind in {kind for kind, _ in new}:
            ids = [id_ for of_kind, id_ in new if of_kind is kind]
            known = {each.id: each for each in await self._book.with_ids(self._connection, kind, ids)}
            lacking = [id_ for id_ in ids if id_ not in known]
            forgotten = await self._book.forgotten(self._connection, kind, lacking) if lacking else ()
            for id_ in ids:
                seen[kind].add(id_)
                found.read += 1
                record, kept = new[kind, id_], known.get(id_)
                if (kept is not None and is_same(record, kept)) or id_ in forgotten:
                    continue
                if last is None or record.changed_at >= last - stream.lag:
                    found.newer += 1
                elif kept is None:
                    found.missing = found.missing.with_one(id_)
                else:
                    found.different = found.different.with_one(id_)

    async def _look_for_extra(
        self, stream: Stream, found: Compared, seen: dict[RecordKind, set[str]]
    ) -> None:
        for kind in stream.kinds:
            after = ""
            while ids := await self._book.ids_after(self._connection, stream.name, kind, after):
                for id_ in ids:
                    if id_ not in seen[kind]:
                        found.extra = found.extra.with_one(id_)
                after = ids[-1]


def is_same(record: Record, kept: KeptRecord) -> bool:
    """Whether the vendor's record is what is kept of it."""
    return as_kept(record.columns) == kept.columns and as_kept(record.document) == kept.document


def as_kept(data: object) -> object:
    """As it comes back from the store."""
    return None if data is None else json.loads(to_json(data))
