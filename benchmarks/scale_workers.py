"""More workers on one PostgreSQL: handoffs in a second, and whose time they take."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import rig

from batonpass.testing import process_tree
from batonpass.testing.postgres import PostgresServer
from batonpass.transport import open_sockets

LATENCY, SPREAD = 0.08, 0.3
WORKERS = (1, 2, 4)
SETTLED = 1.0
"""Seconds after the last worker is up before anything is counted."""
SHARE = 0.9
"""Of the backlog; its end, where the workers run out of work, is not counted."""
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU seconds so far."""

    workers: float
    postgres: float
    emulators: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    rate: float
    workers_ms: float
    postgres_ms: float
    emulators_ms: float


def compare(folder: Path, *, rounds: int, backlog: int, concurrency: int) -> None:
    """Rounds with each number of workers in turns; printed as a table, ratios to one worker round by round."""
    found: dict[int, list[Measured]] = {number: [] for number in WORKERS}
    with PostgresServer() as server, rig.emulators(latency=LATENCY, spread=SPREAD) as urls:
        for number in range(rounds):
            for workers in WORKERS if number % 2 else WORKERS[::-1]:
                here = folder / f"{number}-{workers}"
                here.mkdir(parents=True)
                found[workers].append(_round(here, server, urls, workers, backlog, concurrency))
    print(f"\nAt most {concurrency} steps under way in each worker, {rounds} rounds of {backlog} handoffs\n")
    print("| workers | handoffs/s | ratio | CPU ms: workers | PostgreSQL | emulators |\n|--|--|--|--|--|--|")
    for workers, each in found.items():
        ratio = statistics.median(mine.rate / one.rate for mine, one in zip(each, found[1], strict=True))
        print(
            f"| {workers} | {_median(m.rate for m in each):.1f} | {ratio:.2f} | {_median(m.workers_ms for m in each):.1f}"
            f" | {_median(m.postgres_ms for m in each):.1f} | {_median(m.emulators_ms for m in each):.1f} |"
        )


def _median(values: Iterator[float]) -> float:
    return statistics.median(values)


def _round(
    folder: Path, server: PostgresServer, urls: dict[str, str], workers: int, backlog: int, concurrency: int
) -> Measured:
    url = server.new_database()
    config = rig.write_config(
        folder, urls, more=f'[store]\nurl = "{url}"\n[handoff]\nconcurrency = {concurrency}\n'
    )
    before = _read_back(urls)
    with ExitStack() as stack:
        port = rig.free_port()
        accepting = stack.enter_context(_command(config, folder, "serve", "--no-work", "--port", str(port)))
        _wait_for(accepting, folder / "serve.log")
        asyncio.run(_accept(f"http://127.0.0.1:{port}", backlog))
        pids = []
        for number in range(workers):
            working = stack.enter_context(_command(config, folder, "worker", name=f"worker-{number}"))
            pids.append((working, folder / f"worker-{number}.log"))
        for working, log in pids:
            _wait_for(working, log)
        time.sleep(SETTLED)
        processes = [working.pid for working, _ in pids]
        began, first, spent = time.monotonic(), _read_back(urls), _spent(processes)
        last = _until(urls, before + int(backlog * SHARE))
        seconds, now = time.monotonic() - began, _spent(processes)
    server.drop(url)
    done = last - first
    if done < backlog * 0.2:
        raise SystemExit(
            f"only {done} of {backlog} handoffs were left once all workers were up; next: a larger --backlog"
        )
    return Measured(
        rate=done / seconds,
        workers_ms=(now.workers - spent.workers) / done * 1000,
        postgres_ms=(now.postgres - spent.postgres) / done * 1000,
        emulators_ms=(now.emulators - spent.emulators) / done * 1000,
    )


@contextmanager
def _command(
    config: Path, folder: Path, *words: str, name: str = "serve"
) -> Iterator[subprocess.Popen[bytes]]:
    """A batonpass command in a process of its own, ended with SIGTERM."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "batonpass", *words, "--config", str(config)],
            env={**os.environ, **rig.SECRETS, "PYTHONUNBUFFERED": "1"}, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it says on stdout that it is up."""
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        if b"batonpass " in log.read_bytes():
            return
        time.sleep(0.02)
    raise SystemExit(f"{log.name}: it did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


async def _accept(url: str, count: int) -> None:
    numbers = iter(range(count))
    async with httpx.AsyncClient(transport=open_sockets(), base_url=url, headers=rig.AUTHORISED) as http:

        async def send() -> None:
            for number in numbers:
                (await http.post("/v1/handoffs", json=rig.request_body(number))).raise_for_status()

        await asyncio.gather(*(send() for _ in range(16)))


def _until(urls: dict[str, str], wanted: int) -> int:
    until = time.monotonic() + _PATIENCE
    while (done := _read_back(urls)) < wanted:
        if time.monotonic() > until:
            raise SystemExit(f"{done} of {wanted} tickets after {_PATIENCE:.0f} s; the workers' logs say why")
        time.sleep(0.1)
    return done


def _read_back(urls: dict[str, str]) -> int:
    """How many tickets have been read back: a handoff's last call."""
    counts: dict[str, int] = json.loads(httpx.get(f"{urls['zendesk']}/_emulator/counts", timeout=30).content)
    return counts.get("tickets.read", 0)


def _spent(workers: Sequence[int]) -> Spent:
    emulators = [process.pid for process in multiprocessing.active_children() if process.pid is not None]
    ours = [pid for pid in process_tree.children(os.getpid()) if _program(pid) == "postgres"]
    return Spent(
        workers=sum(map(_cpu_seconds, workers)),
        postgres=sum(_cpu_seconds(each) for pid in ours for each in (pid, *process_tree.children(pid))),
        emulators=sum(map(_cpu_seconds, emulators)),
    )


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def _cpu_seconds(pid: int) -> float:
    """User and system time, with that of children which have ended (PostgreSQL has a process for each connection)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
