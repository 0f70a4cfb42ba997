"""PostgreSQL torn down again and again, workers killed, vendors failing, while handoffs come in: all must be right.

    python benchmarks/chaos.py --handoffs 5000 --workers 3
    python benchmarks/chaos.py --small                      # half a minute, for CI

One `batonpass serve --no-work` accepts, `batonpass worker` processes do the steps, all over one PostgreSQL server that
waits for the disk. It is stopped with `immediate` (as a crash) every 5 to 40 s and stays down for up to 2 s; every 20 s
one of the workers is killed with SIGKILL and started again. The helpdesk loses answers, refuses and fails. Clients hand
over with an Idempotency-Key each and repeat until they are answered. In the end the whole history is checked: nothing
acknowledged lost, nothing twice, nobody told what is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import rig
from chaos_cast import AiAgent, Node

from batonpass.domain.handoff import HandoffRecord
from batonpass.domain.ids import HandoffId
from batonpass.store import Journal, StoreAddress, database_at
from batonpass.testing.emulator import Effect
from batonpass.testing.history import History, TicketSeen
from batonpass.testing.invariants import check, describe
from batonpass.testing.postgres import PostgresServer
from batonpass.testing.serving import served

UNFINISHED = "SELECT count(*) FROM steps WHERE status IN ('ready', 'running') AND kind <> 'follow_ticket'"
FAULTS = (
    {"fault": "answer_lost", "operation": "tickets.create", "times": 2},
    {"fault": "error_after_commit", "operation": "tickets.create", "times": 2, "status": 502},
    {"fault": "answered_late", "operation": "tickets.create", "times": 1, "seconds": 3},
    {"fault": "rate_limited", "operation": "tickets.create", "times": 2, "retry_after": 1},
    {"fault": "server_error", "operation": "tickets.read", "times": 3, "status": 503},
    {"fault": "reset", "times": 2},
)
"""Planned at the helpdesk one after the other."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    handoffs: int
    workers: int
    untold: int
    """Clients hand over while so many are not told of their ticket yet."""
    restart_every: tuple[float, float]
    """Seconds between two crashes of PostgreSQL."""
    down: tuple[float, float]
    kill_every: float
    fault_every: int
    """Handoffs."""
    longest: float
    """Seconds in which all are to be handed over; then it is judged what there is."""
    settles: float
    """Seconds after that within which all steps are to be done."""
    seed: int


FULL = Plan(
    handoffs=5000, workers=3, untold=300, restart_every=(5, 40), down=(0, 2), kill_every=20, fault_every=20,
    longest=1800, settles=180, seed=1,
)  # fmt: skip
SMALL = replace(
    FULL,
    handoffs=300,
    untold=100,
    restart_every=(5, 8),
    kill_every=6,
    fault_every=20,
    longest=120,
    settles=90,
)


async def crash_database(
    postgres: PostgresServer, plan: Plan, chance: random.Random, done: Counter[str]
) -> None:
    while True:
        await asyncio.sleep(chance.uniform(*plan.restart_every))
        await asyncio.to_thread(postgres.stop, "immediate")
        await asyncio.sleep(chance.uniform(*plan.down))
        await asyncio.shield(asyncio.to_thread(postgres.start))
        done["restarts"] += 1


