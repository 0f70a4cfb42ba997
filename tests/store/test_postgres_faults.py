"""What PostgreSQL may do to a running process: every transaction is run again or its caller is told, nothing is twice,
and all goes on by itself once the server is well."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from batonpass.domain.handoff import HandoffState, NewStep, Plan, StepKind
from batonpass.domain.ids import new_handoff_id
from batonpass.store import Accepted, Journal, NewHandoff, StoreAddress, StoreError, database_at, postgres
from batonpass.store.postgres import MOST_CONNECTIONS
from batonpass.store.transaction import Transaction, value
from batonpass.testing.postgres import PostgresNotFoundError, PostgresServer
from batonpass.testing.postgres_programs import programs

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FIRST = Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))
WELL_AGAIN = 10.0
"""Seconds within which all goes on once the server is well."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """To be stopped, and to run out of connections."""
    try:
        programs()
    except PostgresNotFoundError as error:
        pytest.skip(str(error))
    with PostgresServer(fsync=False, max_connections=20) as made:
        yield made


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    made = server.new_database()
    yield made
    server.drop(made)


@pytest.fixture
async def journal(url: str) -> AsyncIterator[Journal]:
    made = Journal(database_at(StoreAddress.parse(url, folder=Path())), node="me")
    await made.open()
    yield made
    await made.close()


async def accept(journal: Journal, key: str) -> Accepted:
    body = key.encode()
    new = NewHandoff(
        id=new_handoff_id(),
        ai_agent="shop-bot",
        conversation_id=None,
        body=body,
        request=body,
        mended=False,
        idempotency_key=key,
        body_sha256=hashlib.sha256(body).digest(),
        received_at=NOW,
        helpdesk="zendesk",
    )
    accepted = await journal.accept(new, FIRST)
    assert isinstance(accepted, Accepted)
    return accepted


async def accept_in_the_end(journal: Journal, key: str) -> float:
    """As an AI agent does it: again, with the same key. Gives the seconds that it took."""
    begun = time.monotonic()
    async with asyncio.timeout(60):
        while True:
            try:
                await accept(journal, key)
            except StoreError:
                await asyncio.sleep(0.05)
            else:
                return time.monotonic() - begun


@contextmanager
def as_admin(server: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        yield connection


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def cut_off(server: PostgresServer, url: str) -> int:
    """End every connection to the database; gives their number."""
    with as_admin(server) as admin:
        cut = admin.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s", [name_of(url)]
        ).fetchone()
    assert cut is not None
    return int(cut[0])


async def use_all_connections(journal: Journal) -> None:
    await asyncio.gather(
        *(
            journal.database.run(lambda tx: tx.rows("SELECT pg_sleep(0.1)"))
            for _ in range(2 * MOST_CONNECTIONS)
        )
    )


async def test_p09_killed_idle_connections_are_replaced_and_nobody_hears_of_it(
    journal: Journal, server: PostgresServer, url: str
) -> None:
    await use_all_connections(journal)

    cut = cut_off(server, url)
    accepted = await asyncio.gather(*(accept(journal, f"k{number}") for number in range(20)))

    assert cut == MOST_CONNECTIONS
    assert not any(each.replayed for each in accepted)
    assert await journal.counts() == {"requested": 20}


async def test_p09_one_who_asks_after_all_idle_connections_were_killed_is_answered(
    journal: Journal, server: PostgresServer, url: str
) -> None:
    await use_all_connections(journal)

    cut_off(server, url)

    assert not (await accept(journal, "k")).replayed


@pytest.mark.parametrize("mode", ["immediate", "fast"])
async def test_p09_a_restart_under_load_loses_and_doubles_nothing(
    journal: Journal, server: PostgresServer, mode: Any
) -> None:
    async def hand_over(number: int) -> None:
        await asyncio.sleep(number * 0.01)
        await accept_in_the_end(journal, f"k{number}")

    handing_over = asyncio.gather(*(hand_over(number) for number in range(100)))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(server.restart, mode)
    await handing_over

    assert await journal.counts() == {"requested": 100}


async def test_p09_while_the_server_is_away_callers_hear_it_soon_and_all_goes_on_when_it_is_back(
    journal: Journal, server: PostgresServer
) -> None:
    await accept(journal, "before")

    await asyncio.to_thread(server.stop, "immediate")
    begun = time.monotonic()
    with pytest.raises(StoreError) as told:
        await accept(journal, "meanwhile")
    told_after = time.monotonic() - begun
    await asyncio.gather(*(accept_refused(journal) for _ in range(5)))
    await asyncio.to_thread(server.start)
    back_after = await accept_in_the_end(journal, "after")

    assert told.value.code == "store_unavailable"
    assert told_after < postgres.WAIT_FOR_CONNECTION + 3
    assert back_after < WELL_AGAIN
    assert await journal.counts() == {"requested": 2}


async def accept_refused(journal: Journal) -> None:
    with pytest.raises(StoreError):
        await journal.ping()


async def test_p09_a_commit_whose_answer_was_lost_is_told_and_the_same_key_finds_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = psycopg.AsyncConnection.commit

    async def committed_but_lost(self: Any) -> None:
        monkeypatch.undo()
        await commit(self)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.AsyncConnection, "commit", committed_but_lost)
    with pytest.raises(StoreError, match="not known to be written"):
        await accept(journal, "k")
    again = await accept(journal, "k")

    assert again.replayed
    assert await journal.counts() == {"requested": 1}


async def test_p09_when_all_connections_are_busy_the_next_caller_is_told_and_later_ones_are_served(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "WAIT_FOR_CONNECTION", 0.3)
    busy, free = asyncio.Semaphore(0), asyncio.Event()

    async def hold(tx: Transaction) -> None:
        await tx.rows("SELECT 1")
        busy.release()
        await free.wait()

    holding = [asyncio.create_task(journal.database.run(hold)) for _ in range(MOST_CONNECTIONS)]
    for _ in holding:
        await busy.acquire()
    with pytest.raises(StoreError, match="no connection within"):
        await accept(journal, "k")
    free.set()
    await asyncio.gather(*holding)

    assert not (await accept(journal, "k")).replayed


async def test_p09_a_database_that_only_reads_is_told_and_written_again_when_it_can_be(
    journal: Journal, server: PostgresServer, url: str
) -> None:
    first = await accept(journal, "first")

    only_reads(server, url, "on")
    with pytest.raises(StoreError, match="read-only"):
        await accept(journal, "second")
    read = await journal.handoff(first.handoff_id)
    only_reads(server, url, "off")
    await accept(journal, "second")

    assert read is not None
    assert await journal.counts() == {"requested": 2}


def only_reads(server: PostgresServer, url: str, setting: str) -> None:
    """As a standby is, or one that was told to; the connections are made anew, as after a failover."""
    with as_admin(server) as admin:
        admin.execute(f'ALTER DATABASE "{name_of(url)}" SET default_transaction_read_only = {setting}')  # type: ignore[arg-type]
    cut_off(server, url)


async def test_p09_of_two_transactions_that_wait_for_each_other_both_are_done_once(journal: Journal) -> None:
    runs, both = 0, asyncio.Barrier(2)

    def counts_up(first: str, second: str) -> Any:
        async def work(tx: Transaction) -> None:
            nonlocal runs
            runs += 1
            await count_up(tx, first)
            if runs <= 2:
                await both.wait()  # each holds one row and wants the other's
            await count_up(tx, second)

        return work

    await journal.database.run(starts_counting("a", "b"))
    await asyncio.gather(journal.database.run(counts_up("a", "b")), journal.database.run(counts_up("b", "a")))

    assert runs == 3
    assert await journal.database.run(counted("a")) == "2"
    assert await journal.database.run(counted("b")) == "2"


async def test_p09_transactions_that_cannot_be_put_in_order_are_run_again_and_none_is_lost(
    journal: Journal,
) -> None:
    runs, together = 0, asyncio.Barrier(3)

    async def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        now = int(await value(tx, "SELECT value FROM checkpoints WHERE name = 'a'"))
        if runs <= 3:
            await together.wait()  # all have read the same
        await tx.execute("UPDATE checkpoints SET value = ? WHERE name = 'a'", (str(now + 1),))

    await journal.database.run(starts_counting("a"))
    await asyncio.gather(*(journal.database.run(work) for _ in range(3)))

    assert runs > 3
    assert await journal.database.run(counted("a")) == "3"


def starts_counting(*names: str) -> Any:
    async def work(tx: Transaction) -> None:
        for name in names:
            await tx.execute("INSERT INTO checkpoints (name, value, at) VALUES (?, '0', 0)", (name,))

    return work


async def count_up(tx: Transaction, name: str) -> None:
    now = int(await value(tx, f"SELECT value FROM checkpoints WHERE name = ?{tx.for_update}", (name,)))
    await tx.execute("UPDATE checkpoints SET value = ? WHERE name = ?", (str(now + 1), name))


def counted(name: str) -> Any:
    return lambda tx: value(tx, "SELECT value FROM checkpoints WHERE name = ?", (name,))


async def test_p09_without_a_free_connection_at_the_server_callers_are_told_until_there_is_one(
    journal: Journal, server: PostgresServer, url: str
) -> None:
    await journal.ping()

    with ExitStack() as others:
        take_every_connection(server, url, others)
        with pytest.raises(StoreError, match="no connection within"):
            await accept(journal, "k")
    back_after = await accept_in_the_end(journal, "k")

    assert back_after < WELL_AGAIN
    assert await journal.counts() == {"requested": 1}


def take_every_connection(server: PostgresServer, url: str, others: ExitStack) -> None:
    cut_off(server, url)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            others.enter_context(psycopg.connect(server.url))
        except psycopg.OperationalError as error:
            if "too many clients" in str(error) or "remaining connection slots" in str(error):
                return
            raise
    raise AssertionError("there was always one more")


async def test_p05_a_full_disk_under_the_server_writes_nothing_and_all_goes_on_when_there_is_space(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(name: str) -> None:
        raise OSError(28, "No space left on device", name)

    with monkeypatch.context() as full:
        full.setattr(postgres, "disk_is_full", no_space)
        with pytest.raises(StoreError, match="No space left"):
            await accept(journal, "k")
    counted_then = await journal.counts()

    assert counted_then == {}
    assert not (await accept(journal, "k")).replayed
