"""What has changed in Intercom: tickets and conversations alike, each at least once, and a list that always ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from intercom_rig import Desk, a_draft, a_value, desk

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import (
    Agent,
    ChangedTicket,
    FieldId,
    Group,
    TicketChange,
    TicketKey,
    TicketStatus,
)
from batonpass_intercom import wire
from batonpass_intercom.changes import listed
from batonpass_intercom.emulated_account import EmulatedWork
from batonpass_intercom.emulator import IntercomEmulator
from fakes import NOON, FakeClock


async def changed(made: Desk, since: datetime = NOON) -> list[ChangedTicket]:
    return [each async for each in made.intercom.changed_tickets(since)]


def ids(found: list[ChangedTicket]) -> list[str]:
    return [each.ticket.ref.id for each in found]


def opened(made: Desk, number: int, *, seconds: float = 1.0) -> list[EmulatedWork]:
    """So many tickets and as many conversations, each so long after the one before."""
    contact = made.emulator.add_contact("Grace", "grace@customer.example")
    works = []
    for place in range(number):
        made.clock.go_on(seconds)
        title = f"Refund {place}"
        works.append(made.emulator.desk.open_ticket(contact, title=title, description="", attributes={}))
        works.append(made.emulator.desk.start_conversation(contact, "Where is it?", title=title))
    return works


def named(works: list[EmulatedWork]) -> list[str]:
    return [f"{work.kind}-{work.id}" for work in works]


async def test_a_changed_ticket_is_told_whole_with_its_key():
    async with desk() as made:
        team = next(id_ for id_, name in made.emulator.account.teams.items() if name == "Billing")
        admin = next(each for each in made.emulator.account.admins.values() if each.has_inbox_seat)
        draft = a_draft(
            tags=("vip",),
            group=Group(id=str(team), name="Billing"),
            fields=(a_value("Customer tier", "Pro"),),
        )
        ref = await made.intercom.open_ticket(draft, key=TicketKey("ho_1-open"))
        made.clock.go_on(90)
        change = TicketChange(assignee=Agent(id=str(admin.id)), status=TicketStatus.PENDING)
        await made.intercom.change_ticket(ref, change)

        (only,) = await changed(made)

        assert only == ChangedTicket(
            ticket=await made.intercom.read_ticket(ref),
            changed_at=made.clock.now(),
            key=TicketKey("ho_1-open"),
        )
    assert (only.ticket.group_id, only.ticket.assignee_id) == (str(team), str(admin.id))
    assert (only.ticket.status, only.ticket.tags) == (TicketStatus.PENDING, {"vip"})
    assert only.ticket.fields[FieldId("Customer tier")] == "Pro"


async def test_a_changed_conversation_is_told_with_its_tags_and_without_a_key():
    async with desk() as made:
        work = made.emulator.add_conversation("Where is my refund?", title="Refund")
        tag = made.emulator.account.tag("handoff")
        made.emulator.desk.tag(work, tag, made.emulator.admin)

        (only,) = await changed(made)

        assert only.ticket == await made.intercom.read_ticket(only.ticket.ref)
    assert (only.ticket.tags, only.key) == ({"handoff"}, None)


@pytest.mark.parametrize("heeds_sort", [True, False], ids=["sorted", "sort ignored"])
@pytest.mark.parametrize("seconds", [1.0, 0.0], ids=["apart", "in one second"])
async def test_v31_many_pages_give_each_once_also_where_a_second_goes_over_a_page_border(
    heeds_sort: bool, seconds: float
):
    async with desk() as made:
        made.emulator.search.longest_page, made.emulator.search.heeds_sort = 3, heeds_sort
        works = opened(made, 10, seconds=seconds)

        found = Counter(ids(await changed(made)))

    assert set(found) == set(named(works))
    assert made.emulator.calls.count("tickets.search") >= 4
    if heeds_sort:
        assert set(found.values()) == {1}


async def test_what_changed_before_is_left_out_and_what_changed_in_the_same_second_is_not():
    async with desk() as made:
        old = opened(made, 1, seconds=10)
        made.clock.go_on(0.7)
        (_, new) = old[1], made.emulator.add_conversation("And now?")
        since = made.clock.now() + timedelta(seconds=0.2)

        same_second = await changed(made, since)
        next_second = await changed(made, since + timedelta(seconds=1))

    assert set(ids(same_second)) == set(named([*old, new]))
    assert next_second == []


@pytest.mark.parametrize("heeds_sort", [True, False], ids=["sorted", "sort ignored"])
async def test_v31_a_ticket_that_changes_while_the_list_is_read_is_never_left_out(heeds_sort: bool):
    async with desk() as made:
        made.emulator.search.longest_page, made.emulator.search.heeds_sort = 3, heeds_sort
        works = opened(made, 9)
        tickets = [work for work in works if work.kind == "ticket"]

        found = {each.ticket.ref.id: each.ticket.subject async for each in changing(made, tickets)}

    assert set(found) == set(named(works))
    assert sorted(found[name] for name in named(tickets)) == [f"Changed {place}" for place in range(9)]


async def changing(made: Desk, tickets: list[EmulatedWork]) -> AsyncIterator[ChangedTicket]:
    """Reads the list; while its first page is looked at, every ticket changes, the last ones first."""
    first = True
    async for each in made.intercom.changed_tickets(NOON):
        if first:
            for place, work in reversed(list(enumerate(tickets))):
                made.clock.go_on(1)
                made.emulator.desk.set_title(work, f"Changed {place}")
        first = False
        yield each


async def test_whoever_breaks_off_has_cost_no_more_pages():
    async with desk() as made:
        made.emulator.search.longest_page = 2
        opened(made, 9)

        async for _ in made.intercom.changed_tickets(NOON):
            break

    assert made.emulator.calls.count("tickets.search") == 1
    assert "conversations.search" not in made.emulator.calls


async def test_deleted_ones_are_left_out_and_so_is_a_tickets_own_conversation():
    async with desk() as made:
        ticket, conversation, gone, own = opened(made, 2)
        made.emulator.delete_ticket(f"ticket-{gone.id}")
        own.ticket_id = ticket.id

        found = await changed(made)

    assert set(ids(found)) == set(named([ticket, conversation]))


async def test_v10_a_change_that_the_index_does_not_know_yet_is_given_by_a_later_call():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock(), search_lag=45.0)
    async with desk(emulator) as made:
        work = made.emulator.add_conversation("Where is it?")
        made.clock.go_on(100)
        since = made.clock.now()
        made.emulator.desk.set_title(work, "Refund")

        too_soon = await changed(made, since)
        made.clock.go_on(46)
        later = await changed(made, since)

    assert too_soon == []
    assert ids(later) == named([work])


# A list without an end --------------------------------------------------------------------------------------------


Read = Callable[[int, str | None], Awaitable[wire.TicketPage]]


def a_page(*numbers: int, after: str | None) -> wire.TicketPage:
    told = [{"id": str(number), "updated_at": number} for number in numbers]
    pages = {"next": {"starting_after": after}} if after else {}
    return wire.TicketPage.model_validate({"tickets": told, "pages": pages})


async def same_cursor(second: int, after: str | None) -> wire.TicketPage:
    del second
    return a_page(1 if after is None else 2, after="again")


async def same_page(second: int, after: str | None) -> wire.TicketPage:
    del second
    return a_page(1, 2, after=f"{after}x")


async def empty_pages(second: int, after: str | None) -> wire.TicketPage:
    del second
    return a_page(after=f"{after}x")


async def new_pages_for_ever(second: int, after: str | None) -> wire.TicketPage:
    number = second + int(after or 1)
    return a_page(number, after=str(number + 1))


@pytest.mark.parametrize("read", [same_cursor, same_page, empty_pages, new_pages_for_ever])
async def test_v31_a_list_that_repeats_or_never_ends_is_broken_off(read: Read):
    with pytest.raises(RetryLaterError) as broken_off:
        async for _ in listed(read, 1):
            pass

    assert broken_off.value.code == "endless_pages"
