"""Processes that die, pause, are told to stop or are one too many: nothing is lost, nothing is twice."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import httpx
import pytest

from batonpass.domain.handoff import HandoffState
from batonpass.store.under_way import MOST_CRASHES
from batonpass.testing.emulator import Fault
from scene import body
from several_nodes import Cluster, calls, cluster, hand_over

pytestmark = pytest.mark.proof


async def until_opening(nodes: Cluster, *, within: float = 20) -> None:
    """Until the helpdesk has opened a ticket, whose answer is still under way."""
    async with asyncio.timeout(within):
        while not nodes.opened:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "pauses"])
async def test_p03_what_a_worker_held_is_taken_over_and_its_own_late_result_is_refused(
    tmp_path: Path, postgres_url: str, ends: signal.Signals
) -> None:
    async with cluster(tmp_path, store=postgres_url, deadline=20.0) as nodes, calls() as http:
        door, first = await asyncio.gather(nodes.serve("--no-work"), nodes.start("worker"))
        nodes.vendors.zendesk.next_call(Fault.ANSWERED_LATE, operation="tickets.create", seconds=4)
        handoff_id = await hand_over(http, "k", door.url)
        await until_opening(nodes)

        first.send(ends)
        await nodes.start("worker")
        await nodes.until_told([handoff_id])
        first.send(signal.SIGCONT)
        await asyncio.sleep(1.0)
        second_id = await hand_over(http, "k2", door.url)
        await nodes.until_told([second_id])
        record = await nodes.record(handoff_id)

    assert nodes.opened == {handoff_id: 1, second_id: 1}
    assert nodes.told() == [handoff_id, second_id]
    assert [each.number for each in record.attempts if each.step == "open_ticket"] == [2]
    assert ("stale_claim" in first.logged()) == (ends is signal.SIGSTOP)


STOPS_SOON = """
from batonpass.engine.execute import Engine
Engine.stop.__kwdefaults__["grace"] = 1.0
"""


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_p04_told_to_stop_with_fifty_in_flight_it_refuses_releases_and_is_gone(
    tmp_path: Path, request: pytest.FixtureRequest, store: str
) -> None:
    url = request.getfixturevalue("postgres_url") if store == "postgres" else "sqlite:///batonpass.db"
    async with cluster(tmp_path, store=url, deadline=20.0) as nodes, calls() as http:
        server = await nodes.serve(code=STOPS_SOON)
        nodes.vendors.zendesk.next_call(Fault.ANSWERED_LATE, operation="tickets.create", times=50, seconds=15)
        ids = await asyncio.gather(*(hand_over(http, f"k{number}", server.url) for number in range(50)))
        await until_opening(nodes)

        begun = time.monotonic()
        server.send(signal.SIGTERM)
        refused = await refusals(http, server.url)
        code = await server.ended()
        gone_after = time.monotonic() - begun
        left = [await nodes.record(each) for each in ids]
        nodes.vendors.zendesk.heal()
        await nodes.serve()
        started = time.monotonic()
        await nodes.until_told(ids)
        told_after = time.monotonic() - started

    assert code == 143
    assert gone_after < 25
    assert {(each.status_code, each.headers["Retry-After"]) for each in refused} == {(503, "2")}
    assert not [step for each in left for step in each.steps if step.status == "running"]
    assert told_after < 15
    assert nodes.opened == dict.fromkeys(ids, 1)
    assert sorted(nodes.told()) == sorted(ids)


async def refusals(http: httpx.AsyncClient, url: str) -> list[httpx.Response]:
    """What is answered from when it is told to stop until it answers no more: to whether it is ready, and to a new
    handoff."""
    async with asyncio.timeout(5):
        while (ready := await http.get(f"{url}/readyz")).status_code == 200:
            await asyncio.sleep(0.01)
    return [ready, await http.post(f"{url}/v1/handoffs", json=body())]


async def test_p15_killed_under_a_burst_and_started_again_each_handoff_has_one_ticket(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes, calls() as http:
        server = await nodes.serve()
        at = {"url": server.url}

        async def ask(number: int) -> str:
            while True:
                try:
                    return await hand_over(http, f"k{number}", at["url"], within=1)
                except TimeoutError:
                    continue

        asking = asyncio.gather(*(ask(number) for number in range(60)))
        await until_opening(nodes)
        server.send(signal.SIGKILL)
        await server.ended()
        at["url"] = (await nodes.serve()).url
        ids = await asking
        await nodes.until_told(ids)

    assert len(set(ids)) == 60
    assert nodes.opened == dict.fromkeys(ids, 1)


async def test_p16_a_second_server_on_one_file_is_refused_and_harms_nobody(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes, calls() as http:
        first = await nodes.serve()

        second = await nodes.serve()
        code = await second.ended()
        handoff_id = await hand_over(http, "k", first.url)
        await nodes.until_told([handoff_id])

    assert (code, second.said) == (2, "")
    assert "another batonpass process has it open" in second.logged()
    assert "next: stop that process" in second.logged()


POISONED = """
import os, signal
from batonpass.domain.handoff import StepKind
from batonpass.engine import execute

