"""An outage is not multiplied by those who try again."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import httpx
import pytest

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.handoff import ClaimedStep, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.engine.retry import LONGEST_WAIT_INSIDE, Postpone, after_failure, inside_a_step
from batonpass.transport import Call, FixedCredentials, Outcome, Transport
from batonpass.transport.budget import RepeatsSpentError, RetryBudget
from fakes import NOON, FakeClock

READ = Call(operation="things.read", method="GET", path="/things")


def test_v35_a_fifth_of_a_minutes_calls_may_be_repeats() -> None:
    budget = RetryBudget(FakeClock())

    for _ in range(200):
        budget.called(0.0)
    granted = sum(budget.take() for _ in range(100))

    assert (granted, budget.refused) == (40, 60)


def test_v35_a_few_repeats_are_always_allowed_and_each_minute_anew() -> None:
    clock = FakeClock()
    budget = RetryBudget(clock)

    first = sum(budget.take() for _ in range(100))
    clock.go_on(60)
    second = sum(budget.take() for _ in range(100))

    assert (first, second) == (10, 10)


def test_v35_an_error_without_a_repeat_asks_for_more_than_a_step_waits() -> None:
    budget = RetryBudget(FakeClock(), floor=1)

    errors = [budget.later("things.read: HTTP 503", code="unavailable") for _ in range(2)]

    assert errors[0].retry_after is None
    assert errors[1].retry_after is not None
    assert errors[1].retry_after >= LONGEST_WAIT_INSIDE + 1
    assert [(str(each), each.code, each.consumes_attempt) for each in errors] == [
        ("things.read: HTTP 503", "unavailable", True)
    ] * 2


async def test_v35_an_outage_behind_many_steps_brings_few_more_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second call fails, so that the breaker, which counts each operation by itself, stays closed."""
    monkeypatch.setattr("batonpass.engine.retry._own_wait", lambda _: 0.0)
    called = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal called
        called += 1
        return httpx.Response(503)

    transport = Transport(
        connection="toy", base_url="http://127.0.0.1:1", hosts=(), http=httpx.MockTransport(answer),
        credentials=FixedCredentials({}), clock=FakeClock(),
    )  # fmt: skip
    for number in range(300):
        with contextlib.suppress(RetryLaterError):
            async for attempt in inside_a_step():
                with attempt:
                    await transport.call(Call(operation=f"things.{number}", method="GET", path="/things"))

    assert 300 < called <= 300 * 1.25
    assert transport.condition().repeats_refused > 0


@pytest.mark.parametrize(("attempts", "least"), [(1, 3), (10, 3240)], ids=["soon", "by the schedule"])
def test_v35_the_schedule_holds_where_it_asks_for_more(attempts: int, least: float) -> None:
    step = ClaimedStep(
        handoff_id=HandoffId("hnd_1"), name="gather_facts", kind=StepKind.GATHER_FACTS, about="", fence=attempts,
        attempts=attempts, first_claimed_at=NOON, lease_until=NOON,
    )  # fmt: skip
    spent = RepeatsSpentError("things.read: HTTP 503", retry_after=3.0)

    verdict = after_failure(step, spent, now=NOON, unknown_wait=0.0)

    assert isinstance(verdict, Postpone)
    assert verdict.until - NOON >= timedelta(seconds=least)


async def test_how_a_connection_fares_can_be_read() -> None:
    clock = FakeClock(at=NOON)
    answers = [
        httpx.Response(200, json={}, headers={"ratelimit-remaining": "9", "ratelimit-limit": "10"}),
        httpx.Response(404, json={}),
        httpx.Response(500),
        httpx.ReadError("broke"),
        httpx.Response(429, headers={"Retry-After": "7"}),
    ]

    async def answer(request: httpx.Request) -> httpx.Response:
        clock.go_on(0.25)
        following = answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    transport = Transport(
        connection="toy", base_url="http://127.0.0.1:1", hosts=(), http=httpx.MockTransport(answer),
        credentials=FixedCredentials({}), clock=clock,
    )  # fmt: skip
    for _ in range(7):
        with contextlib.suppress(Exception):
            await transport.call(READ)

    condition = transport.condition()

    (reads,) = condition.operations
    (closed,) = condition.closed
    assert (reads.operation, reads.calls, reads.seconds) == ("things.read", 5, 1.25)
    assert reads.outcomes == dict.fromkeys(Outcome, 1)
    assert (closed.name, closed.why, 7 <= closed.seconds_left <= 7.7) == (
        "toy things.read",
        "rate_limited",
        True,
    )
    assert (condition.connection, condition.calls_left, condition.calls_total) == ("toy", 5, 10)
