"""The way to the rounds of the engine's own event loop, from any other."""

from __future__ import annotations

import asyncio

from batonpass.app.syncing.rounds import Order, Syncing
from batonpass.store import StoreError
from batonpass.sync import Ended


class SyncDoor:
    """Open while the process works."""

    def __init__(self) -> None:
        self._inside: tuple[Syncing, asyncio.AbstractEventLoop] | None = None

    def open(self, syncing: Syncing) -> None:
        """In the loop that has the connections open."""
        self._inside = syncing, asyncio.get_running_loop()

    def close(self) -> None:
        self._inside = None

    async def run(self, order: Order) -> list[Ended]:
        """One round of each stream that is meant. Raises `ConfigurationError` and `StoreError`."""
        if self._inside is None:
            raise StoreError("this server leaves the work to other processes", code="no_worker")
        syncing, loop = self._inside

        async def all_of() -> list[Ended]:
            return [each async for each in syncing.all_of(order)]

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(all_of(), loop))
