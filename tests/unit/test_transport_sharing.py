"""What one node finds out, all nodes know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from batonpass.domain.errors import BatonpassError, CredentialsRefusedError, RetryLaterError
from batonpass.transport import (
    Call,
    ClientCredentials,
    FixedCredentials,
    LocalBoard,
    Notice,
    Token,
    Transport,
)
from fakes import NOON, FakeClock

READ = Call(operation="things.read", method="GET", path="/things")
CREATE = Call(operation="things.create", method="POST", path="/things", json={}, effect=True)


class Cluster:
    """Two nodes with one board, and the vendor that both call."""

    def __init__(self) -> None:
        self.clock = FakeClock(at=NOON)
        self.board = LocalBoard(self.clock)
        self.called: list[str] = []
        self.heard: list[tuple[str, str]] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200, json={})
        self.one, self.other = self.node("one"), self.node("other")

    def node(self, name: str, credentials: FixedCredentials | ClientCredentials | None = None) -> Transport:
        async def answer(request: httpx.Request) -> httpx.Response:
            self.called.append(name)
            await asyncio.sleep(0)
            return self.answer(request)

        return Transport(
            connection="toy", base_url="http://127.0.0.1:1", hosts=(), http=httpx.MockTransport(answer),
            credentials=credentials or FixedCredentials({}), clock=self.clock, board=self.board,
            on_trouble=lambda notice: self.heard.append((name, notice.why)),
        )  # fmt: skip

    def says(self, status: int, **headers: str) -> None:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _: httpx.Response(status, json={}, headers=said)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


async def refusal(transport: Transport, call: Call = READ) -> RetryLaterError:
    with pytest.raises(RetryLaterError) as caught:
        await transport.call(call)
    return caught.value


def told(error: BatonpassError) -> tuple[object, ...]:
    return type(error), str(error), error.code, getattr(error, "consumes_attempt", None)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"retry_after": "7"}),
        (503, {"retry_after": "7"}),
        (401, {}),
        (200, {"ratelimit_remaining": "0", "ratelimit_reset": "20"}),
    ],
    ids=["v01 limited", "v07 unavailable", "v17 credentials refused", "v05 used up"],
)
async def test_v01_v05_v07_v17_a_gate_that_another_node_closed_is_as_if_closed_here(
    cluster: Cluster, status: int, headers: dict[str, str]
) -> None:
    cluster.says(status, **headers)
    if status == 200:
        await cluster.one.call(READ)
    else:
        await refusal(cluster.one)

    cluster.clock.go_on(1)
    here = await refusal(cluster.one)
    there = await refusal(cluster.other)

    assert told(there) == told(here)
    assert there.consumes_attempt is False
    assert there.retry_after == pytest.approx(here.retry_after)
    assert "other" not in cluster.called


async def test_v06_a_breaker_that_one_node_opened_rests_the_operation_on_all(cluster: Cluster) -> None:
    cluster.says(500)
    for _ in range(5):
        await refusal(cluster.one)

    assert (await refusal(cluster.other)).code == "breaker_open"
    cluster.says(200)
    assert (await cluster.other.call(CREATE)).status == 200


async def test_v06_one_node_tries_for_all_and_its_success_opens_the_gate_on_all(cluster: Cluster) -> None:
    cluster.says(500)
    for _ in range(5):
        await refusal(cluster.one)
    cluster.called.clear()
    cluster.says(200)
    cluster.clock.go_on(31)

    crowd = await asyncio.gather(
        *(node.call(READ) for node in (cluster.other, cluster.one) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(each, RetryLaterError) for each in crowd) == 9
    assert cluster.called == ["other"]

    await cluster.one.call(READ)
    await cluster.other.call(READ)
    assert cluster.heard == [("one", "breaker_open"), ("other", "well")]


async def test_v06_a_probe_that_fails_closes_the_gate_again_on_all(cluster: Cluster) -> None:
    cluster.says(500)
    for _ in range(5):
        await refusal(cluster.one)
    cluster.called.clear()

    cluster.clock.go_on(31)
    await refusal(cluster.other)
    for _ in range(28):
        cluster.clock.go_on(1)
        assert (await refusal(cluster.one)).code == (await refusal(cluster.other)).code == "breaker_open"

    assert cluster.called == ["other"]


async def test_v17_two_nodes_together_probe_refused_credentials_once_a_minute(cluster: Cluster) -> None:
    cluster.says(401)

    for _ in range(300):
        assert isinstance(await refusal(cluster.one), CredentialsRefusedError)
        assert isinstance(await refusal(cluster.other), CredentialsRefusedError)
        cluster.clock.go_on(1)

    assert len(cluster.called) == 2 + 4


async def test_v03_a_window_without_a_time_is_tried_once_by_all_nodes(cluster: Cluster) -> None:
    cluster.says(429)

    for _ in range(4):
        waits = [(await refusal(node)).retry_after or 0.0 for node in (cluster.one, cluster.other)]
        cluster.clock.go_on(max(waits) * 1.1)

    assert len(cluster.called) == 4


async def test_a_probe_whose_node_died_is_made_by_another_a_little_later(cluster: Cluster) -> None:
    cluster.says(429, retry_after="7")
    await refusal(cluster.one)
    cluster.clock.go_on(8)
    cluster.says(200)
    assert await cluster.board.take_probe("toy things.read", 2)

    await refusal(cluster.other)
    cluster.clock.go_on(2)

    assert (await cluster.other.call(READ)).status == 200


async def test_v17_the_call_for_a_token_is_a_part_of_the_probe(cluster: Cluster) -> None:
    """The calls for tokens go through a transport of their own, under the same name."""
    login = cluster.node("login")

    async def fetch() -> Token:
        await login.call(replace(CREATE, operation="oauth.token", effect=False))
        return Token(value="fresh", lifetime=1800)

    node = cluster.node("with tokens", ClientCredentials(fetch, cluster.clock))
    cluster.says(401)
    await refusal(node)
    cluster.says(200)

    cluster.clock.go_on(61)
    answer = await node.call(READ)

    assert answer.status == 200
    assert cluster.heard == [("login", "credentials_refused"), ("with tokens", "well")]


async def test_v17_refused_credentials_close_no_other_credentials_of_the_connection(cluster: Cluster) -> None:
    messaging = cluster.node("messaging", FixedCredentials({}, name="messaging"))
    cluster.says(401)
    refused = await refusal(messaging)
    cluster.says(200)

    assert (await cluster.one.call(READ)).status == 200
    assert str(refused).startswith("toy messaging: ")


async def test_v33_a_node_whose_clock_is_behind_waits_no_longer_than_was_meant(cluster: Cluster) -> None:
    ahead = NOON + timedelta(minutes=10)
    cluster.board.post(Notice(gate="toy", why="rate_limited", until=ahead + timedelta(seconds=7), at=ahead))

    assert (await refusal(cluster.one)).retry_after == 7


async def test_a_reason_that_a_newer_node_gives_is_heeded(cluster: Cluster) -> None:
    cluster.board.post(Notice(gate="toy", why="vendor_is_moving", until=NOON + timedelta(seconds=7), at=NOON))

    assert (await refusal(cluster.one)).code == "unavailable"


def test_of_two_notices_the_one_that_ends_later_stands(cluster: Cluster) -> None:
    longer = Notice(gate="toy", why="unavailable", until=NOON + timedelta(seconds=60), at=NOON)
    cluster.board.post(longer)
    cluster.board.post(replace(longer, why="rate_limited", until=NOON + timedelta(seconds=7)))

    assert cluster.board.closed("toy") is longer
    cluster.board.clear("toy")
    assert cluster.board.closed("toy") is None
