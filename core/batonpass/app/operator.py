"""What an operator may do with a running installation: one batch at a time, so that it can be paused and resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from batonpass.app.config import Config
from batonpass.app.opening import deadlines_of, opened_store
from batonpass.app.webhook_intake import WebhookIntake
from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.handoff import HandoffState, StepKind
from batonpass.domain.ids import new_handoff_id
from batonpass.engine.deadlines import Deadlines, first_deadline
from batonpass.ports import HelpdeskSettings
from batonpass.store import Database, StoreError, deliveries
from batonpass.store.deliveries import KeptDelivery
from batonpass.store.instants import to_ms
from batonpass.store.queue import BATCH, Batch, Manner, Queue
from batonpass.store.selection import Action, Selection
from batonpass.store.transaction import Transaction

DELIVERIES_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Which kept deliveries are meant: by their numbers, or all of a connection since then."""

    numbers: tuple[int, ...] = ()
    connection: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What has become of some deliveries."""

    read: int = 0
    started: int = 0
    """Handoffs that they began."""
    followed: int = 0
    """Handoffs whose ticket will be read again."""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """Code → how many could not be read."""
    next: int | None = None
    """Where the next batch begins; None: this was the last."""


class Hands(Protocol):
    """The operator's hands, in this process or in the server's."""

    async def act(self, action: Action, chosen: Selection, *, after: str = "", most: int = BATCH) -> Batch:
        """One batch of `Queue.act`. Raises `StoreError`."""
        ...

    async def replay(self, chosen: Deliveries, *, after: int = 0, most: int = DELIVERIES_AT_ONCE) -> Replayed:
        """Read the next of the chosen deliveries once more. Raises `StoreError`."""
        ...


class Operator:
    """Raises `StoreError` where the store does not answer."""

    def __init__(
        self,
        config: Config,
        database: Database,
        webhooks: WebhookIntake,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._queue = Queue(database, _manner(config))
        self._database = database
        self._webhooks = webhooks
        self._clock = clock
        self._wake = wake

    async def act(self, action: Action, chosen: Selection, *, after: str = "", most: int = BATCH) -> Batch:
        done = await self._queue.act(action, chosen, now=self._clock.now(), after=after, most=most)
        if done.changed:
            self._wake()
        return done

    async def replay(self, chosen: Deliveries, *, after: int = 0, most: int = DELIVERIES_AT_ONCE) -> Replayed:
        found = await self._database.run(partial(_kept, chosen, after, min(most, DELIVERIES_AT_ONCE)))
        counts, unreadable = Counter[str](), Counter[str]()
        for each in found:
            try:
                received = await self._webhooks.replay(each)
            except StoreError:
                raise
            except (ConfigurationError, RejectedDeliveryError) as error:
                unreadable[error.code] += 1
                continue
            counts["read"] += 1
            counts["started"] += len(received.started)
            counts["followed"] += received.followed
        last = found[-1].number if len(found) == min(most, DELIVERIES_AT_ONCE) else None
        return Replayed(
            read=counts["read"],
            started=counts["started"],
            followed=counts["followed"],
            unreadable=dict(unreadable),
            next=last,
        )


@asynccontextmanager
async def own_operator(config: Config) -> AsyncIterator[Operator]:
    """With the store opened for it: beside other processes where several may, else as the only one.

    Raises `StoreError`, with code `store_locked` where a server has it.
    """
    machine = SystemClock()
    async with opened_store(config, machine, steady=True) as store:
        database = store.journal.database
        webhooks = WebhookIntake(
            config, store.journal, store.clock, wall=machine, new_id=new_handoff_id, wake=database.ring
        )
        yield Operator(config, database, webhooks, store.clock, database.ring)


async def _kept(chosen: Deliveries, after: int, most: int, tx: Transaction) -> list[KeptDelivery]:
    return await deliveries.chosen(
        tx,
        numbers=chosen.numbers,
        connection=chosen.connection,
        since=0 if chosen.since is None else to_ms(chosen.since),
        after=after,
        most=most,
    )


def _manner(config: Config) -> Manner:
    settings = deadlines_of(config)
    return Manner(
        first_deadline=partial(_first_deadline, settings),
        announced_to=settings.announced_to,
        waits=dict.fromkeys((kind for kind in StepKind if kind.is_effect), _unknown_wait(config)),
    )


def _first_deadline(
    settings: Deadlines, state: HandoffState, *, at: datetime, created_at: datetime
) -> datetime | None:
    return first_deadline(state, at, created_at, settings)


def _unknown_wait(config: Config) -> float:
    """How long a call without an answer may still take effect."""
    desk = config.helpdesk
    own = desk.settings.lookup_lag if isinstance(desk.settings, HelpdeskSettings) else None
    return max(desk.settings.deadline, desk.manifest.lookup_lag if own is None else own)
