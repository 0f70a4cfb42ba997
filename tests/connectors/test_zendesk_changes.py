"""What has changed at Zendesk: from the list of all tickets, and from the export where that list is not sorted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.ticket import TicketKey
from batonpass.ports import Connecting
from batonpass.testing.emulator import Fault
from batonpass.transport import Transport
from batonpass_zendesk import ZendeskSettings, connect
from batonpass_zendesk.adapter import Zendesk
from batonpass_zendesk.emulated_account import EmulatedTicket
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import Desk, HandClock, a_draft, desk

URL = "https://acme.zendesk.com"
SINCE = HandClock().now()
_EXPORT = ("/api/v2/incremental/",)
"""The contract has neither its refusals nor the status of what is deleted, which Zendesk's own pages have."""


async def ids(made: Desk, since: datetime = SINCE) -> list[int]:
    return [int(each.ticket.ref.id) async for each in made.zendesk.changed_tickets(since)]


def emulated(clock: HandClock, *, sorts: bool = True) -> ZendeskEmulator:
    emulator = ZendeskEmulator(clock=clock)
    emulator.sorts_lists = sorts
    return emulator


def some(
    emulator: ZendeskEmulator, number: int, *, apart: float = 0.0, clock: HandClock
) -> list[EmulatedTicket]:
    """So many tickets, so many seconds apart."""
    made = []
    for place in range(number):
        made.append(emulator.add_ticket(f"Ticket {place}"))
        clock.passed += apart
    return made


def called(emulator: ZendeskEmulator, operation: str) -> int:
    return emulator.calls.count(operation)


# The list of all tickets ----------------------------------------------------------------------------------------


async def test_the_list_is_read_until_it_shows_something_older():
    clock = HandClock()
    emulator = emulated(clock)
    some(emulator, 150, apart=1, clock=clock)
    since = clock.now()
    new = some(emulator, 120, apart=1, clock=clock)

    async with desk(emulator, clock=clock) as made:
        found = await ids(made, since)

        assert sorted(found) == [each.id for each in new]
        assert called(emulator, "tickets.find") == 3, "two pages, and the newest one again"


async def test_one_page_is_enough_where_little_has_changed():
    clock = HandClock()
    emulator = emulated(clock)
    some(emulator, 250, apart=1, clock=clock)
    since = clock.now()
    (new,) = some(emulator, 1, clock=clock)

    async with desk(emulator, clock=clock) as made:
        found = await ids(made, since)

        assert found == [new.id]
        assert called(emulator, "tickets.find") == 1


async def test_v31_a_ticket_that_moves_to_the_head_from_a_page_not_read_yet_is_found_there():
    clock = HandClock()
    emulator = emulated(clock)
    tickets = some(emulator, 250, apart=1, clock=clock)
    found: list[int] = []

    async with desk(emulator, clock=clock) as made:
        async for each in made.zendesk.changed_tickets(SINCE):
            if not found:
                clock.passed += 5
                emulator.update(tickets[0], {"subject": "Moved"}, author=emulator.agent)
            found.append(int(each.ticket.ref.id))

    assert set(found) == {each.id for each in tickets}
    assert found.count(tickets[0].id) == 1, "it was at the end, and is at the head now"


async def test_v31_a_ticket_from_before_that_changes_while_the_list_is_read_is_found():
    clock = HandClock()
    emulator = emulated(clock)
    (older,) = some(emulator, 1, apart=10, clock=clock)
    since = clock.now()
    some(emulator, 250, apart=1, clock=clock)
    found: list[int] = []

    async with desk(emulator, clock=clock) as made:
        async for each in made.zendesk.changed_tickets(since):
            if not found:
                clock.passed += 5
                emulator.update(older, {"subject": "Not older any more"}, author=emulator.agent)
            found.append(int(each.ticket.ref.id))

    assert older.id in found


