"""Rounds over the streams of a Freshdesk connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from freshdesk_rig import Desk

from batonpass.domain.synced import Record
from batonpass.ports import Page, Round

Happens = Callable[[int], None]
"""What happens after so many pages."""


@dataclass
class Read:
    records: list[Record] = field(default_factory=list)
    position: str | None = None
    pages: int = 0
    planned: Round | None = None

    @property
    def ids(self) -> set[str]:
        return {each.id for each in self.records if not each.deleted}

    @property
    def gone(self) -> set[str]:
        return {each.id for each in self.records if each.deleted}

    def one(self, id_: str) -> Record:
        return [each for each in self.records if each.id == id_][-1]


async def read(
    made: Desk,
    stream: str,
    position: str | None = None,
    *,
    since: datetime | None = None,
    after_page: Happens = lambda _: None,
    resuming: bool = False,
) -> Read:
    """A round; `resuming`: begun anew from the cursor after each page."""
    planned = await made.freshdesk.begin_round(
        stream, position, since=since, now=made.emulator.clock.now(), most_slices=4
    )
    told = Read(position=planned.position, planned=planned)
    for part in planned.slices:
        cursor: str | None = None
        while True:
            last: Page | None = None
            async for page in made.freshdesk.pages(stream, part, cursor, rules=()):
                told.records += page.records
                told.pages += 1
                told.position = planned.position or page.position or told.position
                last = page
                after_page(told.pages)
                if resuming:
                    break
            assert last is not None
            cursor = last.cursor
            if cursor is None:
                break
    return told
