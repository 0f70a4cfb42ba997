"""What a vendor says about waiting: how it is read, and whom it keeps back."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import httpx
import pytest
import respx
import structlog

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.transport import Call, FixedCredentials, Transport
from batonpass.transport.waiting import LONGEST_RETRY_AFTER, retry_after
from fakes import NOON, FakeClock

BASE = "http://127.0.0.1:1"
CREATE = Call(operation="things.create", method="POST", path="/things", json={}, effect=True)
READ = Call(operation="things.read", method="GET", path="/things")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(at=NOON)


@pytest.fixture
def vendor() -> respx.Router:
    router = respx.Router()
    router.get(f"{BASE}/things").respond(200, json={})
    router.post(f"{BASE}/things").respond(200, json={})
    return router


@pytest.fixture
def transport(vendor: respx.Router, clock: FakeClock) -> Transport:
    return Transport(
        connection="toy",
        base_url=BASE,
        hosts=(),
        http=httpx.MockTransport(vendor.async_handler),
        credentials=FixedCredentials({}),
        clock=clock,
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 1.5 ", 1.5, id="a part of a second"),
        pytest.param("0", 0.0, id="at once"),
        pytest.param("Sat, 21 Nov 2026 12:00:30 GMT", 30.0, id="date"),
        pytest.param("Saturday, 21-Nov-26 12:00:30 GMT", 30.0, id="date of the old form"),
        pytest.param("Sat, 21 Nov 2026 11:00:00 GMT", None, id="date in the past"),
        pytest.param("-5", None, id="negative"),
        pytest.param("abc", None, id="nonsense"),
        pytest.param("", None, id="empty"),
        pytest.param("1e9", None, id="an exponent"),
        pytest.param("\u0667", None, id="a digit of another script"),
        pytest.param("9" * 400, None, id="400 digits"),
        pytest.param("Sat, 21 Nov 99999 12:00:30 GMT", None, id="no such date"),
        pytest.param(None, None, id="absent"),
        pytest.param("315360000", LONGEST_RETRY_AFTER, id="ten years"),
        pytest.param("Fri, 21 Nov 2036 12:00:00 GMT", LONGEST_RETRY_AFTER, id="a date in ten years"),
    ],
)
def test_v02_retry_after_is_read_in_every_form_and_never_over_a_day(
    header: str | None, seconds: float | None, clock: FakeClock
) -> None:
    assert retry_after(header, clock) == seconds


async def test_v02_nonsense_gives_way_to_our_own_backoff(
    transport: Transport, vendor: respx.Router, clock: FakeClock
) -> None:
    vendor.get(f"{BASE}/things").respond(429, headers={"Retry-After": "-1"})

    with pytest.raises(RetryLaterError) as caught:
        await transport.call(READ)

    assert caught.value.retry_after is not None
    assert 0.5 <= caught.value.retry_after <= 1


@pytest.mark.parametrize("theirs", ["11:50", "12:10"], ids=["vendor behind", "vendor ahead"])
async def test_v33_a_time_to_come_back_is_counted_from_the_vendors_own_clock(
    transport: Transport, vendor: respx.Router, theirs: str
) -> None:
    headers = {
        "Date": f"Sat, 21 Nov 2026 {theirs}:00 GMT",
        "Retry-After": f"Sat, 21 Nov 2026 {theirs}:30 GMT",
    }
    vendor.get(f"{BASE}/things").respond(429, headers=headers)

    with pytest.raises(RetryLaterError) as caught:
        await transport.call(READ)

    assert caught.value.retry_after == 30


async def test_v04_one_operations_limit_leaves_the_others_open(
    transport: Transport, vendor: respx.Router
) -> None:
    said = {"Retry-After": "7", "ratelimit-remaining": "699", "ratelimit-reset": "40"}
    limited = vendor.post(f"{BASE}/things").respond(429, headers=said)

    for _ in range(3):
        with pytest.raises(RetryLaterError) as caught:
            await transport.call(CREATE)
    answer = await transport.call(READ)

    assert (answer.status, limited.call_count, caught.value.code) == (200, 1, "rate_limited")


async def test_v04_one_busy_object_leaves_its_operation_open_for_the_others(
    transport: Transport, vendor: respx.Router, clock: FakeClock
) -> None:
    """As Zendesk: 30 updates of one ticket in ten minutes, far below the account's limit."""
    busy, other = replace(CREATE, about="1"), replace(CREATE, about="2")
    route = vendor.post(f"{BASE}/things").respond(429, headers={"Retry-After": "600"})
    with pytest.raises(RetryLaterError):
        await transport.call(busy)
    route.respond(200, json={})

    with pytest.raises(RetryLaterError) as still:
        await transport.call(busy)
    answer = await transport.call(other)
    clock.go_on(661)
    again = await transport.call(busy)

    assert (answer.status, again.status, route.call_count) == (200, 200, 3)
    assert still.value.retry_after is not None
    assert 590 < still.value.retry_after <= 661