async def test_the_whole_ticket_is_told_so_that_a_start_rule_can_be_judged():
    clock = HandClock()
    emulator = emulated(clock)
    billing = emulator.add_group("Billing")
    asks = emulator.add_field("Needs a person", "checkbox")
    (ticket,) = some(emulator, 1, clock=clock)
    told = {
        "group_id": billing.id,
        "additional_tags": ["VIP"],
        "custom_fields": [{"id": asks.id, "value": True}],
    }
    emulator.update(ticket, {**told, "assignee_id": emulator.agent.id}, author=emulator.agent)

    async with desk(emulator, clock=clock) as made:
        (changed,) = [each async for each in made.zendesk.changed_tickets(SINCE)]

    assert changed.ticket.group_id == str(billing.id)
    assert changed.ticket.assignee_id == str(emulator.agent.id)
    assert changed.ticket.tags == {"vip"}
    assert changed.ticket.fields[str(asks.id)] is True


async def test_an_external_id_that_can_be_no_key_of_ours_is_none():
    clock = HandClock()
    emulator = emulated(clock)
    emulator.add_ticket("From elsewhere", external_id="crm:case/4711")

    async with desk(emulator, clock=clock) as made:
        ours = await made.zendesk.open_ticket(a_draft(), key=TicketKey("ho_1-open"))
        keys = {each.ticket.ref.id: each.key async for each in made.zendesk.changed_tickets(SINCE)}

    assert keys == {"1": None, ours.id: "ho_1-open"}


# The export -----------------------------------------------------------------------------------------------------


async def test_where_the_list_is_not_sorted_the_export_is_read():
    clock = HandClock()
    emulator = emulated(clock, sorts=False)
    tickets = some(emulator, 250, apart=1, clock=clock)
    clock.passed += 120

    async with desk(emulator, clock=clock) as made:
        found = await ids(made)

        assert sorted(found) == [each.id for each in tickets]
        assert called(emulator, "tickets.export") == 3


async def test_v31_one_second_that_fills_pages_of_the_export_ends_too():
    clock = HandClock()
    emulator = emulated(clock, sorts=False)
    tickets = some(emulator, 2, apart=1, clock=clock)
    tickets += some(emulator, 300, clock=clock)
    clock.passed += 120

    async with desk(emulator, clock=clock) as made:
        assert sorted(await ids(made)) == [each.id for each in tickets]


async def test_deleted_tickets_and_those_that_zendesk_itself_has_touched_are_left_out_of_the_export():
    clock = HandClock()
    emulator = emulated(clock, sorts=False)
    touched, gone, kept = some(emulator, 3, apart=1, clock=clock)
    clock.passed += 100
    since = clock.now()
    emulator.touch_ticket(touched.id)
    emulator.delete_ticket(gone.id)
    emulator.update(kept, {"subject": "Changed"}, author=emulator.agent)
    some(emulator, 2, apart=1, clock=clock)
    clock.passed += 120

    async with desk(emulator, clock=clock, unchecked=_EXPORT) as made:
        found = await ids(made, since)
        exported = (await _raw_export(made, since))["tickets"]

    assert sorted(found) == [kept.id, 4, 5]
    assert {(each["id"], each["status"]) for each in exported} >= {(touched.id, "open"), (gone.id, "deleted")}


async def test_the_last_minute_of_the_export_is_given_by_a_later_call():
    clock = HandClock()
    emulator = emulated(clock, sorts=False)
    some(emulator, 2, apart=1, clock=clock)
    clock.passed += 120
    since = clock.now()
    changed = some(emulator, 2, apart=1, clock=clock)

    async with desk(emulator, clock=clock) as made:
        at_once = await ids(made, since)
        clock.passed += 120
        later = await ids(made, since)

    assert at_once == []
    assert later == [each.id for each in changed]


async def test_v20_who_may_not_export_is_told_what_to_do():
    clock = HandClock()
    emulator = emulated(clock, sorts=False)
    emulator.exports = False
    some(emulator, 2, apart=1, clock=clock)

    async with desk(emulator, clock=clock, unchecked=_EXPORT) as made:
        with pytest.raises(RefusedError, match="role of an admin") as refused:
            await ids(made)

    assert refused.value.code == "forbidden"


async def test_v01_the_exports_own_limit_is_retry_later():
    clock = HandClock()
    emulator = emulated(clock, sorts=False)
    assert emulator.endpoint_limits == {"tickets.export": 10}
    emulator.endpoint_limits = {"tickets.export": 2}
    some(emulator, 250, apart=1, clock=clock)
    clock.passed += 120

    async with desk(emulator, clock=clock) as made:
        with pytest.raises(RetryLaterError) as limited:
            await ids(made)

    assert limited.value.retry_after is not None
    assert called(emulator, "tickets.export") == 3


