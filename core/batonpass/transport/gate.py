"""Gates: after a rate limit, refused credentials or repeated failure, no call goes out until it may help.

A closed gate raises `RetryLaterError` at once instead of waiting; the waiting belongs to whoever schedules the
work. When the time is over one caller passes as the probe; the others pass after it has succeeded. Whoever is refused
is told a moment of their own to come back: hundreds that came at once, and again every second while the probe is
under way, would leave it no time to succeed. A gate with a board is closed, probed and opened for all nodes at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import ContextVar, Token
from datetime import timedelta

from batonpass.domain.clock import Clock
from batonpass.domain.errors import CredentialsRefusedError, RetryLaterError
from batonpass.transport.sharing import WELL, Board, Notice
from batonpass.transport.waiting import LONGEST_RETRY_AFTER

BREAKER_SECONDS = 30.0
CREDENTIALS_SECONDS = 60.0
CREDENTIALS_REFUSED = "credentials_refused"
BREAKER_OPEN = "breaker_open"
_RATE_LIMITED = "rate_limited"
_USED_UP = "used_up"
_UNAVAILABLE = "unavailable"
_TROUBLES = frozenset({CREDENTIALS_REFUSED, BREAKER_OPEN})
_WHILE_PROBING = 1.0
_APART = 0.025
"""Seconds between two that come back."""
_LONGEST_LINE = 60.0
"""Seconds for which those that come back may be spread: not everybody who was refused comes back."""
_NEWS = timedelta(seconds=1)
"""By how much longer a gate must be closed for the others to be told again."""
_WHY = {
    _RATE_LIMITED: "limited by the vendor",
    _USED_UP: "the vendor's limit is used up",
    BREAKER_OPEN: "failing repeatedly, given a rest",
    _UNAVAILABLE: "unavailable for the time that the vendor named",
}
_CODES = {_USED_UP: _RATE_LIMITED}
_PROBE_SECONDS = {BREAKER_OPEN: BREAKER_SECONDS, CREDENTIALS_REFUSED: CREDENTIALS_SECONDS}
_SHORT_PROBE = 2.0
"""Seconds for which no other node tries where the vendor named the time: if the probe's node dies, or its answer
tells nothing, the wait is short."""

_probed: ContextVar[frozenset[str]] = ContextVar("probed", default=frozenset())
"""The gates whose probe is under way here: a call that the probe needs, for a token, is a part of it."""

Hear = Callable[[Notice], None]


class Gate:
    """One gate: for an account's credentials and allowance, or for one operation's limits and failures."""

    def __init__(
        self, name: str, clock: Clock, *, board: Board | None = None, on_trouble: Hear | None = None
    ) -> None:
        self.name = name
        self._clock = clock
        self._board = board
        self._on_trouble = on_trouble
        self._notice: Notice | None = None
        """The one on the board that we know."""
        self._closed_until: float | None = None
        self._why: str = ""
        self._limits = 0
        self._last_turn = 0.0
        """When the last of those that were refused comes back."""
        self._in_trouble = False
        self._probing = False
        self._probe: Token[frozenset[str]] | None = None

    # Passing ------------------------------------------------------------------------------------------------------

    def enter(self) -> bool:
        """Pass, or raise `RetryLaterError` (`CredentialsRefusedError`) with the seconds left.

        Returns whether this caller is the probe, for `ask_others` and `leave`.
        """
        self.turn_away()
        if self._closed_until is None or self.probing_here:
            return False
        self._probing = True
        return True

    def turn_away(self) -> None:
        """Raise what `enter` would; whoever passes here is no probe yet."""
        self.look()
        if self._closed_until is None or self.probing_here:
            return
        left = self._closed_until - self._clock.monotonic()
        if left > 0 or self._probing:
            wait = max(left, _WHILE_PROBING if self._probing else 0.0)
            raise self.refusal(self._turn(wait), still=self.turn_away)

    async def ask_others(self) -> None:
        """The probe asks whether it may be the only one of all nodes. Raises `RetryLaterError` if another is."""
        if self._board is not None:
            seconds = _PROBE_SECONDS.get(self._why, _SHORT_PROBE)
            alone = await self._board.take_probe(self.name, seconds)
            if not alone and self._closed_until is not None:  # else it has opened meanwhile
                raise self.refusal(self._turn(_WHILE_PROBING))
        self._probe = _probed.set(_probed.get() | {self.name})

    @property
    def probing_here(self) -> bool:
        """Whether this call is the probe, or one that the probe needs."""
        return self.name in _probed.get()

    def leave(self, probe: bool) -> None:
        """The call is over, whatever came of it."""
        if not probe:
            return
        self._probing = False
        if self._probe is not None:
            _probed.reset(self._probe)
            self._probe = None

    def look(self) -> None:
        """Heed what the other nodes have found."""
        if self._board is not None and (notice := self._board.closed(self.name)) is not self._notice:
            self._heed(notice)

    # What came of a call ------------------------------------------------------------------------------------------

    def succeeded(self) -> None:
        """A call was answered: the gate opens, if it was the probe. One that was under way before the gate closed
        changes nothing about it, nor does one that the probe needed."""
        if self._closed_until is None or self.closed:
            return
        if self.probing_here and not self._probing:
            return
        troubled = self._in_trouble
        self._open()
        if self._board is not None:
            self._notice = None
            self._board.clear(self.name)
        if troubled and self._on_trouble is not None:
            now = self._clock.now()
            self._on_trouble(Notice(gate=self.name, why=WELL, until=now, at=now))

    def limited(self, retry_after: float | None) -> RetryLaterError:
        """The vendor said 429: closed for what it said, else for 1, 2, 4 … 60 s with full jitter."""
        if not self.closed:  # the answers to calls already in flight tell nothing new
            self._limits += 1
        backoff = random.uniform(0.5, 1.0) * min(60.0, 2.0 ** (self._limits - 1))  # noqa: S311 - no secret
        asked = min(retry_after, LONGEST_RETRY_AFTER) if retry_after is not None else backoff
        self._close(_RATE_LIMITED, asked + random.uniform(0.0, 0.1) * asked)  # noqa: S311
        return self.refusal(asked)

    def used_up(self, seconds: float) -> None:
        """The vendor said that this was the last call of a window: closed until the next, before it refuses."""
        self._close(_USED_UP, seconds)

    def unavailable(self, retry_after: float) -> None:
        """The vendor said when to come back, with a 503."""
        self._close(_UNAVAILABLE, min(retry_after, LONGEST_RETRY_AFTER))

    def failed(self, *, enough: bool) -> None:
        """No answer or a 5xx. Once there were enough of them, and again where the probe fails, there is a rest of
        half a minute; those that were under way meanwhile do not make it longer."""
        resting = self._why == BREAKER_OPEN
        if (enough or resting) and not (resting and self.closed):
            self._close(BREAKER_OPEN, BREAKER_SECONDS)

    def unauthorised(self, retry_after: float | None = None) -> RetryLaterError:
        """The vendor refused our credentials twice: one probe a minute from now on."""
        seconds = CREDENTIALS_SECONDS if retry_after is None else min(retry_after, CREDENTIALS_SECONDS)
        self._close(CREDENTIALS_REFUSED, seconds)
        return self.refusal(seconds)

    # How it stands ------------------------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return self._closed_until is not None and self._closed_until > self._clock.monotonic()

    @property
    def seconds_left(self) -> float:
        return 0.0 if self._closed_until is None else max(0.0, self._closed_until - self._clock.monotonic())

    @property
    def code(self) -> str:
        """Why it is closed, or was until the probe that is still to come; empty: it is open."""
        return _CODES.get(self._why, self._why)

    def refusal(self, seconds: float, *, still: Callable[[], None] | None = None) -> RetryLaterError:
        if self._why == CREDENTIALS_REFUSED:
            return CredentialsRefusedError(
                f"{self.name}: the credentials were refused; renew them, the work goes on by itself",
                retry_after=seconds,
                consumes_attempt=False,
                still=still,
            )
        return RetryLaterError(
            f"{self.name}: {_WHY[self._why]}, resumes in {seconds:.0f} s",
            retry_after=seconds,
            consumes_attempt=False,
            code=self.code,
            still=still,
        )

    def _turn(self, seconds: float) -> float:
        """Seconds until this caller shall come back: so many at least, and after the one before."""
        now = self._clock.monotonic()
        earliest = now + seconds
        self._last_turn = min(max(self._last_turn + _APART, earliest), earliest + _LONGEST_LINE)
        return self._last_turn - now

    # Closing and opening ------------------------------------------------------------------------------------------

    def _close(self, why: str, seconds: float) -> None:
        self.look()  # another node may have told it already
        until = self._clock.monotonic() + seconds
        if self._closed_until is not None and until <= self._closed_until:
            return
        self._closed_until, self._why = until, why
        if self._board is None and self._on_trouble is None:
            return
        now = self._clock.now()
        self._tell(Notice(gate=self.name, why=why, until=now + timedelta(seconds=seconds), at=now))

    def _tell(self, notice: Notice) -> None:
        known = self._notice
        if known is not None and known.why == notice.why and notice.at < known.until > notice.until - _NEWS:
            return
        if self._board is not None:
            self._notice = notice
            self._board.post(notice)
        if notice.why in _TROUBLES:
            self._in_trouble = True
            if self._on_trouble is not None:
                self._on_trouble(notice)

    def _heed(self, notice: Notice | None) -> None:
        if notice == self._notice:  # the same, read again
            self._notice = notice
            return
        self._notice = notice
        if notice is None:
            self._open()
            return
        seconds = min(notice.until - self._clock.now(), notice.until - notice.at).total_seconds()
        self._closed_until = self._clock.monotonic() + min(seconds, LONGEST_RETRY_AFTER)
        self._why = notice.why if notice.why in _WHY or notice.why == CREDENTIALS_REFUSED else _UNAVAILABLE
        self._limits += self._why == _RATE_LIMITED
        self._in_trouble = self._in_trouble or self._why in _TROUBLES

    def _open(self) -> None:
        self._closed_until = None
        self._why = ""
        self._limits = 0
        self._in_trouble = False
