"""Complete readings of Stripe's lists, in slices; and what a restricted key may not read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from stripe_bulk import HOUR, NO_RULES, after_a_first_round, only, read
from stripe_rig import SetClock, connected

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.synced import Record
from batonpass.testing.happenings import CannotPlayError
from batonpass_stripe.client import StripeClient
from batonpass_stripe.emulator import StripeEmulator
from batonpass_stripe.pace import SPACE, SPACED_FOR, Pace
from batonpass_stripe.streams import STREAMS
from batonpass_stripe.windows import Windows
from batonpass_stripe.wire import Page

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def stripe(clock: SetClock) -> StripeEmulator:
    return StripeEmulator(clock=clock)


def test_each_window_is_of_one_slice_and_they_leave_no_second_out():
    slices = [Windows(now=int(NOW.timestamp()), nth=nth, of=4) for nth in range(4)]
    owned: dict[int, list[tuple[int, int | None]]] = {}

    for each in slices:
        window = each.ours_from(0)
        while window is not None:
            owned.setdefault(window, []).append((each.low(window), each.high(window)))
            window = each.ours_from(window + 1)

    spans = [only_span for _, (only_span,) in sorted(owned.items())]
    assert sorted(owned) == list(range(len(spans)))
    assert spans[0][1] is None
    assert spans[-1][0] == 0
    assert all(younger[0] == older[1] for younger, older in pairwise(spans))


@pytest.mark.parametrize("years", [0.05, 1, 7])
def test_an_account_that_grew_evenly_is_shared_evenly(years):
    now = int(NOW.timestamp())
    began = now - int(years * 365 * 86_400)
    shares = []
    for nth in range(4):
        windows = Windows(now=now, nth=nth, of=4)
        window, seconds = windows.ours_from(0), 0
        while window is not None:
            end = now if windows.high(window) is None else windows.high(window)
            seconds += max(0, end - max(began, windows.low(window)))
            window = windows.ours_from(window + 1)
        shares.append(seconds / (now - began))

    assert sum(shares) == pytest.approx(1)
    assert max(shares) < 0.42


async def test_slices_give_each_record_once_and_jump_over_years_without_any(stripe, clock):
    ids = set(stripe.fill("customers", 130))
    clock.pass_seconds(3 * 365 * 86_400)
    for _ in range(20):
        ids |= set(stripe.fill("customers", 15))
        clock.pass_seconds(HOUR)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        found, _ = await read(billing, "customers", now=clock.now(), most_slices=4)

    assert sorted(each.id for each in found) == sorted(ids)
    assert stripe.calls.count("customers.list") < 40


async def test_a_list_of_one_page_is_one_slice(stripe, clock):
    stripe.fill("customers", 100)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        small = await billing.begin_round("customers", None, since=None, now=clock.now(), most_slices=4)
        stripe.fill("customers", 1)
        large = await billing.begin_round("customers", None, since=None, now=clock.now(), most_slices=9)

    assert [each.name for each in small.slices] == ["all"]
    assert [each.name for each in large.slices] == [f"part {nth} of 4" for nth in (1, 2, 3, 4)]
    assert small.complete
    assert large.complete


async def test_v31_the_last_that_was_read_is_deleted_and_nobody_is_left_out(stripe, clock):
    ids = stripe.fill("customers", 250)
    found: list[Record] = []

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        planned = await billing.begin_round("customers", None, since=None, now=clock.now(), most_slices=1)
        async for page in billing.pages("customers", planned.slices[0], None, rules=NO_RULES):
            found += page.records
            if len(found) == 100:
                stripe.delete_customer(found[-1].id)

    assert {each.id for each in found} == set(ids)


async def test_v31_a_list_that_does_not_go_on_is_not_read_for_ever(stripe, clock, monkeypatch):
    stripe.fill("customers", 150)
    newest = StripeClient.all_customers

    async def always_the_first(self: StripeClient, place: Any, *, limit: int = 100) -> Page[Any]:
        return await newest(self, replace(place, after=None), limit=limit)

    monkeypatch.setattr(StripeClient, "all_customers", always_the_first)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        with pytest.raises(RetryLaterError) as caught:
            await read(billing, "customers", now=clock.now())

    assert caught.value.code == "page_repeats"


async def test_calls_are_spaced_once_stripe_has_refused_one_and_only_at_that_endpoint(clock):
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds / SPACE, 3))
        clock.pass_seconds(seconds)

    async def call(operation: str, *, refused: bool = False) -> None:
        async with pace.turn(operation):
            if refused:
                raise RetryLaterError("too fast", code="rate_limited")

    pace = Pace(clock, sleep=sleep)
    for _ in range(50):
        await call("customers.list")
    unspaced = list(waited)
    with pytest.raises(RetryLaterError):
        await call("customers.list", refused=True)
    for _ in range(3):
        await call("customers.list")
        await call("events.list")
    spaced = list(waited)
    clock.pass_seconds(SPACED_FOR)
    await call("customers.list")

    assert unspaced == []
    assert spaced == waited == [1, 1], "the first one may go at once"


# What a restricted key may not read -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacks", "stream"),
    [
        ("rak_customer_read", "customers"),
        ("rak_subscription_read", "subscriptions"),
        ("rak_invoice_read", "invoices"),
        ("rak_dispute_read", "disputes"),
    ],
)
async def test_v20_a_right_that_is_missing_stops_its_own_stream_and_no_other(stripe, clock, lacks, stream):
    for each in STREAMS:
        stripe.fill(each.name, 1)
    stripe.lacks.add(lacks)
    others = [each.name for each in STREAMS if each.name != stream]

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        with pytest.raises(RefusedError) as refused:
            await read(billing, stream, now=clock.now())
        told = [await read(billing, each, now=clock.now()) for each in others]

    assert (refused.value.code, lacks in refused.value.reasons) == ("forbidden", True)
    assert all(found for found, _ in told)


async def test_v20_without_the_right_to_events_each_round_reads_everything(stripe, clock):
    stripe.lacks.add("rak_event_read")
    ids = stripe.fill("customers", 3)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        planned = await billing.begin_round("customers", None, since=None, now=clock.now(), most_slices=1)
        found, position = await read(billing, "customers", planned.position, now=clock.now())

    assert (planned.complete, planned.position, position) == (True, None, None)
    assert {each.id for each in found} == set(ids)


@pytest.mark.parametrize("round_", ["complete", "by events"])
async def test_v20_without_the_right_to_charges_nobody_knows_whose_a_dispute_is(stripe, clock, round_):
    stripe.lacks.add("rak_charge_read")
    stripe.fill("disputes", 2)
    since = None if round_ == "complete" else NOW

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        found, _ = await read(billing, "disputes", now=clock.now(), since=since)

    assert len(found) == 2
    assert not any("customer_id" in each.columns or each.keys for each in found)


async def test_a_dispute_that_changed_is_told_with_its_customer(stripe, clock):
    ids = stripe.fill("disputes", 2)
    (owner, *_) = stripe._shelves["customer"].newest_first()

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        position = await after_a_first_round(stripe, clock, billing, "disputes")
        stripe.touch("disputes", ids[1])
        clock.pass_seconds(HOUR)
        found, _ = await read(billing, "disputes", position, now=clock.now())

    assert (only(found).columns["status"], only(found).columns["customer_id"]) == ("under_review", owner)


# The account that is read ---------------------------------------------------------------------------------------------


def test_nobody_can_delete_what_stripe_keeps_for_ever(stripe):
    for stream in ("subscriptions", "disputes"):
        (made,) = stripe.fill(stream, 1)

        with pytest.raises(CannotPlayError):
            stripe.drop(stream, made)
