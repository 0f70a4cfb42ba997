"""What has changed at Freshdesk, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from freshdesk_rig import Desk, a_draft, desk

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.ticket import TicketKey
from batonpass.ports import Connecting
from batonpass.transport import Transport
from batonpass_freshdesk import FreshdeskSettings, connect
from batonpass_freshdesk.adapter import Freshdesk
from batonpass_freshdesk.emulated_account import EmulatedTicket
from batonpass_freshdesk.emulated_automation import SYSTEM
from batonpass_freshdesk.emulator import FreshdeskEmulator
from batonpass_freshdesk.keys import key_tag
from zendesk_served import HandClock

URL = "https://acme.freshdesk.com"
SINCE = HandClock().now()


async def ids(made: Desk, since: datetime = SINCE) -> list[int]:
    return [int(each.ticket.ref.id) async for each in made.freshdesk.changed_tickets(since)]


def some(
    emulator: FreshdeskEmulator, number: int, clock: HandClock, *, apart: float = 0.0
) -> list[EmulatedTicket]:
    """So many tickets, so many seconds apart."""
    made = []
    for place in range(number):
        made.append(emulator.add_ticket(f"Ticket {place}"))
        clock.passed += apart
    return made


def lists(emulator: FreshdeskEmulator) -> int:
    return emulator.calls.count("tickets.list")


async def test_every_page_begins_where_the_one_before_ended():
    clock = HandClock()
    emulator = FreshdeskEmulator(clock=clock)
    tickets = some(emulator, 250, clock, apart=1)

    async with desk(emulator, clock=clock) as made:
        assert await ids(made) == [each.id for each in tickets]
        assert lists(emulator) == 3


async def test_one_call_is_enough_where_little_has_changed():
    clock = HandClock()
    emulator = FreshdeskEmulator(clock=clock)
    some(emulator, 250, clock, apart=1)
    since = clock.now()
    (new,) = some(emulator, 1, clock)

    async with desk(emulator, clock=clock) as made:
        assert await ids(made, since) == [new.id]
        assert lists(emulator) == 1


@pytest.mark.parametrize("before", [0, 60, 99, 100, 101])
async def test_equal_times_across_the_border_of_a_page_lose_none(before: int):
    clock = HandClock()
    emulator = FreshdeskEmulator(clock=clock)
    tickets = [*some(emulator, before, clock, apart=1), *some(emulator, 120, clock)]
    clock.passed += 1
    tickets += some(emulator, 30, clock, apart=1)

    async with desk(emulator, clock=clock) as made:
        assert sorted(await ids(made)) == [each.id for each in tickets]


@pytest.mark.parametrize("apart", [0.0, 1.0], ids=["all in one second", "a second apart"])
async def test_v31_tickets_that_move_to_the_end_push_none_out_of_the_list(apart: float):
    clock = HandClock()
    emulator = FreshdeskEmulator(clock=clock)
    tickets = some(emulator, 250, clock, apart=apart)
    found: list[int] = []

    async with desk(emulator, clock=clock) as made:
        async for each in made.freshdesk.changed_tickets(SINCE):
            if not found:
                clock.passed += 5
                for moved in tickets[:40]:
                    emulator.desk.changed(moved, {"priority": 4}, by=SYSTEM)
            found.append(int(each.ticket.ref.id))

    assert set(found) == {each.id for each in tickets}


async def test_the_key_is_that_of_our_field_and_a_tag_tells_none():
    clock = HandClock()
    emulator = FreshdeskEmulator.with_sample_account(clock=clock)

    async with desk(emulator, clock=clock) as made:
        by_field = await made.freshdesk.open_ticket(a_draft(), key=TicketKey("ho_1-open"))
        by_tag = emulator.add_ticket("Opened by another process, before the field was there")
        by_tag.tags = [key_tag(TicketKey("ho_2-open"))]
        keys = {each.ticket.ref.id: each.key async for each in made.freshdesk.changed_tickets(SINCE)}

    assert keys == {by_field.id: "ho_1-open", str(by_tag.id): None}


async def test_without_the_key_field_no_other_field_is_taken_for_a_key():
    clock = HandClock()
    emulator = FreshdeskEmulator.with_sample_account(clock=clock)

    async with desk(emulator, clock=clock, key_field="Nothing of this name") as made:
        await made.freshdesk.open_ticket(a_draft(), key=TicketKey("ho_1-open"))
        (changed,) = [each async for each in made.freshdesk.changed_tickets(SINCE)]

    assert changed.key is None


async def test_the_whole_ticket_is_told_also_where_the_list_tells_no_tags():
    clock = HandClock()
    emulator = FreshdeskEmulator(clock=clock, lists_tags=False)
    group = emulator.add_group("Billing")
    emulator.agent.group_ids = [group.id]
    emulator.add_field("Needs a person", "custom_checkbox")
    (name,) = emulator.account.fields
    asks, binned = some(emulator, 2, clock)
    told = {
        "group_id": group.id,
        "tags": ["vip"],
        "custom_fields": {name: True},
        "responder_id": emulator.agent.id,
    }
    emulator.desk.changed(asks, told, by=SYSTEM)
    emulator.delete_ticket(binned.id)

    async with desk(emulator, clock=clock) as made:
        (changed,) = [each async for each in made.freshdesk.changed_tickets(SINCE)]

    assert changed.ticket.group_id == str(group.id)
    assert changed.ticket.assignee_id == str(emulator.agent.id)
    assert changed.ticket.tags == {"vip"}
    assert changed.ticket.fields[name] is True


async def test_a_ticket_that_is_gone_before_its_tags_are_read_is_left_out():
    clock = HandClock()
    emulator = FreshdeskEmulator(clock=clock, lists_tags=False)
    first, second = some(emulator, 2, clock, apart=1)
    found: list[int] = []

    async with desk(emulator, clock=clock) as made:
        async for each in made.freshdesk.changed_tickets(SINCE):
            emulator.delete_ticket(second.id)
            found.append(int(each.ticket.ref.id))

    assert found == [first.id]


async def test_spam_is_left_out():
    clock = HandClock()
    emulator = FreshdeskEmulator(clock=clock)
    good, bad = some(emulator, 2, clock)
    bad.spam = True

    async with desk(emulator, clock=clock) as made:
        assert await ids(made) == [good.id]


async def test_v01_the_plans_limit_of_lists_is_retry_later():
    clock = HandClock()
    emulator = FreshdeskEmulator(
        clock=clock, **{**FreshdeskEmulator.GROWTH, "endpoint_limits": {"tickets.list": 2}}
    )
    some(emulator, 250, clock, apart=1)

    async with desk(emulator, clock=clock) as made:
        with pytest.raises(RetryLaterError) as limited:
            await ids(made)

    assert limited.value.retry_after is not None


# Pages that do not go on ----------------------------------------------------------------------------------------

_NEXT = {"link": f'<{URL}/api/v2/tickets?page=2>;rel="next"'}


def a_page(*seconds: int) -> list[dict[str, Any]]:
    at = [SINCE + timedelta(seconds=second) for second in seconds]
    return [
        {"id": 7 + place, "status": 2, "tags": [], "updated_at": f"{time:%Y-%m-%dT%H:%M:%SZ}"}
        for place, time in enumerate(at)
    ]


@pytest.mark.parametrize(
    ("pages", "error", "code"),
    [
        pytest.param([a_page(0, 0)], RetryLaterError, "page_repeats", id="one page for ever"),
        pytest.param([[]], RetryLaterError, "page_repeats", id="an empty page, and more behind it"),
        pytest.param([a_page(1, 0)], RefusedError, "unexpected_content", id="in no order"),
        pytest.param([[{"id": 7, "status": 2}]], RefusedError, "unexpected_content", id="without a time"),
    ],
)
async def test_v31_a_list_that_does_not_go_on_ends_and_says_so(
    pages: Sequence[list[dict[str, Any]]], error: type[Exception], code: str
):
    router = respx.Router(assert_all_called=False)
    router.get(f"{URL}/api/v2/ticket_fields").respond(json=[])
    answers = [httpx.Response(200, json=page, headers=_NEXT) for page in pages] * 5
    route = router.get(f"{URL}/api/v2/tickets").mock(side_effect=answers)

    with pytest.raises(error) as ended:
        [each async for each in _alone(router).changed_tickets(SINCE)]

    assert getattr(ended.value, "code", None) == code
    assert route.call_count <= 3


async def test_v31_a_list_that_grows_for_ever_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("batonpass_freshdesk.changes.MOST_CALLS", 20)
    router = respx.Router(assert_all_called=False)
    router.get(f"{URL}/api/v2/ticket_fields").respond(json=[])
    answers = [httpx.Response(200, json=a_page(number), headers=_NEXT) for number in range(1, 40)]
    route = router.get(f"{URL}/api/v2/tickets").mock(side_effect=answers)

    with pytest.raises(RefusedError) as ended:
        [each async for each in _alone(router).changed_tickets(SINCE)]

    assert ended.value.code == "too_many"
    assert route.call_count == 21


def _alone(router: respx.Router) -> Freshdesk:
    http, clock = httpx.MockTransport(router.async_handler), HandClock()

    def open_transport(**told: Any) -> Transport:
        return Transport(connection="support", http=http, clock=clock, **told)

    settings = FreshdeskSettings.model_validate({"connector": "freshdesk", "domain": "acme", "api_key": "k"})
    made = connect(settings, Connecting(name="support", clock=clock, open_transport=open_transport))
    assert isinstance(made, Freshdesk)
    return made
