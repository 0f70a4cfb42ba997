"""Gates: after a rate limit, refused credentials or repeated failure, no call goes out until it may help.

A closed gate raises `RetryLaterError` at once instead of waiting; the waiting belongs to whoever schedules the
work. When the time is over one caller passes as the probe; the others pass after it has succeeded.
"""

from __future__ import annotations

import random

from batonpass.domain.clock import Clock
from batonpass.domain.errors import CredentialsRefusedError, RetryLaterError
from batonpass.transport.waiting import LONGEST_RETRY_AFTER

FAILURES_TO_OPEN = 5
BREAKER_SECONDS = 30.0
CREDENTIALS_SECONDS = 60.0
_WHILE_PROBING = 1.0
_NAMED_BY_VENDOR = frozenset({"rate_limited", "unavailable"})
_WHY = {
    "rate_limited": "limited by the vendor",
    "breaker_open": "failing repeatedly, given a rest",
    "unavailable": "unavailable for the time that the vendor named",
}


class Gate:
    """One gate: for a connection's credentials, or for one operation's limits and failures."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._closed_until: float | None = None
        self._why: str = ""
        self._probing = False
        self._failures = 0
        self._limits = 0

    def enter(self) -> bool:
        """Pass, or raise `RetryLaterError` (`CredentialsRefusedError`) with the seconds left.

        Returns whether this caller is the probe, for `leave`.
        """
        if self._closed_until is None:
            return False
        left = self._closed_until - self._clock.monotonic()
        if left > 0 or self._probing:
            raise self.refusal(max(left, _WHILE_PROBING if self._probing else 0.0))
        self._probing = True
        return True

    def leave(self, probe: bool) -> None:
        """The call is over, whatever came of it."""
        if probe:
            self._probing = False

    def succeeded(self) -> None:
        """A call was answered. One that was under way before the vendor named a time changes nothing about it."""
        if self._why in _NAMED_BY_VENDOR and self.closed:
            return
        self._why = ""
        self._closed_until = None
        self._failures = 0
        self._limits = 0

    def limited(self, retry_after: float | None) -> RetryLaterError:
        """The vendor said 429: closed for what it said, else for 1, 2, 4 … 60 s with full jitter."""
        if not self.closed:  # the answers to calls already in flight tell nothing new
            self._limits += 1
        backoff = random.uniform(0.5, 1.0) * min(60.0, 2.0 ** (self._limits - 1))  # noqa: S311 - no secret
        asked = min(retry_after, LONGEST_RETRY_AFTER) if retry_after is not None else backoff
        self._close("rate_limited", asked + random.uniform(0.0, 0.1) * asked)  # noqa: S311
        return self.refusal(asked)

    def used_up(self, seconds: float) -> None:
        """The vendor said that this was the last call of a window: closed until the next, before it refuses."""
        self._close("rate_limited", seconds)

    def unavailable(self, retry_after: float) -> None:
        """The vendor said when to come back, with a 503."""
        self._close("unavailable", min(retry_after, LONGEST_RETRY_AFTER))

    def failed(self) -> None:
        """No answer or a 5xx: five in a row close the gate for half a minute."""
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN:
            self._close("breaker_open", BREAKER_SECONDS)

    def unauthorised(self) -> RetryLaterError:
        """The vendor refused our credentials twice: one probe a minute from now on."""
        self._close("credentials_refused", CREDENTIALS_SECONDS)
        return self.refusal(CREDENTIALS_SECONDS)

    @property
    def closed(self) -> bool:
        return self._closed_until is not None and self._closed_until > self._clock.monotonic()

    @property
    def seconds_left(self) -> float:
        return 0.0 if self._closed_until is None else max(0.0, self._closed_until - self._clock.monotonic())

    def _close(self, why: str, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        if self._closed_until is None or until > self._closed_until:
            self._closed_until = until
            self._why = why

    def refusal(self, seconds: float) -> RetryLaterError:
        if self._why == "credentials_refused":
            return CredentialsRefusedError(
                f"{self._name}: the credentials were refused; renew them, the work goes on by itself",
                retry_after=seconds,
                consumes_attempt=False,
            )
        return RetryLaterError(
            f"{self._name}: {_WHY[self._why]}, resumes in {seconds:.0f} s",
            retry_after=seconds,
            consumes_attempt=False,
            code=self._why,
        )
