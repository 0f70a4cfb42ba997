"""Reading in bulk, killed again and again: nothing missing, nothing wrong, little read twice. And little after a change.

    python benchmarks/sync_proof.py                            # 20,000 records in each stream, 20 kills
    python benchmarks/sync_proof.py --records 2000 --kills 5   # a look
    python benchmarks/sync_proof.py --only stripe

For each vendor: `batonpass sync run --once` is killed at random moments until it has been killed so often, then it may
come to its end. What is kept is compared with what the vendor has, and the calls with those of a run that nobody kills.
Then 1 % of the records change, and the next round reads. Ends with 1 where something is not right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from batonpass.app.config import Connection
from batonpass.app.registry import connectors
from batonpass.app.wiring import connected
from batonpass.domain.clock import SystemClock
from batonpass.ports import Stream, Streams
from batonpass.store import StoreAddress, SyncBook, database_at
from batonpass.sync import Limits, Reader
from batonpass.testing.emulator import Emulator
from batonpass.testing.serving import served

HELPDESKS = ("zendesk", "freshdesk", "intercom")
VENDORS = (*HELPDESKS, "hubspot", "stripe")
SLICES = 4
LONG_AGO = timedelta(days=2)
TELLS_NEW_ONES_ONLY = frozenset({(each, "satisfaction_ratings") for each in ("freshdesk", "zendesk")})
"""A change of a record that was given before is told by the reading of everything alone."""
OVERLAP_MOST = 1.2
"""Records that the round after the change may read, for each that has changed."""


@dataclass
class ShiftedClock:
    """The machine's clock, so far ahead or behind."""

    by: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by

    def monotonic(self) -> float:
        return time.monotonic() + self.by.total_seconds()


# The vendor ---------------------------------------------------------------------------------------------------------


def filled(name: str, records: int, clock: ShiftedClock) -> tuple[Emulator, dict[str, tuple[str, ...]]]:
    """An account with so many records in each stream, all made two days ago; and their ids."""
    clock.by = -LONG_AGO
    emulator: Emulator = type(connectors()[name].emulator()).with_sample_account(clock=clock)
    emulator.endpoint_limits = {}  # ten exports a minute would make it an hour of waiting
    made = {}
    for stream in streams_of(name, emulator):
        try:
            made[stream.name] = emulator.fill(stream.name, records)
        except Exception as error:  # noqa: BLE001 - what cannot be filled is told, and is no part of the proof
            print(f"  {name}/{stream.name} is not filled: {error}")
    clock.by = timedelta()
    return emulator, made


def settings_of(name: str, emulator: Emulator, url: str) -> Any:
    told = {"connector": name, "base_url": url, **emulator.login()}
    return connectors()[name].settings.model_validate(
        {key: value for key, value in told.items() if value is not None}
    )


def streams_of(name: str, emulator: Emulator) -> tuple[Stream, ...]:
    async def told() -> tuple[Stream, ...]:
        async with opened(name, emulator, "http://127.0.0.1:9") as port:
            return port.streams()

    return asyncio.run(told())


def opened(name: str, emulator: Emulator, url: str, clock: Any = None) -> Any:
    connection = Connection(
        name=name,
        manifest=connectors()[name],
        settings=settings_of(name, emulator, url),
        mapping=Path("none.toml"),
    )
    return connected(connection, clock or SystemClock())


