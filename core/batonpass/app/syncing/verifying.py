"""The copy beside the vendors, by a process that writes nothing: a server may be running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from batonpass.app.config import Config
from batonpass.app.mappings import Mappings
from batonpass.app.syncing.settings import SyncedStream
from batonpass.app.wiring import connected
from batonpass.domain.clock import Clock
from batonpass.ports import Streams
from batonpass.store import StoreAddress, SyncBook
from batonpass.store.reading import look
from batonpass.store.transaction import Work
from batonpass.sync import Compared, Comparing, Tell

Result = TypeVar("Result")


class _Looking:
    """A database that is only read, by a connection of its own each time."""

    def __init__(self, store: StoreAddress) -> None:
        self._store = store

    async def run(self, work: Work[Result]) -> Result:
        return await asyncio.to_thread(look, self._store, work)


async def compared(
    config: Config, streams: Sequence[SyncedStream], clock: Clock, tell: Tell = lambda _: None
) -> AsyncIterator[Compared]:
    """Each stream beside its vendor's records. Raises our errors and `StoreError`."""
    mappings = Mappings(config, clock)
    book = SyncBook(_Looking(config.store), node="nobody")
    connections = {each.name: each for each in config.connections}
    for each in streams:
        async with connected(connections[each.connection], clock) as port:
            assert isinstance(port, Streams)
            comparing = Comparing(each.connection, port, book, clock=clock)
            yield await comparing.run(each.stream, mappings.rules(each.connection), tell)
