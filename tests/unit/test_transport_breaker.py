"""When an operation that fails is given a rest, and who hears of it."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest

from batonpass.domain.errors import BatonpassError, CredentialsRefusedError, RetryLaterError
from batonpass.domain.handoff import ClaimedStep, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.engine.held import Held
from batonpass.transport import Call, FixedCredentials, Notice, Transport
from batonpass.transport.recent import LastMinute
from fakes import NOON, FakeClock

READ = Call(operation="things.read", method="GET", path="/things")
LIST = Call(operation="things.list", method="GET", path="/list")


class Vendor:
    """Answers as told, one status after the other; then the last one again and again."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.called: list[str] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.called.append(request.url.path)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return httpx.Response(status, json={})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(at=NOON)


@pytest.fixture
def heard() -> list[Notice]:
    return []


def reaching(vendor: Vendor, clock: FakeClock, heard: list[Notice]) -> Transport:
    return Transport(
        connection="toy", base_url="http://127.0.0.1:1", hosts=(), http=httpx.MockTransport(vendor.answer),
        credentials=FixedCredentials({}), clock=clock, on_trouble=heard.append,
    )  # fmt: skip


async def call_times(transport: Transport, times: int, call: Call = READ) -> list[str]:
    codes = []
    for _ in range(times):
        try:
            await transport.call(call)
            codes.append("")
        except BatonpassError as error:
            codes.append(error.code)
    return codes


async def test_v06_half_of_twenty_calls_in_a_minute_open_the_breaker(
    clock: FakeClock, heard: list[Notice]
) -> None:
    vendor = Vendor(*[500, 200] * 9, 500, 500, 200)
    transport = reaching(vendor, clock, heard)

    await call_times(transport, 19)
    assert heard == []
    codes = await call_times(transport, 2)

    assert codes == ["unavailable", "breaker_open"]
    assert len(vendor.called) == 20


async def test_v06_fewer_than_half_do_not_open_it(clock: FakeClock, heard: list[Notice]) -> None:
    vendor = Vendor(*[200, 500, 200] * 20)

    await call_times(reaching(vendor, clock, heard), 60)

    assert (len(vendor.called), heard) == (60, [])


async def test_v06_failures_of_more_than_a_minute_ago_are_forgotten(
    clock: FakeClock, heard: list[Notice]
) -> None:
    vendor = Vendor(*[500, 200] * 9, *[500, 200, 200] * 9)
    transport = reaching(vendor, clock, heard)
    await call_times(transport, 18)

    clock.go_on(61)
    await call_times(transport, 27)

    assert heard == []


