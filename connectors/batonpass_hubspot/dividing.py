"""Parts of a list that are read beside each other: as many records in each, as far as search reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk_client import HubSpotDeskClient
from batonpass_hubspot.desk_wire import Search, Sort
from batonpass_hubspot.listing import Part
from batonpass_hubspot.searching import RECORD_ID, changed_at, milliseconds, number
from batonpass_hubspot.values import instant
from batonpass_hubspot.wire import Page, Record

MOST_PARTS = 4
"""A page takes HubSpot a fifth of a second and more; four at a time come near half of the smallest plan's limit, which
is what live work leaves to a sync."""
FEWEST_IN_A_PART = 1_000
REACH = 9_999
"""Results that a search can pass over."""


Wait = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What search knows of all records of a type."""

    total: int
    newest: int | None
    """When the newest change was, by HubSpot's clock, in milliseconds since 1970, but no later than now by ours: one that
    says it was changed in the future must not hide what changes until then. None: there are no records."""


async def extent(api: HubSpotDeskClient, kind: ObjectType, wait: Wait, *, now: int) -> Extent:
    page = await _found(api, kind, wait, Sort(property_name=changed_at(kind), direction="DESCENDING"))
    at = instant(page.results[0].stored(changed_at(kind))) if page.results else None
    return Extent(total=page.total or 0, newest=None if at is None else min(milliseconds(at), now))


async def divided(
    api: HubSpotDeskClient, kind: ObjectType, most: int, total: int, wait: Wait
) -> list[tuple[Part, int | None]]:
    """The parts, in order, with the number of records in each where it is known. One search less than parts."""
    parts = min(most, MOST_PARTS, total // FEWEST_IN_A_PART)
    if parts < 2:
        return [(Part(), None)]

    async def id_at(place: int, direction: str) -> int | None:
        sort = Sort(property_name=RECORD_ID, direction=direction)
        page = await _found(api, kind, wait, sort, after=place)
        return number(page.results[0].id) if page.results else None

    async def bound(share: int) -> _Bound | None:
        rank = total * share // parts
        if rank <= REACH or share == 1:
            rank = min(rank, REACH)
            found = await id_at(rank - 1, "ASCENDING")
        elif total - rank <= REACH or share == parts - 1:
            rank = max(rank, total - REACH)
            found = await id_at(total - rank, "DESCENDING")
        else:
            return _Bound()
        return None if found is None else _Bound(rank=rank, id=found)

    bounds = await asyncio.gather(*(bound(share) for share in range(1, parts)))
    return _parts(_in_order([each for each in bounds if each is not None]), total)


async def _found(
    api: HubSpotDeskClient, kind: ObjectType, wait: Wait, sort: Sort, *, after: int = 0
) -> Page[Record]:
    """The record at this place of the whole list."""
    await wait()
    asked = (RECORD_ID, changed_at(kind))
    place = str(after) if after else None
    search = Search(filter_groups=(), sorts=(sort,), properties=asked, limit=1, after=place)
    return await api.search(kind, search)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    rank: int | None = None
    """How many records there are up to this id."""
    id: int = 0
    """0: somewhere between its neighbours, where no search reaches."""


def _in_order(bounds: list[_Bound]) -> list[_Bound]:
    """Those in the middle by their neighbours. An index that lags may name ids out of order: those are left out."""
    kept: list[_Bound] = []
    for place, known in enumerate(bounds):
        bound = known
        if not known.id and kept and place + 1 < len(bounds):
            bound = _Bound(id=(kept[-1].id + bounds[place + 1].id) // 2)
        if bound.id > (kept[-1].id if kept else 0):
            kept.append(bound)
    return kept


def _parts(bounds: list[_Bound], total: int) -> list[tuple[Part, int | None]]:
    ranks = [0, *(each.rank for each in bounds), total]
    ids = [None, *(each.id for each in bounds), None]
    return [
        (Part(above=above, until=until), None if before is None or after is None else after - before)
        for before, after, above, until in zip(ranks, ranks[1:], ids, ids[1:], strict=False)
    ]
