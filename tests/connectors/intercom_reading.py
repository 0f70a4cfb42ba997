"""Reads the streams of an Intercom connection as batonpass does, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

from intercom_rig import UNCHECKED, Desk, broken, connected, contract

from batonpass.domain.synced import Record
from batonpass.ports import Page, Slice
from batonpass.testing.serving import served
from batonpass.transport import open_sockets
from batonpass_intercom.adapter import Intercom
from batonpass_intercom.emulator import IntercomEmulator
from batonpass_intercom.streams import STREAMS
from contract import ContractChecked
from fakes import FakeClock

HOUR = 3600.0


@asynccontextmanager
async def reading(
    emulator: IntercomEmulator | None = None, *, clock: FakeClock | None = None, checked: bool = False
) -> AsyncIterator[Desk]:
    """As `desk`. `checked`: every call is held to Intercom's contract, which takes its time; the document at hand
    leaves the scroll out."""
    known = emulator.clock if emulator else FakeClock()
    assert isinstance(known, FakeClock)
    time, made = clock or known, emulator or IntercomEmulator.with_sample_account(clock=known)
    door = ContractChecked(made, contract(), unchecked=(*UNCHECKED, "/companies/scroll")) if checked else None
    async with served(door or made) as url, open_sockets() as http:
        yield Desk(emulator=made, intercom=connected(made, url, http, time), url=url, clock=time)
    if door is not None:
        assert not broken(door), "\n".join(broken(door))


async def a_round(
    made: Desk, stream: str, position: str | None = None, *, since: datetime | None = None
) -> tuple[list[Record], str | None]:
    """All records, each page read by a reader of its own; and where the next round begins."""
    planned = await made.intercom.begin_round(
        stream, position, since=since, now=made.clock.now(), most_slices=4
    )
    (part,) = planned.slices
    found: list[Record] = []
    cursor: str | None = None
    while True:
        page = await next_page(made.intercom, stream, part.start, cursor)
        found += page.records
        cursor = page.cursor
        if cursor is None:
            return found, planned.position


async def next_page(intercom: Intercom, stream: str, start: str, cursor: str | None = None) -> Page:
    read = intercom.pages(stream, Slice(name="all", start=start), cursor, rules=())
    async with aclosing(read) as pages:  # type: ignore[type-var]  # a generator, all of them
        return await anext(pages)


def ids(found: Sequence[Record]) -> set[str]:
    return {each.id for each in found}


def only(found: Sequence[Record]) -> Record:
    assert len(found) == 1, ids(found)
    return found[0]


BY_NAME = {each.name: each for each in STREAMS}
