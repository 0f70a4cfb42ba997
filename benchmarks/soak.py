"""Hours of ordinary work with something going wrong every few seconds: nothing lost, nothing twice, nothing grows.

    python benchmarks/soak.py --minutes 30 --store both
    python benchmarks/soak.py --minutes 1 --store sqlite        # a look, no verdict on what grows

Five handoffs a second and a webhook a second go in; every 5 to 40 s (in a short run more often) one fault out of
`faults` happens. Memory, open files and the store's size are sampled. In the end the whole history is checked. Ends
with 1 where something is not right.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import chaos
import httpx
import psycopg
import rig

from batonpass.testing.invariants import check, describe
from batonpass.testing.postgres import PostgresServer
from batonpass.testing.serving import served

PER_SECOND = 5
WEBHOOK_SECRET = "made-for-the-emulators-only-4711-0815"
SAMPLE_EVERY = 5.0
PATIENCE = 240.0
"""Seconds after the last fault in which everything must be done."""
MOST_GROWTH = 1.05
"""From the second quarter of the run to the last; of a process that is up for longer than it takes to warm up."""
WARM = 60.0
STATES = {"announced", "accepted", "resolved"}
HAPPENINGS = ("ticket_assigned", "agent_replied", "customer_replied", "ticket_solved", "ticket_reopened")


class Node(chaos.Node):
    """One batonpass process that can be stopped for a while, and looked at."""

    started = 0.0

    async def _run_once(self) -> None:
        self.started = time.monotonic()
        await super()._run_once()

    async def pause(self, seconds: float) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)

    def looked_at(self) -> tuple[float, int] | None:
        """(MB of memory, open files), once it is warm."""
        if not self.ready or self._process is None or time.monotonic() - self.started < WARM:
            return None
        place = Path(f"/proc/{self._process.pid}")
        try:
            status = (place / "status").read_text(encoding="utf-8")
            line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            return int(line.split()[1]) / 1024, len(list((place / "fd").iterdir()))
        except (OSError, StopIteration):
            return None


class AiAgent(chaos.AiAgent):
    async def hand_over_for(self, url: str, seconds: float) -> None:
        """`PER_SECOND` of them, whatever becomes of the answers."""
        began = time.monotonic()
        async with (
            httpx.AsyncClient(base_url=url, headers=rig.AUTHORISED, timeout=10) as http,
            asyncio.TaskGroup() as asking,
        ):
            for number in range(int(seconds * PER_SECOND)):
                await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
                asking.create_task(self._hand_over(http, number))


@dataclass
class Scene:
    folder: Path
    helpdesk: str
    """The emulator's address."""
    store: str
    nodes: list[Node]
    ai_agent: AiAgent
    chance: random.Random
    http: httpx.AsyncClient
    postgres: PostgresServer | None
    happened: Counter[str] = field(default_factory=Counter)
    samples: list[tuple[float, dict[str, float]]] = field(default_factory=list)

    @property
    def mapping(self) -> Path:
        return self.folder / "mappings" / "zendesk.toml"

    async def plan(self, fault: str, **told: Any) -> None:
        answer = await self.http.post(f"{self.helpdesk}/_emulator/faults", json={"fault": fault, **told})
        answer.raise_for_status()

    async def outbox(self, **told: Any) -> None:
        (await self.http.post(f"{self.helpdesk}/_emulator/outbox", json=told)).raise_for_status()


Fault = Callable[[Scene], Awaitable[None]]


# What goes wrong --------------------------------------------------------------------------------------------------


def vendor(fault: str, **told: Any) -> Fault:
    async def happen(scene: Scene) -> None:
        await scene.plan(fault, **told)

    return happen


async def kill(scene: Scene) -> None:
    scene.chance.choice(scene.nodes).kill()


async def pause(scene: Scene) -> None:
    await scene.chance.choice(scene.nodes).pause(scene.chance.uniform(3, 25))


