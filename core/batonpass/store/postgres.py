"""One PostgreSQL database for any number of processes.

Every event loop that asks has a pool of its own: psycopg's connections belong to one loop. A transaction that another
one stands in the way of (a deadlock, a serialisation failure, the same unique key at the same time) is run again from
its beginning. A connection that is lost before COMMIT is replaced and the work run again; one that is lost while it
commits leaves the outcome open, and the caller hears so.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection, AsyncCursor, errors, sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from batonpass.store import remade_views
from batonpass.store.address import StoreAddress
from batonpass.store.postgres_schema import MIGRATIONS
from batonpass.store.transaction import Result, Row, StoreError, Work
from batonpass.testing.failpoints import disk_is_full, failpoint

log = structlog.get_logger()

CHANNEL = "batonpass"
MOST_CONNECTIONS = 8
"""For each event loop; a server has two."""
WAIT_FOR_CONNECTION = 2.0
"""Seconds; then the caller hears that the store does not answer: a webhook is sent again, a step is repeated."""
CONNECT_WITHIN = 5
RECONNECT_FOR = 1.0
"""Seconds for which the pool tries by itself, ever more slowly; after that whoever wants a connection has it try at
once. So a server that is back is noticed within about a second, however long it was away."""
STATEMENT_WITHIN_MS = 20_000
LOCK_WITHIN_MS = 10_000
RING_EVERY = 0.02
"""Seconds between two rings: each costs a commit, and one is heard for many."""
MOST_RUNS = 5
_AGAIN_LISTENING = 1.0
_IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
_MIGRATING = 7_205_000_001
"""The advisory lock that only one migrating process holds."""


class PostgresTransaction:
    for_update = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._connection = connection
        self._begun = False

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        return (await self._run(sql, values)).rowcount

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return await (await self._run(sql, values)).fetchall()

    async def records(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        cursor = await self._run(sql, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    async def lock(self, *names: str) -> None:
        if names:
            await self._begin()
            await self._connection.execute(_LOCK, (sorted(set(names)),))

    async def _run(self, sql: str, values: Sequence[Any]) -> AsyncCursor[Row]:
        """At READ COMMITTED every statement sees what is committed when it starts: so one that only reads needs no BEGIN
        before it, and a transaction of such ones no COMMIT."""
        if not only_reads(sql):
            await self._begin()
        return await self._connection.execute(placed(sql), values)

    async def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            failpoint("store.begun", psycopg.OperationalError)
            await self._connection.set_autocommit(False)  # psycopg sends BEGIN with what follows


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name"
"""In the order of the array."""


@functools.cache
def only_reads(statement: str) -> bool:
    return statement.startswith("SELECT") and "FOR UPDATE" not in statement


@functools.cache
def placed(statement: str) -> bytes:
    """The statement with psycopg's placeholders. There are as many as statements in our code."""
    return statement.replace("?", "%s").encode()


