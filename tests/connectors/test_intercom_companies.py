"""Intercom's companies: one scroll at a time, which goes forward only."""

from __future__ import annotations

import pytest
from intercom_reading import a_round, ids, next_page, reading
from intercom_rig import Desk, connected

from batonpass.domain.errors import RetryLaterError
from batonpass.ports import Page
from batonpass.testing.emulator import Fault
from batonpass.transport import open_sockets


async def first_companies(made: Desk, number: int = 250) -> Page:
    made.emulator.fill("companies", number)
    page = await next_page(made.intercom, "companies", "0")
    assert len(page.records) == 100
    return page


async def test_a_scroll_goes_on_in_the_same_process_also_from_a_page_that_was_read_ahead():
    async with reading() as made:
        first = await first_companies(made)
        ahead = await next_page(made.intercom, "companies", "0", first.cursor)

        again = await next_page(made.intercom, "companies", "0", first.cursor)
        third = await next_page(made.intercom, "companies", "0", again.cursor)
        last = await next_page(made.intercom, "companies", "0", third.cursor)

    assert again == ahead
    pages = (first, again, third, last)
    assert [len(page.records) for page in pages] == [100, 100, 50, 0]
    assert last.cursor is None
    assert len({each.id for page in pages for each in page.records}) == 250


async def test_more_companies_than_the_plain_list_gives_are_all_read_but_those_without_contacts():
    async with reading() as made:
        known = set(made.emulator.fill("companies", 10_050))
        empty = made.emulator.account.companies[min(known)]
        empty.contacts = 0

        found, _ = await a_round(made, "companies")

    assert len(found) == 10_049
    assert ids(found) == known - {empty.id}


async def test_another_process_begins_the_scroll_anew_once_the_old_one_is_gone():
    async with reading() as made, open_sockets() as http:
        first = await first_companies(made)
        other = connected(made.emulator, made.url, http, made.clock)

        with pytest.raises(RetryLaterError) as expired:
            await next_page(other, "companies", "0", first.cursor)
        with pytest.raises(RetryLaterError) as occupied:
            await next_page(other, "companies", "0")
        made.clock.go_on(61)
        anew = await next_page(other, "companies", "0")

    assert expired.value.code == "cursor_expired"
    assert (occupied.value.code, occupied.value.retry_after) == ("scroll_exists", 60.0)
    assert ids(anew.records) == ids(first.records)


async def test_whoever_asks_for_a_second_scroll_does_not_spoil_the_first():
    async with reading() as made:
        first = await first_companies(made)
        with pytest.raises(RetryLaterError):
            await next_page(made.intercom, "companies", "0")

        second = await next_page(made.intercom, "companies", "0", first.cursor)

    assert not ids(first.records) & ids(second.records)


async def test_a_scroll_that_nobody_used_for_a_minute_has_expired():
    async with reading() as made:
        first = await first_companies(made)
        made.clock.go_on(61)

        with pytest.raises(RetryLaterError) as expired:
            await next_page(made.intercom, "companies", "0", first.cursor)

    assert expired.value.code == "cursor_expired"


async def test_after_a_lost_answer_the_scroll_may_have_gone_on_and_is_begun_anew():
    async with reading() as made:
        first = await first_companies(made)
        made.emulator.next_call(Fault.ANSWER_LOST, operation="companies.scroll")
        with pytest.raises(RetryLaterError):
            await next_page(made.intercom, "companies", "0", first.cursor)

        with pytest.raises(RetryLaterError) as expired:
            await next_page(made.intercom, "companies", "0", first.cursor)

    assert expired.value.code == "cursor_expired"


async def test_after_a_rate_limit_the_scroll_goes_on():
    async with reading() as made:
        first = await first_companies(made)
        made.emulator.next_call(Fault.RATE_LIMITED, operation="companies.scroll", retry_after=1)
        with pytest.raises(RetryLaterError) as limited:
            await next_page(made.intercom, "companies", "0", first.cursor)
        made.clock.go_on(5)

        second = await next_page(made.intercom, "companies", "0", first.cursor)

    assert limited.value.code == "rate_limited"
    assert len(ids(second.records) | ids(first.records)) == 200
