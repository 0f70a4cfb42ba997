"""An emulator's way out: it posts signed webhooks, as often and in whatever order it is told to.

Nothing is sent while the outbox is held; `release` then sends in order, in reverse or shuffled.
"""

from __future__ import annotations

import asyncio
import functools
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import httpx

from batonpass.domain.clock import Clock

ANSWERED_WITHIN = 10.0
"""Seconds; then the delivery counts as failed."""


@functools.cache
def _trusted_authorities() -> ssl.SSLContext:
    """One for all deliveries: reading the certificates takes 25 ms."""
    return httpx.create_ssl_context(trust_env=False)


class Order(StrEnum):
    AS_IT_WAS = "as_it_was"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One signed request."""

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


Sign = Callable[[str, datetime], Outgoing]
"""The endpoint's URL and the time → the request as the vendor would send it at that time: a delivery that is sent
again is signed again where the vendor does so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery that was tried."""

    what: str
    """The vendor's word for what happened."""
    url: str
    request: Outgoing
    status: int | None
    """None: no answer."""
    seconds: float
    attempt: int


@dataclass(slots=True, kw_only=True)
class Outbox:
    clock: Clock
    seed: int = 1
    twice: bool = False
    """Whether every delivery is sent two times, at once."""
    retries: tuple[float, ...] = (0.1, 0.5)
    """Seconds before each repeat of a delivery that was not answered 2xx."""
    retried: Callable[[int | None], bool] = lambda status: status is None or not 200 <= status < 300
    """Which answers the vendor takes as a reason to try again."""
    sent: list[Sent] = field(default_factory=list)
    on_sent: Callable[[Sent], None] | None = None
    """Told of every try: an emulator may pause an endpoint that fails."""
    _held: list[tuple[str, str, Sign]] | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def post(self, what: str, url: str, sign: Sign) -> None:
        """Deliver in the background; needs a running event loop."""
        if self._held is not None:
            self._held.append((what, url, sign))
            return
        for _ in range(2 if self.twice else 1):
            task = asyncio.get_running_loop().create_task(self._deliver(what, url, sign))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def hold(self) -> None:
        """Keep what is posted from now on."""
        self._held = self._held or []

    def release(self, order: Order = Order.AS_IT_WAS) -> int:
        """Send what was held; gives its number."""
        held, self._held = self._held or [], None
        if order is Order.REVERSED:
            held.reverse()
        elif order is Order.SHUFFLED:
            random.Random(self.seed).shuffle(held)  # noqa: S311 - no secret
        for what, url, sign in held:
            self.post(what, url, sign)
        return len(held)

    def drop(self) -> int:
        """Forget what was held, as a vendor does that gives up; gives its number."""
        held, self._held = self._held or [], None
        return len(held)

    async def settled(self) -> None:
        """Wait until everything that was posted has been answered or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _deliver(self, what: str, url: str, sign: Sign) -> None:
        for attempt, wait in enumerate((0.0, *self.retries), 1):
            await asyncio.sleep(wait)
            sent = await self._tried(what, url, sign, attempt)
            self.sent.append(sent)
            if self.on_sent is not None:
                self.on_sent(sent)
            if not self.retried(sent.status):
                return

    async def _tried(self, what: str, url: str, sign: Sign, attempt: int) -> Sent:
        request = sign(url, self.clock.now())
        started = self.clock.monotonic()
        status: int | None = None
        try:
            async with httpx.AsyncClient(
                timeout=ANSWERED_WITHIN, trust_env=False, verify=_trusted_authorities()
            ) as http:
                answer = await http.request(
                    request.method, url, content=request.body, headers=dict(request.headers)
                )
                status = answer.status_code
        except (httpx.HTTPError, AttributeError):
            pass  # anyio asks a connection that was reset at once for its peer, and finds none
        return Sent(
            what=what,
            url=url,
            request=request,
            status=status,
            seconds=self.clock.monotonic() - started,
            attempt=attempt,
        )

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"what": each.what, "url": each.url, "status": each.status, "attempt": each.attempt}
            for each in self.sent
        ]
