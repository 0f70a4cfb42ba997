"""Stripe's streams from round to round: what has changed, by its events, and each of their traps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from stripe_bulk import HOUR, NO_RULES, after_a_first_round, kept, only, read
from stripe_rig import SetClock, connected, rules

from batonpass.domain.synced import Record
from batonpass_stripe.client import VERSION
from batonpass_stripe.emulator import StripeEmulator
from batonpass_stripe.streams import STREAMS

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BASIL, BEFORE_BASIL = "2025-03-31.basil", "2024-06-20"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def stripe(clock: SetClock) -> StripeEmulator:
    return StripeEmulator(clock=clock)


async def test_after_a_change_of_one_percent_no_more_than_that_is_read(stripe, clock):
    ids = stripe.fill("subscriptions", 2000)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "subscriptions")
        for each in ids[::100]:
            stripe.touch("subscriptions", each)
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "subscriptions", position, now=clock.now())

    assert [each.id for each in found] == list(reversed(ids[::100]))
    assert all("ends_at" in each.columns for each in found)
    assert "subscriptions.retrieve" not in stripe.calls, "snapshots in our version of the API are enough"
    assert stripe.calls.count("events.list") == 2


@pytest.mark.parametrize("version", [BEFORE_BASIL, BASIL])
async def test_a_snapshot_in_another_version_of_the_api_is_read_again(stripe, clock, version):
    stripe.account_version = version
    ids = stripe.fill("subscriptions", 3)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "subscriptions")
        stripe.touch("subscriptions", ids[1])
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "subscriptions", position, now=clock.now())

    assert only(found).columns["ends_at"] == "2026-12-21T12:00:00Z"
    assert stripe.calls.count("subscriptions.retrieve") == 1


async def test_an_object_that_changed_several_times_is_given_once_as_it_is_now(stripe, clock):
    (mia,) = stripe.fill("customers", 1)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        for name in ("First", "Second", "Third"):
            stripe.update_customer(mia, name=name)
            clock.pass_seconds(60)
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "customers", position, now=clock.now())

    assert only(found).columns["name"] == "Third"
    assert "customers.retrieve" not in stripe.calls


async def test_of_two_events_of_one_second_nobody_knows_the_order_so_the_object_is_read(stripe, clock):
    (mia,) = stripe.fill("customers", 1)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        stripe.update_customer(mia, name="First")
        stripe.update_customer(mia, name="Second")
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "customers", position, now=clock.now())

    assert only(found).columns["name"] == "Second"
    assert stripe.calls.count("customers.retrieve") == 1


async def test_v31_more_events_of_one_second_than_a_page_holds_leave_the_newest_state(stripe, clock):
    ids = stripe.fill("customers", 120)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        for name in ("First", "Second"):
            for each in ids:
                stripe.update_customer(each, name=name)
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "customers", position, now=clock.now())

    assert {each.columns["name"] for each in kept(found).values()} == {"Second"}
    assert len(kept(found)) == 120
    assert "First" in {each.columns["name"] for each in found}, "else the order has not been tried"


async def test_v31_whoever_breaks_off_between_events_goes_on_there(stripe, clock):
    ids = stripe.fill("customers", 250)
    found: list[Record] = []

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        for each in ids:
            stripe.update_customer(each, name="Changed")
        planned = await billing.begin_round("customers", position, since=None, now=clock.now(), most_slices=4)
        cursor: str | None = None
        for _ in range(3):
            page = await anext(billing.pages("customers", planned.slices[0], cursor, rules=NO_RULES))
            found, cursor = [*found, *page.records], page.cursor
            stripe.add_customer(name="Meanwhile")

    assert cursor is None
    assert {each.id for each in found} == set(ids)


async def test_v31_an_event_that_has_expired_as_cursor_costs_no_record(stripe, clock):
    ids = stripe.fill("customers", 150)
    found: list[Record] = []

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        for each in ids:
            stripe.update_customer(each, name="Changed")
        planned = await billing.begin_round("customers", position, since=None, now=clock.now(), most_slices=1)
        async for page in billing.pages("customers", planned.slices[0], None, rules=NO_RULES):
            found += page.records
            if page.cursor is not None:
                stripe._events.pop(next(each for each in stripe._events if f'"{each}"' in page.cursor))

    assert {each.id for each in found} == set(ids)


async def test_deleted_customers_and_drafts_are_told_and_a_subscription_that_ends_stays(stripe, clock):
    told: dict[str, Record] = {}

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        for stream, prefix in (("customers", "cus"), ("invoices", "in"), ("subscriptions", "sub")):
            ids = stripe.fill(stream, 3)
            position = await after_a_first_round(stripe, clock, billing, stream)
            if stream == "subscriptions":
                stripe._change(ids[2], "customer.subscription.deleted", {"status": "canceled"})
            else:
                stripe.touch(stream, ids[2])
                stripe.drop(stream, ids[2])
            clock.pass_seconds(HOUR)
            found, _ = await read(billing, stream, position, now=clock.now())
            told[prefix] = only(found)

    assert {prefix: each.deleted for prefix, each in told.items()} == {"cus": True, "in": True, "sub": False}
    assert told["sub"].columns["status"] == "canceled"
    assert not told["cus"].columns


async def test_what_is_gone_when_it_is_read_again_is_told_as_deleted(stripe, clock):
    stripe.account_version = BASIL
    ids = stripe.fill("invoices", 3)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "invoices")
        stripe.touch("invoices", ids[0])
        del stripe._objects[ids[0]]
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "invoices", position, now=clock.now())

    assert [(each.id, each.deleted) for each in found] == [(ids[0], True)]


@pytest.mark.parametrize("days", [28, 30])
async def test_events_reach_thirty_days_back_and_whoever_is_later_reads_all(stripe, clock, days):
    stripe.fill("customers", 3)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        clock.pass_seconds(86_400)
        _, position = await read(billing, "customers", position, now=clock.now())
        clock.pass_seconds(days * 86_400)
        planned = await billing.begin_round("customers", position, since=None, now=clock.now(), most_slices=1)
        since = await billing.begin_round(
            "customers", None, since=clock.now() - timedelta(days=days), now=clock.now(), most_slices=1
        )

    assert planned.complete is (days > 29)
    assert since.complete is (days > 29)


async def test_a_quiet_account_is_not_read_anew_each_month(stripe, clock):
    stripe.fill("customers", 3)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position: str | None = await after_a_first_round(stripe, clock, billing, "customers")
        rounds = []
        for _ in range(5):
            clock.pass_seconds(14 * 86_400)
            planned = await billing.begin_round(
                "customers", position, since=None, now=clock.now(), most_slices=1
            )
            rounds.append(planned.complete)
            position = planned.position

    assert rounds == [False] * 5


async def test_an_event_that_stripe_lists_late_comes_with_the_next_round(stripe, clock):
    mia, tom = stripe.fill("customers", 2)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        stripe.update_customer(tom, name="Tom")
        clock.pass_seconds(2)
        _, position = await read(billing, "customers", position, now=clock.now())
        clock.pass_seconds(-60)
        stripe.update_customer(mia, name="Listed late")
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "customers", position, now=clock.now())

    assert "Listed late" in {each.columns["name"] for each in found}


@pytest.mark.parametrize("minutes", [-10, 10], ids=["ours is slow", "ours is fast"])
async def test_v33_a_clock_that_is_ten_minutes_off_loses_nothing_and_undoes_nothing(stripe, clock, minutes):
    ids = stripe.fill("customers", 3)
    clock.pass_seconds(HOUR)
    off = timedelta(minutes=minutes)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        stripe.update_customer(ids[0], name="Before")
        clock.pass_seconds(1)
        first, position = await read(billing, "customers", now=clock.now() + off)
        clock.pass_seconds(1)
        stripe.update_customer(ids[1], name="After")
        clock.pass_seconds(1)
        second, _ = await read(billing, "customers", position, now=clock.now() + off)

    names = {each.id: each.columns["name"] for each in kept([*first, *second]).values()}
    assert (names[ids[0]], names[ids[1]]) == ("Before", "After")


async def test_a_complete_reading_counts_for_more_than_the_events_before_it(stripe, clock):
    """Its documents may be other ones by then, because other facts are asked for."""
    (mia,) = stripe.fill("customers", 1)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "customers")
        stripe.update_customer(mia, name="Changed")
        clock.pass_seconds(HOUR)
        changed, _ = await read(billing, "customers", position, now=clock.now())
        again, _ = await read(billing, "customers", now=clock.now(), asked=rules("customer.balance"))

    assert kept([*changed, *again])[mia].document is not None


@pytest.mark.parametrize("version", [VERSION, BASIL], ids=["by snapshots", "by reading again"])
async def test_changes_and_a_complete_reading_end_in_the_same_records(stripe, clock, version):
    stripe.account_version = version
    asked = rules("customer.balance", "subscription.plan", "invoice.open", "dispute.open")
    ids = {each.name: stripe.fill(each.name, 12) for each in STREAMS}
    clock.pass_seconds(HOUR)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        for name, known in ids.items():
            first, position = await read(billing, name, now=clock.now(), asked=asked)
            for each in known[:5]:
                stripe.touch(name, each)
            stripe.touch(name, known[0])
            if name in {"customers", "invoices"}:
                stripe.drop(name, known[2])
            stripe.fill(name, 2)
            clock.pass_seconds(HOUR)
            changed, _ = await read(billing, name, position, now=clock.now(), asked=asked)
            again, _ = await read(billing, name, now=clock.now(), asked=asked, most_slices=4)

            assert shown([*first, *changed]) == shown(again), name


def shown(records: Sequence[Record]) -> dict[str, tuple[object, ...]]:
    """What is to be seen of those that are there."""
    there = (each for each in kept(records).values() if not each.deleted)
    return {each.id: (each.columns, each.keys, each.document) for each in there}
