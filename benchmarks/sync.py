"""What reading in bulk costs: 20,000 HubSpot contacts and 20,000 Stripe customers with subscriptions into an empty store.

    python benchmarks/sync.py                                  # batonpass and a bare httpx loop
    python benchmarks/sync.py --dlt-python PATH/bin/python     # and dlt: a Python that has dlt[sqlalchemy]
    python benchmarks/sync.py --records 2000 --latency 0       # a look

Each reads the same emulators, one after the other in one run, each in a process of its own: so that a busy machine hits
all of them, and memory is each one's own. The bare loop is what nobody can avoid: one page after the other with httpx,
parsed, and inserted into SQLite with one statement and one commit for each page; no types, no keys, no place to go on
from, nothing that finds out what has changed. dlt is the rest_api source into SQLite. The emulators set no
rate limit here: with latency the figures say what reading side by side gains, not what a vendor would allow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import sync_dlt
import uvloop
from pydantic import SecretStr

from batonpass.app.config import Connection
from batonpass.app.registry import connectors
from batonpass.app.wiring import connected
from batonpass.domain.clock import SystemClock
from batonpass.ports import Streams
from batonpass.store import StoreAddress, SyncBook, database_at
from batonpass.sync import Limits, Reader
from batonpass.testing.emulator import Latency
from batonpass.testing.serving import served

STREAMS = {"hubspot": ("contacts",), "stripe": ("customers", "subscriptions")}
KEYS = {"hubspot": "emulator-token", "stripe": "rk_test_emulator"}
SETTINGS = {
    "hubspot": {"access_token": KEYS["hubspot"]},
    "stripe": {"api_key": KEYS["stripe"], "mode": "test"},
}
LATENCIES = (0.0, 0.08)
Measured = dict[str, Any]


# The vendors --------------------------------------------------------------------------------------------------------


@contextmanager
def vendor(name: str, records: int, latency: float) -> Iterator[str]:
    """An emulator with so many records of each stream, in a process of its own; gives its URL."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    process = context.Process(target=_emulate, args=(name, records, latency, queue), daemon=True)
    process.start()
    try:
        yield queue.get(timeout=120)
    finally:
        process.kill()
        process.join()


def _emulate(name: str, records: int, latency: float, queue: Any) -> None:
    emulator = type(connectors()[name].emulator()).with_sample_account(latency=Latency(seconds=latency))
    for stream in STREAMS[name]:
        emulator.fill(stream, records)

    async def run() -> None:
        async with served(emulator) as url:
            queue.put(url)
            await asyncio.Event().wait()

    uvloop.run(run())


# Who reads ----------------------------------------------------------------------------------------------------------


def read_by_batonpass(name: str, url: str, folder: Path, slices: int) -> int:
    async def run() -> int:
        manifest, clock = connectors()[name], SystemClock()
        told = {"connector": name, "base_url": url, **SETTINGS[name]}
        settings = manifest.settings.model_validate(
            {
                key: SecretStr(value) if key in {"access_token", "api_key"} else value
                for key, value in told.items()
            }
        )
        connection = Connection(name=name, manifest=manifest, settings=settings, mapping=folder / "none.toml")
        database = database_at(StoreAddress.file(folder / "batonpass.db"))
        await database.open()
        book, kept = SyncBook(database, node="benchmark"), 0
        async with connected(connection, clock) as port:
            assert isinstance(port, Streams)
            known = {each.name: each for each in port.streams()}
            reader = Reader(name, port, book, clock=clock, limits=Limits(slices=slices))
            for stream in STREAMS[name]:
                ended = await reader.run(known[stream])
                assert ended.is_done, ended
                kept += ended.counts["new"]
        await database.close()
        return kept

    return uvloop.run(run())


def read_by_bare_loop(name: str, url: str, folder: Path) -> int:
    database = sqlite3.connect(folder / "bare.db")
    database.execute("PRAGMA journal_mode=WAL")
    kept = 0
    with httpx.Client(headers={"Authorization": f"Bearer {KEYS[name]}"}, timeout=30) as http:
        for stream in STREAMS[name]:
            database.execute(f"CREATE TABLE {stream} (id TEXT PRIMARY KEY, data TEXT)")
            for page in _pages(http, name, url, stream):
                database.executemany(
                    f"INSERT OR REPLACE INTO {stream} VALUES (?, ?)",
                    [(each["id"], json.dumps(each)) for each in page],
                )
                database.commit()
                kept += len(page)
    database.close()
    return kept


