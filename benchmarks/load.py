"""An outage: everybody asks for a person at once. How acknowledging, order and drain hold.

    python benchmarks/load.py                     # 5 000 handoffs in 60 s, then 5 000 webhooks in 60 s
    python benchmarks/load.py --limit 700         # Zendesk's own limit for one minute: drains for half an hour
    python benchmarks/load.py --quick

The emulators run in processes of their own with 80 ms ± 30 % latency; the helpdesk's has a vendor's limit of calls in a
minute. What is quoted are ratios: idle and storm are measured in the same run, so a slow machine slows both.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import rig
import uvloop

from batonpass.domain.event import EventKind
from batonpass.testing.emulator import Latency
from batonpass.testing.happenings import Happening
from batonpass.testing.serving import served
from batonpass_zendesk.emulator import ZendeskEmulator

LATENCY = Latency(seconds=0.08, spread=0.3)
HARD_EVERY = 100
"""One handoff in so many has a hard reason."""
DUPLICATE_EVERY = 10
WEBHOOK_SECRET = "made-for-the-emulators-only-4711-0815"
PATIENCE = 3600.0
"""Seconds for the drain."""


@dataclass(frozen=True)
class Sizes:
    handoffs: int
    webhooks: int
    seconds: float
    idle: float
    limit: int


@dataclass
class Asked:
    """What came of each request."""

    seconds: list[float] = field(default_factory=list)
    accepted: dict[str, datetime] = field(default_factory=dict)
    hard: set[str] = field(default_factory=set)
    told: int = 0
    """How many were told honestly how long the line is."""
    statuses: Counter[int] = field(default_factory=Counter)


# The helpdesk with a limit ------------------------------------------------------------------------------------------


@contextmanager
def limited_helpdesk(limit: int) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    process = context.Process(target=_emulate, args=(limit, queue), daemon=True)
    process.start()
    try:
        yield str(queue.get(timeout=30))
    finally:
        process.kill()
        process.join()


def _emulate(limit: int, queue: Any) -> None:
    emulator = ZendeskEmulator.with_sample_account(latency=LATENCY, calls_per_window=limit)

    async def run() -> None:
        async with served(emulator) as url:
            queue.put(url)
            await asyncio.Event().wait()

    uvloop.run(run())


# L01: handoffs ------------------------------------------------------------------------------------------------------


async def hand_over(url: str, count: int, seconds: float, *, first: int) -> Asked:
    """`count` of them, evenly spread, whatever becomes of the answers."""
    asked, began = Asked(), time.perf_counter()
    limits = httpx.Limits(max_connections=200)
    async with (
        httpx.AsyncClient(
            base_url=url, headers=rig.AUTHORISED, timeout=60, limits=limits, trust_env=False
        ) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number * seconds / count - time.perf_counter()))
            tasks.create_task(_hand_over(http, first + number, asked))
    return asked


async def _hand_over(http: httpx.AsyncClient, number: int, asked: Asked) -> None:
    is_hard = number % HARD_EVERY == 0
    reason = {"code": "security" if is_hard else "technical_failure"}
    body = {**rig.request_body(number, turns=8), "reason": reason}
    sent = time.perf_counter()
    answer = await posted(http, "/v1/handoffs", json=body, headers={"Idempotency-Key": f"load-{number}"})
    asked.seconds.append(time.perf_counter() - sent)
    asked.statuses[answer.status_code] += 1
    if answer.status_code == 202:
        told = answer.json()
        asked.accepted[told["id"]] = datetime.now(UTC)
        asked.told += bool(told.get("say"))
        if is_hard:
            asked.hard.add(told["id"])


async def posted(http: httpx.AsyncClient, url: str, **told: Any) -> httpx.Response:
    """Once more where the connection was closed under it: the server ends those that were idle for 5 s."""
    for _ in range(5):
        try:
            return await http.post(url, **told)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            continue
    return await http.post(url, **told)


async def drained(helpdesk: str, count: int) -> tuple[float, int]:
    """(seconds until so many tickets stand, calls that it took)."""
    began = time.perf_counter()
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        while time.perf_counter() - began < PATIENCE:
            counts = (await http.get(f"{helpdesk}/_emulator/counts")).json()
            if counts.get("ticket.opened", 0) >= count:
                break
            await asyncio.sleep(0.5)
    kinds = ("ticket.opened", "note.appended", "reply.appended")
    return time.perf_counter() - began, sum(n for name, n in counts.items() if name not in kinds)


def waits(helpdesk: str, asked: Asked) -> tuple[list[float], list[float], int]:
    """Seconds from the 202 to the ticket: of hard reasons, of the others; and tickets for one handoff too many."""
    opened = [each for each in rig.ledger(helpdesk) if each["kind"] == "ticket.opened"]
    hard, soft = [], []
    for each in opened:
        if (at := asked.accepted.get(each["key"])) is not None:
            wait = max(0.0, (datetime.fromisoformat(each["at"]) - at).total_seconds())
            (hard if each["key"] in asked.hard else soft).append(wait)
    return hard, soft, len(opened) - len({each["key"] for each in opened})


# W21: webhooks ------------------------------------------------------------------------------------------------------


async def deliver(url: str, count: int, seconds: float) -> tuple[list[float], Counter[int], Counter[str]]:
    """So many deliveries as Zendesk signs them, every tenth of them twice; (times, statuses, new and seen)."""
    emulator = ZendeskEmulator.with_sample_account()
    emulator.deliver_to(f"{url}/webhooks/zendesk", secret=WEBHOOK_SECRET)
    emulator.outbox.hold()
    ticket = emulator.happen(Happening(kind=EventKind.TICKET_OPENED, text="Please help"))
    held: list[Any] = []
    while len(held) < count - count // (DUPLICATE_EVERY + 1):
        emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED, ticket=ticket, text=f"{len(held)}"))
        held = emulator.outbox._held or []  # noqa: SLF001 - to send it at a pace of our own
    deliveries = [
        each for n, each in enumerate(held) for each in [each] * (2 if n % DUPLICATE_EVERY == 0 else 1)
    ]
    emulator.outbox.drop()
    times: list[float] = []
    statuses: Counter[int] = Counter()
    found: Counter[str] = Counter()
    began = time.perf_counter()

    async def post(http: httpx.AsyncClient, sign: Any) -> None:
        outgoing = sign(f"{url}/webhooks/zendesk", datetime.now(UTC))
        sent = time.perf_counter()
        answer = await posted(
            http, f"{url}/webhooks/zendesk", content=outgoing.body, headers=dict(outgoing.headers)
        )
        times.append(time.perf_counter() - sent)
        statuses[answer.status_code] += 1
        if answer.is_success:
            found.update({name: answer.json()[name] for name in ("new", "seen")})

    async with (
        httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=200), trust_env=False) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for number, (_, _, sign) in enumerate(deliveries):
            await asyncio.sleep(max(0.0, began + number * seconds / len(deliveries) - time.perf_counter()))
            tasks.create_task(post(http, sign))
    return times, statuses, found


# The run ------------------------------------------------------------------------------------------------------------


def share(times: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] if len(times) > 1 else 0.0


def compared(name: str, busy: Sequence[float], idle: Sequence[float]) -> None:
    for percent in (50, 99):
        ours, theirs = share(busy, percent) * 1000, share(idle, percent) * 1000
        ratio = ours / theirs if theirs else float("nan")
        print(f"{name} p{percent:<24} {ours:8.1f} ms   idle {theirs:7.1f} ms   ratio {ratio:6.2f}")


async def ready(url: str) -> None:
    """On a busy machine a start takes long."""
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(120):
        while True:
            try:
                if (await http.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(0.2)


async def measure(sizes: Sizes, server: rig.Server, helpdesk: str) -> bool:
    await ready(server.url)
    idle = await hand_over(server.url, int(sizes.idle * 5), sizes.idle, first=1_000_000)
    before, calls_before = len(idle.accepted), (await drained(helpdesk, len(idle.accepted)))[1]
    asked = await hand_over(server.url, sizes.handoffs, sizes.seconds, first=0)
    print(f"-- L01: {sizes.handoffs} handoffs in {sizes.seconds:.0f} s, limit {sizes.limit} calls a minute")
    print(f"accepted {len(asked.accepted)}, answers {dict(asked.statuses)}, told of the line {asked.told}")
    compared("accept", asked.seconds, idle.seconds)
    seconds, calls = await drained(helpdesk, before + len(asked.accepted))
    hard, soft, twice = waits(helpdesk, asked)
    made, whole = calls - calls_before, seconds + sizes.seconds
    allowed = made / sizes.limit * 60
    print(
        f"tickets {len(hard) + len(soft)}, doubled {twice}, calls for each handoff {made / max(1, len(asked.accepted)):.1f}"
    )
    print(
        f"from the first request to the last ticket {whole:.0f} s; the limit allows {allowed:.0f} s: {whole / max(allowed, sizes.seconds):.2f}"
    )
    print(f"wait of the {len(hard)} hard ones  p50 {share(hard, 50):6.1f} s  p99 {share(hard, 99):6.1f} s")
    print(f"wait of the {len(soft)} others     p50 {share(soft, 50):6.1f} s  p99 {share(soft, 99):6.1f} s")
    calm, _, _ = await deliver(server.url, int(sizes.idle * 5), sizes.idle)
    times, statuses, found = await deliver(server.url, sizes.webhooks, sizes.seconds)
    print(f"-- W21: {len(times)} webhooks in {sizes.seconds:.0f} s")
    print(f"answers {dict(statuses)}, events new {found['new']}, seen before {found['seen']}")
    compared("webhook", times, calm)
    print(f"peak memory of the server {server.peak_megabytes():.0f} MB")
    every = len(asked.accepted) == sizes.handoffs == len(hard) + len(soft) and not twice
    return every and statuses.keys() == {200}


def main(sizes: Sizes) -> int:
    rig.SECRETS["BENCH_WEBHOOK"] = WEBHOOK_SECRET
    with (
        tempfile.TemporaryDirectory() as name,
        rig.emulators(latency=LATENCY.seconds, spread=LATENCY.spread) as urls,
        limited_helpdesk(sizes.limit) as helpdesk,
    ):
        config = rig.write_config(Path(name), {**urls, "zendesk": helpdesk})
        told = '[connections.zendesk]\nwebhook_secret = "env:BENCH_WEBHOOK"\nstart = { tag = "needs_person" }'
        text = config.read_text(encoding="utf-8").replace("[connections.zendesk]", told)
        config.write_text(text, encoding="utf-8")
        with rig.server(config) as server:
            right = asyncio.run(measure(sizes, server, helpdesk))
    print("all accepted, all ticketed once, all webhooks stored" if right else "NOT RIGHT")
    return 0 if right else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="300 of each in 10 s: a look, no figures to quote"
    )
    parser.add_argument("--limit", type=int, default=7000, help="calls in a minute; 7000 unless given")
    given = parser.parse_args()
    sys.exit(
        main(Sizes(300, 300, 10, 4, given.limit) if given.quick else Sizes(5000, 5000, 60, 20, given.limit))
    )