async def crash_database(scene: Scene) -> None:
    assert scene.postgres is not None
    await asyncio.to_thread(scene.postgres.stop, "immediate")
    await asyncio.sleep(scene.chance.uniform(0, 2))
    await asyncio.shield(asyncio.to_thread(scene.postgres.start))


async def fill_disk(scene: Scene) -> None:
    """Its disk fills up a while after it has started again."""
    rig.SECRETS["BATONPASS_FAILPOINT"] = f"accept.received:disk_full:{scene.chance.randint(5, 50)}"
    try:
        scene.nodes[0].kill()
        await asyncio.sleep(1)
    finally:
        del rig.SECRETS["BATONPASS_FAILPOINT"]


async def twice(scene: Scene) -> None:
    await scene.outbox(twice=True)
    await asyncio.sleep(5)
    await scene.outbox(twice=False)


async def held_back_and_shuffled(scene: Scene) -> None:
    await scene.outbox(hold=True)
    await asyncio.sleep(5)
    await scene.outbox(release="shuffled")


async def webhooks_lost(scene: Scene) -> None:
    await scene.outbox(hold=True)
    await asyncio.sleep(3)
    await scene.outbox(drop=True)
    await scene.outbox(release="as_it_was")


async def mapping_broken(scene: Scene) -> None:
    good = scene.mapping.read_text(encoding="utf-8")
    scene.mapping.write_text(good[: len(good) // 2] + "\n[fields\n", encoding="utf-8")
    await asyncio.sleep(3)
    scene.mapping.write_text(good, encoding="utf-8")


async def mapping_changed_twice(scene: Scene) -> None:
    good = scene.mapping.read_text(encoding="utf-8")
    for note in ("# one\n", "# two\n"):
        saved = scene.mapping.with_suffix(".new")
        saved.write_text(good + note, encoding="utf-8")
        saved.replace(scene.mapping)
        await asyncio.sleep(0.005)
    scene.mapping.write_text(good, encoding="utf-8")


def faults(scene: Scene) -> dict[str, Fault]:
    """By the row of the fault matrix."""
    create = "tickets.create"
    of_both: dict[str, Fault] = {
        "P01 killed": kill,
        "P03 stopped for a while": pause,
        "V01 429 with Retry-After": vendor("rate_limited", operation=create, times=3, retry_after=2),
        "V06 503 for a while": vendor("server_error", times=30, status=503),
        "V08 answers lost": vendor("answer_lost", operation=create, times=3),
        "V08 500 after the commit": vendor("error_after_commit", operation=create, times=3),
        "V09 answers cut off": vendor("answer_truncated", operation=create, times=3),
        "V09 answers without a body": vendor("answer_empty", operation=create, times=2),
        "V12 connections reset": vendor("reset", times=5),
        "V18 401 for a moment": vendor("unauthorised", times=1),
        "V35 slow answers": vendor("answered_late", times=20, seconds=1.5),
        "W10 webhooks twice at once": twice,
        "W11 webhooks held back and shuffled": held_back_and_shuffled,
        "V34 webhooks lost": webhooks_lost,
        "P20 mapping file broken": mapping_broken,
        "P21 mapping file changed twice": mapping_changed_twice,
    }
    if scene.postgres is None:
        return {**of_both, "P05 W22 disk full": fill_disk}
    return {**of_both, "P09 database crashed": crash_database}


# The run ----------------------------------------------------------------------------------------------------------


async def break_things(scene: Scene, gaps: tuple[float, float]) -> None:
    """Each fault once in a random order, then again."""
    known = faults(scene)
    while True:
        for name in scene.chance.sample(sorted(known), len(known)):
            await asyncio.sleep(scene.chance.uniform(*gaps))
            await known[name](scene)
            scene.happened[name] += 1


async def live(scene: Scene) -> None:
    """What agents and customers do with the tickets, one thing a second."""
    while True:
        await asyncio.sleep(1)
        tickets = [told.ticket_id for told in scene.ai_agent.told[-200:] if told.ticket_id]
        if tickets:
            kind = scene.chance.choice(HAPPENINGS)
            told = {"kind": kind, "ticket": scene.chance.choice(tickets)}
            answer = await scene.http.post(f"{scene.helpdesk}/_emulator/happen", json=told)
            scene.happened["(webhooks)"] += answer.is_success


async def sample(scene: Scene) -> None:
    while True:
        seen: dict[str, float] = {"store MB": await asyncio.to_thread(store_megabytes, scene.store)}
        for number, node in enumerate(scene.nodes):
            if (looked := node.looked_at()) is not None:
                seen[f"process {number} MB"], seen[f"process {number} open files"] = looked
        seen["handoffs"] = len(scene.ai_agent.acknowledged)
        scene.samples.append((time.monotonic(), seen))
        await asyncio.sleep(SAMPLE_EVERY)


def store_megabytes(store: str) -> float:
    if store.startswith("sqlite:///"):
        path = Path(store.removeprefix("sqlite:///"))
        files = (path, path.with_name(f"{path.name}-wal"))
        return sum(each.stat().st_size for each in files if each.exists()) / 1e6
    try:
        with psycopg.connect(store, connect_timeout=2) as connection:
            found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            return float(found[0]) / 1e6 if found else 0.0
    except psycopg.Error:
        return float("nan")


async def all_done(scene: Scene, until: float) -> int:
    """How many steps are still to be done once none is, or when the time is over."""
    if scene.postgres is not None:
        return await chaos.all_done(scene.store, until)
    left, path = -1, scene.store.removeprefix("sqlite:///")
    while left and time.monotonic() < until:
        await asyncio.sleep(0.5)
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            left = int(connection.execute(chaos.UNFINISHED).fetchone()[0])
        finally:
            connection.close()
    return left


def write_config(folder: Path, urls: dict[str, str], callback: str, store: str) -> Path:
    rig.SECRETS["BENCH_WEBHOOK"] = WEBHOOK_SECRET
    more = f'[handoff]\nlate_facts_for = 5.0\n[store]\nurl = "{store}"'
    path = rig.write_config(folder, urls, callback=f"{callback}/events", deadline=2.0, more=more)
    text = path.read_text(encoding="utf-8")
    told = '[connections.zendesk]\nwebhook_secret = "env:BENCH_WEBHOOK"\nstart = { tag = "needs_person" }'
    path.write_text(text.replace("[connections.zendesk]", told), encoding="utf-8")
    return path


async def run(folder: Path, urls: dict[str, str], postgres: PostgresServer | None, given: Any) -> bool:
    seconds, port = given.minutes * 60, rig.free_port()
    store = f"sqlite:///{folder / 'batonpass.db'}" if postgres is None else postgres.new_database()
    ai_agent = AiAgent(replace(chaos.SMALL, untold=1))
    async with AsyncExitStack() as stack:
        callback = await stack.enter_async_context(served(ai_agent.app))
        config = str(write_config(folder, urls, callback, store))
        serve = ("serve", "--port", str(port), "--config", config)
        nodes = [Node(*serve, *(("--no-work",) if postgres else ()), log=folder / "serve.log")]
        if postgres is not None:
            nodes += [Node("worker", "--config", config, log=folder / f"worker-{n}.log") for n in range(2)]
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10))
        scene = Scene(
            folder, urls["zendesk"], store, nodes, ai_agent, random.Random(given.seed), http, postgres
        )  # fmt: skip
        kept_up = [asyncio.create_task(each.keep()) for each in nodes]
        while not all(each.ready for each in nodes):
            await asyncio.sleep(0.1)
        url = f"http://127.0.0.1:{port}"
        hooks = {"url": f"{url}/webhooks/zendesk", "secret": WEBHOOK_SECRET, "start": {"tag": "needs_person"}}
        (await http.post(f"{scene.helpdesk}/_emulator/webhooks", json=hooks)).raise_for_status()
        gaps = (5.0, 40.0) if given.minutes >= 10 else (1.0, 4.0)
        beside = [
            asyncio.create_task(each) for each in (break_things(scene, gaps), live(scene), sample(scene))
        ]
        await ai_agent.hand_over_for(url, seconds)
        for each in beside:
            each.cancel()
        ended = [each for each in await asyncio.gather(*beside, return_exceptions=True) if each is not None]
        await settle(scene)
        left = await all_done(scene, time.monotonic() + PATIENCE)
        for each in kept_up:
            each.cancel()
        await asyncio.gather(*kept_up, return_exceptions=True)
    broken = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
    return await report(scene, left, broken, seconds)


