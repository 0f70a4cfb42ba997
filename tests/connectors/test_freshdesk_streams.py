"""Freshdesk's tickets and ratings read in bulk: each of their lists' traps by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from freshdesk_bulk import read
from freshdesk_rig import desk

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.synced import Key, KeyKind
from batonpass.testing.contract.opened import HandClock
from batonpass_freshdesk.emulated_account import EmulatedTicket
from batonpass_freshdesk.emulated_automation import SYSTEM
from batonpass_freshdesk.emulator import FreshdeskEmulator


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def emulator(clock: HandClock) -> FreshdeskEmulator:
    return FreshdeskEmulator(clock=clock)


# Tickets --------------------------------------------------------------------------------------------------------


async def test_tickets_older_than_thirty_days_are_read(clock: HandClock, emulator: FreshdeskEmulator) -> None:
    old = emulator.add_ticket("Old", created_at=clock.now() - timedelta(days=400))

    async with desk(emulator, clock=clock) as made:
        assert (await read(made, "tickets")).ids == {str(old.id)}


async def test_a_list_that_ends_after_three_pages_is_asked_for_anew_before_that(
    clock: HandClock, emulator: FreshdeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batonpass_freshdesk.emulated_lists.MOST_PAGES", 3)
    monkeypatch.setattr("batonpass_freshdesk.places.MOST_PAGES", 3)
    ids: list[str] = []
    for _ in range(500):
        ids += emulator.fill("tickets", 1)
        clock.go_on(2)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "tickets")

    assert told.ids == set(ids)
    assert told.pages <= 8


async def test_more_tickets_in_one_second_than_the_list_has_pages_are_refused_and_not_left_out(
    clock: HandClock, emulator: FreshdeskEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batonpass_freshdesk.emulated_lists.MOST_PAGES", 2)
    monkeypatch.setattr("batonpass_freshdesk.places.MOST_PAGES", 2)
    emulator.fill("tickets", 400)

    async with desk(emulator, clock=clock, faulty=True) as made:
        with pytest.raises(RefusedError) as refused:
            await read(made, "tickets")

    assert refused.value.code == "too_many"


@pytest.mark.parametrize("resuming", [False, True], ids=["in one go", "killed after each page"])
async def test_v31_equal_times_across_many_pages_leave_none_out(
    clock: HandClock, emulator: FreshdeskEmulator, resuming: bool
) -> None:
    ids = [*emulator.fill("tickets", 40)]
    clock.go_on(1)
    ids += emulator.fill("tickets", 630)
    clock.go_on(1)
    ids += emulator.fill("tickets", 40)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "tickets", resuming=resuming)

    assert told.ids == set(ids)
    assert len(told.records) < 1.2 * len(ids)


async def test_v31_tickets_of_one_second_that_move_away_push_none_out(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("tickets", 450)
    clock.go_on(10)

    def moves(pages: int) -> None:
        for id_ in ids[(pages - 1) * 20 : pages * 20]:
            emulator.touch("tickets", id_)
        clock.go_on(1)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "tickets", after_page=moves)

    assert told.ids == set(ids)


async def test_v31_a_change_of_all_that_was_just_read_loses_no_place(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("tickets", 450)
    clock.go_on(10)

    def changes(pages: int) -> None:
        if pages == 3:
            for id_ in ids[150:290]:
                emulator.touch("tickets", id_)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "tickets", after_page=changes)

    assert told.ids == set(ids)


async def test_an_incremental_round_costs_one_call_of_each_list(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("tickets", 250)
    clock.go_on(3600)

    async with desk(emulator, clock=clock, faulty=True) as made:
        first = await read(made, "tickets")
        for id_ in ids[:2]:
            emulator.touch("tickets", id_)
        clock.go_on(3600)
        calls = len(emulator.calls)
        second = await read(made, "tickets", first.position)

    assert second.ids == set(ids[:2])
    assert emulator.calls[calls:] == ["tickets.list"] * 3


async def test_v33_a_second_that_may_not_be_over_at_freshdesk_is_read_again(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    (early,) = emulator.fill("tickets", 1)

    async with desk(emulator, clock=clock) as made:
        first = await read(made, "tickets")
        (late,) = emulator.fill("tickets", 1)
        second = await read(made, "tickets", first.position)
        clock.go_on(3600)
        third = await read(made, "tickets", second.position)
        fourth = await read(made, "tickets", third.position)

    assert first.ids == {early}
    assert second.ids == third.ids == {early, late}
    assert fourth.records == []


async def test_tickets_in_the_bin_and_in_spam_are_told_as_deleted_and_come_back(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    binned, spam, stays = emulator.fill("tickets", 3)
    clock.go_on(3600)

    async with desk(emulator, clock=clock) as made:
        first = await read(made, "tickets")
        emulator.drop("tickets", binned)
        emulator.tickets[int(spam)].spam = True
        emulator.tickets[int(spam)].updated_at = clock.now()
        emulator.touch("tickets", stays)
        clock.go_on(3600)
        second = await read(made, "tickets", first.position)
        emulator.tickets[int(binned)].deleted = False
        emulator.tickets[int(binned)].updated_at = clock.now()
        clock.go_on(3600)
        third = await read(made, "tickets", second.position)

    assert (first.ids, first.gone) == ({binned, spam, stays}, set())
    assert (second.ids, second.gone) == ({stays}, {binned, spam})
    assert not second.one(binned).columns
    assert (third.ids, third.gone) == ({binned}, set())


async def test_a_deletion_that_changes_no_time_is_told_by_the_next_reading_of_all(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("tickets", 2)
    clock.go_on(3600)

    async with desk(emulator, clock=clock) as made:
        first = await read(made, "tickets")
        emulator.tickets[int(ids[0])].deleted = True
        clock.go_on(3600)
        second = await read(made, "tickets", first.position)
        whole = await read(made, "tickets")

    assert second.records == []
    assert (whole.ids, whole.gone) == ({ids[1]}, {ids[0]})


async def test_no_round_of_tickets_is_complete_for_archived_ones_are_not_listed(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    async with desk(emulator, clock=clock) as made:
        told = await read(made, "tickets")

    assert told.planned is not None
    assert not told.planned.complete


async def test_a_tickets_columns_and_times(clock: HandClock, emulator: FreshdeskEmulator) -> None:
    company = emulator.account.add_company("Acme", "acme.example")
    customer = emulator.add_user("Mia Keller", email="mia.keller@example.com")
    customer.company_id = company.id
    ticket = emulator.add_ticket("Refund", requester=customer)
    ticket.source, ticket.type, ticket.tags, ticket.priority = 7, "Refund", ["vip"], 4
    clock.go_on(60)
    emulator.desk.say(ticket, "<p>Here.</p>", user=emulator.agent, private=False, source=0)
    clock.go_on(60)
    emulator.desk.changed(ticket, {"status": 4, "responder_id": emulator.agent.id}, by=SYSTEM)

    async with desk(emulator, clock=clock) as made:
        record = (await read(made, "tickets")).one(str(ticket.id))

    assert dict(record.columns) == {
        "number": str(ticket.id),
        "subject": "Refund",
        "status": "solved",
        "priority": "urgent",
        "channel": "chat",
        "category": "Refund",
        "tags": ("vip",),
        "customer_id": str(customer.id),
        "company_id": str(company.id),
        "agent_id": str(emulator.agent.id),
        "created_at": "2026-11-20T12:00:00Z",
        "first_reply_at": "2026-11-20T12:01:00Z",
        "solved_at": "2026-11-20T12:02:00Z",
    }
    assert set(record.keys) == {
        Key(kind=KeyKind.CUSTOMER, value=str(customer.id)),
        Key(kind=KeyKind.COMPANY, value=str(company.id)),
    }
    assert record.changed_at == clock.now()


@pytest.mark.parametrize(
    "start",
    [{"tag": "Needs_Person"}, {"group": "77"}, {"field": "cf_ask", "value": "true"}],
    ids=["tag", "group", "field"],
)
async def test_whether_the_ai_took_part_is_told_as_far_as_it_is_certain(
    clock: HandClock, emulator: FreshdeskEmulator, start: dict[str, str]
) -> None:
    bot = emulator.add_user("Bot", email="bot@helpdesk.example", is_agent=True)
    emulator.add_field("Ask", "custom_checkbox")
    asked, held, neither = (emulator.add_ticket(name) for name in ("asked", "held", "neither"))
    asked.tags, asked.group_id, asked.fields = ["needs_person"], 77, {"cf_ask": True}
    held.responder_id = bot.id

    async with desk(emulator, clock=clock, ai_agent_id=str(bot.id), start=start) as made:
        told = await read(made, "tickets")

    def columns(ticket: EmulatedTicket) -> tuple[object, object]:
        known = told.one(str(ticket.id)).columns
        return known.get("ai_took_part"), known.get("handed_over")

    assert columns(asked) == (None, True)
    assert columns(held) == (True, False)
    assert columns(neither) == (None, None)


async def test_tags_that_the_list_does_not_tell_are_no_empty_tags(clock: HandClock) -> None:
    emulator = FreshdeskEmulator(clock=clock, lists_tags=False)
    (id_,) = emulator.fill("tickets", 1)

    async with desk(emulator, clock=clock) as made:
        assert "tags" not in (await read(made, "tickets")).one(id_).columns


async def test_a_page_of_tickets_counts_as_three_calls(clock: HandClock) -> None:
    emulator = FreshdeskEmulator(clock=clock, calls_per_window=10)

    async with desk(emulator, clock=clock) as made:
        await read(made, "tickets")
        with pytest.raises(RetryLaterError) as limited:
            await read(made, "tickets")

    assert len(emulator.calls) <= 5
    assert limited.value.retry_after is not None


# Ratings --------------------------------------------------------------------------------------------------------


async def test_ratings_are_read_by_their_creation_and_whole_once_in_a_while(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    old = emulator.fill("satisfaction_ratings", 3)
    clock.go_on(3600)

    async with desk(emulator, clock=clock) as made:
        first = await read(made, "satisfaction_ratings")
        emulator.touch("satisfaction_ratings", old[0])
        (new,) = emulator.fill("satisfaction_ratings", 1)
        clock.go_on(3600)
        second = await read(made, "satisfaction_ratings", first.position)
        whole = await read(made, "satisfaction_ratings")

    assert [first.one(each).columns["score"] for each in old] == [100, 50, 0]
    assert second.ids == {new}
    assert whole.ids == {*old, new}
    assert whole.one(old[0]).columns["score"] == 0
    assert whole.one(old[0]).changed_at > first.one(old[0]).changed_at


async def test_new_ratings_while_old_ones_are_read_push_none_out(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("satisfaction_ratings", 230)

    def rated(pages: int) -> None:
        del pages
        clock.go_on(1)
        emulator.fill("satisfaction_ratings", 7)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "satisfaction_ratings", after_page=rated)

    assert set(ids) <= told.ids


async def test_a_plan_without_surveys_is_refused(clock: HandClock) -> None:
    emulator = FreshdeskEmulator(clock=clock, has_surveys=False)

    async with desk(emulator, clock=clock, faulty=True) as made:
        with pytest.raises(RefusedError) as refused:
            await read(made, "satisfaction_ratings")

    assert refused.value.code == "forbidden"
