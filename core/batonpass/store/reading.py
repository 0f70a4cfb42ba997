"""Looking at a store without writing to it: also while a server has it open."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlite_utils

from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffRecord
from batonpass.domain.ids import HandoffId
from batonpass.store import events, handoffs
from batonpass.store.address import StoreAddress
from batonpass.store.instants import from_ms_or_none, to_ms
from batonpass.store.records import handoff_record, stored_request
from batonpass.store.sqlite import SqliteTransaction, connect_to_read
from batonpass.store.transaction import Row, StoreError, Transaction, Work
from batonpass.store.values import StoredRequest

T = TypeVar("T")


def read_handoff(store: StoreAddress, handoff_id: HandoffId) -> HandoffRecord | None:
    """The handoff with every step and attempt. Raises `StoreError`."""
    return look(store, lambda tx: handoff_record(tx, handoff_id))


def handoff_of_ticket(store: StoreAddress, ticket_id: str) -> HandoffRecord | None:
    """The newest handoff of a ticket, by the helpdesk's id of it. Raises `StoreError`."""

    async def work(tx: Transaction) -> HandoffRecord | None:
        found = await handoffs.with_ticket(tx, ticket_id)
        return None if found is None else await handoff_record(tx, found)

    return look(store, work)


def read_request(store: StoreAddress, handoff_id: HandoffId) -> StoredRequest | None:
    """What the AI agent handed over. Raises `StoreError`."""
    return look(store, lambda tx: stored_request(tx, handoff_id))


def newest_handoffs(store: StoreAddress, *, most: int) -> list[tuple[HandoffId, datetime, str]]:
    """(id, created at, state), newest first. Raises `StoreError`."""
    return look(store, lambda tx: handoffs.newest(tx, most=most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What a connection's vendor has delivered."""

    events: int
    """Since the asked time, each counted once."""
    unknown: dict[str, int]
    """Of them, those of no kind that we know: the vendor's word → how many."""
    last: datetime | None
    """When the newest came, however long ago."""


def arrived(store: StoreAddress, connection: str, *, since: datetime) -> Arrived:
    """Raises `StoreError`."""

    async def work(tx: Transaction) -> Arrived:
        counted = await events.counts(tx, connection, since=to_ms(since))
        return Arrived(
            events=sum(counted.values()),
            unknown={word: n for (kind, word), n in counted.items() if kind == EventKind.UNKNOWN},
            last=from_ms_or_none(await events.last_received(tx, connection)),
        )

    return look(store, work)


def look(store: StoreAddress, work: Work[T]) -> T:
    """Run `work`, which only reads, from code that blocks. Raises `StoreError`."""
    with _opened(store) as tx:
        result: T = _at_once(work(tx))
        return result


def _at_once(coroutine: Any) -> Any:
    """Run a coroutine that never waits: its transaction blocks instead."""
    assert isinstance(coroutine, Coroutine)
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a transaction for reading never waits")


@contextmanager
def _opened(store: StoreAddress) -> Iterator[Transaction]:
    if store.path is not None:
        with connect_to_read(store.path) as connection:
            yield SqliteTransaction(sqlite_utils.Database(connection, recursive_triggers=False))
        return
    with _reading_postgres(store) as tx:
        yield tx


@contextmanager
def _reading_postgres(store: StoreAddress) -> Iterator[Transaction]:
    try:
        import psycopg  # noqa: PLC0415 - an extra

        from batonpass.store.postgres import placed, said  # noqa: PLC0415
    except ImportError:
        raise StoreError(
            f"{store.name}: PostgreSQL needs the package psycopg: pip install 'batonpass[postgres]'",
            code="store_package_missing",
        ) from None

    class Reading:
        for_update = ""
        skip_locked = ""

        def __init__(self, connection: psycopg.Connection[Row]) -> None:
            self._connection = connection

        async def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
            return self._connection.execute(placed(sql), values).rowcount

        async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
            return self._connection.execute(placed(sql), values).fetchall()

        async def records(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
            cursor = self._connection.execute(placed(sql), values)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

        async def lock(self, *names: str) -> None:
            del names

    try:
        with psycopg.connect(
            store.url, connect_timeout=5, options="-c default_transaction_read_only=on"
        ) as connection:
            yield Reading(connection)
    except psycopg.errors.UndefinedTable:
        raise StoreError(
            f"{store.name}: there is no journal yet; `batonpass serve` makes it", code="no_store"
        ) from None
    except psycopg.Error as error:
        raise StoreError(f"{store.name}: {said(error)}", code="store_unreachable") from None
