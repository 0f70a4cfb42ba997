"""How far the reading of a slice has come: what a cursor holds, and what comes next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from batonpass.domain.errors import ConfigurationError, RefusedError, RetryLaterError
from batonpass_freshdesk.client import MOST_PAGES
from batonpass_freshdesk.windows import PAGE_SIZE, Row, Window, found, remembered, window

A_SECOND = timedelta(seconds=1)
"""Freshdesk tells whole seconds, and does not say whether `updated_since` takes in its own."""
CLOCKS_APART = timedelta(minutes=10)
"""How much Freshdesk's clock and ours may differ."""
LAG = timedelta(minutes=1)
"""How long a change may be missing from a list: Freshdesk names no lag, nor does it promise that there is none."""
_MOST_LOST = 5
"""Times that a list is looked through again for one row."""
_MOST_CYCLES = 3
"""Times that lists are read that go on moving; what they hide even then, the next round gives."""


class Order(StrEnum):
    """How a list is ordered, and so how a round makes sure that it has all."""

    BY_CHANGE = "by_change"
    """The first changed first: what moves, moves to where it is still to be read."""
    BY_NAME = "by_name"
    """What moves may move to where it was read already: then what has changed meanwhile is read afterwards."""
    BY_NAME_ALONE = "by_name_alone"
    """As `BY_NAME`, but nothing tells what has changed: where the list has moved, it is read again."""
    BY_ARRIVAL = "by_arrival"
    """Nothing in it moves but by what comes and goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A slice's start: the lists that it reads one after the other, and from when on."""

    lists: tuple[str, ...]
    since: datetime | None
    """None: everything."""
    began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    list_: int = 0
    """Which of the plan's lists is read."""
    since: datetime | None
    """Rows before that are left out."""
    asked: datetime | None
    """From when on the list is asked for."""
    at: int = 0
    """Rows of it that have been read."""
    known: tuple[str, ...] = ()
    """The last of them."""
    last: datetime | None = None
    """When the last of them was changed."""
    newest: datetime | None = None
    """When the last one of the plan's first list was changed."""
    began: datetime
    """When this cycle did."""
    cycle: int = 0
    """How often the lists have been read to their end."""
    unsettled: bool = False
    """Whether a list has moved in this cycle, and so may have hidden something."""
    lost: int = 0
    """How often the last of the known rows was not found, or nothing behind it."""
    lost_at: str = ""
    """Which one that was."""

    def window(self) -> Window:
        return window(self.at)

    def as_text(self) -> str:
        return _PLACE.dump_json(self).decode()


_PLAN, _PLACE = TypeAdapter(Plan), TypeAdapter(Place)


def plan_text(plan: Plan) -> str:
    return _PLAN.dump_json(plan).decode()


def read_plan(text: str) -> Plan:
    return _PLAN.validate_json(text)


def read_place(text: str) -> Place:
    """Raises `RetryLaterError` with the code of a cursor that is good no more."""
    try:
        return _PLACE.validate_json(text)
    except ValidationError:
        raise RetryLaterError("the cursor is not one of this release", code="cursor_expired") from None


