"""The one way out: every answer is a value or one of our errors."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import respx

from batonpass.domain.clock import Clock
from batonpass.domain.errors import (
    BatonpassError,
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RefusedError,
    RetryLaterError,
)
from batonpass.testing.emulator import Fault
from batonpass.testing.serving import served
from batonpass.transport import (
    Call,
    ClientCredentials,
    Explanation,
    FixedCredentials,
    Token,
    Transport,
    open_sockets,
)
from fakes import FakeClock, ToyVendor

CREATE = Call(operation="things.create", method="POST", path="/things", json={}, effect=True)
READ = Call(operation="things.read", method="GET", path="/things")


@pytest.fixture
def vendor() -> ToyVendor:
    return ToyVendor()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def transport(vendor: ToyVendor, clock: FakeClock) -> AsyncIterator[Transport]:
    async with reaching(vendor, clock) as made:
        yield made


@asynccontextmanager
async def reaching(vendor: ToyVendor, clock: Clock, *, deadline: float = 0.5) -> AsyncIterator[Transport]:
    async with served(vendor) as url, open_sockets() as http:
        yield Transport(
            connection="toy",
            base_url=url,
            hosts=(),
            http=http,
            credentials=FixedCredentials({"Authorization": "Bearer toy-key"}),
            clock=clock,
            deadline=deadline,
        )


@pytest.mark.parametrize(
    ("fault", "after_effect", "after_read", "committed"),
    [
        pytest.param(Fault.SERVER_ERROR, OutcomeUnknownError, RetryLaterError, 0, id="server error"),
        pytest.param(
            Fault.ERROR_AFTER_COMMIT, OutcomeUnknownError, RetryLaterError, 1, id="error after commit"
        ),
        pytest.param(Fault.ANSWER_TRUNCATED, OutcomeUnknownError, RetryLaterError, 1, id="truncated"),
        pytest.param(Fault.ANSWER_EMPTY, OutcomeUnknownError, RefusedError, 1, id="empty"),
        pytest.param(Fault.NEVER_ANSWERED, OutcomeUnknownError, RetryLaterError, 0, id="never answered"),
        pytest.param(Fault.ANSWERED_LATE, OutcomeUnknownError, RetryLaterError, 1, id="answered late"),
        pytest.param(Fault.HTML_PAGE, OutcomeUnknownError, RefusedError, 0, id="login page"),
        pytest.param(Fault.BROKEN_JSON, OutcomeUnknownError, RefusedError, 1, id="broken json"),
        pytest.param(Fault.REDIRECT, RefusedError, RefusedError, 0, id="redirect"),
        pytest.param(Fault.DRIP, OutcomeUnknownError, RetryLaterError, 1, id="slow drip"),
        pytest.param(Fault.RATE_LIMITED, RetryLaterError, RetryLaterError, 0, id="rate limited"),
    ],
)
async def test_every_fault_is_one_of_our_errors(
    transport: Transport,
    vendor: ToyVendor,
    fault: Fault,
    after_effect: type[BatonpassError],
    after_read: type[BatonpassError],
    committed: int,
) -> None:
    vendor.next_call(fault, operation="things.create")
    vendor.next_call(fault, operation="things.read")

    with pytest.raises(after_effect):
        await transport.call(CREATE)
    with pytest.raises(after_read):
        await transport.call(READ)

    assert len(vendor.ledger) == committed


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.RESET], ids=["after commit", "before commit"])
async def test_a_reset_connection_after_an_effect_is_an_unknown_outcome(
    transport: Transport, vendor: ToyVendor, fault: Fault
) -> None:
    vendor.next_call(fault)

    with pytest.raises(OutcomeUnknownError):
        await transport.call(CREATE)


async def test_v11_slow_drip_is_cut_by_the_total_deadline(transport: Transport, vendor: ToyVendor) -> None:
    vendor.next_call(Fault.DRIP)
    before = asyncio.get_running_loop().time()

    with pytest.raises(RetryLaterError):
        await transport.call(READ)

    assert asyncio.get_running_loop().time() - before < 2 * transport.deadline


async def test_v01_retry_after_keeps_the_operation_shut_and_no_other(
    transport: Transport, vendor: ToyVendor, clock: FakeClock
) -> None:
    vendor.next_call(Fault.RATE_LIMITED, operation="things.create", retry_after=7)
    with pytest.raises(RetryLaterError) as caught:
        await transport.call(CREATE)
    assert (caught.value.retry_after, caught.value.consumes_attempt) == (7, False)

    clock.go_on(6.9)
    with pytest.raises(RetryLaterError):
        await transport.call(CREATE)
    await transport.call(READ)
    clock.go_on(0.9)
    await transport.call(CREATE)

    assert vendor.calls == ["things.create", "things.read", "things.create"]


async def test_v03_limit_without_header_lets_one_probe_through_per_window(
    transport: Transport, vendor: ToyVendor, clock: FakeClock
) -> None:
    vendor.next_call(Fault.RATE_LIMITED, operation="things.create", times=3)
    windows = []

    for _ in range(3):
        with pytest.raises(RetryLaterError) as caught:
            await transport.call(CREATE)
        windows.append(caught.value.retry_after or 0)
        crowd = await asyncio.gather(*(transport.call(CREATE) for _ in range(10)), return_exceptions=True)
        assert all(isinstance(each, RetryLaterError) for each in crowd)
        clock.go_on(windows[-1] * 1.1)

    assert len(vendor.calls) == 3
    assert [0.5 <= windows[0] <= 1, 1 <= windows[1] <= 2, 2 <= windows[2] <= 4] == [True] * 3


async def test_v02_a_retry_after_of_no_time_is_none_and_our_own_backoff_grows(
    transport: Transport, vendor: ToyVendor, clock: FakeClock
) -> None:
    vendor.next_call(Fault.RATE_LIMITED, operation="things.create", times=3, retry_after=0)
    waits = []

    for _ in range(3):
        with pytest.raises(RetryLaterError) as caught:
            await transport.call(CREATE)
        waits.append(caught.value.retry_after or 0)
        with pytest.raises(RetryLaterError):
            await transport.call(CREATE)
        clock.go_on(waits[-1] * 1.1)

    assert len(vendor.calls) == 3
    assert [0.5 <= waits[0] <= 1, 1 <= waits[1] <= 2, 2 <= waits[2] <= 4] == [True] * 3


async def test_v06_five_failures_in_a_row_give_the_vendor_a_rest(
    transport: Transport, vendor: ToyVendor, clock: FakeClock
) -> None:
    vendor.next_call(Fault.SERVER_ERROR, status=503, times=5)
    for _ in range(5):
        with pytest.raises(RetryLaterError):
            await transport.call(READ)

    with pytest.raises(RetryLaterError) as caught:
        await transport.call(READ)
    assert caught.value.code == "breaker_open"
    assert len(vendor.calls) == 5

    clock.go_on(31)
    assert (await transport.call(READ)).status == 200


async def test_v13_a_login_page_is_named_and_its_text_is_not_kept(
    transport: Transport, vendor: ToyVendor
) -> None:
    vendor.next_call(Fault.HTML_PAGE)

    with pytest.raises(RefusedError, match="a page titled 'Sign in'") as caught:
        await transport.call(READ)

    assert caught.value.code == "unexpected_content"


async def test_v14_a_gzip_bomb_is_cut_and_memory_stays_flat(vendor: ToyVendor, clock: FakeClock) -> None:
    async with reaching(vendor, clock, deadline=20) as transport:
        vendor.next_call(Fault.GZIP_BOMB, times=2)
        with pytest.raises(RefusedError, match="larger than 5,000,000 bytes"):
            await transport.call(READ)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        with pytest.raises(RefusedError):
            await transport.call(READ)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


@pytest.mark.parametrize(
    "location",
    ["https://elsewhere.example/", "http://169.254.169.254/latest/meta-data", "/things"],
    ids=["other host", "metadata address", "same host"],
)
async def test_v15_no_redirect_is_followed(transport: Transport, vendor: ToyVendor, location: str) -> None:
    vendor.next_call(Fault.REDIRECT, location=location)

    with pytest.raises(RefusedError) as caught:
        await transport.call(READ)

    assert caught.value.code == "redirect_refused"
    assert len(vendor.calls) == 1


async def test_v17_refused_credentials_are_confirmed_once_then_probed_once_a_minute(
    transport: Transport, vendor: ToyVendor, clock: FakeClock
) -> None:
    vendor.key = "another-key"

    for _ in range(5):
        with pytest.raises(CredentialsRefusedError):
            await transport.call(READ)
    assert len(vendor.calls) == 2

    clock.go_on(61)
    with pytest.raises(CredentialsRefusedError):
        await transport.call(CREATE)
    assert len(vendor.calls) == 3

    vendor.key = "toy-key"
    clock.go_on(61)
    assert (await transport.call(READ)).status == 200


async def test_v18_an_expired_token_is_renewed_once_for_all_callers(
    vendor: ToyVendor, clock: FakeClock
) -> None:
    fetched: list[str] = []

    async def fetch() -> Token:
        await asyncio.sleep(0.01)
        fetched.append(vendor.key)
        return Token(value=vendor.key, lifetime=1800)

    async with served(vendor) as url, open_sockets() as http:
        transport = Transport(
            connection="toy", base_url=url, hosts=(), http=http,
            credentials=ClientCredentials(fetch, clock), clock=clock,
        )  # fmt: skip
        await transport.call(READ)
        vendor.key = "renewed"

        answers = await asyncio.gather(*(transport.call(READ) for _ in range(20)))

    assert [answer.status for answer in answers] == [200] * 20
    assert fetched == ["toy-key", "renewed"]


async def test_a_token_is_fetched_again_before_it_ends(vendor: ToyVendor, clock: FakeClock) -> None:
    fetched: list[int] = []

    async def fetch() -> Token:
        fetched.append(1)
        return Token(value="toy-key", lifetime=1000)

    credentials = ClientCredentials(fetch, clock)
    await credentials.headers()
    clock.go_on(749)
    await credentials.headers()
    assert len(fetched) == 1

    clock.go_on(2)
    await credentials.headers()
    assert len(fetched) == 2


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.com/.zendesk.com",
        "https://zendesk.com.evil.com",
        "https://evilzendesk.com",
        "https://.zendesk.com",
        "https://user:pass@acme.zendesk.com",
        "http://acme.zendesk.com",
        "https://169.254.169.254",
        "ftp://acme.zendesk.com",
    ],
)
def test_a02_only_the_vendors_hosts_are_reached(address: str, clock: FakeClock) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        Transport(
            connection="toy", base_url=address, hosts=(".zendesk.com",), http=open_sockets(),
            credentials=FixedCredentials({}), clock=clock,
        )  # fmt: skip


async def test_a_refusal_names_fields_and_reasons_but_no_text(clock: FakeClock) -> None:
    router = respx.Router()
    router.post("http://127.0.0.1:1/things").respond(
        422, json={"field": "priority", "message": "mia@example.com is not a priority"}
    )

    async with httpx.MockTransport(router.async_handler) as http:
        transport = Transport(
            connection="toy", base_url="http://127.0.0.1:1", hosts=(), http=http,
            credentials=FixedCredentials({}), clock=clock,
            explain=lambda body: Explanation(fields=(body["field"],), reasons=("invalid",)),
        )  # fmt: skip
        with pytest.raises(RefusedError) as caught:
            await transport.call(CREATE)

    assert (caught.value.fields, caught.value.reasons, caught.value.status) == (
        ("priority",),
        ("invalid",),
        422,
    )
    assert "mia" not in str(caught.value)


def explode(_: object) -> Explanation:
    raise KeyError("errors")


@pytest.mark.parametrize("explain", [explode, lambda body: body["nothing"]], ids=["raises", "wrong shape"])
async def test_an_error_body_of_any_shape_is_a_refusal(
    clock: FakeClock, explain: Callable[[object], Explanation]
) -> None:
    router = respx.Router()
    router.post("http://127.0.0.1:1/things").respond(400, text="<html>nginx</html>")

    async with httpx.MockTransport(router.async_handler) as http:
        transport = Transport(
            connection="toy", base_url="http://127.0.0.1:1", hosts=(), http=http,
            credentials=FixedCredentials({}), clock=clock, explain=explain,
        )  # fmt: skip
        with pytest.raises(RefusedError, match="HTTP 400"):
            await transport.call(CREATE)
