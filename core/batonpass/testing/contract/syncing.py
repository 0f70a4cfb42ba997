"""Reading in bulk: nothing is left out, whatever moves, and whoever breaks off goes on where they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Standing
from batonpass.domain.synced import COLUMNS, KeptRecord, KeyKind, Record, RecordKind
from batonpass.ports import (
    Capability,
    Deletions,
    FactSource,
    Page,
    Round,
    Slice,
    Stream,
    Streams,
    TellsFromCopy,
)
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import Opened

_TYPES = {"text": str, "integer": int, "boolean": bool, "list": tuple}
A_WHILE = timedelta(hours=2)


@dataclass
class MemoryCopy:
    """`ports.Copy` of what was read."""

    now: datetime
    records: dict[tuple[RecordKind, str], Record] = field(default_factory=dict)

    def keep(self, records: Sequence[Record]) -> None:
        self.records |= {(each.kind, each.id): each for each in records}

    async def record(self, kind: RecordKind, id: str) -> KeptRecord | None:  # noqa: A002 - the port's word
        known = self.records.get((kind, id))
        if known is not None:
            return self._kept(known)
        merged = await self.known_by(kind, KeyKind.FORMER_ID, id)
        return merged[0] if len(merged) == 1 else None

    async def known_by(self, kind: RecordKind, key: KeyKind, value: str) -> Sequence[KeptRecord]:
        found = [
            each
            for each in self.records.values()
            if each.kind is kind
            and any(known.kind is key and known.value.casefold() == value.casefold() for known in each.keys)
        ]
        found.sort(key=lambda each: each.id)
        found.sort(key=lambda each: each.changed_at, reverse=True)
        return [self._kept(each) for each in found]

    def _kept(self, record: Record) -> KeptRecord:
        return KeptRecord(
            connection="contract",
            kind=record.kind,
            id=record.id,
            changed_at=record.changed_at,
            read_at=self.now,
            columns=record.columns,
            document=record.document,
        )


class SyncingContract(Basis):
    """`Streams` and `TellsFromCopy`."""

    needs = Capability.SYNC
    three_pages_of: ClassVar[int] = 205
    """How many records are more than two of the vendor's pages."""
    cannot_fill: ClassVar[dict[str, str]] = {}
    """Streams of which nobody can make more (a fixed set), each with the reason."""
    changes_untold: ClassVar[dict[str, str]] = {}
    """Incremental streams of which the vendor tells what is new and not what has changed, each with the reason."""

    async def streams(self) -> list[Stream]:
        async with self.opened(Capability.SYNC) as made:
            return [each for each in made.to(Streams).streams() if each.name not in self.cannot_fill]

    async def planned(self, made: Opened, stream: Stream, position: str | None = None, **more: Any) -> Round:
        options = {"since": None, "most_slices": 1, **more}
        return await made.to(Streams).begin_round(stream.name, position, now=made.clock.now(), **options)

    async def read(
        self, made: Opened, stream: Stream, position: str | None = None, **more: Any
    ) -> tuple[list[Record], str | None]:
        """The records of a round, and where the next one begins."""
        planned = await self.planned(made, stream, position, **more)
        found: list[Record] = []
        at = planned.position
        for part in planned.slices:
            async for page in self.pages(made, stream, part):
                found += page.records
                at = planned.position if planned.position is not None else page.position or at
        return found, at

    async def pages(
        self, made: Opened, stream: Stream, part: Slice, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        read = made.to(Streams).pages(stream.name, part, cursor, rules=self.rules)
        async with aclosing(read) as pages:  # type: ignore[type-var]  # a generator in every connector
            async for page in pages:
                yield page
                if page.cursor is None:
                    return

    @holds(Streams.streams, "What can be read with these settings")
    @holds(
        Streams.pages,
        "The slice from `cursor` on",
        "Every record that was there when the round began is given at least once",
    )
    async def test_a_stream_gives_every_record_in_its_pages(self) -> None:
        for stream in await self.streams():
            async with self.opened(Capability.SYNC) as made:
                ids = made.emulator.fill(stream.name, self.three_pages_of)
                made.clock.go_on(A_WHILE.total_seconds())

                found, _ = await self.read(made, stream)

                kinds = {each.kind for each in found}
                given = {each.id for each in found if not each.deleted}
                assert len(set(ids)) == self.three_pages_of
                assert set(ids) <= given, f"{stream.name} leaves records out"
                assert stream.kinds[0] in kinds <= set(stream.kinds), stream.name
                for each in found:
                    well_made(each)

    @holds(
        Streams.pages, "Whoever breaks off and goes on from the cursor of the last kept page misses nothing."
    )
    async def test_whoever_breaks_off_after_each_page_misses_nothing(self) -> None:
        for stream in await self.streams():
            async with self.opened(Capability.SYNC) as made:
                ids = made.emulator.fill(stream.name, self.three_pages_of)
                made.clock.go_on(A_WHILE.total_seconds())
                planned = await self.planned(made, stream)
                found = set[str]()

                for part in planned.slices:
                    cursor: str | None = None
                    for _ in range(1000):
                        page = await anext(self.pages(made, stream, part, cursor))
                        found |= {each.id for each in page.records}
                        cursor = page.cursor
                        if cursor is None:
                            break

                assert set(ids) <= found, stream.name

    @holds(Streams.pages, "No page is read before it is asked for.")
    async def test_whoever_asks_for_no_more_has_cost_no_more(self) -> None:
        for stream in await self.streams():
            async with self.opened(Capability.SYNC) as made:
                made.emulator.fill(stream.name, self.three_pages_of)
                made.clock.go_on(A_WHILE.total_seconds())
                planned = await self.planned(made, stream)
                pages = self.pages(made, stream, planned.slices[0])
                await anext(pages)
                calls = len(made.emulator.calls)

                await asyncio.sleep(0.05)

                assert len(made.emulator.calls) == calls, stream.name

    @holds(Streams.pages, "Raises our errors")
    async def test_a_login_without_the_right_is_refused(self) -> None:
        for stream in await self.streams():
            async with self.opened(Capability.SYNC) as made:
                self.lose_a_scope(made.emulator)

                with pytest.raises(RefusedError) as refused:
                    await self.read(made, stream)

                assert refused.value.code == "forbidden", stream.name

    @holds(Streams.begin_round, "`position` is where the last one ended")
    async def test_the_next_round_gives_what_has_changed_and_nothing_else(self) -> None:
        for stream in await self.streams():
            if not stream.incremental:
                continue
            async with self.opened(Capability.SYNC) as made:
                ids = made.emulator.fill(stream.name, self.three_pages_of)
                made.clock.go_on(A_WHILE.total_seconds())
                _, position = await self.read(made, stream)
                assert position is not None, stream.name
                made.clock.go_on(A_WHILE.total_seconds())
                quiet, position = await self.read(made, stream, position)
                made.clock.go_on(A_WHILE.total_seconds())
                made.emulator.touch(stream.name, ids[7])
                made.emulator.touch(stream.name, ids[99])
                new = made.emulator.fill(stream.name, 1)
                made.clock.go_on(A_WHILE.total_seconds())

                changed, _ = await self.read(made, stream, position)

                assert quiet == [], f"{stream.name} gives what has not changed"
                told = set() if stream.name in self.changes_untold else {ids[7], ids[99]}
                assert {each.id for each in changed} == {*told, *new}, stream.name

    @holds(Streams.begin_round, "Plan a round.", "`position` is where the last one ended")
    async def test_since_gives_what_has_changed_since(self) -> None:
        for stream in await self.streams():
            if not stream.incremental:
                continue
            async with self.opened(Capability.SYNC) as made:
                ids = made.emulator.fill(stream.name, 20)
                made.clock.go_on(A_WHILE.total_seconds())
                since = made.clock.now()
                made.clock.go_on(60)
                made.emulator.touch(stream.name, ids[3])
                changed = {ids[3]}
                if stream.name in self.changes_untold:
                    changed = set(made.emulator.fill(stream.name, 1))
                made.clock.go_on(A_WHILE.total_seconds())

                found, _ = await self.read(made, stream, since=since)

                assert {each.id for each in found} == changed, stream.name

    @holds(
        Streams.pages,
        "Every record that was there when the round began is given at least once",
        "A record that changes meanwhile, in a stream with a `lag`",
    )
    async def test_v31_records_that_change_while_they_are_read_are_given_all_the_same(self) -> None:
        for stream in await self.streams():
            async with self.opened(Capability.SYNC) as made:
                ids = made.emulator.fill(stream.name, self.three_pages_of)
                made.clock.go_on(A_WHILE.total_seconds())
                planned = await self.planned(made, stream)
                found = set[str]()
                at = planned.position

                for part in planned.slices:
                    async for page in self.pages(made, stream, part):
                        found |= {each.id for each in page.records}
                        at = page.position or at
                        made.clock.go_on(1)
                        for each in (ids[0], ids[50], ids[150]):
                            made.emulator.touch(stream.name, each)
                if stream.lag and not planned.complete:  # what the vendor withholds comes with the next round
                    made.clock.go_on(A_WHILE.total_seconds())
                    found |= {each.id for each in (await self.read(made, stream, at))[0]}

                assert set(ids) <= found, stream.name

    @holds(Streams.begin_round, "Slices do not overlap, and there are at most `most_slices`")
    async def test_slices_share_the_records_between_them(self) -> None:
        for stream in await self.streams():
            async with self.opened(Capability.SYNC) as made:
                ids = set[str]()
                for _ in range(10):
                    ids |= set(made.emulator.fill(stream.name, 21))
                    made.clock.go_on(86_400)

                planned = await self.planned(made, stream, most_slices=4)
                of_slices = [
                    {each.id async for page in self.pages(made, stream, part) for each in page.records}
                    for part in planned.slices
                ]

                assert 1 <= len(planned.slices) <= 4
                assert len({part.name for part in planned.slices}) == len(planned.slices)
                assert ids <= set().union(*of_slices), stream.name
                assert sum(map(len, of_slices)) == len(set().union(*of_slices)), f"{stream.name} overlaps"

    @holds(Streams.begin_round, "Makes few calls or none.")
    async def test_a_round_is_planned_by_few_calls(self) -> None:
        for stream in await self.streams():
            async with self.opened(Capability.SYNC) as made:
                made.emulator.fill(stream.name, self.three_pages_of)
                before = len(made.emulator.calls)

                await self.planned(made, stream, most_slices=4)

                assert len(made.emulator.calls) - before <= 4, stream.name

    async def test_what_is_deleted_is_told_or_missing_from_a_complete_round(self) -> None:
        for stream in await self.streams():
            if stream.deletions is Deletions.NEVER:
                continue
            async with self.opened(Capability.SYNC) as made:
                ids = made.emulator.fill(stream.name, 5)
                made.clock.go_on(A_WHILE.total_seconds())
                _, position = await self.read(made, stream)
                made.clock.go_on(60)
                made.emulator.drop(stream.name, ids[2])
                made.clock.go_on(A_WHILE.total_seconds())

                told = stream.deletions is Deletions.TOLD
                planned = await self.planned(made, stream, position if told else None)
                found, _ = await self.read(made, stream, position if told else None)

                fates = {each.id: each.deleted for each in found}
                if told:
                    assert fates.get(ids[2]) is True, stream.name
                else:
                    assert planned.complete, stream.name
                    assert ids[2] not in fates, stream.name

    @holds(Streams.pages, "`rules` are the facts that the records' documents must be able to tell")
    @holds(TellsFromCopy.facts_from_copy, "As `FactSource.facts_about`")
    async def test_the_copy_tells_the_facts_that_the_vendor_tells(self) -> None:
        async with self.opened(Capability.SYNC) as made:
            if not isinstance(made.port, TellsFromCopy):
                pytest.skip("tells no facts from a copy")
            copy = await self.copied(made)
            calls = len(made.emulator.calls)

            told = await made.port.facts_from_copy(copy, self.known_person, self.rules)
            no_calls = len(made.emulator.calls) == calls
            asked = await made.to(FactSource).facts_about(self.known_person, self.rules)

            assert (told.standing, told.matched_by) == (asked.standing, asked.matched_by)
            assert told.standing is Standing.FOUND
            assert {fact.name: fact.value for fact in told.facts} == {
                fact.name: fact.value for fact in asked.facts
            }
            assert all(fact.as_of == copy.now for fact in told.facts)
            assert no_calls

    @holds(
        TellsFromCopy.facts_from_copy, "NOT_FOUND where the copy does not know the person", "Makes no call."
    )
    async def test_an_empty_copy_knows_nobody(self) -> None:
        async with self.opened(Capability.SYNC) as made:
            if not isinstance(made.port, TellsFromCopy):
                pytest.skip("tells no facts from a copy")

            told = await made.port.facts_from_copy(
                MemoryCopy(made.clock.now()), self.known_person, self.rules
            )

            assert (told.standing, told.facts) == (Standing.NOT_FOUND, ())
            assert made.emulator.calls == []

    async def copied(self, made: Opened) -> MemoryCopy:
        copy = MemoryCopy(made.clock.now())
        for stream in made.to(Streams).streams():
            copy.keep((await self.read(made, stream))[0])
        return copy


def well_made(record: Record) -> None:
    """Columns of its kind with their types; keys that are normalised; nothing told of what is deleted."""
    columns = COLUMNS[record.kind]
    assert record.changed_at.tzinfo is not None
    if record.deleted:
        assert not record.columns
        assert record.document is None
    for name, value in record.columns.items():
        assert name in columns, f"{record.kind} has no column {name}"
        assert value is None or type(value) is _TYPES[columns[name]], f"{record.kind}.{name} is {value!r}"
        if name.endswith("_at") or name in {"at", "answer_by"}:
            assert value is None or (isinstance(value, str) and value.endswith("Z")), f"{name} is {value!r}"
    for key in record.keys:
        assert key.value, f"an empty {key.kind}"
        assert key.kind is not KeyKind.EMAIL or "@" in key.value