async def kill_workers(workers: list[Node], plan: Plan, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(plan.kill_every)
        chance.choice(workers).kill()


async def break_vendor(url: str, plan: Plan, ai_agent: AiAgent, done: Counter[str]) -> None:
    """As the work goes on, so that no faults gather while nobody calls."""
    async with httpx.AsyncClient(timeout=10) as http:
        while True:
            for fault in FAULTS:
                heard = ai_agent.heard
                while ai_agent.heard < heard + plan.fault_every:
                    await asyncio.sleep(0.05)
                (await http.post(f"{url}/_emulator/faults", json=fault)).raise_for_status()
                done["faults"] += int(fault["times"])  # type: ignore[call-overload]


async def all_done(url: str, until: float) -> int:
    """How many steps are still to be done once none is, or when the time is over."""
    left = -1
    while left and time.monotonic() < until:
        await asyncio.sleep(0.5)
        try:
            async with await psycopg.AsyncConnection.connect(url, connect_timeout=5) as connection:
                left = (await (await connection.execute(UNFINISHED)).fetchone() or (-1,))[0]
        except psycopg.Error:
            continue
    return left


async def all_kept(url: str, ids: set[str]) -> dict[str, HandoffRecord]:
    journal = Journal(database_at(StoreAddress.parse(url, folder=Path())))
    await journal.open()
    try:
        records = [await journal.handoff(HandoffId(each)) for each in sorted(ids)]
        return {record.id: record for record in records if record is not None}
    finally:
        await journal.close()


def history_of(ai_agent: AiAgent, effects: list[dict[str, str]], kept: dict[str, HandoffRecord]) -> History:
    ledger = tuple(
        Effect(kind=each["kind"], id=each["id"], key=each["key"], at=datetime.fromisoformat(each["at"]))
        for each in effects
    )
    tickets = tuple(
        TicketSeen(id=each.id, key=each.key, opened_at=each.at)
        for each in ledger
        if each.kind == "ticket.opened"
    )
    return History(
        acknowledged=tuple(ai_agent.acknowledged),
        told=tuple(ai_agent.told),
        tickets=tickets,
        ledger=ledger,
        kept=kept,
        ended_at=datetime.now(UTC),
        told_tolerance=timedelta(seconds=60),  # what tells them was down as well
    )


async def run(plan: Plan, folder: Path, urls: dict[str, str], postgres: PostgresServer) -> int:
    chance, done = random.Random(plan.seed), Counter[str]()
    store, port, ai_agent = postgres.new_database(), rig.free_port(), AiAgent(plan.handoffs, plan.untold)
    async with AsyncExitStack() as stack:
        callback = await stack.enter_async_context(served(ai_agent.app))
        more = f'[handoff]\nlate_facts_for = 5.0\n[store]\nurl = "{store}"'
        config = str(rig.write_config(folder, urls, callback=f"{callback}/events", deadline=2.0, more=more))
        server = Node("serve", "--no-work", "--port", str(port), "--config", config, log=folder / "serve.log")
        workers = [
            Node("worker", "--config", config, log=folder / f"worker-{number}.log")
            for number in range(plan.workers)
        ]
        kept_up = [asyncio.create_task(each.keep()) for each in (server, *workers)]
        while not all(each.ready for each in (server, *workers)):
            await asyncio.sleep(0.1)
        begun = time.monotonic()
        chaos = [
            asyncio.create_task(crash_database(postgres, plan, chance, done)),
            asyncio.create_task(kill_workers(workers, plan, chance)),
            asyncio.create_task(break_vendor(urls["zendesk"], plan, ai_agent, done)),
        ]
        try:
            async with asyncio.timeout(plan.longest):
                await ai_agent.hand_over_all(f"http://127.0.0.1:{port}")
        except TimeoutError:
            print(f"the time is over: {plan.longest:.0f} s")
        finally:
            for each in chaos:
                each.cancel()
            await asyncio.gather(*chaos, return_exceptions=True)
        seconds = time.monotonic() - begun
        left = await all_done(store, time.monotonic() + plan.settles)
        for each in kept_up:
            each.cancel()
        await asyncio.gather(*kept_up, return_exceptions=True)
    ids = {each.handoff_id for each in ai_agent.acknowledged}
    history = history_of(ai_agent, rig.ledger(urls["zendesk"]), await all_kept(store, ids))
    missing = plan.handoffs - len(ids)
    return report(
        history, ai_agent, done, [server, *workers], left + missing, seconds, time.monotonic() - begun
    )


def report(
    history: History,
    ai_agent: AiAgent,
    done: Counter[str],
    nodes: list[Node],
    left: int,
    seconds: float,
    whole: float,
) -> int:
    violations = check(history)
    wrong = Counter(each.invariant for each in violations)
    ended = sum(each.ended for each in nodes)
    states = Counter(record.state.value for record in history.kept.values())
    print(
        f"{len(history.acknowledged)} handoffs acknowledged in {seconds:.0f} s, all done after {whole:.0f} s"
    )
    print(
        f"{done['restarts']} crashes of PostgreSQL, {sum(each.kills for each in nodes)} workers killed, "
        f"{done['faults']} calls made to fail, {ai_agent.repeats} requests repeated"
    )
    print(
        f"{len(history.tickets)} tickets; handoffs: {', '.join(f'{n} {state}' for state, n in states.items())}"
    )
    print(f"{wrong['I1']} lost, {wrong['I2']} doubled, {wrong['I6']} told falsely")
    if left:
        print(f"{left} steps or handoffs are still to be done")
    if ended:
        print(f"{ended} processes ended by themselves")
    right = not (violations or left or ended) and states.keys() <= {"announced"}
    print("all right" if right else f"NOT RIGHT\n{describe(violations)}")
    return 0 if right else 1


def main(plan: Plan, folder: Path) -> int:
    with rig.emulators(latency=0.015, spread=0.33) as urls, PostgresServer() as postgres:
        return asyncio.run(run(plan, folder, urls, postgres))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="300 handoffs, a crash every 3 to 5 s")
    parser.add_argument("--handoffs", type=int, help="5000 unless given")
    parser.add_argument("--workers", type=int, help="3 unless given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path, help="a folder to keep the logs of all processes in")
    given = parser.parse_args()
    chosen = replace(SMALL if given.small else FULL, seed=given.seed)
    chosen = replace(
        chosen, handoffs=given.handoffs or chosen.handoffs, workers=given.workers or chosen.workers
    )
    with tempfile.TemporaryDirectory() as temporary:
        place = given.logs or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        sys.exit(main(chosen, place))
