"""Rounds of several streams, with the connections that this process has open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from batonpass.app.syncing.settings import LimitsConfig, SyncedStream
from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.facts import FactRule
from batonpass.ports import Streams
from batonpass.store import SyncBook
from batonpass.sync import BUSY, HELD, PATIENCE, Ended, Limits, Options, Reader, Tell

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a person wants to be read now."""

    connection: str | None = None
    streams: tuple[str, ...] = ()
    """`contacts`, or `crm/contacts`; none: all."""
    since: datetime | None = None
    everything: bool = False
    accept_gone: bool = False
    dry_run: bool = False

    @property
    def options(self) -> Options:
        return Options(
            since=self.since, everything=self.everything, accept_gone=self.accept_gone, dry_run=self.dry_run
        )


def chosen(synced: Sequence[SyncedStream], order: Order) -> list[SyncedStream]:
    """The streams that are meant, parents first. Raises `ConfigurationError` where one is not there."""
    found = [each for each in synced if order.connection in {None, each.connection}]
    if order.connection is not None and not found:
        raise _unknown(f"connection {order.connection!r} is not synced", [each.connection for each in synced])
    if not order.streams:
        if not found:
            raise ConfigurationError(
                "nothing is synced: config.toml has no [sync.<connection>]", code="nothing_synced"
            )
        return found
    for wanted in order.streams:
        if not any(wanted in {each.name, each.stream.name} for each in found):
            raise _unknown(f"stream {wanted!r} is not synced", [each.name for each in found])
    return [each for each in found if {each.name, each.stream.name} & set(order.streams)]


def _unknown(message: str, known: Sequence[str]) -> ConfigurationError:
    listed = ", ".join(dict.fromkeys(known)) or "none"
    return ConfigurationError(f"{message}; known: {listed}", code="not_synced")


class Syncing:
    """Reads streams with the connections that are open here. A round that another process reads is left to it."""

    def __init__(
        self,
        synced: Sequence[SyncedStream],
        ports: Mapping[str, object],
        book: SyncBook,
        *,
        clock: Clock,
        limits: LimitsConfig,
        rules_of: Callable[[str], Sequence[FactRule]],
        dead: Callable[[], Awaitable[Sequence[str]]],
        heard: Callable[[Ended], Awaitable[None]],
        patience: float = PATIENCE,
    ) -> None:
        """`rules_of`: a connection's fact rules in force; `dead`: processes that are gone; `heard` gets each round that
        has ended."""
        self.synced = tuple(synced)
        self._ports = ports
        self._book = book
        self._clock = clock
        self._limits = Limits(slices=limits.slices, gone_share=limits.gone_share, patience=patience)
        self._rules_of = rules_of
        self._dead = dead
        self._heard = heard
        self._each = {each.name: asyncio.Lock() for each in synced}
        self._at_once = asyncio.Semaphore(limits.streams)

    async def run(
        self, each: SyncedStream, options: Options | None = None, tell: Tell = lambda _: None
    ) -> Ended:
        """One round. Raises `StoreError`."""
        port = self._ports[each.connection]
        assert isinstance(port, Streams)
        reader = Reader(
            each.connection,
            port,
            self._book,
            clock=self._clock,
            rules=self._rules_of(each.connection),
            limits=self._limits,
            tell=tell,
        )
        stream = replace(each.stream, reads_all_every=each.reads_all_every)
        # Two rounds of one stream in one process would take it from each other.
        async with self._each[each.name], self._at_once:
            ended = await reader.run(stream, options, dead=await self._dead())
        self._log(ended)
        if not ended.dry_run:
            await self._heard(ended)
        return ended

    async def all_of(self, order: Order, tell: Tell = lambda _: None) -> AsyncIterator[Ended]:
        """A round of each stream that is meant, one after the other: children point to their parents."""
        for each in chosen(self.synced, order):
            yield await self.run(each, order.options, tell)

    def _log(self, ended: Ended) -> None:
        said = log.info if ended.is_done else log.debug if ended.ended_as == BUSY else log.warning
        said(
            "synced" if ended.is_done else "sync_held" if ended.ended_as == HELD else "sync_not_done",
            connection=ended.connection,
            stream=ended.stream,
            ended_as=ended.ended_as,
            seconds=round(ended.seconds, 2),
            **{} if ended.is_done else {"detail": ended.detail},
            **{str(name): number for name, number in ended.counts.items() if number},
        )
