"""The vendor's limit: what the headers say of it, and how we slow down before it refuses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from batonpass.domain.clock import SystemClock
from batonpass.domain.errors import RetryLaterError
from batonpass.testing.serving import served
from batonpass.transport import Call, FixedCredentials, Transport, open_sockets
from batonpass.transport.limits import Left, account_left, endpoint_pause, notable
from fakes import NOON, FakeClock, ToyVendor

READ = Call(operation="things.read", method="GET", path="/things")
CREATE = Call(operation="things.create", method="POST", path="/things", json={}, effect=True)
EPOCH = int(NOON.timestamp())


@dataclass
class Paced(ToyVendor):
    """A vendor with a short window that says what is left of it."""

    window: float = 1.0

    @property
    def window_seconds(self) -> float:
        return self.window

    def limit_headers(self, remaining: int, reset: float) -> dict[str, str]:
        return {"RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(round(reset))}


def answering(headers: Mapping[str, str], clock: FakeClock) -> tuple[Transport, list[str]]:
    """A transport to a vendor whose every answer has these headers, and the paths that were called."""
    called: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        called.append(request.method)
        return httpx.Response(200, json={}, headers=headers)

    transport = Transport(
        connection="toy",
        base_url="http://127.0.0.1:1",
        hosts=(),
        http=httpx.MockTransport(answer),
        credentials=FixedCredentials({}),
        clock=clock,
    )
    return transport, called


@pytest.mark.parametrize(
    ("headers", "calls", "resets_in"),
    [
        pytest.param({"ratelimit-remaining": "3", "ratelimit-reset": "41"}, 3, 41, id="seconds"),
        pytest.param({"RateLimit-Remaining": "0", "RateLimit-Reset": "0"}, 0, 1, id="rounded down to none"),
        pytest.param(
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH + 8)}, 0, 8, id="epoch seconds"
        ),
        pytest.param(
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str((EPOCH + 8) * 1000)}, 0, 8, id="epoch ms"
        ),
        pytest.param(
            {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(EPOCH + 608),
                "Date": "Sat, 21 Nov 2026 12:10:00 GMT",
            },
            0,
            8,
            id="v33 by the vendor's clock",
        ),
        pytest.param(
            {"X-Toy-RateLimit-Remaining": "0", "X-Toy-RateLimit-Interval-Milliseconds": "10000"},
            0,
            10,
            id="a window's length",
        ),
        pytest.param({"X-RateLimit-Remaining": "0"}, 0, None, id="no word on when"),
        pytest.param({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, 0, None, id="nonsense"),
        pytest.param({"ratelimit-remaining": "0", "ratelimit-reset": "86400"}, 0, 60, id="at most a minute"),
        pytest.param(
            {"X-Rate-Limit-Remaining": "2", "ratelimit-remaining": "2", "ratelimit-reset": "9"},
            2,
            9,
            id="told twice",
        ),
        pytest.param(
            {
                "X-Toy-RateLimit-Remaining": "40",
                "X-Toy-RateLimit-Interval-Milliseconds": "10000",
                "X-Toy-RateLimit-Daily-Remaining": "0",
            },
            0,
            None,
            id="the scarcest",
        ),
        pytest.param({"ratelimit-remaining": "600", "ratelimit-reset": "41"}, 600, 41, id="plenty"),
    ],
)
def test_v05_what_is_left_is_read_in_every_form(
    headers: dict[str, str], calls: int, resets_in: float | None
) -> None:
    told = httpx.Headers(headers)

    assert account_left(notable(told.raw), told, FakeClock(at=NOON)) == Left(calls, resets_in)


@pytest.mark.parametrize(
    "headers",
    [
        {"ratelimit-remaining": "3", "ratelimit-limit": "700"},
        {"X-Rate-Limit-Remaining": "3", "X-Rate-Limit": "700"},
        {"X-RateLimit-Remaining": "3", "X-RateLimit-Total": "700"},
        {"X-Toy-RateLimit-Remaining": "3", "X-Toy-RateLimit-Max": "700", "X-Toy-RateLimit-Daily": "250000"},
        {"X-Toy-RateLimit-Daily-Remaining": "3", "X-Toy-RateLimit-Max": "1", "X-Toy-RateLimit-Daily": "700"},
    ],
    ids=["limit", "bare", "total", "max beside a day's", "a day's"],
)
def test_v05_how_many_a_window_has_is_read_in_every_form(headers: dict[str, str]) -> None:
    told = httpx.Headers(headers)

    assert account_left(notable(told.raw), told, FakeClock()) == Left(3, None, 700)


@pytest.mark.parametrize(
    "headers",
    [
        {"ratelimit-remaining": "many"},
        {"ratelimit-remaining": "-1"},
        {"x-storage-remaining": "0"},
        {"ratelimit-limit": "0", "ratelimit-reset": "0"},
        {},
    ],
    ids=["words", "negative", "something else", "only the limit", "nothing"],
)
def test_what_tells_no_limit_keeps_nobody_back(headers: dict[str, str]) -> None:
    told = httpx.Headers(headers)

    assert account_left(notable(told.raw), told, FakeClock()) is None


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("total=100; remaining=0; resets=41", 41.0),
        ("total=100; remaining=1; resets=41", None),
        ("remaining=05", None),
        ("total=10; remaining=0", 1.0),
    ],
)
def test_v05_what_one_endpoint_has_left_is_read(value: str, pause: float | None) -> None:
    told = httpx.Headers({"Toy-RateLimit-things-index": value})

    assert endpoint_pause(notable(told.raw)) == pause


async def test_v05_the_last_call_of_a_window_keeps_the_connection_back_until_the_next() -> None:
    clock = FakeClock(at=NOON)
    transport, called = answering({"ratelimit-remaining": "0", "ratelimit-reset": "20"}, clock)
    await transport.call(READ)

    clock.go_on(19)
    with pytest.raises(RetryLaterError) as caught:
        await transport.call(CREATE)
    clock.go_on(2)
    await transport.call(CREATE)

    assert called == ["GET", "POST"]
    assert (caught.value.retry_after, caught.value.code, caught.value.consumes_attempt) == (
        1,
        "rate_limited",
        False,
    )


async def test_v05_after_the_window_one_call_finds_out_for_all() -> None:
    clock = FakeClock(at=NOON)
    transport, called = answering({"ratelimit-remaining": "0", "ratelimit-reset": "20"}, clock)
    await transport.call(READ)
    clock.go_on(21)

    crowd = await asyncio.gather(*(transport.call(READ) for _ in range(10)), return_exceptions=True)

    assert len(called) == 2
    assert sum(isinstance(each, RetryLaterError) for each in crowd) == 9


@pytest.mark.parametrize("left", ["1", "4", "99"])
async def test_v05_nobody_waits_while_there_is_a_call_left(left: str) -> None:
    transport, called = answering({"ratelimit-remaining": left, "ratelimit-reset": "20"}, FakeClock(at=NOON))

    for _ in range(50):
        await transport.call(READ)

    assert len(called) == 50


async def test_v05_an_endpoints_last_call_keeps_back_that_operation_only() -> None:
    clock = FakeClock(at=NOON)
    said = {"toy-ratelimit-things-index": "total=100; remaining=0; resets=41"}
    transport, called = answering(said, clock)
    await transport.call(READ)

    with pytest.raises(RetryLaterError):
        await transport.call(READ)
    await transport.call(CREATE)
    clock.go_on(42)
    await transport.call(READ)

    assert called == ["GET", "POST", "GET"]


async def test_v05_at_120_percent_load_fewer_than_one_call_in_a_hundred_is_refused_by_the_vendor() -> None:
    vendor = Paced(calls_per_window=100, window=1.0)
    spacing = vendor.window / 120

    async with served(vendor) as url, open_sockets() as http:
        transport = Transport(
            connection="toy", base_url=url, hosts=(), http=http, clock=SystemClock(),
            credentials=FixedCredentials({"Authorization": "Bearer toy-key"}),
        )  # fmt: skip

        began = time.monotonic()
        async with asyncio.TaskGroup() as offered:
            for number in range(240):
                offered.create_task(answered_in_the_end(transport, after=number * spacing))
        took = time.monotonic() - began

    rejected = len(vendor.calls) - 240
    assert rejected <= 2, f"{rejected} of {len(vendor.calls)} calls met a 429"
    assert took < 3 * vendor.window + 4, "and the pause is no longer than the limit needs"


async def answered_in_the_end(transport: Transport, *, after: float) -> None:
    await asyncio.sleep(after)
    waiting: float | None = 0.0
    while waiting is not None:
        await asyncio.sleep(waiting)
        try:
            await transport.call(READ)
            waiting = None
        except RetryLaterError as error:
            waiting = error.retry_after or 0.1
