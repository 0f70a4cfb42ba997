"""Intercom's records in bulk: lists that move, lag and compare whole days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from intercom_reading import HOUR, a_round, ids, next_page, reading

from batonpass.domain.errors import ConfigurationError, RetryLaterError
from batonpass.domain.synced import Key, KeyKind
from batonpass_intercom import listed_wire
from batonpass_intercom.emulator import IntercomEmulator
from batonpass_intercom.moving import Spot, pages_of
from batonpass_intercom.streams import LAG, STREAMS
from fakes import NOON, FakeClock


@pytest.mark.parametrize("heeds_sort", [True, False], ids=["sorted", "sort ignored"])
@pytest.mark.parametrize("stream", ["tickets", "conversations", "ratings"])
async def test_v31_whatever_changes_between_the_pages_is_given_as_it_is_in_the_end(
    stream: str, heeds_sort: bool
):
    async with reading() as made:
        search = made.emulator.search
        search.longest_page, search.heeds_sort = 2, heeds_sort
        known = []
        for _ in range(7):
            made.clock.go_on(5)
            known += made.emulator.fill(stream, 1)
        changing = iter(reversed(known))
        found: dict[str, datetime] = {}
        cursor = None

        while True:
            page = await next_page(made.intercom, stream, "0", cursor)
            found |= {each.id: each.changed_at for each in page.records}
            cursor = page.cursor
            if cursor is None:
                break
            made.clock.go_on(1)
            if (next_ := next(changing, None)) is not None:
                made.emulator.touch(stream, next_)

        works = made.emulator.account.work
        assert found == {each: works[int(each.rpartition("-")[2])].updated_at for each in known}


async def test_v31_more_of_one_second_than_a_page_holds_are_given_once_each():
    async with reading() as made:
        made.emulator.contact_search.longest_page = 7
        known = set(made.emulator.fill("contacts", 40))

        found, _ = await a_round(made, "contacts", since=NOON)

    assert ids(found) == known
    assert len(found) == 40


async def test_v31_a_cursor_that_intercom_refuses_has_expired():
    async with reading() as made:
        made.emulator.fill("conversations", 3)
        stale = str(Spot(second=0, after="not-a-cursor", pages=1))

        for cursor in (stale, "no JSON", json.dumps({"of": "another release"})):
            with pytest.raises(RetryLaterError) as expired:
                await next_page(made.intercom, "conversations", "0", cursor)

            assert expired.value.code == "cursor_expired"


@pytest.mark.parametrize(
    "told",
    [
        {"data": [{"id": "1", "updated_at": 5}], "pages": {"next": {"starting_after": "same"}}},
        {"data": [], "pages": {"next": {"starting_after": "other"}}},
    ],
    ids=["the same cursor", "an empty page"],
)
async def test_v31_a_list_that_does_not_go_on_is_broken_off(told: dict[str, Any]):
    page = listed_wire.ContactPage.model_validate(told)

    async def read(second: int, after: str | None) -> listed_wire.ContactPage:
        del second, after
        return page

    with pytest.raises(RetryLaterError) as broken_off:
        async for _ in pages_of(read, Spot(second=0, after="same", pages=1)):
            pass

    assert broken_off.value.code == "page_repeats"


# Where a round begins -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [-10, 10], ids=["behind", "ahead"])
async def test_v33_with_a_vendors_clock_ten_minutes_off_no_change_is_missed(minutes: int):
    theirs, ours = FakeClock(), FakeClock(at=NOON - timedelta(minutes=minutes))
    emulator = IntercomEmulator.with_sample_account(clock=theirs)
    async with reading(emulator, clock=ours) as made:
        (ticket,) = emulator.fill("tickets", 1)
        _, position = await a_round(made, "tickets")
        emulator.touch("tickets", ticket)
        theirs.go_on(HOUR)
        ours.go_on(HOUR)

        found, _ = await a_round(made, "tickets", position)

    assert ids(found) == {ticket}


async def test_v10_a_contact_that_is_missing_from_search_for_minutes_is_given_by_the_next_round():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock(), search_lag=600.0)
    async with reading(emulator) as made:
        (new,) = emulator.fill("contacts", 1)
        made.clock.go_on(60)
        early, position = await a_round(made, "contacts")
        made.clock.go_on(HOUR)

        late, _ = await a_round(made, "contacts", position)

    assert new not in ids(early)
    assert ids(late) == {new}


@pytest.mark.parametrize("position", ["yesterday", "-5", "1e9", "²"])
async def test_a_position_that_is_no_time_is_named(position: str):
    async with reading() as made:
        with pytest.raises(ConfigurationError, match="whole seconds"):
            await a_round(made, "tickets", position)


async def test_a_round_begins_as_long_before_the_last_one_as_the_list_may_lag():
    async with reading() as made:
        planned = await made.intercom.begin_round("conversations", None, since=None, now=NOON, most_slices=4)

    assert planned.position == str(int((NOON - LAG).timestamp()))
    assert planned.complete


# Contacts: whole days ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/London", "2026-11-20T00:00:10"),
        ("America/Los_Angeles", "2026-11-20T07:59:59"),
        ("Pacific/Auckland", "2026-11-20T11:00:00"),
        ("Asia/Kathmandu", "2026-11-20T18:14:59"),
        # The longest day, 25 hours: an hour before its end a day ago was still the same day.
        ("Europe/London", "2026-10-25T23:45:00"),
        ("Europe/London", "2026-03-29T00:30:00"),
    ],
)
async def test_contacts_are_asked_for_by_day_and_kept_by_second(zone: str, at: str):
    changed_at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    clock = FakeClock(at=changed_at - timedelta(hours=2))
    emulator = IntercomEmulator(clock=clock)
    emulator.account.time_zone = zone
    async with reading(emulator) as made:
        before = set(emulator.fill("contacts", 3))
        clock.go_on(2 * HOUR)
        (changed,) = emulator.fill("contacts", 1)
        clock.go_on(5 * HOUR)
        (later,) = emulator.fill("contacts", 1)

        found, _ = await a_round(made, "contacts", since=changed_at)

    assert ids(found) == {changed, later}
    assert not before & ids(found)


async def test_a_contact_that_was_merged_is_known_by_its_former_id():
    async with reading(checked=True) as made:
        contact = made.emulator.add_contact("Grace", "Grace.Hopper@Café.example", external_id="user-7")
        contact.phone, contact.company_ids = "+49 30 901820", ["6762f07f1bb69f9f2193baf5"]
        contact.merged_ids = ["6762f07f1bb69f9f2193aaaa"]

        found, _ = await a_round(made, "contacts")

    record = next(each for each in found if each.id == contact.id)
    assert set(record.keys) == {
        Key(kind=KeyKind.EMAIL, value="grace.hopper@xn--caf-dma.example"),
        Key(kind=KeyKind.PHONE, value="+4930901820"),
        Key(kind=KeyKind.EXTERNAL_ID, value="user-7"),
        Key(kind=KeyKind.COMPANY, value="6762f07f1bb69f9f2193baf5"),
        Key(kind=KeyKind.FORMER_ID, value="6762f07f1bb69f9f2193aaaa"),
    }
    assert record.columns["company_id"] == "6762f07f1bb69f9f2193baf5"


# The whole ------------------------------------------------------------------------------------------------------------------


async def test_each_stream_gives_its_kinds_by_calls_that_fit_the_contract():
    async with reading(checked=True) as made:
        work = made.emulator.add_conversation("Where is it?", email="mia.keller@example.com")
        work.ai_state, work.rating = "escalated", (4, "Fine", NOON)
        for stream in STREAMS:
            if stream.name not in {"ticket_types", "ratings"}:
                made.emulator.fill(stream.name, 1)
            found, _ = await a_round(made, stream.name)

            assert {each.kind for each in found} == set(stream.kinds), stream.name

    names = [each.name for each in STREAMS]
    assert len(set(names)) == len(names)
    assert names.index("contacts") < names.index("conversations") < names.index("ratings")


async def test_the_sdk_scrolls_over_the_companies_and_pages_through_the_contacts():
    intercom = pytest.importorskip("intercom", reason="python-intercom is not installed")
    httpx = pytest.importorskip("httpx")
    async with reading() as made, httpx.AsyncClient(trust_env=False) as http:
        companies = set(made.emulator.fill("companies", 130))
        contacts = set(made.emulator.fill("contacts", 45))
        client = intercom.AsyncIntercom(
            base_url=made.url, token=made.emulator.access_token, httpx_client=http
        )

        scrolled = [each.id async for each in await client.companies.scroll()]
        query = {"field": "updated_at", "operator": ">", "value": int(NOON.timestamp()) - 86_400}
        searched: list[str] = []
        after = None
        while True:  # its own pager asks for the first page for ever
            paging = intercom.StartingAfterPaging(per_page=20, starting_after=after)
            page = await client.contacts.search(query=query, pagination=paging)
            searched += [each.id for each in page.items]
            if page.response.pages.next is None:
                break
            after = page.response.pages.next.starting_after

    assert set(scrolled) == companies
    assert set(searched) == contacts
