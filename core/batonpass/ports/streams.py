"""Streams: a connection's records, read in bulk to be kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from batonpass.domain.facts import FactAnswer, FactRule, Person
from batonpass.domain.synced import KeptRecord, KeyKind, Record, RecordKind


class Deletions(StrEnum):
    """How it is found out that a record is gone."""

    TOLD = "told"
    """The stream gives deleted records, as deleted."""
    BY_FULL = "by_full"
    """Only a complete reading shows it: what is not there any more is gone."""
    NEVER = "never"
    """Not at all: nobody can delete one, or not even a complete reading reaches all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of a connection's records that can be read in bulk."""

    name: str
    """As in `[sync.<connection>.<stream>]`: `contacts`, `ticket_fields`."""
    kinds: tuple[RecordKind, ...]
    """What its records are; the first one is what it is read for."""
    every: timedelta
    """How often it is read where nothing else is set."""
    incremental: bool
    """Whether the vendor can tell what has changed; else each round reads all."""
    deletions: Deletions
    reads_all_every: timedelta | None = None
    """After so long a round reads all again, for what the vendor does not tell otherwise; None: never by itself."""
    lag: timedelta = timedelta()
    """How long after a change the vendor's list may still lack it: rounds overlap by so much."""
    says: str = ""
    """What people must know: a limit, a role that the login needs, what is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a round that is read by itself; the parts of one round may be read at the same time."""

    name: str
    """Unique in its round: `all`, `2026-03-01..2026-04-01`."""
    start: str
    """Where its reading begins; only the connector reads it. At most 2,000 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One reading of a stream, from where the one before ended to now."""

    slices: tuple[Slice, ...]
    position: str | None
    """Where the next round begins once every slice has been read; None: where the last page says (`Page.position`)."""
    complete: bool
    """Whether every record that there is will be given, so that what is not given is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records of a slice. They are kept together with `cursor`, in one transaction."""

    records: tuple[Record, ...]
    cursor: str | None
    """Where the slice goes on after this page; None: it has been read to its end."""
    position: str | None = None
    """Of the last page, where `Round.position` is None: where the next round begins."""
    total: int | None = None
    """How many records the slice has in all, where the vendor tells."""


@runtime_checkable
class Streams(Protocol):
    """Reads its records in bulk (`Capability.SYNC`)."""

    def streams(self) -> tuple[Stream, ...]:
        """What can be read with these settings, parents first: what others point to."""
        ...

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        """Plan a round. `position` is where the last one ended; None: read everything, or what has changed since
        `since` where that is given. Slices do not overlap, and there are at most `most_slices`: more than one only
        where the vendor's limits gain by it. Makes few calls or none."""
        ...

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        """The slice from `cursor` on; None: from its beginning. `rules` are the facts that the records' documents must
        be able to tell (`TellsFromCopy`). Every record that was there when the round began is
        given at least once in the course of a slice, whatever moves between the pages; a record may be given twice.
        A record that changes meanwhile, in a stream with a `lag` whose round is not `complete`, may be left to the next
        round. Whoever breaks off and goes on from the cursor of the last kept page misses nothing. No page is read before it
        is asked for.

        Raises our errors: `RetryLaterError` with code `cursor_expired` where the cursor is good no more (the slice is
        read from its beginning again), with code `page_repeats` where the vendor's list does not go on; `RefusedError`
        with code `forbidden` where the login may not read this stream.
        """
        ...


@runtime_checkable
class Copy(Protocol):
    """What is kept of one connection's records."""

    async def record(self, kind: RecordKind, id: str) -> KeptRecord | None:  # noqa: A002 - the word for it
        """The record with this id, or the one that this id was merged into."""
        ...

    async def known_by(self, kind: RecordKind, key: KeyKind, value: str) -> Sequence[KeptRecord]:
        """All records with this key, the last changed first; an address without regard to case. At most 200."""
        ...


@runtime_checkable
class TellsFromCopy(Protocol):
    """A source of facts that can also tell them from the copy of its records (`Capability.SYNC`)."""

    async def facts_from_copy(self, copy: Copy, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `FactSource.facts_about`, and by the same rules of who is meant; each fact as of the time when its record
        was read. NOT_FOUND where the copy does not know the person: it may be too old to. Makes no call."""
        ...