@contextmanager
def vendor(name: str, records: int) -> Iterator[tuple[str, dict[str, str], dict[str, tuple[str, ...]], Any]]:
    """In a process of its own: its URL, login, the ids of its records, and what tells the calls so far."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_emulate, args=(name, records, its), daemon=True)
    process.start()
    try:
        url, login, made = ours.recv()
        yield url, login, made, ours
    finally:
        process.kill()
        process.join()


def _emulate(name: str, records: int, pipe: Any) -> None:
    emulator, made = filled(name, records, ShiftedClock())

    async def run() -> None:
        async with served(emulator) as url:
            pipe.send((url, dict(emulator.login()), made))
            while True:
                await asyncio.to_thread(pipe.recv)
                pipe.send(Counter(emulator.calls))

    uvloop.run(run())


def calls_so_far(pipe: Any) -> int:
    pipe.send("calls")
    found: Counter[str] = pipe.recv()
    return found.total()


# Killed -------------------------------------------------------------------------------------------------------------


def write_config(folder: Path, name: str, url: str, login: Mapping[str, str]) -> tuple[Path, dict[str, str]]:
    """A configuration whose secrets stand in the environment."""
    secrets: dict[str, str] = {}
    lines = ["[server]", "port = 8080"]
    helpdesk = name if name in HELPDESKS else "zendesk"
    logins = {name: {"base_url": url, **login}}
    if helpdesk != name:  # something must keep tickets; it is not synced
        emulator = type(connectors()[helpdesk].emulator()).with_sample_account()
        logins[helpdesk] = {"base_url": "http://127.0.0.1:9", **emulator.login()}
    for connection, told in logins.items():
        lines.append(f"[connections.{connection}]")
        fields = connectors()[connection].settings.model_fields
        for key, value in told.items():
            if value is None:
                continue
            if "Secret" in str(fields[key].annotation):
                secrets[f"PROOF_{connection}_{key}".upper()] = value
                lines.append(f'{key} = "env:{f"PROOF_{connection}_{key}".upper()}"')
            elif value in {"true", "false"}:
                lines.append(f"{key} = {value}")
            else:
                lines.append(f"{key} = {json.dumps(value)}")
    lines.append(f"[sync]\nslices = {SLICES}\n[sync.{name}]")
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    for file in (Path(__file__).parent.parent / "mappings").glob("*.toml"):
        (folder / "mappings" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    path = folder / "config.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, secrets


def sync(config: Path, secrets: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "batonpass", "sync", *arguments, "--config", str(config)]
    return subprocess.Popen(
        command, env={**os.environ, **secrets}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def to_its_end(config: Path, secrets: Mapping[str, str]) -> tuple[float, bool]:
    """(Seconds, whether all went well)."""
    began = time.monotonic()
    process = sync(config, secrets, "run", "--once")
    out, err = process.communicate()
    if process.returncode:
        print(out, err)
    return time.monotonic() - began, process.returncode == 0


def killed(config: Path, secrets: Mapping[str, str], pipe: Any, *, kills: int, calls: int, seed: int) -> int:
    """How often it was killed before it came to its end: each time after some more calls, all of them about as many as a
    round takes."""
    chance = random.Random(seed)
    for done in range(kills):
        until = calls_so_far(pipe) + chance.randint(1, max(1, 2 * calls // (kills + 1)))
        process = sync(config, secrets, "run", "--once")
        while process.poll() is None and calls_so_far(pipe) < until:
            time.sleep(0.005)
        if process.poll() is not None:
            process.communicate()
            return done
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return kills


def prove_kills(name: str, records: int, kills: int, seed: int) -> bool:
    with vendor(name, records) as (url, login, made, pipe), tempfile.TemporaryDirectory() as place:
        (Path(place) / "quiet").mkdir()
        (Path(place) / "killed").mkdir()
        config, secrets = write_config(Path(place) / "quiet", name, url, login)
        seconds, well = to_its_end(config, secrets)
        undisturbed = calls_so_far(pipe)
        config, secrets = write_config(Path(place) / "killed", name, url, login)
        times = killed(config, secrets, pipe, kills=kills, calls=undisturbed, seed=seed)
        _, ended_well = to_its_end(config, secrets)
        calls = calls_so_far(pipe) - undisturbed
        missing = lacking(config.with_name("batonpass.db"), made)
        compared = sync(config, secrets, "verify", "--json")
        out, err = compared.communicate()
        agree = compared.returncode == 0
        if not agree:
            print(out[-3000:], err[-2000:])
    allowed = undisturbed + (times + 1) * (2 * SLICES + 2 * len(made) + 2)
    right = well and ended_well and agree and not missing and calls <= allowed
    print(
        f"{name}: {len(made)} streams with {records} records each; killed {times} times; {sum(missing.values())} missing,"
        f" {'0' if agree else 'some'} different; {calls} calls, {undisturbed} undisturbed (at most {allowed} allowed);"
        f" {seconds:.1f} s undisturbed: {'right' if right else 'NOT RIGHT'}",
        flush=True,
    )
    return right


def lacking(store: Path, made: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Stream → how many of its records are not kept."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM synced WHERE deleted = 0")}
    return {stream: lost for stream, ids in made.items() if (lost := len(set(ids) - kept))}


# Changed ------------------------------------------------------------------------------------------------------------


def prove_changes(name: str, records: int) -> bool:
    return uvloop.run(_changes(name, records))


async def _changes(name: str, records: int) -> bool:
    clock = ShiftedClock()
    emulator, made = await asyncio.to_thread(filled, name, records, clock)
    right = True
    with tempfile.TemporaryDirectory() as place:
        database = database_at(StoreAddress.file(Path(place) / "batonpass.db"))
        await database.open()
        book = SyncBook(database, node="proof")
        async with served(emulator) as url, opened(name, emulator, url, clock) as port:
            assert isinstance(port, Streams)
            for stream in port.streams():
                untold = (name, stream.name) in TELLS_NEW_ONES_ONLY
                if stream.name not in made or not stream.incremental or untold:
                    continue
                reader = Reader(name, port, book, clock=clock, limits=Limits(slices=SLICES))
                clock.by += timedelta(hours=3)
                await reader.run(stream)
                clock.by += timedelta(hours=3)
                await reader.run(stream)  # whatever overlaps with the first one
                clock.by += timedelta(hours=3)
                changing = made[stream.name][:: max(1, records // max(1, records // 100))]
                for each in changing:
                    emulator.touch(stream.name, each)
                clock.by += timedelta(hours=3)
                before = len(emulator.calls)
                ended = await reader.run(stream)
                calls = len(emulator.calls) - before
                share = ended.counts["read"] / records
                well = (
                    ended.is_done
                    and len(changing) <= ended.counts["read"] <= OVERLAP_MOST * len(changing) + 1
                )
                right &= well
                print(
                    f"{name}/{stream.name}: {len(changing)} of {records} changed; {ended.counts['read']} read"
                    f" ({100 * share:.2f} %) by {calls} calls: {'right' if well else f'NOT RIGHT ({ended})'}",
                    flush=True,
                )
        await database.close()
    return right


def main(given: argparse.Namespace) -> int:
    right = True
    for name in given.only or VENDORS:
        if given.part in {"kills", "both"}:
            right &= prove_kills(name, given.records, given.kills, given.seed)
        if given.part in {"changes", "both"}:
            right &= prove_changes(name, given.records)
    print("all right" if right else "NOT RIGHT")
    return 0 if right else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=VENDORS, action="append")
    parser.add_argument("--part", choices=["kills", "changes", "both"], default="both")
    sys.exit(main(parser.parse_args()))