def _pages(http: httpx.Client, name: str, url: str, stream: str) -> Iterator[list[dict[str, Any]]]:
    path, params = sync_dlt.PATHS[name, stream], dict(sync_dlt.PARAMS[name, stream])
    while True:
        answer = http.get(f"{url}{path}", params=params)
        answer.raise_for_status()
        data = answer.json()
        if name == "stripe":
            yield data["data"]
            if not data["has_more"]:
                return
            params["starting_after"] = data["data"][-1]["id"]
        else:
            yield data["results"]
            if "paging" not in data:
                return
            params["after"] = data["paging"]["next"]["after"]


READERS = {
    "batonpass": lambda name, url, folder: read_by_batonpass(name, url, folder, 4),
    "batonpass, one slice": lambda name, url, folder: read_by_batonpass(name, url, folder, 1),
    "bare loop": read_by_bare_loop,
}


def measured(reader: str, name: str, url: str) -> Measured:
    """In a process of its own, whose imports do not count."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    process = context.Process(target=_measure, args=(reader, name, url, queue))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{reader} at {name} has failed")
    found: Measured = queue.get(timeout=10)
    return found


def _measure(reader: str, name: str, url: str, queue: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        before, began = _used(), time.monotonic()
        kept = READERS[reader](name, url, Path(folder))
        seconds, after = time.monotonic() - began, _used()
    queue.put(
        {
            "kept": kept,
            "seconds": seconds,
            "cpu": after[0] - before[0],
            "mb": after[1],
            "grown_mb": after[1] - before[1],
        }
    )


def _used() -> tuple[float, float]:
    """Seconds of CPU, and the most memory so far in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measured_dlt(python: str, name: str, url: str) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        command = [python, str(Path(__file__).with_name("sync_dlt.py")), name, url, folder, KEYS[name]]
        environment = {**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: Measured = json.loads(done.stdout.strip().splitlines()[-1])
    return found


# The report ---------------------------------------------------------------------------------------------------------


def show(name: str, latency: float, found: dict[str, Measured]) -> None:
    print(f"\n== {name}, {latency * 1000:g} ms latency")
    print(
        f"{'':22} {'records/s':>10} {'us CPU/record':>14} {'peak MB':>8} {'grown MB':>9}  records/s compared"
    )
    base = found["batonpass"]["kept"] / found["batonpass"]["seconds"]
    for reader, each in found.items():
        rate = each["kept"] / each["seconds"]
        print(
            f"{reader:22} {rate:10.0f} {each['cpu'] / each['kept'] * 1e6:14.0f} {each['mb']:8.0f}"
            f" {each['grown_mb']:9.0f}  batonpass is {base / rate:.2f} x"
        )
    cpu = found["batonpass"]["cpu"] / found["batonpass"]["kept"]
    for reader in ("bare loop", "dlt"):
        if reader in found:
            print(
                f"CPU per record of {reader} over batonpass's: {found[reader]['cpu'] / found[reader]['kept'] / cpu:.2f}"
            )


def main(given: argparse.Namespace) -> int:
    for latency in given.latency if given.latency is not None else LATENCIES:
        for name in given.vendor or STREAMS:
            with vendor(name, given.records, latency) as url:
                found = {reader: measured(reader, name, url) for reader in READERS}
                if given.dlt_python:
                    found["dlt"] = measured_dlt(given.dlt_python, name, url)
            kept = {reader: each["kept"] for reader, each in found.items()}
            if len(set(kept.values())) > 1:
                print(f"they have not kept the same: {kept}")
                return 1
            show(name, latency, found)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vendor", choices=list(STREAMS), action="append")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--latency", type=float, nargs="*", help="seconds; both of 0 and 0.08 unless given")
    parser.add_argument("--dlt-python", help="the Python of an environment with dlt[sqlalchemy]")
    sys.exit(main(parser.parse_args()))