async def test_the_emulated_export_wants_a_start_that_is_a_minute_old():
    clock = HandClock()
    emulator = emulated(clock)

    async with desk(emulator, clock=clock, unchecked=_EXPORT) as made:
        assert (await _raw_export(made, clock.now()))["error"] == "InvalidValue"
        assert (await _raw_export(made, clock.now() - timedelta(seconds=61)))["end_of_stream"] is True


async def _raw_export(made: Desk, since: datetime) -> Any:
    login = (f"{made.emulator.email}/token", made.emulator.api_token)
    asked = {"start_time": str(int(since.timestamp()))}
    async with httpx.AsyncClient(auth=login, trust_env=False) as http:
        answer = await http.get(f"{made.url}/api/v2/incremental/tickets/cursor", params=asked)
    return answer.json()


# Pages that do not go on ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sorts", [True, False], ids=["list", "export"])
async def test_v31_an_expired_cursor_is_retry_later(sorts: bool):
    clock = HandClock()
    emulator = emulated(clock, sorts=sorts)
    some(emulator, 250, apart=1, clock=clock)
    clock.passed += 120
    operation = "tickets.find" if sorts else "tickets.export"
    found: list[int] = []

    async with desk(emulator, clock=clock, faulty=True) as made:
        with pytest.raises(RetryLaterError) as expired:
            await _read_until_it_expires(made, found, operation)
        again = await ids(made)

    assert expired.value.code == "cursor_expired"
    assert len(found) == 100
    assert len(set(again)) == 250


async def _read_until_it_expires(made: Desk, found: list[int], operation: str) -> None:
    async for each in made.zendesk.changed_tickets(SINCE):
        if not found:
            made.emulator.next_call(Fault.SERVER_ERROR, status=422, operation=operation)
        found.append(int(each.ticket.ref.id))


@pytest.mark.parametrize(
    "meta",
    [
        pytest.param({"has_more": True, "after_cursor": "same"}, id="the same cursor for ever"),
        pytest.param({"has_more": True, "after_cursor": None}, id="more, and no cursor to it"),
    ],
)
async def test_v31_a_list_that_repeats_ends_and_says_so(meta: dict[str, Any]):
    router = respx.Router(assert_all_called=False)
    ticket = {"id": 7, "updated_at": "2026-11-20T12:00:00Z"}
    route = router.get(f"{URL}/api/v2/tickets").respond(json={"tickets": [ticket], "meta": meta})

    with pytest.raises(RetryLaterError) as repeated:
        [each async for each in _alone(router).changed_tickets(SINCE)]

    assert repeated.value.code == "page_repeats"
    assert route.call_count <= 2


async def test_v31_an_export_whose_cursor_repeats_ends_and_says_so():
    router = respx.Router(assert_all_called=False)
    unsorted = [
        {"id": 1, "updated_at": "2026-11-20T12:00:00Z"},
        {"id": 2, "updated_at": "2026-11-20T12:00:01Z"},
    ]
    router.get(f"{URL}/api/v2/tickets").respond(json={"tickets": unsorted})
    told = {"tickets": unsorted, "after_cursor": "same", "end_of_stream": False}
    route = router.get(f"{URL}/api/v2/incremental/tickets/cursor").respond(json=told)

    with pytest.raises(RetryLaterError) as repeated:
        [each async for each in _alone(router).changed_tickets(SINCE)]

    assert repeated.value.code == "page_repeats"
    assert route.call_count == 2


def _alone(router: respx.Router) -> Zendesk:
    http, clock = httpx.MockTransport(router.async_handler), HandClock()

    def open_transport(**told: Any) -> Transport:
        return Transport(connection="support", http=http, clock=clock, **told)

    settings = ZendeskSettings.model_validate(
        {"connector": "zendesk", "subdomain": "acme", "email": "ada@helpdesk.example", "api_token": "t"}
    )
    made = connect(settings, Connecting(name="support", clock=clock, open_transport=open_transport))
    assert isinstance(made, Zendesk)
    return made
