"""Zendesk read in bulk: the traps of its exports and lists."""

from __future__ import annotations

from datetime import timedelta

import pytest
from zendesk_reading import HOUR, NO_CONTRACT, REFUSALS, START, Watched, a_page, plan, read, there

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.ports import Page
from batonpass.testing.emulator import Fault
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import Desk, HandClock, desk


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def emulator(clock: HandClock) -> Watched:
    return Watched(clock=clock)


# The exports by cursor ------------------------------------------------------------------------------------------


async def test_the_first_call_names_a_time_and_all_others_a_cursor(
    clock: HandClock, emulator: Watched
) -> None:
    emulator.fill("tickets", 25)
    clock.passed += HOUR

    async with desk(emulator) as made:
        _, position = await read(made, "tickets")
        await read(made, "tickets", position)

    places = [(each.get("start_time"), "cursor" in each) for each in emulator.asked]
    assert places == [("0", False), (None, True), (None, True), (None, True)]
    assert {each["include"] for each in emulator.asked} == {"metric_sets"}


async def test_the_newest_minute_is_withheld_and_comes_with_the_next_round(
    clock: HandClock, emulator: Watched
) -> None:
    old = emulator.fill("tickets", 3)
    clock.passed += HOUR
    new = emulator.fill("tickets", 2)

    async with desk(emulator) as made:
        first, position = await read(made, "tickets")
        clock.passed += 120
        second, _ = await read(made, "tickets", position)

    assert there(first) == set(old)
    assert there(second) == set(new)


async def test_a_start_within_the_last_minute_is_made_old_enough(clock: HandClock, emulator: Watched) -> None:
    emulator.fill("tickets", 3)

    async with desk(emulator) as made:
        found, _ = await read(made, "tickets", since=clock.now())

    assert found == []


async def test_v31_what_zendesk_itself_touched_is_not_older_than_what_we_have(
    clock: HandClock, emulator: Watched
) -> None:
    (ticket,) = emulator.fill("tickets", 1)
    clock.passed += HOUR

    async with desk(emulator) as made:
        (before,), position = await read(made, "tickets")
        emulator.touch_ticket(ticket)
        clock.passed += HOUR
        (after,), _ = await read(made, "tickets", position)

    assert emulator.tickets[int(ticket)].updated_at == START
    assert after.changed_at == before.changed_at + timedelta(hours=1)


async def test_a_deleted_ticket_is_told_and_nothing_else_of_it(clock: HandClock, emulator: Watched) -> None:
    ticket, _ = emulator.fill("tickets", 2)
    clock.passed += HOUR

    async with desk(emulator, unchecked=REFUSALS) as made:
        _, position = await read(made, "tickets")
        emulator.drop("tickets", ticket)
        clock.passed += HOUR
        (gone,), _ = await read(made, "tickets", position)

    assert (gone.id, gone.deleted, dict(gone.columns), gone.keys) == (ticket, True, {}, ())


@pytest.mark.parametrize("stream", ["tickets", "users"])
async def test_v31_a_cursor_that_expires_in_a_round_begins_the_slice_again(
    clock: HandClock, emulator: Watched, stream: str
) -> None:
    ids = emulator.fill(stream, 25)
    clock.passed += HOUR
    emulator.cursor_life = 60

    async with desk(emulator, unchecked=REFUSALS) as made:
        part, _ = await plan(made, stream)
        page = await a_page(made, stream, part)
        clock.passed += 61
        with pytest.raises(RetryLaterError) as expired:
            await a_page(made, stream, part, page.cursor)
        again, _ = await read(made, stream)

    assert expired.value.code == "cursor_expired"
    assert set(ids) <= there(again)


async def test_v31_a_round_whose_cursor_has_expired_begins_at_the_time_of_the_one_before(
    clock: HandClock, emulator: Watched
) -> None:
    emulator.fill("tickets", 25)
    clock.passed += 5 * HOUR
    emulator.cursor_life = 60

    async with desk(emulator, unchecked=REFUSALS) as made:
        _, position = await read(made, "tickets")
        clock.passed += HOUR
        new = emulator.fill("tickets", 12)
        clock.passed += HOUR
        found, _ = await read(made, "tickets", position)

    assert there(found) == set(new)
    assert emulator.asked[-2]["start_time"] == str(int(START.timestamp() + 4 * HOUR))


async def test_an_account_without_tickets_has_a_next_round_all_the_same(
    clock: HandClock, emulator: Watched
) -> None:
    async with desk(emulator) as made:
        nothing, position = await read(made, "tickets")
        new = emulator.fill("tickets", 2)
        clock.passed += HOUR
        found, _ = await read(made, "tickets", position)

    assert nothing == []
    assert there(found) == set(new)


async def test_v31_an_export_that_gives_the_same_cursor_for_ever_says_so(clock: HandClock) -> None:
    class Stuck(Watched):
        def _cursor(self, place: tuple[int, int]) -> str:
            del place
            return super()._cursor((0, 0))

    emulator = Stuck(clock=clock)
    emulator.fill("tickets", 25)
    clock.passed += HOUR

    async with desk(emulator) as made:
        with pytest.raises(RetryLaterError) as repeated:
            await read(made, "tickets")

    assert repeated.value.code == "page_repeats"