harmless = execute.HANDLERS[StepKind.GATHER_FACTS]

async def poisoned(world, step):
    if b"poison" in (await world.recent.asked(step.handoff_id)).stored.body:
        os.kill(os.getpid(), signal.SIGKILL)
    return await harmless(world, step)

execute.HANDLERS[StepKind.GATHER_FACTS] = poisoned
"""


async def test_p18_a_handoff_that_kills_its_process_is_parked_and_the_others_go_on(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes, calls() as http:
        server = await nodes.serve(code=POISONED)
        others = await asyncio.gather(*(hand_over(http, f"k{number}", server.url) for number in range(5)))
        poison = await hand_over(http, "poison", server.url, handoff=body("poison"))
        crashes = 0
        while (await nodes.record(poison)).state is not HandoffState.PARKED:
            if server.process.poll() is None:
                await asyncio.sleep(0.05)
                continue
            crashes += 1
            server = await nodes.serve(code=POISONED)
        await nodes.until_told(others)
        record = await nodes.record(poison)

    assert crashes == MOST_CRASHES
    assert (
        record.parked_because == f"gather_facts: its process died {MOST_CRASHES} times while it was under way"
    )
    assert nodes.opened == dict.fromkeys(others, 1)


async def test_rolling_restart_of_three_servers_loses_no_request_and_doubles_no_ticket(
    tmp_path: Path, postgres_url: str
) -> None:
    async with cluster(tmp_path, store=postgres_url) as nodes, calls() as http:
        servers = list(await asyncio.gather(*(nodes.serve(code=STOPS_SOON) for _ in range(3))))
        urls = [each.url for each in servers]
        ids = list[str]()
        over = asyncio.Event()

        async def keep_asking(client: int) -> None:
            number = 0
            while number < 15 or not over.is_set():
                number += 1
                mine = urls[client:] + urls[:client]
                ids.append(await hand_over(http, f"k{client}-{number}", *mine))
                await asyncio.sleep(0.05 if number < 15 else 1.0)

        asking = asyncio.gather(*(keep_asking(client) for client in range(3)))
        codes = []
        for number, server in enumerate(servers):
            server.send(signal.SIGTERM)
            codes.append(await server.ended())
            urls[number] = (await nodes.serve()).url
        over.set()
        await asking
        await nodes.until_told(ids)

    assert codes == [143, 143, 143]
    assert len(ids) >= 20
    assert nodes.opened == dict.fromkeys(ids, 1)
    assert set(nodes.told()) == set(ids)


async def test_w10_fifty_duplicates_at_once_at_four_processes_have_one_effect(
    tmp_path: Path, postgres_url: str
) -> None:
    async with cluster(tmp_path, store=postgres_url) as nodes, calls() as http:
        servers = await asyncio.gather(*(nodes.serve() for _ in range(4)))

        ids = await asyncio.gather(
            *(hand_over(http, "the same", servers[number % 4].url) for number in range(50))
        )
        await nodes.until_told(ids)
        await asyncio.sleep(0.5)

    assert len(set(ids)) == 1
    assert nodes.opened == {ids[0]: 1}
    assert nodes.told() == [ids[0]]
