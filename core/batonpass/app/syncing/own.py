"""Rounds by a process that is no server: the store and the connections opened for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from batonpass.app.board import SharedBoard
from batonpass.app.config import Config
from batonpass.app.copies import FOLLOW_EVERY, systems_of
from batonpass.app.mappings import Mappings
from batonpass.app.opening import OpenStore, opened_store
from batonpass.app.schedule import Schedule
from batonpass.app.syncing.jobs import SyncJobs
from batonpass.app.syncing.rounds import Syncing
from batonpass.app.syncing.telling import SyncTelling
from batonpass.app.wiring import connected
from batonpass.domain.clock import Clock, SystemClock
from batonpass.store import SyncBook
from batonpass.sync import PATIENCE
from batonpass.sync.people import People


class OwnSync:
    """Rounds with connections of this process's own."""

    def __init__(self, syncing: Syncing, book: SyncBook, store: OpenStore, people: People) -> None:
        self.syncing = syncing
        self.book = book
        self._store = store
        self._people = people

    @contextmanager
    def scheduled(self) -> Iterator[None]:
        """While inside, every stream is read by its own clock."""
        schedule = Schedule(self._store.installation, self._store.clock)
        SyncJobs(self.syncing, self.book, clock=self._store.clock).add_to(schedule)
        schedule.once_each(FOLLOW_EVERY, "people", self._people.follow)
        schedule.start()
        try:
            yield
        finally:
            schedule.stop()


@asynccontextmanager
async def own_sync(
    config: Config, *, clock: Clock | None = None, patience: float = PATIENCE
) -> AsyncIterator[OwnSync]:
    """`patience`: seconds that a stream waits for a vendor that does not answer. Raises `StoreError`, with code `store_locked` where a server has a SQLite store."""
    machine = clock or SystemClock()
    mappings = Mappings(config, machine)
    async with opened_store(config, machine, steady=clock is None) as store, AsyncExitStack() as stack:
        installation = store.installation
        board = SharedBoard(installation, store.clock)
        stack.callback(asyncio.create_task(board.stay(), name="board").cancel)
        wanted = {each.connection for each in config.synced}
        ports = {
            each.name: await stack.enter_async_context(connected(each, store.clock, board=board))
            for each in config.connections
            if each.name in wanted
        }
        database = store.journal.database
        book = SyncBook(database, node=installation.node, alone=not database.is_shared)
        telling = SyncTelling(installation, store.clock)
        syncing = Syncing(
            config.synced,
            ports,
            book,
            clock=store.clock,
            limits=config.sync.limits,
            rules_of=mappings.rules,
            dead=_nobody,
            heard=telling.heard,
            patience=patience,
        )
        people = People(database, systems_of(config.connections))
        yield OwnSync(syncing, book, store, people)
        await people.follow()


async def _nobody() -> Sequence[str]:
    """Who has not listened for long cannot say who is gone: leases run out by themselves."""
    return ()
