"""The store of one process, open: its database, its journal, its clock."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from batonpass.app.config import Config
from batonpass.domain.clock import Clock, SteadyClock
from batonpass.domain.handoff import HandoffState
from batonpass.engine.deadlines import Deadlines, first_deadline
from batonpass.store import Database, Installation, Journal, database_at
from batonpass.store.witness import Witness, witnessed

log = structlog.get_logger()

MOST_AHEAD = timedelta(days=1)
SOON = timedelta(seconds=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FirstDeadlines:
    """When somebody must look at a handoff that comes into a state."""

    def __init__(self, settings: Deadlines) -> None:
        self._settings = settings
        self.helpdesk_is_down: Callable[[], bool] = lambda: False
        """Whether it is known by now that no ticket can be opened for a while; callable from any thread."""

    def __call__(self, state: HandoffState, *, at: datetime, created_at: datetime) -> datetime | None:
        found = first_deadline(state, at, created_at, self._settings)
        if found is not None and state is HandoffState.REQUESTED and self.helpdesk_is_down():
            return min(found, at + SOON)  # the customer need not wait two minutes for what is known now
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStore:
    journal: Journal
    installation: Installation
    clock: Clock
    """Steady, and the same on all machines of one installation as far as they can agree."""
    machine: Clock
    """This machine's own, for what others have stamped by theirs."""
    deadlines: FirstDeadlines
    witness: Witness

    async def steer(self, *, again_in: float) -> float:
        """Lead the clock towards the reference: the database's where several machines share it, else this
        machine's. Gives by how many seconds the reference was ahead."""
        if not isinstance(self.clock, SteadyClock):
            return 0.0
        return self.clock.steer(await _reference(self.journal.database, self.machine), again_in=again_in)


@asynccontextmanager
async def opened_store(config: Config, machine: Clock, *, steady: bool) -> AsyncIterator[OpenStore]:
    """`steady`: whether the time is to be kept from jumping with the machine's clock. Raises `StoreError`."""
    database = database_at(config.store)
    node = secrets.token_hex(8)
    deadlines = FirstDeadlines(deadlines_of(config))
    journal = Journal(database, node=node, first_deadline=deadlines)
    await journal.open()
    try:
        async with witnessed(database, config.store.path, machine.now()) as witness:
            name = f"{socket.gethostname()}, process {os.getpid()}"
            installation = Installation(database, node=node, name=name)
            clock: Clock = machine
            if steady:
                clock = SteadyClock(machine)
                reference = await _reference(database, machine)
                clock.begin_at(_no_earlier(reference, await installation.newest_stamp()))
            yield OpenStore(
                journal=journal,
                installation=installation,
                clock=clock,
                machine=machine,
                deadlines=deadlines,
                witness=witness,
            )
    finally:
        await journal.close()


def _no_earlier(reference: datetime, newest: datetime | None) -> datetime:
    """A clock that was set back while nobody ran would put all that waits off by as much: time goes on from where the
    store has come to. One that was a day ahead was wrong, and is not followed."""
    if newest is None or newest <= reference:
        return reference
    ahead = newest - reference
    log.warning("clock_behind_store", seconds=round(ahead.total_seconds(), 1), followed=ahead <= MOST_AHEAD)
    return newest if ahead <= MOST_AHEAD else reference


async def _reference(database: Database, machine: Clock) -> datetime:
    ms = await database.milliseconds()
    return machine.now() if ms is None else _EPOCH + timedelta(milliseconds=ms)


def deadlines_of(config: Config) -> Deadlines:
    told = frozenset(name for name, agent in config.agents.items() if agent.callback_url is not None)
    return Deadlines(**config.deadlines.model_dump(), announced_to=told)