class PostgresDatabase:
    is_shared = True

    def __init__(self, address: StoreAddress, *, connections: int = MOST_CONNECTIONS) -> None:
        """`connections`: the most for each event loop."""
        self.name = address.name
        self._url = address.url
        self._most = connections
        self._pools: dict[asyncio.AbstractEventLoop, AsyncConnectionPool[AsyncConnection[Row]]] = {}
        self._opening = threading.Lock()
        self._home: asyncio.AbstractEventLoop | None = None
        self._ringing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._home = asyncio.get_running_loop()
        try:
            connection = await self._connect()
        except psycopg.Error as error:
            raise StoreError(
                f"{self.name}: {said(error)}; is the server up, and do store.url's user, password and database exist?",
                code="store_unreachable",
            ) from None
        try:
            async with connection:
                await migrate(connection)
        except psycopg.Error as error:
            raise StoreError(
                f"{self.name}: {said(error)}; its user must be allowed to create tables there: "
                "batonpass store migrate"
            ) from None

    async def close(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
            with suppress(asyncio.CancelledError):
                await self._ringing
        self._home = None
        await self.leave_loop()

    async def leave_loop(self) -> None:
        with self._opening:
            pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.close()

    async def run(self, work: Work[Result]) -> Result:
        for left in reversed(range(MOST_RUNS)):
            try:
                return await self._once(work)
            except _IN_THE_WAY as error:
                if not left:
                    raise self._unavailable(error) from None
            except PoolTimeout:
                raise StoreError(
                    f"{self.name}: no connection within {WAIT_FOR_CONNECTION:.0f} s", code="store_unavailable"
                ) from None
            except psycopg.OperationalError as error:
                if not left or not isinstance(error, _LostEarlyError):
                    raise self._unavailable(error) from None
                await (await self._pool()).check()  # the others may be lost with it, all at once
            except psycopg.Error as error:
                raise self._unavailable(error) from None
            await asyncio.sleep(0.01 * (MOST_RUNS - left))
        raise AssertionError("the last run returns or raises")  # pragma: no cover - for the type checker

    async def _once(self, work: Work[Result]) -> Result:
        pool = await self._pool()
        async with pool.connection() as connection:
            try:
                await connection.set_autocommit(True)  # until the transaction begins
                result = await work(PostgresTransaction(connection))
                disk_is_full(self.name)
                failpoint("store.committing", psycopg.OperationalError)
            except psycopg.OperationalError as error:
                if connection.closed or connection.broken:
                    raise _LostEarlyError(said(error)) from None
                raise
            except OSError as error:
                raise errors.DiskFull(str(error)) from None
            await connection.commit()
            failpoint("store.committed", psycopg.OperationalError)
            return result

    async def _pool(self) -> AsyncConnectionPool[AsyncConnection[Row]]:
        here = asyncio.get_running_loop()
        known = self._pools.get(here)
        if known is not None:
            return known
        pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
            self._url,
            kwargs=_OPTIONS,
            min_size=1,
            max_size=self._most,
            timeout=WAIT_FOR_CONNECTION,
            max_idle=300,
            reconnect_timeout=RECONNECT_FOR,
            check=None,
            open=False,
            name="batonpass",
        )
        with self._opening:
            known = self._pools.setdefault(here, pool)
        if known is pool:
            await pool.open()
        return known

    async def _connect(self, **options: Any) -> AsyncConnection[Row]:
        return await AsyncConnection.connect(self._url, **{**_OPTIONS, **options})

    def _unavailable(self, error: psycopg.Error) -> StoreError:
        return StoreError(
            f"{self.name}: {said(error)}; it is not known to be written", code="store_unavailable"
        )

    def ring(self) -> None:
        if self._home is not None and not self._home.is_closed():
            self._home.call_soon_threadsafe(self._ring_soon)

    def _ring_soon(self) -> None:
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        await asyncio.sleep(RING_EVERY)
        with suppress(StoreError):  # whoever listens looks by itself, too
            await self.run(lambda tx: tx.execute(f"NOTIFY {CHANNEL}"))

    async def listen(self, hear: Callable[[], None]) -> None:
        while True:
            try:
                async with await self._connect(autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    hear()  # what was rung while nobody listened
                    async for _ in connection.notifies():
                        hear()
            except psycopg.Error as error:
                log.warning("store_not_listening", detail=said(error))
            await asyncio.sleep(_AGAIN_LISTENING)

    async def milliseconds(self) -> int | None:
        async def ask(tx: Any) -> int:
            found = await tx.rows("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            return int(found[0][0])

        return await self.run(ask)


class _LostEarlyError(psycopg.OperationalError):
    """The connection was lost before the transaction was committed: nothing was written."""


async def migrate(connection: AsyncConnection[Row]) -> list[str]:
    """Bring the tables up to date, each migration in a transaction of its own; gives the names of the new ones.

    Of several processes that start at once one migrates, the others wait for it.
    """
    done = []
    await connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATING,))
    try:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())"
        )
        await connection.commit()
        known = {
            found[0] for found in await (await connection.execute("SELECT name FROM migrations")).fetchall()
        }
        for name, statements in MIGRATIONS.items():
            if name in known:
                continue
            async with connection.transaction():
                for statement in statements:
                    await connection.execute(sql.SQL(statement))
                await connection.execute("INSERT INTO migrations (name) VALUES (%s)", (name,))
            done.append(name)
        await connection.commit()
        await remade_views.on_postgres(connection)
    finally:
        if not connection.closed:
            await connection.rollback()
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATING,))
            await connection.commit()
    return done


_OPTIONS: dict[str, Any] = {
    "connect_timeout": CONNECT_WITHIN,
    "application_name": "batonpass",
    # A server that is gone without a word (a failover) must not hold us for the hours that TCP allows.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
    "options": f"-c statement_timeout={STATEMENT_WITHIN_MS} -c lock_timeout={LOCK_WITHIN_MS}"
    " -c idle_in_transaction_session_timeout=60000 -c default_transaction_isolation=read\\ committed",
}


def said(error: Exception) -> str:
    """What PostgreSQL says, in one line, without the values of a row (`DETAIL`) and without a password."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    text = " ".join(str(error).split("\n", 1)[0].split())
    return text or type(error).__name__
