"""The whole service while its store is full, locked, away or damaged, and several of them on one database."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from batonpass.app.config import load_config
from batonpass.app.schedule import Schedule
from batonpass.app.wiring import Service, running
from batonpass.store import StoreError
from batonpass.store.sqlite import SqliteDatabase
from batonpass.testing.emulator import Latency
from batonpass.testing.postgres import PostgresServer
from batonpass.testing.serving import served
from batonpass.web import create_app
from scene import ENVIRONMENT, Scene, Vendors, body, playing, served_together, write_config
from several_nodes import calls

WELL_AGAIN = 10.0
"""Seconds within which all goes on once the store is well."""


async def asked(scene: Scene, number: int = 0) -> httpx.Response:
    return await scene.http.post("/v1/handoffs", json=body(), headers={"Idempotency-Key": f"k{number}"})


async def accepted_in_the_end(scene: Scene, number: int = 0) -> float:
    """Gives the seconds that it took."""
    begun = time.monotonic()
    while (await asked(scene, number)).status_code != 202:
        assert time.monotonic() - begun < 60
        await asyncio.sleep(0.1)
    return time.monotonic() - begun


def is_told_to_come_again(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0


async def test_p05_with_a_full_disk_new_handoffs_are_put_off_and_the_old_ones_stay(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        kept = await scene.hand_over(body())
        await scene.until(kept)
        connection = connection_of(scene)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

        refused = [await asked(scene, number) for number in range(20)]
        still = await scene.status(kept)
        connection.execute("PRAGMA max_page_count = 1073741823")
        back_after = await accepted_in_the_end(scene, 19)
        intact = connection.execute("PRAGMA quick_check").fetchone()[0]

    assert is_told_to_come_again(refused[-1])
    assert {each.status_code for each in refused} <= {202, 503}  # what free pages were left is used up first
    assert still["ticket"] is not None
    assert back_after < WELL_AGAIN
    assert intact == "ok"


def connection_of(scene: Scene) -> sqlite3.Connection:
    database = scene.service.journal.database
    assert isinstance(database, SqliteDatabase)
    assert database._db is not None
    return database._db.conn


async def test_p07_while_somebody_else_holds_the_file_all_are_told_after_two_seconds(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        await scene.warm_up()
        outsider = sqlite3.connect(scene.folder / "batonpass.db", isolation_level=None)
        threads = threading.active_count()
        outsider.execute("BEGIN IMMEDIATE")

        begun = time.monotonic()
        answers = await asyncio.gather(*(asked(scene, number) for number in range(80)))
        told_after = time.monotonic() - begun
        threads_then = threading.active_count()
        outsider.execute("COMMIT")
        outsider.close()
        back_after = await accepted_in_the_end(scene)

    assert all(map(is_told_to_come_again, answers))
    assert 1.5 < told_after < 8  # two seconds, and what a busy machine takes for eighty answers
    assert (
        threads_then <= threads + 2
    )  # a commit and a log line may have got theirs; eighty callers have none
    assert back_after < WELL_AGAIN


async def test_p08_a_damaged_file_is_not_served(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        for number in range(5):
            await asked(scene, number)
    file = tmp_path / "batonpass.db"
    pages = bytearray(file.read_bytes())
    pages[8192:16384] = bytes(random.Random(1).randbytes(8192))
    file.write_bytes(pages)

    with pytest.raises(StoreError) as refused:
        async with playing(tmp_path):
            pass

    assert str(file) in str(refused.value)


@pytest.mark.proof
async def test_w22_a_store_that_is_away_puts_a_handoff_off_and_nothing_is_half_written(
    tmp_path: Path, own_postgres: PostgresServer
) -> None:
    url = own_postgres.new_database()
    async with playing(tmp_path, more=f'[store]\nurl = "{url}"') as scene:
        await scene.warm_up()

        await asyncio.to_thread(own_postgres.stop, "immediate")
        refused = await asked(scene)
        ready = await scene.http.get("/readyz")
        await asyncio.to_thread(own_postgres.start)
        back_after = await accepted_in_the_end(scene)
        states = await scene.service.journal.counts()

    assert is_told_to_come_again(refused)
    assert ready.status_code == 503
    assert back_after < WELL_AGAIN
    assert sum(states.values()) == 2


async def test_w22_a_disk_that_fills_up_while_a_handoff_is_kept_leaves_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(name: str) -> None:
        raise OSError(28, "No space left on device", name)

    async with playing(tmp_path) as scene:
        with monkeypatch.context() as full:
            full.setattr("batonpass.store.sqlite.disk_is_full", no_space)
            refused = await asked(scene)
        states = await scene.service.journal.counts()
        again = await asked(scene)

    assert is_told_to_come_again(refused)
    assert states == {}
    assert (again.status_code, again.json()["replayed"]) == (202, False)


@dataclass
class Three:
    """Three services on one database."""

    services: list[Service]
    urls: list[str]
    vendors: Vendors


@asynccontextmanager
async def three(folder: Path, url: str) -> AsyncIterator[Three]:
    vendors = Vendors()
    async with served_together(vendors.all) as urls, AsyncExitStack() as stack:
        config = load_config(write_config(folder, urls, more=f'[store]\nurl = "{url}"'), ENVIRONMENT)
        services = [await stack.enter_async_context(running(config)) for _ in range(3)]
        doors = [await stack.enter_async_context(served(create_app(each))) for each in services]
        yield Three(services, doors, vendors)


@pytest.mark.proof
async def test_a_scheduled_job_runs_once_at_each_tick_over_three_nodes(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = list[str]()
    begin = Schedule.start

    def with_one_more(self: Schedule) -> None:
        self.once_each(0.5, "counted", lambda: ran.append("counted"))
        begin(self)

    monkeypatch.setattr(Schedule, "start", with_one_more)
    async with three(tmp_path, postgres_url) as nodes:
        await asyncio.sleep(3)
        found = await nodes.services[0].journal.database.run(
            lambda tx: tx.rows("SELECT at, node FROM ticks WHERE job = 'counted' ORDER BY at")
        )

    ticks = [at for at, _ in found]
    assert len(ticks) >= 3
    assert len(ran) in {len(ticks), len(ticks) + 1, len(ticks) + 2}  # some more before all have ended
    assert all(at % 500 == 0 for at in ticks)


async def test_of_two_handoffs_of_one_conversation_the_second_ticket_is_never_first(
    tmp_path: Path, postgres_url: str
) -> None:
    async with three(tmp_path, postgres_url) as nodes, calls() as http:
        nodes.vendors.zendesk.latency = Latency(seconds=0.05, spread=0.9)

        pairs = [await asked_twice(http, nodes, number) for number in range(8)]
        await until_opened(nodes, 16)

    order = [effect.key for effect in nodes.vendors.zendesk.effects("ticket.opened")]
    assert Counter(order) == dict.fromkeys((each for pair in pairs for each in pair), 1)
    assert all(order.index(first) < order.index(second) for first, second in pairs)


async def asked_twice(http: httpx.AsyncClient, nodes: Three, number: int) -> tuple[str, str]:
    """One after the other in the same conversation, at different nodes."""
    handoff: dict[str, Any] = body()
    handoff["conversation"]["id"] = f"talk-{number}"
    ids = []
    for nth in range(2):
        url = nodes.urls[(number + nth) % 3]
        answer = await http.post(
            f"{url}/v1/handoffs", json=handoff, headers={"Idempotency-Key": f"{number}-{nth}"}
        )
        assert answer.status_code == 202
        ids.append(answer.json()["id"])
    return ids[0], ids[1]


async def until_opened(nodes: Three, count: int) -> None:
    async with asyncio.timeout(60):
        while len(nodes.vendors.zendesk.effects("ticket.opened")) < count:
            await asyncio.sleep(0.05)


async def test_p10_a_failover_that_lost_its_tail_opens_no_second_ticket(
    tmp_path: Path, own_postgres: PostgresServer
) -> None:
    url = own_postgres.new_database()
    vendors = Vendors()
    async with served_together(vendors.all) as urls:
        config = load_config(write_config(tmp_path, urls, more=f'[store]\nurl = "{url}"'), ENVIRONMENT)
        async with (
            running(config, works=False) as accepting,
            served(create_app(accepting)) as door,
            calls(door) as http,
        ):
            answers = [await http.post("/v1/handoffs", json=body()) for _ in range(3)]
        older = older_copy(own_postgres, url)
        async with running(config):
            await opened(vendors, 3)
        behind = load_config(write_config(tmp_path, urls, more=f'[store]\nurl = "{older}"'), ENVIRONMENT)
        async with running(behind) as after:
            await all_ticketed(after, 3)

    ids = [each.json()["id"] for each in answers]
    assert Counter(each.key for each in vendors.zendesk.effects("ticket.opened")) == dict.fromkeys(ids, 1)


def older_copy(server: PostgresServer, url: str) -> str:
    """What a standby had that did not hear the rest; nobody is connected."""
    import psycopg  # noqa: PLC0415 - an extra

    name = url.rpartition("/")[2]
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}_older" TEMPLATE "{name}"')  # type: ignore[arg-type]
    return f"{url}_older"


async def opened(vendors: Vendors, count: int) -> None:
    async with asyncio.timeout(30):
        while len(vendors.zendesk.effects("ticket.opened")) < count:
            await asyncio.sleep(0.02)


async def all_ticketed(service: Service, count: int) -> None:
    async with asyncio.timeout(30):
        while (await service.journal.counts()).get("ticketed") != count:
            await asyncio.sleep(0.05)
