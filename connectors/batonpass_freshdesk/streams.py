"""The port `Streams`: the account's lists, each read to its end, whatever moves meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import FactRule
from batonpass.ports import Page, Round, Slice, Stream
from batonpass_freshdesk import places
from batonpass_freshdesk.account import Part
from batonpass_freshdesk.listings import LISTINGS, Listing
from batonpass_freshdesk.places import CLOCKS_APART, Order, Place, Plan
from batonpass_freshdesk.records import Reading
from batonpass_freshdesk.windows import Row

ALL = "all"
_BY_NAME: Mapping[str, Listing] = MappingProxyType({each.stream.name: each for each in LISTINGS})


class AccountStreams(Part):
    def streams(self) -> tuple[Stream, ...]:
        return tuple(each.stream for each in LISTINGS)

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        """One slice, without a call: no list can be asked for what was changed up to a time."""
        del most_slices
        listing = _listing(stream)
        begins = (places.read_position(position) or since) if listing.stream.incremental else None
        plan = Plan(lists=listing.lists_of_all if begins is None else listing.lists, since=begins, began=now)
        by_our_clock = listing.stream.incremental and listing.order is not Order.BY_CHANGE
        return Round(
            slices=(Slice(name=ALL, start=places.plan_text(plan)),),
            position=places.as_position(now - CLOCKS_APART) if by_our_clock else None,
            complete=listing.is_complete and begins is None,
        )

    async def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncGenerator[Page, None]:
        """The facts from the copy are fixed ones, so `rules` change nothing."""
        del rules
        listing, plan = _listing(stream), places.read_plan(part.start)
        place: Place | None = places.first_place(plan) if cursor is None else places.read_place(cursor)
        while place is not None:
            kept_in, seen = plan.lists[place.list_], place.window()
            page = await listing.ask(self._account.listing, kept_in, place.asked, seen)
            now = self._account.clock.now()
            rows = [_row(each, by_creation=listing.order is Order.BY_ARRIVAL) for each in page.items]
            step = places.step(plan, listing.order, place, rows, has_next=page.has_next, now=now)
            position = None
            if step.next is None and listing.order is Order.BY_CHANGE:
                position = places.position_after(plan, step.reached)
            told = Reading(kept_in=kept_in, now=now, settings=self._account.settings)
            yield Page(
                records=tuple([listing.record(page.items[each], told) for each in step.new]),
                cursor=None if step.next is None else step.next.as_text(),
                position=position,
            )
            place = step.next


def _listing(stream: str) -> Listing:
    known = _BY_NAME.get(stream)
    if known is None:
        raise RefusedError(f"Freshdesk has no stream {stream}", code="unknown_stream")
    return known


def _row(item: Any, *, by_creation: bool) -> Row:
    changed: datetime | None = item.updated_at
    at = item.created_at if by_creation else changed
    return Row(mark=f"{item.id} {0 if changed is None else int(changed.timestamp())}", at=at)
