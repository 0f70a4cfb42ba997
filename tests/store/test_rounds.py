"""Reading a stream into the store: nothing missing, nothing wrong, whatever stops it."""

from __future__ import annotations

import asyncio

import pytest

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.facts import FactRule
from batonpass.domain.synced import KeyKind, RecordKind
from batonpass.store import Journal, SyncBook
from batonpass.sync import BUSY, DONE, HELD, Limits, Options, Reader
from fakes import FakeClock
from listed import CUSTOMERS, ListOfCustomers
from stores import Query

RULE = FactRule(name="account.tier", object="customer", property="tier")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def book(journal: Journal) -> SyncBook:
    return SyncBook(journal.database, node="me")


def reader(listed: ListOfCustomers, book: SyncBook, clock: FakeClock, *rules: FactRule) -> Reader:
    async def sleep(seconds: float) -> None:
        clock.go_on(seconds)

    return Reader("crm", listed, book, clock=clock, rules=rules, sleep=sleep)


async def ids(book: SyncBook) -> list[int]:
    return sorted(int(each.id) for each in await book.after("crm", RecordKind.CUSTOMER, ""))


async def test_a_round_keeps_every_record_and_the_next_one_only_what_has_changed(
    book: SyncBook, clock: FakeClock
) -> None:
    listed = ListOfCustomers(changes=list(range(95)))
    first = await reader(listed, book, clock).run(CUSTOMERS)
    listed.change(3, 4, 200)

    second = await reader(listed, book, clock).run(CUSTOMERS)

    assert (first.ended_as, first.counts["new"], first.counts["pages"]) == (DONE, 95, 10)
    assert (second.ended_as, second.counts["read"], second.counts["new"]) == (DONE, 3, 1)
    assert await ids(book) == [*range(95), 200]


async def test_l08_whoever_is_killed_goes_on_after_the_last_page_that_was_kept(
    book: SyncBook, clock: FakeClock
) -> None:
    listed = ListOfCustomers(changes=list(range(100)), slices=3)
    for _ in range(20):
        listed.fails = []
        task = asyncio.create_task(reader(listed, book, clock).run(CUSTOMERS))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    ended = await reader(listed, book, clock).run(CUSTOMERS)

    assert ended.ended_as == DONE
    assert await ids(book) == list(range(100))
    assert listed.pages_read <= 12 + 2 * 3 * 21  # a page in hand and one ahead in each slice, each time


async def test_v31_an_expired_cursor_begins_its_slice_again(book: SyncBook, clock: FakeClock) -> None:
    listed = ListOfCustomers(changes=list(range(40)))
    listed.fails = [RetryLaterError("gone", code="cursor_expired")]

    ended = await reader(listed, book, clock).run(CUSTOMERS)

    assert ended.ended_as == DONE
    assert await ids(book) == list(range(40))


async def test_a_vendor_that_is_away_is_waited_for_and_then_left_where_it_is(
    book: SyncBook, clock: FakeClock
) -> None:
    listed = ListOfCustomers(changes=list(range(40)))
    listed.fails = [RetryLaterError("away", retry_after=20.0)] * 3
    short = await reader(listed, book, clock).run(CUSTOMERS)
    listed.change(50)
    listed.fails = [RetryLaterError("away", retry_after=20.0)] * 99

    long = await reader(listed, book, clock).run(CUSTOMERS)
    listed.fails = []
    last = await reader(listed, book, clock).run(CUSTOMERS)

    assert (short.ended_as, long.ended_as, last.ended_as) == (DONE, "retry_later", DONE)
    assert clock.passed < 400
    assert await ids(book) == [*range(40), 50]


async def test_while_one_process_waits_for_its_vendor_no_other_takes_the_stream_from_it(
    journal: Journal, clock: FakeClock
) -> None:
    mine, other = SyncBook(journal.database, node="me"), SyncBook(journal.database, node="other")
    listed, taken = ListOfCustomers(changes=list(range(10))), list[object]()
    listed.fails = [RetryLaterError("away", retry_after=110.0)]

    async def sleep(seconds: float) -> None:
        clock.go_on(seconds)
        taken.append(await other.claim("crm", CUSTOMERS.name, now=clock.now()))

    ended = await Reader("crm", listed, mine, clock=clock, sleep=sleep).run(CUSTOMERS)

    assert (ended.ended_as, set(taken)) == (DONE, {None})
    assert clock.passed >= 110


async def test_a_vendor_that_asks_for_an_hour_is_left_until_the_next_tick(
    book: SyncBook, clock: FakeClock
) -> None:
    listed = ListOfCustomers(changes=list(range(10)))
    listed.fails = [RetryLaterError("away", retry_after=3600.0)]

    ended = await reader(listed, book, clock).run(CUSTOMERS)

    assert (ended.ended_as, clock.passed) == ("retry_later", 0.0)


