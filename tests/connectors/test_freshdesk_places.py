"""How far a list has been read, and what comes next."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from batonpass.domain.errors import ConfigurationError, RefusedError, RetryLaterError
from batonpass.testing.contract.opened import HandClock
from batonpass_freshdesk import places
from batonpass_freshdesk.listings import LISTINGS
from batonpass_freshdesk.places import Order, Place, Plan, first_place, step
from batonpass_freshdesk.windows import OVERLAP, PAGE_SIZE, Row, window

NOW = HandClock().now()


# Places and windows: pure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 4, 99, 100, 101, 195, 1000, 9999, 28_000])
def test_a_window_begins_a_few_rows_early_and_goes_on(at: int) -> None:
    seen = window(at)

    assert seen.first <= max(at - OVERLAP, 0)
    assert seen.first + seen.size >= at + PAGE_SIZE // 2
    assert seen.size <= PAGE_SIZE


def rows(*seconds: int, first: int = 0) -> list[Row]:
    times = [NOW + timedelta(seconds=second) for second in seconds]
    return [Row(mark=f"{first + place} {at}", at=at) for place, at in enumerate(times)]


PLAN = Plan(lists=("",), since=None, began=NOW)


@pytest.mark.parametrize(
    "page",
    [rows(*[0] * 100), [], rows(*range(100))],
    ids=["one second for ever", "empty pages", "a page that does not heed what is asked for"],
)
def test_v31_a_list_that_does_not_go_on_ends_and_says_so(page: list[Row]) -> None:
    def go_on(place: Place | None) -> None:
        while place is not None:
            place = step(PLAN, Order.BY_CHANGE, place, page, has_next=True, now=NOW).next

    with pytest.raises(RetryLaterError) as ended:
        go_on(first_place(PLAN))

    assert ended.value.code == "page_repeats"


def read_all(order: Order, listed: list[Row], after_window: Callable[[], None] = lambda: None) -> list[str]:
    """The marks of the rows that are given, from a list that may change after each window."""
    given: list[str] = []
    place: Place | None = first_place(PLAN)
    while place is not None:
        seen, asked = place.window(), place.asked
        answer = [row for row in listed if asked is None or (row.at is not None and row.at >= asked)]
        rows, has_next = answer[seen.first : seen.first + seen.size], len(answer) > seen.first + seen.size
        told = step(PLAN, order, place, rows, has_next=has_next, now=NOW)
        given += [rows[each].mark for each in told.new]
        place = told.next
        after_window()
    return given


def test_l08_twenty_thousand_rows_of_one_second_are_read_once() -> None:
    listed = rows(*[0] * 20_000)

    given = read_all(Order.BY_CHANGE, listed)

    assert sorted(given) == sorted(row.mark for row in listed)


@pytest.mark.parametrize("seed", range(5))
def test_v31_what_stays_is_given_whatever_comes_and_goes(seed: int) -> None:
    chance = random.Random(seed)
    listed = rows(*range(1500))
    there = {row.mark for row in listed}
    numbers = itertools.count(10_000)

    def moves() -> None:
        for _ in range(chance.randrange(12)):
            there.discard(listed.pop(chance.randrange(len(listed))).mark)
        for _ in range(chance.randrange(12)):
            place = chance.randrange(len(listed))
            listed.insert(place, Row(mark=f"{next(numbers)} new", at=listed[place].at))

    given = read_all(Order.BY_ARRIVAL, listed, moves)

    assert there <= set(given)
    assert len(given) < 3000


@pytest.mark.parametrize("order", list(Order))
def test_a_cursor_holds_all_that_is_needed(order: Order) -> None:
    told = step(PLAN, order, first_place(PLAN), rows(*range(100)), has_next=True, now=NOW)

    assert told.next is not None
    assert places.read_place(told.next.as_text()) == told.next
    assert len(told.next.as_text()) < 1000


def test_tickets_in_another_order_than_asked_for_are_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        step(PLAN, Order.BY_CHANGE, first_place(PLAN), rows(1, 0), has_next=False, now=NOW)

    assert refused.value.code == "unexpected_content"


def test_a_cursor_of_another_release_has_expired() -> None:
    with pytest.raises(RetryLaterError) as expired:
        places.read_place('{"page": 7}')

    assert expired.value.code == "cursor_expired"


@pytest.mark.parametrize("told", ["yesterday", "2026-11-01T00:00:00"])
def test_a_position_that_a_person_set_is_a_time_with_its_zone(told: str) -> None:
    with pytest.raises(ConfigurationError):
        places.read_position(told)


def test_every_stream_says_what_it_reads_and_parents_come_first() -> None:
    names = [each.stream.name for each in LISTINGS]

    assert names.index("companies") < names.index("contacts") < names.index("tickets")
    assert names.index("tickets") < names.index("satisfaction_ratings")
    assert all(each.stream.says for each in LISTINGS if each.stream.name != "groups")
