"""A vendor's list of customers in memory, read as `Streams` promises; it misbehaves when told to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from batonpass.domain.errors import BatonpassError
from batonpass.domain.facts import FactRule
from batonpass.domain.synced import Key, KeyKind, Record, RecordKind
from batonpass.ports import Deletions, Page, Round, Slice, Stream

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
PER_PAGE = 10
CUSTOMERS = Stream(
    name="customers",
    kinds=(RecordKind.CUSTOMER,),
    every=timedelta(minutes=15),
    incremental=True,
    deletions=Deletions.BY_FULL,
)


@dataclass
class ListOfCustomers:
    """A position is the number of changes that were there when the round began."""

    changes: list[int] = field(default_factory=list)
    """Ids in the order of their changes."""
    slices: int = 1
    fails: list[BatonpassError] = field(default_factory=list)
    """What the next calls raise."""
    circles: bool = False
    endless: bool = False
    """Always another cursor, and the same records again."""
    pages_read: int = 0
    renamed: dict[int, str] = field(default_factory=dict)
    at: datetime = BEGAN
    """When the newest one changed."""

    def streams(self) -> tuple[Stream, ...]:
        return (CUSTOMERS,)

    def change(self, *ids: int) -> None:
        """The log of changes has a hole where a changed one stood before."""
        self.changes = [-1 if each in ids else each for each in self.changes]
        self.changes.extend(ids)

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        first = 0 if position is None else int(position)
        parts = min(self.slices, most_slices)
        return Round(
            slices=tuple(Slice(name=f"part {n}", start=f"{first} {n} {parts}") for n in range(parts)),
            position=str(len(self.changes)),
            complete=position is None and since is None,
        )

    async def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncGenerator[Page, None]:
        first, n, parts = map(int, part.start.split())
        mine = [each for each in self.changes[first:] if each >= 0 and each % parts == n]
        at = 0 if cursor is None else int(cursor)
        while True:
            if self.fails:
                raise self.fails.pop(0)
            self.pages_read += 1
            some = mine[at : at + PER_PAGE]
            at += PER_PAGE
            goes_on = at < len(mine) or self.circles or self.endless
            if self.circles and at >= len(mine):
                at = 0
            if self.endless and at - PER_PAGE >= len(mine):
                some, at = mine[:PER_PAGE], at + 1
            yield Page(
                records=tuple(self._customer(each) for each in some),
                cursor=str(at) if goes_on else None,
                total=len(mine),
            )
            if not goes_on:
                return

    def _customer(self, number: int) -> Record:
        at = self.at if number == self.changes[-1] else BEGAN
        return customer(number, name=self.renamed.get(number), at=at)


def customer(number: int, *, name: str | None = None, at: datetime = BEGAN) -> Record:
    email = f"Customer.{number}@example.com"
    return Record(
        kind=RecordKind.CUSTOMER,
        id=str(number),
        changed_at=at,
        columns={"name": name or f"Customer {number}", "email": email},
        keys=(Key(kind=KeyKind.EMAIL, value=email),),
    )
