"""Where the nodes of one installation hang what they find out about vendors: over the store."""

from __future__ import annotations

import asyncio

import structlog

from batonpass.domain.clock import Clock
from batonpass.store import Installation, StoreError
from batonpass.store.gates import KeptGate
from batonpass.store.instants import from_ms, to_ms
from batonpass.transport.sharing import LocalBoard, Notice

log = structlog.get_logger()

_TROUBLES = frozenset({"breaker_open", "credentials_refused"})
READ_EVERY = 0.5
"""Seconds after which another node's notice is known here."""


class SharedBoard:
    """A `Board` whose notices the other nodes read within `READ_EVERY`."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self._installation = installation
        self._clock = clock
        self._own = LocalBoard(clock)
        self._posted: dict[str, Notice] = {}
        self._cleared: set[str] = set()
        self._news = asyncio.Event()

    def closed(self, gate: str) -> Notice | None:
        return self._own.closed(gate)

    def post(self, notice: Notice) -> None:
        self._own.post(notice)
        self._cleared.discard(notice.gate)
        self._posted[notice.gate] = notice
        self._news.set()

    def clear(self, gate: str) -> None:
        self._own.clear(gate)
        self._posted.pop(gate, None)
        self._cleared.add(gate)
        self._news.set()

    def in_trouble(self, connection: str) -> bool:
        """Whether its credentials are refused or some of its calls fail again and again."""
        notices = [
            self._own.closed(gate) for gate in self._own.gates() if gate.split(" ", 1)[0] == connection
        ]
        return any(notice is not None and notice.why in _TROUBLES for notice in notices)

    async def take_probe(self, gate: str, seconds: float) -> bool:
        try:
            return await self._installation.take_probe(gate, now=self._clock.now(), seconds=seconds)
        except StoreError:
            return True  # nobody can be asked

    async def stay(self) -> None:
        """Tell and read for ever."""
        while True:
            try:
                async with asyncio.timeout(READ_EVERY if self._installation.database.is_shared else None):
                    await self._news.wait()  # where nobody else posts there is nothing to read
            except TimeoutError:
                pass
            self._news.clear()
            try:
                await self._exchange()
            except StoreError as error:
                log.warning("board_not_read", code=error.code)
                await asyncio.sleep(READ_EVERY)
            except Exception as error:  # noqa: BLE001 - whatever it was, the next exchange may do
                log.error("board_not_read", error=type(error).__name__)  # noqa: TRY400 - its text may quote a customer
                await asyncio.sleep(READ_EVERY)

    async def _exchange(self) -> None:
        posted, self._posted = self._posted, {}
        cleared, self._cleared = self._cleared, set()
        try:
            kept = await self._installation.post_gates(
                [_kept(each) for each in posted.values()], sorted(cleared)
            )
        except StoreError:
            self._posted = {**posted, **self._posted}
            self._cleared |= cleared - self._posted.keys()
            raise
        self._read({each.gate: each for each in kept})

    def _read(self, kept: dict[str, KeptGate]) -> None:
        """What was posted or cleared here meanwhile counts more than what has just been read."""
        fresh = self._posted.keys() | self._cleared
        for gate in self._own.gates() - kept.keys() - fresh:
            self._own.clear(gate)
        for gate, each in kept.items():
            standing = self._own.closed(gate)
            until = from_ms(each.until_at)
            if gate in fresh or (standing is not None and standing.until >= until):
                continue
            self._own.post(Notice(gate=gate, why=each.why, until=until, at=from_ms(each.at)))


def _kept(notice: Notice) -> KeptGate:
    return KeptGate(gate=notice.gate, why=notice.why, until_at=to_ms(notice.until), at=to_ms(notice.at))
