"""Hours of ordinary work with something going wrong every few seconds: nothing lost, nothing twice, nothing grows.

    python benchmarks/soak.py --minutes 30 --store both
    python benchmarks/soak.py --minutes 1 --store sqlite        # a look, no verdict on what grows

Five handoffs a second and a webhook a second go in; every 5 to 40 s (in a short run more often) one fault out of
`soak_faults` happens. Memory, open files, sockets and the store's size are sampled. In the end the whole history is
checked. Ends with 1 where something is not right.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import chaos
import httpx
import psycopg
import rig
from soak_faults import AiAgent, Node, Scene, faults

from batonpass.testing.invariants import check, describe
from batonpass.testing.postgres import PostgresServer
from batonpass.testing.serving import served

WEBHOOK_SECRET = "made-for-the-emulators-only-4711-0815"
SAMPLE_EVERY = 5.0
PATIENCE = 240.0
"""Seconds after the last fault in which everything must be done."""
MOST_GROWTH = 1.05
"""From the second quarter of the run to the last; of a process that is up for longer than it takes to warm up."""
MOST_SOCKETS = 300
"""Of one process: connections to vendors that are kept open come and go with the load, so only a leak is beyond this."""
STATES = {"announced", "accepted", "resolved"}
HAPPENINGS = ("ticket_assigned", "agent_replied", "customer_replied", "ticket_solved", "ticket_reopened")


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
                seen |= {f"process {number} {what}": found for what, found in looked.items()}
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
    ai_agent = AiAgent(handoffs=0, untold=1)
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
        elif name.endswith("sockets"):
            most = max(seen[name] for _, seen in scene.samples if name in seen)
            if most > MOST_SOCKETS:
                wrong.append(f"{name} are {most:.0f} at the most")
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