async def test_a_page_with_too_many_bytes_is_read_in_smaller_ones(clock: HandClock) -> None:
    emulator = ZendeskEmulator(clock=clock)
    ids = emulator.fill("tickets", 280)
    for ticket in emulator.tickets.values():
        ticket.subject = "x" * 9300  # and `raw_subject`
    clock.passed += HOUR

    async with desk(emulator, faulty=True) as made:
        found, _ = await read(made, "tickets")

    assert there(found) == set(ids)
    assert emulator.calls.count("tickets.export") == 3, "one that is too large, and two of 250"


async def test_v01_ten_pages_a_minute_and_the_eleventh_goes_on_where_it_was(
    clock: HandClock, emulator: Watched
) -> None:
    emulator.endpoint_limits = emulator.EXPORT_LIMITS
    ids = emulator.fill("users", 115)
    clock.passed += HOUR
    pages: list[Page] = []

    async def on(made: Desk, cursor: str | None) -> None:
        part, _ = await plan(made, "users")
        pages.extend([page async for page in made.zendesk.pages("users", part, cursor, rules=())])

    async with desk(emulator) as made:
        part, _ = await plan(made, "users")
        for _ in range(10):
            pages.append(await a_page(made, "users", part, pages[-1].cursor if pages else None))
        with pytest.raises(RetryLaterError) as limited:
            await on(made, pages[-1].cursor)
        clock.passed += 70
        await on(made, pages[-1].cursor)

    assert limited.value.retry_after is not None
    assert there([each for page in pages for each in page.records]) == set(ids)


@pytest.mark.parametrize("stream", ["tickets", "users", "organizations", "satisfaction_ratings"])
async def test_v20_who_is_no_admin_is_told_what_to_do(
    clock: HandClock, emulator: Watched, stream: str
) -> None:
    emulator.exports = False

    async with desk(emulator, unchecked=REFUSALS) as made:
        with pytest.raises(RefusedError, match="role of an admin") as refused:
            await read(made, stream, since=clock.now() - timedelta(days=1))

    assert refused.value.code == "forbidden"


# Organizations --------------------------------------------------------------------------------------------------


async def test_v31_more_organizations_in_one_second_than_fit_a_page_are_all_read(
    clock: HandClock, emulator: Watched
) -> None:
    emulator.fill("organizations", 3)
    clock.passed += HOUR
    ids = emulator.fill("organizations", 35)
    clock.passed += HOUR

    async with desk(emulator, unchecked=NO_CONTRACT) as made:
        found, _ = await read(made, "organizations", since=START)

    assert set(ids) <= there(found)
    assert emulator.calls.count("organizations.export") == 2, "the page of that second, and it again"


async def test_organizations_of_several_seconds_are_read_from_their_export_alone(
    clock: HandClock, emulator: Watched
) -> None:
    emulator.fill("organizations", 12)
    clock.passed += HOUR
    since, ids = clock.now(), list[str]()
    for _ in range(35):
        ids += emulator.fill("organizations", 1)
        clock.passed += 1
    clock.passed += HOUR

    async with desk(emulator, unchecked=NO_CONTRACT) as made:
        found, _ = await read(made, "organizations", since=since)

    assert there(found) == set(ids)
    assert "organizations.list" not in emulator.calls


async def test_v33_organizations_changed_under_a_clock_that_is_ten_minutes_slow_are_found(
    clock: HandClock, emulator: Watched
) -> None:
    first = emulator.fill("organizations", 2)
    clock.passed += HOUR

    async with desk(emulator, unchecked=NO_CONTRACT) as made:
        _, position = await read(made, "organizations")
        clock.passed += 60
        emulator.touch("organizations", first[0])
        emulator.account.organizations[int(first[0])].updated_at -= timedelta(minutes=10)
        clock.passed += HOUR
        found, _ = await read(made, "organizations", position)

    assert there(found) == {first[0]}


async def test_an_export_of_organizations_that_cannot_be_read_is_their_list(
    clock: HandClock, emulator: Watched
) -> None:
    ids = emulator.fill("organizations", 4)
    clock.passed += HOUR

    async with desk(emulator, faulty=True) as made:
        emulator.next_call(Fault.BROKEN_JSON, operation="organizations.export")
        found, _ = await read(made, "organizations", since=START)

    assert there(found) == set(ids)


async def test_an_organization_is_known_by_its_domains_and_its_id_elsewhere(
    clock: HandClock, emulator: Watched
) -> None:
    (made_id,) = emulator.fill("organizations", 1)
    emulator.account.organizations[int(made_id)].domains = ["Acme.example", "bücher.example"]
    clock.passed += HOUR

    async with desk(emulator, unchecked=NO_CONTRACT) as made:
        (company,), _ = await read(made, "organizations")

    assert company.columns["domain"] == "acme.example"
    assert {(each.kind.value, each.value) for each in company.keys} == {
        ("domain", "acme.example"),
        ("domain", "xn--bcher-kva.example"),
        ("external_id", f"crm-{made_id}"),
    }