async def test_v31_a_list_that_leads_in_a_circle_ends_and_keeps_what_was_read(
    book: SyncBook, clock: FakeClock
) -> None:
    listed = ListOfCustomers(changes=list(range(40)), circles=True)

    ended = await reader(listed, book, clock).run(CUSTOMERS)

    assert ended.ended_as == "endless_list"
    assert await ids(book) == list(range(40))


async def test_v31_a_list_without_an_end_ends_and_keeps_what_was_read(
    book: SyncBook, clock: FakeClock
) -> None:
    listed = ListOfCustomers(changes=list(range(40)), endless=True)
    limits = Limits(idle_pages=30)

    ended = await Reader("crm", listed, book, clock=clock, limits=limits).run(CUSTOMERS)

    assert (ended.ended_as, ended.counts["again"] >= 300) == ("endless_list", True)
    assert await ids(book) == list(range(40))


async def test_what_a_complete_round_does_not_give_is_gone_unless_it_is_too_much(
    book: SyncBook, clock: FakeClock
) -> None:
    listed = ListOfCustomers(changes=list(range(200)))
    await reader(listed, book, clock).run(CUSTOMERS)
    listed.changes = list(range(10, 200))
    few = await reader(listed, book, clock).run(CUSTOMERS, Options(everything=True))
    listed.changes = list(range(100, 200))

    many = await reader(listed, book, clock).run(CUSTOMERS, Options(everything=True))
    kept = await ids(book)
    accepted = await reader(listed, book, clock).run(CUSTOMERS, Options(everything=True, accept_gone=True))

    assert (few.counts["gone"], many.ended_as, accepted.counts["gone"]) == (10, HELD, 90)
    assert "90 of 190" in many.detail
    assert kept == list(range(10, 200))
    assert await ids(book) == list(range(100, 200))


async def test_other_rules_read_everything_again(book: SyncBook, clock: FakeClock) -> None:
    listed = ListOfCustomers(changes=list(range(30)))
    await reader(listed, book, clock).run(CUSTOMERS)

    again = await reader(listed, book, clock, RULE).run(CUSTOMERS)

    assert again.counts["read"] == 30


async def test_two_processes_do_not_read_one_stream(journal: Journal, clock: FakeClock) -> None:
    mine, other = SyncBook(journal.database, node="me"), SyncBook(journal.database, node="other")
    held = await other.claim("crm", CUSTOMERS.name, now=clock.now())

    busy = await reader(ListOfCustomers(), mine, clock).run(CUSTOMERS)
    clock.go_on(1000)
    after_lease = await reader(ListOfCustomers(), mine, clock).run(CUSTOMERS)

    assert held is not None
    assert (busy.ended_as, after_lease.ended_as) == (BUSY, DONE)


async def test_a_dry_run_keeps_nothing(book: SyncBook, clock: FakeClock) -> None:
    listed = ListOfCustomers(changes=list(range(30)))

    ended = await reader(listed, book, clock).run(CUSTOMERS, Options(dry_run=True))

    assert (ended.counts["read"], await ids(book), await book.states()) == (30, [], [])


async def test_a_refusal_is_told_and_nothing_is_lost(book: SyncBook, clock: FakeClock) -> None:
    listed = ListOfCustomers(changes=list(range(30)))
    listed.fails = [RefusedError("no right", code="forbidden")]

    refused = await reader(listed, book, clock).run(CUSTOMERS)
    done = await reader(listed, book, clock).run(CUSTOMERS)

    assert (refused.ended_as, done.ended_as) == ("forbidden", DONE)


async def test_a_person_is_found_by_address_in_any_case(book: SyncBook, clock: FakeClock) -> None:
    await reader(ListOfCustomers(changes=[7]), book, clock).run(CUSTOMERS)

    found = await book.known_by("crm", RecordKind.CUSTOMER, KeyKind.EMAIL, "customer.7@EXAMPLE.com")

    assert [each.id for each in found] == ["7"]


async def test_the_store_keeps_no_second_row_of_a_record(
    book: SyncBook, clock: FakeClock, query: Query
) -> None:
    listed = ListOfCustomers(changes=[1, 2])
    await reader(listed, book, clock).run(CUSTOMERS)
    await reader(listed, book, clock).run(CUSTOMERS, Options(everything=True))

    assert await query("SELECT count(*) FROM synced") == [(2,)]
    assert await query("SELECT count(*) FROM synced_keys") == [(2,)]