async def test_v06_while_it_rests_one_call_in_thirty_seconds_tries_and_the_first_answer_ends_it(
    clock: FakeClock, heard: list[Notice]
) -> None:
    vendor = Vendor(*[500] * 7, 200)
    transport = reaching(vendor, clock, heard)
    await call_times(transport, 5)

    for second in range(90):
        clock.go_on(1)
        await call_times(transport, 3)
        assert len(vendor.called) == (5, 6, 7)[min(2, (second + 1) // 30)] or second == 89

    assert await call_times(transport, 2) == ["", ""]
    assert [(each.gate, each.why) for each in heard] == [
        ("toy things.read", "breaker_open"),
        ("toy things.read", "breaker_open"),
        ("toy things.read", "breaker_open"),
        ("toy things.read", "well"),
    ]


async def test_v06_one_operation_rests_and_the_others_go_on(clock: FakeClock, heard: list[Notice]) -> None:
    vendor = Vendor(*[500] * 5, 200)
    transport = reaching(vendor, clock, heard)
    await call_times(transport, 5)

    assert await call_times(transport, 1) == ["breaker_open"]
    assert await call_times(transport, 1, LIST) == [""]


async def test_v06_what_was_under_way_neither_ends_the_rest_nor_makes_it_longer(
    clock: FakeClock, heard: list[Notice]
) -> None:
    late = asyncio.Event()

    class Slow(Vendor):
        async def answer(self, request: httpx.Request) -> httpx.Response:
            if request.url.query:
                await late.wait()
            return await super().answer(request)

    vendor = Slow(*[500] * 6, 200)
    transport = reaching(vendor, clock, heard)
    slow = Call(operation="things.read", method="GET", path="/things", params=(("slow", "1"),))
    under_way = [asyncio.create_task(transport.call(slow)) for _ in range(2)]
    await asyncio.sleep(0)
    await call_times(transport, 5)

    clock.go_on(10)
    late.set()
    await asyncio.gather(*under_way, return_exceptions=True)

    assert await call_times(transport, 1) == ["breaker_open"]
    clock.go_on(20)
    assert await call_times(transport, 1) == [""]


async def test_v17_refused_credentials_are_heard_of_at_once_and_when_they_are_renewed(
    clock: FakeClock, heard: list[Notice]
) -> None:
    vendor = Vendor(401, 401, 200)
    transport = reaching(vendor, clock, heard)

    with pytest.raises(CredentialsRefusedError):
        await transport.call(READ)
    assert [(each.gate, each.why, (each.until - NOON).seconds) for each in heard] == [
        ("toy", "credentials_refused", 60)
    ]
    clock.go_on(61)
    await transport.call(READ)

    assert [each.why for each in heard] == ["credentials_refused", "well"]


async def test_v01_a_limit_is_no_trouble(clock: FakeClock, heard: list[Notice]) -> None:
    transport = reaching(Vendor(429, 200), clock, heard)

    with contextlib.suppress(RetryLaterError):
        await transport.call(READ)
    clock.go_on(2)
    await transport.call(READ)

    assert heard == []


def test_a_minutes_count_forgets_by_parts_of_ten_seconds() -> None:
    minute = LastMinute()

    seen = []
    for second in range(0, 100, 10):
        minute.count(float(second))
        seen.append(minute.totals(float(second))[0])
    minute.mark(95.0)

    assert seen == [1, 2, 3, 4, 5, 6, 6, 6, 6, 6]
    assert minute.totals(149.0) == (1, 1)
    assert minute.totals(150.0) == (0, 0)
    assert minute.totals(100_000.0) == (0, 0)


async def test_those_that_are_refused_come_back_one_after_the_other(clock: FakeClock) -> None:
    transport = reaching(Vendor(503), clock, [])
    await call_times(transport, 5)
    waits = [await _refused(transport) for _ in range(1000)]

    clock.go_on(waits[0])  # the rest is over
    await call_times(transport, 1)  # the first of them probes, and fails
    again = [await _refused(transport) for _ in range(1000)]

    assert waits[0] == pytest.approx(30)
    assert waits == sorted(waits)
    assert waits[999] - waits[0] == pytest.approx(25, abs=0.1)
    assert min(again) >= waits[999] - waits[0]  # nobody comes back among those of before
    assert max(again) <= 30 + 60


async def _refused(transport: Transport) -> float:
    with pytest.raises(RetryLaterError) as refused:
        await transport.call(READ)
    assert refused.value.retry_after is not None
    return refused.value.retry_after


async def test_whoever_was_refused_can_ask_whether_it_is_still_so_without_calling(clock: FakeClock) -> None:
    vendor = Vendor(503, 503, 503, 503, 503, 200)
    transport = reaching(vendor, clock, [])
    await call_times(transport, 5)
    with pytest.raises(RetryLaterError) as refused:
        await transport.call(READ)
    held = Held()
    held.heed(StepKind.OPEN_TICKET, refused.value)

    with pytest.raises(RetryLaterError) as again:
        held.let_pass(a_step(StepKind.OPEN_TICKET, claims=2))
    held.let_pass(a_step(StepKind.OPEN_TICKET, claims=1))
    held.let_pass(a_step(StepKind.NOTE_CONTEXT, claims=2))
    clock.go_on(30)
    held.let_pass(a_step(StepKind.OPEN_TICKET, claims=2))
    await transport.call(READ)

    assert again.value.code == "breaker_open"
    assert again.value.retry_after > refused.value.retry_after
    assert len(vendor.called) == 6  # asking took no call, and took nobody the place of the probe


def a_step(kind: StepKind, *, claims: int) -> ClaimedStep:
    return ClaimedStep(
        handoff_id=HandoffId("ho_1"), name=kind, kind=kind, about="", fence=claims, attempts=1,
        first_claimed_at=NOON, lease_until=NOON,
    )  # fmt: skip