def first_place(plan: Plan) -> Place:
    return Place(since=plan.since, asked=_before(plan.since), began=plan.began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of one window."""

    new: tuple[int, ...]
    """The places of the rows to be given."""
    reached: Place
    """The place at this window's end."""
    next: Place | None
    """Where to go on; None: the slice has been read to its end."""


def step(
    plan: Plan, order: Order, place: Place, rows: Sequence[Row], *, has_next: bool, now: datetime
) -> Step:
    """Raises `RetryLaterError` (`page_repeats`) where the list does not go on, and `RefusedError` where it is not in
    the order that was asked for."""
    if order is Order.BY_CHANGE:
        _check_order(rows)
    seen = place.window()
    brought = found(rows, seen, at=place.at, known=place.known, has_next=has_next)
    if brought is None:
        return Step(new=(), reached=place, next=_lost(order, place))
    since = place.since
    new = tuple([each for each in brought.new if since is None or _is_since(rows[each], since)])
    times = [row.at for row in rows if row.at is not None]
    gone_on = replace(
        place,
        asked=_begins(place, rows) if order is Order.BY_CHANGE else place.asked,
        known=remembered(place.known, rows),
        at=brought.end,
        last=times[-1] if times else place.last,
        newest=max((*times, *_some(place.newest))) if times and place.list_ == 0 else place.newest,
        unsettled=place.unsettled or brought.has_moved,
    )
    if has_next:
        further = _rebased(gone_on, rows) if order is Order.BY_CHANGE else gone_on
        return Step(new=new, reached=gone_on, next=further)
    return Step(new=new, reached=gone_on, next=_after_list(plan, order, gone_on, now))


def _begins(place: Place, rows: Sequence[Row]) -> datetime | None:
    """From when on this very list could be asked for: no row of it is older than its first one."""
    first = _before(rows[0].at) if place.at == 0 and rows else None
    return max(first, place.asked) if first and place.asked else first or place.asked


def _rebased(place: Place, rows: Sequence[Row]) -> Place:
    """Ask from the second before the last one on, where that leaves no more behind than this window; else count pages
    on."""
    asked, number = _before(place.last), place.window().number
    first = rows[0].at if rows else None
    is_later = asked is not None and (place.asked is None or asked > place.asked)
    is_near = asked is not None and first is not None and first < asked
    if is_later and (is_near or number > MOST_PAGES // 2):
        return replace(place, asked=asked, at=0)
    if number > MOST_PAGES:
        raise RefusedError(f"tickets.list: more than {MOST_PAGES} pages in one second", code="too_many")
    return place


def _lost(order: Order, place: Place) -> Place:
    """Look for the known rows a page further in front, then begin the list again; or ask from the last one's second on,
    where that is later."""
    mark = place.known[-1] if place.known else ""
    times = place.lost + 1 if mark == place.lost_at else 1
    if times > _MOST_LOST or place.at == 0:
        raise RetryLaterError("the list's pages do not go on", code="page_repeats")
    at = max(0, place.at - PAGE_SIZE) if times == 1 else 0
    again = replace(place, at=at, lost=times, lost_at=mark, unsettled=True)
    asked = _before(place.last)
    if order is not Order.BY_CHANGE or asked is None or (place.asked is not None and asked <= place.asked):
        return again
    return replace(again, asked=asked, at=0)


def _after_list(plan: Plan, order: Order, place: Place, now: datetime) -> Place | None:
    fresh = replace(place, at=0, known=(), last=None, asked=_before(place.since))
    if place.list_ + 1 < len(plan.lists):
        return replace(fresh, list_=place.list_ + 1)
    may_hide = place.unsettled and order in {Order.BY_NAME, Order.BY_NAME_ALONE}
    if not may_hide or place.cycle + 1 >= _MOST_CYCLES:
        return None
    if order is Order.BY_NAME:
        since = place.began - CLOCKS_APART
        fresh = replace(fresh, since=since, asked=_before(since))
    return replace(fresh, list_=0, began=now, cycle=place.cycle + 1, unsettled=False)


def _check_order(rows: Sequence[Row]) -> None:
    times = [row.at for row in rows if row.at is not None]
    if len(times) < len(rows):
        raise RefusedError("tickets.list: a ticket without a time", code="unexpected_content")
    if times != sorted(times):
        raise RefusedError("tickets.list: not in the order asked for", code="unexpected_content")


def _is_since(row: Row, since: datetime) -> bool:
    return row.at is None or row.at >= since


def _before(at: datetime | None) -> datetime | None:
    return None if at is None else at - A_SECOND


def _some(at: datetime | None) -> tuple[datetime, ...]:
    return () if at is None else (at,)


# Positions: where the next round begins -----------------------------------------------------------------------------


def position_after(plan: Plan, place: Place) -> str:
    """Of lists by change: by Freshdesk's own clock, or by ours where that is surely later."""
    ours = plan.began - CLOCKS_APART - LAG
    known = [plan.since] if place.newest is None else [place.newest - LAG]
    return as_position(max((ours, *filter(None, known))))


def as_position(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def read_position(position: str | None) -> datetime | None:
    if position is None:
        return None
    try:
        at = datetime.fromisoformat(position)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ConfigurationError("the position is no time with its zone, such as 2026-11-01T00:00:00+00:00")
    return at.astimezone(UTC)
