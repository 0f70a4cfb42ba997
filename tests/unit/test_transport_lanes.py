"""Work that nobody waits for leaves a part of the vendor's limit to customers who wait."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.handoff import Lane
from batonpass.transport import Call, FixedCredentials, Transport, in_lane
from batonpass.transport.lanes import lane
from fakes import NOON, FakeClock

READ = Call(operation="things.read", method="GET", path="/things")


class Metered:
    """A vendor with so many calls a minute, that says what is left."""

    def __init__(self, *, total: int, tells_total: bool = True, tells_reset: bool = True) -> None:
        self.clock = FakeClock(at=NOON)
        self.total = total
        self.used = 0
        self.window = 0
        self.tells_total, self.tells_reset = tells_total, tells_reset
        self.transport = Transport(
            connection="toy", base_url="http://127.0.0.1:1", hosts=(), clock=self.clock,
            http=httpx.MockTransport(self._answer), credentials=FixedCredentials({}),
        )  # fmt: skip

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        window, into = divmod(self.clock.passed, 60)
        if window != self.window:
            self.window, self.used = int(window), 0
        self.used += 1
        headers = {"ratelimit-remaining": str(max(0, self.total - self.used))}
        if self.tells_total:
            headers["ratelimit-limit"] = str(self.total)
        if self.tells_reset:
            headers["ratelimit-reset"] = str(int(60 - into))
        return httpx.Response(200 if self.used <= self.total else 429, json={}, headers=headers)

    async def spend(self, which: Lane, *, most: int = 10_000) -> tuple[int, RetryLaterError | None]:
        """As many calls as are let through, and the refusal of the next."""
        with in_lane(which):
            for made in range(most):
                try:
                    await self.transport.call(READ)
                except RetryLaterError as refused:
                    return made, refused
        return most, None


@pytest.mark.parametrize(("which", "share"), [(Lane.BACKGROUND, 0.8), (Lane.REPLAY, 0.5)])
@pytest.mark.parametrize("total", [40, 700])
async def test_l07_a_lane_leaves_its_reserve_to_live_work(which: Lane, share: float, total: int) -> None:
    vendor = Metered(total=total)

    vendor.clock.go_on(19)
    made, refused = await vendor.spend(which)

    assert made == share * total
    assert refused is not None
    assert (refused.code, refused.consumes_attempt, refused.retry_after) == ("rate_limited", False, 41)


async def test_l07_background_and_replay_together_use_four_fifths_and_live_work_the_rest() -> None:
    vendor = Metered(total=100)

    replayed, _ = await vendor.spend(Lane.REPLAY)
    read, _ = await vendor.spend(Lane.BACKGROUND)
    urgent, _ = await vendor.spend(Lane.URGENT, most=5)
    live, _ = await vendor.spend(Lane.LIVE)

    assert (replayed, read, urgent, live) == (50, 30, 5, 15)
    assert vendor.used == 100


async def test_l06_a_replay_goes_on_with_the_next_window() -> None:
    vendor = Metered(total=100)
    before, refused = await vendor.spend(Lane.REPLAY)
    assert refused is not None
    assert refused.retry_after is not None

    vendor.clock.go_on(refused.retry_after)
    after, _ = await vendor.spend(Lane.REPLAY)

    assert (before, after) == (50, 50)


async def test_l07_calls_under_way_count_as_used() -> None:
    vendor = Metered(total=100)
    await vendor.spend(Lane.LIVE, most=40)

    with in_lane(Lane.REPLAY):
        crowd = await asyncio.gather(
            *(vendor.transport.call(READ) for _ in range(50)), return_exceptions=True
        )

    assert sum(isinstance(each, RetryLaterError) for each in crowd) == 40
    assert vendor.used == 50


async def test_l07_a_total_that_is_not_told_is_the_most_that_was_seen() -> None:
    vendor = Metered(total=100, tells_total=False)

    made, _ = await vendor.spend(Lane.BACKGROUND)

    assert made == 80


async def test_l07_without_a_word_on_when_the_reserve_is_kept_for_a_minute() -> None:
    vendor = Metered(total=100, tells_reset=False)
    _, refused = await vendor.spend(Lane.BACKGROUND)

    assert refused is not None
    assert refused.retry_after == 60


async def test_l07_a_vendor_that_tells_nothing_keeps_no_lane_back() -> None:
    async def silent(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={})

    transport = Transport(
        connection="toy", base_url="http://127.0.0.1:1", hosts=(), clock=FakeClock(),
        http=httpx.MockTransport(silent), credentials=FixedCredentials({}),
    )  # fmt: skip

    with in_lane(Lane.REPLAY):
        for _ in range(100):
            await transport.call(READ)


async def test_l06_a_replay_beside_live_work_costs_it_no_refusal() -> None:
    """Twice what the vendor takes is to be replayed; live work is half of what it takes."""
    vendor = Metered(total=100)
    refused = 0

    for _ in range(600):
        vendor.clock.go_on(0.2)
        await vendor.spend(Lane.REPLAY, most=1)
        with in_lane(Lane.LIVE):
            try:
                if vendor.clock.passed % 1.2 < 0.2:
                    await vendor.transport.call(READ)
            except RetryLaterError:
                refused += 1

    assert refused == 0


async def test_a_lane_holds_for_the_tasks_that_begin_within_it_and_no_longer() -> None:
    async def seen() -> Lane:
        return lane.get()

    with in_lane(Lane.REPLAY):
        within = await asyncio.create_task(seen())
        with in_lane(Lane.URGENT):
            nested = lane.get()

    assert (within, nested, lane.get()) == (Lane.REPLAY, Lane.URGENT, Lane.LIVE)
