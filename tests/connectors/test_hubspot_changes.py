"""What has changed in HubSpot: each ticket at least once, past the ends of a search, and a list that always ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hubspot_rig import Desk, a_desk, a_draft, desk

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import (
    Agent,
    ChangedTicket,
    FieldId,
    FieldValue,
    Group,
    TicketChange,
    TicketKey,
    TicketStatus,
)
from batonpass.ports import Connecting
from batonpass.transport import Transport
from batonpass_hubspot import HubSpotSettings, changes, connect
from batonpass_hubspot.emulated_schema import TICKETS
from batonpass_hubspot.emulator import HubSpotEmulator
from batonpass_hubspot.tickets import HubSpotTickets
from fakes import NOON, FakeClock

SEARCH = "tickets.search"


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still here, and the emulator counts no searches."""
    monkeypatch.setattr(changes, "PACE", 0.0)


def small(page: int = 3, window: int = 6) -> HubSpotEmulator:
    """An account whose searches end soon."""
    emulator = a_desk()
    emulator.search_limits.longest_page, emulator.search_limits.most_results = page, window
    emulator.search_limits.per_second = 10_000
    return emulator


def opened(emulator: HubSpotEmulator, number: int, *, seconds: float = 1.0) -> list[str]:
    """So many tickets, each so long after the one before; their ids go from one digit more to the next."""
    emulator.account.last_id = 99_997
    ids = []
    for place in range(number):
        emulator.clock.go_on(seconds)
        ids.append(
            emulator.account.store(TICKETS, {"subject": f"Ticket {place}", "hs_pipeline_stage": "1"}).id
        )
    return ids


async def changed(at: Desk, since: datetime = NOON) -> list[ChangedTicket]:
    return [each async for each in at.tickets.changed_tickets(since)]


def ids_of(found: list[ChangedTicket]) -> list[str]:
    return [each.ticket.ref.id for each in found]


async def test_a_changed_ticket_is_told_whole_with_its_key():
    async with desk(a_desk()) as at:
        fields = (FieldValue(id=FieldId("plan"), name="Plan", value="Pro"),)
        at.emulator.account.define(TICKETS, "plan", "string", group="support")
        owner = next(iter(at.emulator.account.owners))
        draft = a_draft(tags=("vip",), fields=fields, group=Group(id="billing", name="Billing"))
        ref = await at.tickets.open_ticket(draft, key=TicketKey("ho_1"))
        at.emulator.clock.go_on(90)
        change = TicketChange(assignee=Agent(id=owner), status=TicketStatus.PENDING)
        await at.tickets.change_ticket(ref, change)

        (only,) = await changed(at)

        assert only == ChangedTicket(
            ticket=await at.tickets.read_ticket(ref),
            changed_at=at.emulator.clock.now(),
            key=TicketKey("ho_1"),
        )
    assert (only.ticket.assignee_id, only.ticket.status) == (owner, TicketStatus.PENDING)
    assert (only.ticket.group_id, only.ticket.tags) == ("billing", {"vip"})
    assert only.ticket.fields[FieldId("plan")] == "Pro"


async def test_a_ticket_of_somebody_else_has_no_key():
    async with desk(a_desk()) as at:
        opened(at.emulator, 1)

        (only,) = await changed(at)

    assert only.key is None


@pytest.mark.parametrize("number", [0, 1, 3, 6, 7, 20])
async def test_v31_past_the_window_of_a_search_every_ticket_is_given_once(number: int):
    async with desk(small()) as at:
        ids = opened(at.emulator, number)

        found = await changed(at)

    assert ids_of(found) == ids


@pytest.mark.parametrize("together", [2, 3, 4, 7, 20])
async def test_v31_tickets_of_one_instant_go_over_page_and_window(together: int):
    async with desk(small()) as at:
        before = opened(at.emulator, 2)
        at.emulator.clock.go_on(5)
        same = opened_at_once(at.emulator, together)
        at.emulator.clock.go_on(5)
        after = opened_at_once(at.emulator, 2)

        found = await changed(at)

    assert set(ids_of(found)) == {*before, *same, *after}


def opened_at_once(emulator: HubSpotEmulator, number: int) -> list[str]:
    made = {"subject": "Imported", "hs_pipeline_stage": "1"}
    return [emulator.account.store(TICKETS, made).id for _ in range(number)]


async def test_v31_a_list_that_is_all_of_one_instant_is_read_by_ids_and_ends():
    async with desk(small()) as at:
        ids = opened(at.emulator, 14, seconds=0)

        found = Counter(ids_of(await changed(at)))

    assert set(found) == set(ids)
    assert max(found.values()) <= 2
    assert at.emulator.calls.count(SEARCH) <= 8


async def test_v31_a_ticket_that_changes_while_the_list_is_read_is_never_left_out():
    async with desk(small()) as at:
        ids = opened(at.emulator, 9)

        found = {each.ticket.ref.id: each.ticket.subject async for each in changing(at, ids)}

    assert set(found) == set(ids)
    assert {name for name in found.values() if name.startswith("Changed")} == {
        f"Changed {place}" for place in (0, 1, 2, 8)
    }


async def changing(at: Desk, ids: list[str]) -> AsyncIterator[ChangedTicket]:
    """Reads the list; after its first page the tickets on it change, and so does the last one."""
    read = 0
    async for each in at.tickets.changed_tickets(NOON):
        yield each
        read += 1
        if read == 3:
            at.emulator.clock.go_on(60)
            for place in (0, 1, 2, 8):
                record = at.emulator.account.records[TICKETS, ids[place]]
                at.emulator.account.set(record, {"subject": f"Changed {place}"})