async def settle(scene: Scene) -> None:
    """Mend what a fault that was cut short has left behind."""
    if scene.postgres is not None:
        await asyncio.to_thread(scene.postgres.start)
    await scene.outbox(twice=False, release="as_it_was")
    (scene.folder / "mappings" / "zendesk.toml").write_text(
        (rig.REPOSITORY / "mappings" / "zendesk.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )


async def report(scene: Scene, left: int, broken: list[Any], seconds: float) -> bool:
    ids = {each.handoff_id for each in scene.ai_agent.acknowledged}
    history = chaos.history_of(
        scene.ai_agent, rig.ledger(scene.helpdesk), await chaos.all_kept(scene.store, ids)
    )
    violations = check(history)
    states = Counter(record.state.value for record in history.kept.values())
    ended = sum(each.ended for each in scene.nodes)
    print(f"== {'PostgreSQL' if scene.postgres else 'SQLite'}, {seconds / 60:g} min")
    print(f"{len(ids)} handoffs acknowledged, {scene.ai_agent.repeats} requests repeated; {dict(states)}")
    for name, number in sorted(scene.happened.items()):
        print(f"  {number:5}  {name}")
    flat = grown(scene, seconds)
    print(describe(violations))
    for what in (*(f"it broke: {each!r}" for each in broken), *flat):
        print(what)
    if left or ended:
        print(f"{left} steps are still to be done; {ended} processes ended by themselves")
    verdict = not (violations or left or ended or broken or flat) and states.keys() <= STATES
    print("all right" if verdict else "NOT RIGHT", flush=True)
    return verdict


def grown(scene: Scene, seconds: float) -> list[str]:
    """What is not flat. L03. The store keeps what it is told to keep, a day at least: it may grow with the handoffs."""
    wrong, quarter = [], len(scene.samples) // 4
    names = sorted({name for _, seen in scene.samples for name in seen} - {"handoffs"})
    for name in names:
        second = [seen[name] for _, seen in scene.samples[quarter : 2 * quarter] if name in seen]
        last = [seen[name] for _, seen in scene.samples[3 * quarter :] if name in seen]
        if not second or not last:
            continue
        before, after = median(second), median(last)
        print(f"  {name:26} {before:9.1f} → {after:9.1f}")
        if name == "store MB":
            handoffs = max(1, len(scene.ai_agent.acknowledged))
            print(f"  {'store KB for each handoff':26} {1000 * after / handoffs:9.1f}")
        elif seconds >= 600 and after > before * MOST_GROWTH:
            wrong.append(f"{name} grows: {before:.1f} → {after:.1f}")
    return wrong


def main(given: Any) -> int:
    wanted = ("sqlite", "postgres") if given.store == "both" else (given.store,)
    right = True
    for kind in wanted:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if given.logs is not None:
                folder = given.logs / kind
                folder.mkdir(parents=True, exist_ok=True)
            postgres = stack.enter_context(PostgresServer()) if kind == "postgres" else None
            urls = stack.enter_context(rig.emulators(latency=0.03, spread=0.5))
            right &= asyncio.run(run(folder, urls, postgres, given))
    return 0 if right else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--store", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--seed", type=int, default=os.getpid())
    parser.add_argument("--logs", type=Path, help="a folder to keep the logs and the store in")
    sys.exit(main(parser.parse_args()))
