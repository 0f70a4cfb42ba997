"""The one file that waits and repeats.

Waits of seconds happen inside a step, by tenacity; longer ones give the step back to the journal, so that no slot
is held. What the vendor asks for (`Retry-After`) wins over our own schedule.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from batonpass.domain.errors import BatonpassError, OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.handoff import ClaimedStep
from batonpass.transport.budget import LONGEST_WAIT_INSIDE, RepeatsSpentError

SCHEDULE = (1, 3, 10, 30, 60, 120, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200)
"""Seconds before each further attempt; the last one repeats."""
LONGEST_WAIT_AS_TOLD = 24 * 3600.0
"""Seconds; a vendor that asks for a year has made a mistake, and the handoff would be forgotten."""
GIVE_UP_AFTER = timedelta(hours=72)
"""From the first attempt on."""

LONGER_AT_BREAKER = timedelta(hours=24)
"""An open breaker stands for failures, but not of this step: another one may be finding out just now that all is well."""
MOST_GARBLED = 3
"""Attempts that end in an answer which is not the vendor's (a proxy's page): that may be over in a moment."""
BREAKER_SHARE = 0.1
"""Of the time that a step has waited so far."""
PROBED_WITHIN = 5.0
"""Seconds: so short a rest means that a call is finding out just now."""
LONGEST_AT_BREAKER = 300.0
"""Seconds; so long after the vendor is back the last of them goes on."""

HELD = frozenset({"forbidden", "redirect_refused"})
"""Refusals that end when a person changes a right or an address: the work waits for that, as for credentials."""
WHILE_HELD = 60.0

_own_wait = wait_random_exponential(multiplier=0.1, max=LONGEST_WAIT_INSIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone:
    until: datetime
    count_attempt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    because: str


def inside_a_step() -> AsyncRetrying:
    """Up to three tries within seconds, only where nothing happened at the other side."""
    return AsyncRetrying(
        retry=retry_if_exception(_is_short), wait=_as_told, stop=stop_after_attempt(3), reraise=True
    )


def after_failure(
    step: ClaimedStep,
    error: BatonpassError,
    *,
    now: datetime,
    unknown_wait: float,
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> Postpone | Park:
    """When to try the step again, or why not to.

    `unknown_wait`: seconds after which a call without an answer can have no effect any more.
    """
    if not isinstance(error, RetryLaterError | OutcomeUnknownError) and not _is_held(error):
        if error.code == "unexpected_content" and step.attempts < MOST_GARBLED:
            return Postpone(
                until=now + timedelta(seconds=_wait(step, error, unknown_wait)), count_attempt=True
            )
        return Park(because=str(error))
    counts = not isinstance(error, RetryLaterError) or error.consumes_attempt
    waited = now - step.first_claimed_at
    most = give_up_after + LONGER_AT_BREAKER if _is_breaker(error) else give_up_after
    if (counts or _is_breaker(error)) and waited > most:
        return Park(because=f"gave up after {most.total_seconds() / 3600:.0f} h; last: {error}")
    seconds = _wait(step, error, unknown_wait)
    if _is_breaker(error) and seconds > PROBED_WITHIN:
        # thousands may wait: they need not all ask every half minute for days
        seconds = max(seconds, min(waited.total_seconds() * BREAKER_SHARE, LONGEST_AT_BREAKER))
    return Postpone(until=now + timedelta(seconds=seconds), count_attempt=counts)


def _wait(step: ClaimedStep, error: Exception, unknown_wait: float) -> float:
    told = error.retry_after if isinstance(error, RetryLaterError) else None
    if told is not None and not isinstance(error, RepeatsSpentError):
        return min(told, LONGEST_WAIT_AS_TOLD) * random.uniform(1.0, 1.1)  # noqa: S311 - spreads load, no secret
    own = SCHEDULE[min(step.attempts, len(SCHEDULE)) - 1] * random.uniform(0.9, 1.1)  # noqa: S311
    if _is_held(error):
        return max(own, WHILE_HELD)
    return max(own, unknown_wait if isinstance(error, OutcomeUnknownError) else told or 0.0)


def _is_breaker(error: Exception) -> bool:
    """It stands for the failures that have opened it."""
    return isinstance(error, RetryLaterError) and error.code == "breaker_open"


def _is_held(error: Exception) -> bool:
    return isinstance(error, RefusedError) and error.code in HELD


def _is_short(error: BaseException) -> bool:
    if not isinstance(error, RetryLaterError) or not error.consumes_attempt:
        return False  # a closed gate stays closed for longer than a step may wait
    return error.retry_after is None or error.retry_after <= LONGEST_WAIT_INSIDE


def _as_told(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryLaterError) and error.retry_after is not None:
        return error.retry_after
    return _own_wait(state)
