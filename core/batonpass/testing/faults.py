"""What a vendor may do to a call, and the answers that look so."""

from __future__ import annotations

import asyncio
import functools
import gzip
import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from batonpass.domain.clock import Clock

SOCKET_EXTENSION = "batonpass.socket"
"""Where `batonpass.testing.serving` puts the connection's transport into the ASGI scope."""


class Fault(StrEnum):
    """What a vendor may do to a call."""

    RATE_LIMITED = "rate_limited"
    """429; with `retry_after` seconds where given, else without the header."""
    SERVER_ERROR = "server_error"
    """`status` (500 unless given), before anything is done."""
    ERROR_AFTER_COMMIT = "error_after_commit"
    """`status` (500 unless given), after the effect was committed."""
    ANSWER_LOST = "answer_lost"
    """The effect is committed, then the connection is reset without a byte."""
    ANSWER_TRUNCATED = "answer_truncated"
    """The effect is committed, half the body arrives, then the connection is reset."""
    ANSWER_EMPTY = "answer_empty"
    """The effect is committed; 2xx without a body."""
    NEVER_ANSWERED = "never_answered"
    """The call is read, nothing is done, nothing is answered for `seconds` (60 unless given)."""
    ANSWERED_LATE = "answered_late"
    """The effect is committed at once; the answer takes `seconds` (60 unless given)."""
    RESET = "reset"
    """The connection is reset before anything is done."""
    HTML_PAGE = "html_page"
    """200 with a login page instead of JSON; nothing is done."""
    BROKEN_JSON = "broken_json"
    """200 with a body that is no JSON, after the effect was committed."""
    REDIRECT = "redirect"
    """302 to `location`; nothing is done."""
    DRIP = "drip"
    """The effect is committed; the answer comes a byte each 0.1 s."""
    GZIP_BOMB = "gzip_bomb"
    """200 MB of zeros in 200 KB of gzip; nothing is done."""
    UNAUTHORISED = "unauthorised"
    """401, as for a revoked key."""


@dataclass(slots=True, kw_only=True)
class Planned:
    fault: Fault
    operation: str | None
    times: int
    until: float = math.inf
    """By the clock's monotonic time; then it is over, whether it was met or not."""
    retry_after: float | None = None
    status: int = 500
    seconds: float = 60.0
    location: str = "https://elsewhere.example/"


class Faults:
    """What is still to happen to calls, in the order in which it was planned."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._planned: deque[Planned] = deque()

    def __len__(self) -> int:
        self._drop_over()
        return len(self._planned)

    def plan(self, fault: Planned, *, for_seconds: float | None) -> None:
        if for_seconds is not None:
            fault.until = self._clock.monotonic() + for_seconds
        self._planned.append(fault)

    def take(self, operation: str) -> Planned | None:
        """What happens to this call; None: nothing."""
        self._drop_over()
        found = next((each for each in self._planned if each.operation in {None, operation}), None)
        if found is not None:
            found.times -= 1
            if found.times == 0:
                self._planned.remove(found)
        return found

    def clear(self) -> None:
        self._planned.clear()

    def _drop_over(self) -> None:
        now = self._clock.monotonic()
        for each in [each for each in self._planned if each.until <= now]:
            self._planned.remove(each)


class Reset(Response):
    """Resets the connection without a byte."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._socket: Any = request.scope.get("extensions", {}).get(SOCKET_EXTENSION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._socket is None:
            raise RuntimeError(
                "serve the emulator with batonpass.testing.serving: only that can reset a connection"
            )
        self._socket.abort()
        await receive()  # gives http.disconnect once the socket is gone; then there is nobody to answer


class Truncated(Reset):
    def __init__(self, request: Request, whole: Response) -> None:
        super().__init__(request)
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytes(self._whole.body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": self._whole.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.01)
        await super().__call__(scope, receive, send)


class Drip(Response):
    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self._whole.status_code, "headers": headers})
        for byte in bytes(self._whole.body):
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b""})


@functools.cache
def bomb() -> bytes:
    """A body that unpacks to 200 MB of zeros."""
    return gzip.compress(bytes(200_000_000), compresslevel=1)