async def test_v07_a_503_with_a_time_keeps_its_operation_shut_for_that_time_and_no_other(
    transport: Transport, vendor: respx.Router, clock: FakeClock
) -> None:
    busy = vendor.post(f"{BASE}/things").respond(503, headers={"Retry-After": "7"})
    with pytest.raises(RetryLaterError) as first:
        await transport.call(CREATE)

    clock.go_on(6.9)
    with pytest.raises(RetryLaterError) as second:
        await transport.call(CREATE)
    answer = await transport.call(READ)
    assert (busy.call_count, answer.status) == (1, 200)

    vendor.post(f"{BASE}/things").respond(200, json={})
    clock.go_on(0.1)
    assert (await transport.call(CREATE)).status == 200
    assert (first.value.retry_after, first.value.consumes_attempt, first.value.code) == (
        7,
        False,
        "unavailable",
    )
    assert (second.value.code, second.value.consumes_attempt) == ("unavailable", False)


@pytest.mark.parametrize("status", [429, 503])
async def test_v01_v07_an_answer_that_was_under_way_does_not_open_what_the_vendor_shut(
    clock: FakeClock, status: int
) -> None:
    called: list[str] = []
    late = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        called.append(request.method)
        if len(called) == 1:
            await late.wait()
            return httpx.Response(200, json={})
        return httpx.Response(status, headers={"Retry-After": "7"})

    transport = Transport(
        connection="toy", base_url=BASE, hosts=(), http=httpx.MockTransport(answer), clock=clock,
        credentials=FixedCredentials({}),
    )  # fmt: skip
    first = asyncio.create_task(transport.call(READ))
    await asyncio.sleep(0)
    with pytest.raises(RetryLaterError):
        await transport.call(READ)
    late.set()
    await first

    with pytest.raises(RetryLaterError):
        await transport.call(READ)

    assert len(called) == 2


async def test_v07_a_503_without_a_time_shuts_nothing_and_counts_as_an_attempt(
    transport: Transport, vendor: respx.Router
) -> None:
    busy = vendor.get(f"{BASE}/things").respond(503)

    for _ in range(2):
        with pytest.raises(RetryLaterError) as caught:
            await transport.call(READ)

    assert (busy.call_count, caught.value.retry_after, caught.value.consumes_attempt) == (2, None, True)


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "forbidden"), (404, "not_found"), (409, "conflict"), (410, "gone"), (413, "too_large")],
    ids=["v20 forbidden", "v21 deleted", "v22 conflict", "v32 endpoint ended", "v23 too large"],
)
async def test_v22_a_refusal_that_repeating_cannot_help_has_a_code(
    transport: Transport, vendor: respx.Router, status: int, code: str
) -> None:
    vendor.post(f"{BASE}/things").respond(status, json={})

    with pytest.raises(RefusedError) as caught:
        await transport.call(CREATE)

    assert (caught.value.code, caught.value.status) == (code, status)


@pytest.mark.parametrize(
    ("headers", "deprecated", "ends"),
    [
        pytest.param(
            {"Deprecation": "@1767225600", "Sunset": "Wed, 31 Mar 2027 23:59:59 GMT"},
            "2026-01-01",
            "2027-03-31",
            id="both, as the standards have them",
        ),
        pytest.param({"Sunset": "Wed, 31 Mar 2027 23:59:59 GMT"}, None, "2027-03-31", id="only an end"),
        pytest.param({"Deprecation": "true"}, "without a date", None, id="an older draft"),
        pytest.param({"Sunset": "mia@example.com soon"}, None, "without a date", id="free text"),
    ],
)
@pytest.mark.parametrize("status", [200, 404])
async def test_v32_an_end_that_is_announced_is_told_once_for_each_operation(
    transport: Transport,
    vendor: respx.Router,
    headers: dict[str, str],
    deprecated: str | None,
    ends: str | None,
    status: int,
) -> None:
    vendor.get(f"{BASE}/things").respond(status, json={}, headers=headers)
    vendor.post(f"{BASE}/things").respond(status, json={}, headers=headers)

    with structlog.testing.capture_logs() as logs:
        for call in (READ, READ, CREATE, READ):
            with contextlib.suppress(RefusedError):
                await transport.call(call)

    assert [each["operation"] for each in logs] == ["things.read", "things.create"]
    assert {(each["log_level"], each["connection"], each["deprecated"], each["ends"]) for each in logs} == {
        ("warning", "toy", deprecated, ends)
    }


async def test_v32_an_answer_without_such_a_header_is_told_to_nobody(transport: Transport) -> None:
    with structlog.testing.capture_logs() as logs:
        await transport.call(READ)

    assert logs == []