async def test_what_changed_before_is_left_out_to_the_millisecond():
    async with desk(a_desk()) as at:
        (_, second) = opened(at.emulator, 2, seconds=0.0015)

        found = await changed(at, at.emulator.clock.now())
        none = await changed(at, at.emulator.clock.now() + timedelta(milliseconds=1))

    assert ids_of(found) == [second]
    assert none == []


async def test_whoever_breaks_off_has_cost_no_more_searches():
    async with desk(small()) as at:
        opened(at.emulator, 9)

        async for _ in at.tickets.changed_tickets(NOON):
            break

    assert at.emulator.calls.count(SEARCH) == 1


async def test_deleted_tickets_are_left_out():
    async with desk(a_desk()) as at:
        gone, kept = opened(at.emulator, 2)
        at.emulator.delete_ticket(gone)

        found = await changed(at)

    assert ids_of(found) == [kept]


async def test_v10_a_change_that_the_index_does_not_know_yet_is_given_by_a_later_call():
    emulator = a_desk()
    emulator.search_lag = 30.0
    async with desk(emulator) as at:
        (ticket,) = opened(emulator, 1)

        too_soon = await changed(at)
        emulator.clock.go_on(31)
        later = await changed(at)

    assert too_soon == []
    assert ids_of(later) == [ticket]


async def test_v01_a_limit_in_the_middle_breaks_the_list_off_and_a_later_call_gives_it_whole():
    emulator = small()
    emulator.search_limits.per_second = 2
    async with desk(emulator) as at:
        ids = opened(emulator, 9)

        with pytest.raises(RetryLaterError):
            await changed(at)
        emulator.search_limits.per_second = 10_000
        emulator.clock.go_on(120)

        assert ids_of(await changed(at)) == ids


async def test_a_long_list_keeps_below_five_searches_a_second(monkeypatch: pytest.MonkeyPatch):
    clock = FakeClock()
    waits: list[float] = []

    async def waited(seconds: float) -> None:
        waits.append(seconds)
        clock.go_on(seconds)

    monkeypatch.setattr(changes, "PACE", 0.22)
    monkeypatch.setattr(changes, "sleep", waited)
    pages = iter([*(a_page(number, next_="1") for number in range(1, 9)), a_page(9)])

    found = [each async for each in answering(lambda _: next(pages), clock).changed_tickets(NOON)]

    assert len(found) == 9 * 2
    assert len(waits) == 8
    assert clock.passed >= 8 * 0.2


# A list without an end --------------------------------------------------------------------------------------------


def a_page(number: int, *, next_: str | None = None) -> dict[str, Any]:
    """Two tickets that changed one after the other."""
    times = [NOON + timedelta(seconds=2 * number + part) for part in (0, 1)]
    told = [
        {"id": str(2 * number + part), "properties": {"hs_lastmodifieddate": at.isoformat()}}
        for part, at in enumerate(times)
    ]
    return {"results": told, "paging": {"next": {"after": next_}} if next_ else None}


def answering(search: Any, clock: FakeClock) -> HubSpotTickets:
    """A connection to an account whose searches are answered so."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/search"):
            return httpx.Response(200, json=search(json.loads(request.content)))
        return httpx.Response(200, json={"results": [], "portalId": 1})

    def open_transport(**told: Any) -> Transport:
        http = httpx.MockTransport(answer)
        return Transport(connection="support", http=http, clock=clock, deadline=5.0, **told)

    settings = HubSpotSettings(connector="hubspot", access_token="pat-1", tickets=True)
    made = connect(settings, Connecting(name="support", clock=clock, open_transport=open_transport))
    assert isinstance(made, HubSpotTickets)
    return made


def always_the_same(asked: Any) -> dict[str, Any]:
    del asked
    return a_page(1, next_="1")


def of_one_instant_without_end(asked: Any) -> dict[str, Any]:
    del asked
    page = a_page(1, next_="1")
    return {**page, "results": [page["results"][0]]}


def empty_with_a_next(asked: Any) -> dict[str, Any]:
    del asked
    return {"results": [], "paging": {"next": {"after": "1"}}}


def without_times(asked: Any) -> dict[str, Any]:
    del asked
    return {"results": [{"id": "1", "properties": {}}], "paging": {"next": {"after": "1"}}}


def later_and_later(asked: Any) -> dict[str, Any]:
    since = int(asked["filterGroups"][0]["filters"][0]["value"]) - int(NOON.timestamp() * 1000)
    return a_page(since // 2000 + 1, next_="1")


@pytest.mark.parametrize(
    "search",
    [always_the_same, of_one_instant_without_end, empty_with_a_next, without_times, later_and_later],
)
async def test_v31_a_list_that_repeats_or_never_ends_is_broken_off(
    search: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(changes, "MOST_PAGES", 50)

    with pytest.raises(RetryLaterError) as broken_off:
        async for _ in answering(search, FakeClock()).changed_tickets(NOON):
            pass

    assert broken_off.value.code == "endless_pages"


async def test_archived_records_are_left_out_whatever_the_search_gives():
    page = a_page(1)
    page["results"][0]["archived"] = True

    found = [each async for each in answering(lambda _: page, FakeClock()).changed_tickets(NOON)]

    assert ids_of(found) == ["3"]
