"""A mapping is changed, broken, deleted and swapped while handoffs come in and tickets are made.

    python benchmarks/reload.py                  # 200 requests/s, every way of saving six times
    python benchmarks/reload.py --quick          # once each: what CI runs

`batonpass serve` and the helpdesk's emulator run in processes of their own. The mapping has two layers, the team's file
and the environment's, reached through symlinks as Kubernetes mounts them. Every value that a layer writes carries the
mark of its text, so a ticket shows which texts it was made of, and the handoff's record says which version that was.
A ticket of which no state of the files says all values was made of a mixed version.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import rig
import uvloop

from batonpass.domain.ids import HandoffId
from batonpass.mapping.live import version_of
from batonpass.store import StoreAddress
from batonpass.store.reading import handoff_record, look
from batonpass.store.transaction import Transaction
from batonpass.testing.serving import served
from batonpass_zendesk.emulator import ZendeskEmulator

IN_FORCE_WITHIN = 2.0
"""Seconds, from the last byte saved to the log line."""
PATIENCE = 15.0
"""Seconds for what must come in the end."""
BETWEEN = 0.4
"""Seconds from one play to the next."""

TEAM = """\
[ticket]
subject = "mark-{mark} {{issue.title}}"
tags = ["mark_{mark}"]

[fields]
"Plan" = "mark-{mark}"
"MRR" = {mark}
"""
ENVIRONMENT = """\
[fields]
"Conversation ID" = "mark-{mark}"
"AI confidence" = {mark}
"""


# The helpdesk -------------------------------------------------------------------------------------------------------


@contextmanager
def helpdesk() -> Iterator[tuple[str, Callable[[], dict[str, dict[str, Any]]]]]:
    """(Its URL, what gives its tickets once all is over: handoff → what it holds)."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_emulate, args=(theirs,), daemon=True)
    process.start()

    def tickets() -> dict[str, dict[str, Any]]:
        ours.send("tickets")
        told: dict[str, dict[str, Any]] = ours.recv()
        return told

    try:
        yield ours.recv(), tickets
    finally:
        process.kill()
        process.join()


def _emulate(pipe: Any) -> None:
    emulator = ZendeskEmulator.with_sample_account()
    names = {each.id: each.title for each in emulator.account.fields.values()}

    async def run() -> None:
        async with served(emulator) as url:
            pipe.send(url)
            while not pipe.poll():
                await asyncio.sleep(0.1)
            pipe.send(
                {
                    each.external_id: {
                        "subject": each.subject,
                        "tags": each.tags,
                        **{names[id_]: value for id_, value in each.fields.items()},
                    }
                    for each in emulator.tickets.values()
                }
            )
            await asyncio.sleep(1)

    uvloop.run(run())


# The files ----------------------------------------------------------------------------------------------------------


@dataclass
class Files:
    """`mappings/zendesk.toml` and `mappings/zendesk.live.toml`, both through `mappings/..data`."""

    folder: Path
    marks: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**6)))
    team: str = ""
    environment: str = ""
    states: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Version → the marks of its two texts, for every state that the files were meant to be in."""
    _marks: tuple[int, int] = (0, 0)

    def begin(self) -> None:
        (self.folder / "mappings").mkdir()
        self.swap()
        for name in ("zendesk.toml", "zendesk.live.toml"):
            (self.folder / "mappings" / name).symlink_to(f"..data/{name}")

    @property
    def version(self) -> str:
        """Of the state that the files are meant to be in."""
        return version_of([("", self.team), ("", self.environment)])

    def write(self, *, team: bool = False, environment: bool = False) -> None:
        """New texts, not saved yet."""
        mark = next(self.marks)
        self._marks = (mark if team else self._marks[0], mark if environment else self._marks[1])
        self.team = TEAM.format(mark=mark) if team else self.team
        self.environment = ENVIRONMENT.format(mark=mark) if environment else self.environment
        self.states[self.version] = self._marks

    def place(self, name: str) -> Path:
        return self.folder / "mappings" / "..data" / name

    def save(self, name: str, text: str) -> None:
        """In one step, as editors do: under another name, then renamed."""
        new = self.place(f"{name}~")
        new.write_text(text, encoding="utf-8")
        new.replace(self.place(name))

    def swap(self) -> None:
        """Both at once: a new folder, and the link that leads to it."""
        self.write(team=True, environment=True)
        new = self.folder / "mappings" / f"..{self._marks[0]}"
        new.mkdir()
        (new / "zendesk.toml").write_text(self.team, encoding="utf-8")
        (new / "zendesk.live.toml").write_text(self.environment, encoding="utf-8")
        link = self.folder / "mappings" / "..next"
        link.symlink_to(new.name)
        link.replace(self.folder / "mappings" / "..data")


def write_config(folder: Path, url: str, *, metrics_port: int) -> Path:
    path = folder / "config.toml"
    path.write_text(
        f"""
[server]
environment = "live"
[metrics]
port = {metrics_port}
[reconcile]
every = 0
[agents.benchmark]
key_sha256 = "{hashlib.sha256(rig.API_KEY.encode()).hexdigest()}"
[connections.zendesk]
base_url = "{url}"
client_id = "emulated-client"
client_secret = "env:BENCH_ZENDESK"
""",
        encoding="utf-8",
    )
    return path


# What happens to them -----------------------------------------------------------------------------------------------


@dataclass
class Plays:
    files: Files
    log: Path
    config: Path
    metrics: str
    in_force: list[float] = field(default_factory=list)
    """Seconds until each valid change was."""
    wrong: list[str] = field(default_factory=list)
    played: Counter[str] = field(default_factory=Counter)

    async def all(self, times: int) -> None:
        for _ in range(times):
            for play in (
                self.twice_within_10_ms,
                self.half_saved,
                self.cut_off_in_a_word,
                self.deleted_and_put_back,
                self.symlink_swapped,
                self.lower_layer_changed,
                self.replaced_with_an_invalid_one,
            ):
                await play()
                self.played[play.__name__] += 1
                await asyncio.sleep(BETWEEN)
                if self.wrong:
                    return

    async def twice_within_10_ms(self) -> None:
        for _ in range(2):
            self.files.write(environment=True)
            self.files.save("zendesk.live.toml", self.files.environment)
        await self._comes_into_force()

    async def half_saved(self) -> None:
        """Cut off at the end of a line, where it still reads well, and a moment later whole."""
        self.files.write(team=True)
        text = self.files.team
        with self.files.place("zendesk.toml").open("w", encoding="utf-8") as file:
            file.write(text[: text.index('"MRR"')])
            file.flush()
            await asyncio.sleep(0.25)
            file.write(text[text.index('"MRR"') :])
        await self._comes_into_force()

    async def cut_off_in_a_word(self) -> None:
        """For so long that it is read: the last good one stays."""
        self.files.write(team=True)
        text = self.files.team
        await self._broken(text[: text.index('" =')], "zendesk.toml")
        self.files.save("zendesk.toml", text)
        await self._comes_into_force()

    async def deleted_and_put_back(self) -> None:
        self.files.place("zendesk.toml").unlink()
        await self._until("TF001", lambda: self._metric() == 0)
        self.files.write(team=True)
        self.files.save("zendesk.toml", self.files.team)
        await self._comes_into_force()

    async def symlink_swapped(self) -> None:
        self.files.swap()
        await self._comes_into_force()

    async def lower_layer_changed(self) -> None:
        self.files.write(team=True)
        self.files.save("zendesk.toml", self.files.team)
        await self._comes_into_force()

    async def replaced_with_an_invalid_one(self) -> None:
        """What is said of it: in the log, by the metric, by `batonpass doctor`."""
        self.files.write(environment=True)
        text = self.files.environment
        await self._broken(f'{text}"Plan" = {{ from = 3 }}\n', "zendesk.live.toml", doctor=True)
        self.files.save("zendesk.live.toml", text)
        await self._comes_into_force()

    async def _broken(self, text: str, name: str, *, doctor: bool = False) -> None:
        logged = len(self._lines("mapping_broken_last_good_in_force"))
        self.files.save(name, text)
        told = await self._until(
            f"a line of the log about {name}",
            lambda: self._lines("mapping_broken_last_good_in_force")[logged:],
        )
        place = str(told[-1]["file"]) if told else ""
        if f"{name}:{text.count(chr(10)) + (not text.endswith(chr(10)))}:" not in place:
            self.wrong.append(f"the log says {place!r} of {name}")
        await self._until("the metric says so", lambda: self._metric() == 0)
        if doctor:
            await self._doctor(name, place)

    async def _doctor(self, name: str, place: str) -> None:
        said = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "batonpass", "doctor", "--json", "--config", str(self.config),
            env={**os.environ, **rig.SECRETS}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        out, _ = await said.communicate()
        places = [each["location"] for each in json.loads(out)["findings"]]
        findings = [f"{each['file']}:{each['line']}" for each in places]
        wanted = ":".join(Path(place).name.split(":")[:2])
        if said.returncode != 2 or not any(each.endswith(wanted) for each in findings):
            self.wrong.append(f"doctor: exit {said.returncode}, {findings} of {wanted}")

    async def _comes_into_force(self) -> None:
        saved, version = time.perf_counter(), self.files.version
        await self._until(
            f"version {version} in force",
            lambda: any(each["version"] == version for each in self._lines("mapping_reloaded")),
        )
        self.in_force.append(time.perf_counter() - saved)
        await self._until("the metric is well again", lambda: self._metric() == 1)

    async def _until(self, what: str, is_so: Callable[[], Any]) -> Any:
        until = time.perf_counter() + PATIENCE
        while not (found := await asyncio.to_thread(is_so)):
            if time.perf_counter() > until:
                self.wrong.append(f"never: {what}")
                return found
            await asyncio.sleep(0.05)
        return found

    def _lines(self, event: str) -> list[dict[str, Any]]:
        told = [line for line in self.log.read_text(encoding="utf-8").splitlines() if f'"{event}"' in line]
        return [json.loads(line) for line in told]

    def _metric(self) -> float | None:
        """Read once a second: it is rendered no more often than that."""
        time.sleep(0.3)
        try:
            text = httpx.get(self.metrics, timeout=30, trust_env=False).text
        except httpx.HTTPError:
            return None
        found = [line for line in text.splitlines() if line.startswith("config_last_reload_successful ")]
        return float(found[0].split()[1]) if found else None


# The load -----------------------------------------------------------------------------------------------------------


@dataclass
class Load:
    url: str
    rate: float
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    stopped: bool = False

    async def run(self) -> None:
        async with (
            aiohttp.ClientSession(
                self.url, headers=rig.AUTHORISED, connector=aiohttp.TCPConnector(limit=200)
            ) as http,
            asyncio.TaskGroup() as tasks,
        ):
            began, number = time.perf_counter(), 0
            while not self.stopped:
                await asyncio.sleep(max(0.0, began + number / self.rate - time.perf_counter()))
                tasks.create_task(self._one(http, number))
                number += 1

    async def _one(self, http: aiohttp.ClientSession, number: int) -> None:
        body = rig.request_body(number, turns=2)
        headers = {"Idempotency-Key": f"reload-{number}"}
        sent = time.perf_counter()
        for again in (True, True, False):
            try:
                async with http.post("/v1/handoffs", json=body, headers=headers) as answer:
                    self.statuses[str(answer.status)] += 1
            except aiohttp.ServerDisconnectedError as error:
                if again:  # a connection that was idle for 5 s is closed under whoever uses it just then
                    continue
                self.statuses[type(error).__name__] += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                self.statuses[type(error).__name__] += 1
            break
        self.seconds.append(time.perf_counter() - sent)

    @property
    def failed(self) -> int:
        return self.statuses.total() - self.statuses["202"]


# What is judged -----------------------------------------------------------------------------------------------------


@dataclass
class Judged:
    tickets: int = 0
    versions: set[str] = field(default_factory=set)
    mixed: list[str] = field(default_factory=list)
    misrecorded: list[str] = field(default_factory=list)


def judge(tickets: Mapping[str, Mapping[str, Any]], store: StoreAddress, files: Files) -> Judged:
    judged = Judged()
    recorded = look(store, partial(_recorded, ids=list(tickets)))
    for handoff_id, ticket in tickets.items():
        if handoff_id not in recorded:
            continue  # made as the server was stopped: its result is not written yet
        judged.tickets += 1
        version = recorded[handoff_id]
        judged.versions.add(version)
        marks = marks_of(ticket)
        if marks not in files.states.values():
            judged.mixed.append(f"{handoff_id}: {dict(ticket)}")
        elif files.states.get(version) != marks:
            judged.misrecorded.append(f"{handoff_id}: {version} is {files.states.get(version)}, not {marks}")
    return judged


async def _recorded(tx: Transaction, *, ids: Sequence[str]) -> dict[str, str]:
    """Handoff → the version of the mapping in the result of its step."""
    found = {}
    for each in ids:
        record = await handoff_record(tx, HandoffId(each))
        result = None if record is None else record.result_of("open_ticket")
        if result is not None:
            found[each] = result["mapping"]
    return found


def marks_of(ticket: Mapping[str, Any]) -> tuple[int, int] | None:
    """The marks of the two texts that it was made of; None where its values are of more than two, or some are not there."""
    tags = [tag for tag in ticket["tags"] if tag.startswith("mark_")]
    team = {
        ticket["subject"].split(" ")[0].removeprefix("mark-"),
        *(tag.removeprefix("mark_") for tag in tags or ["none"]),
        str(ticket.get("Plan")).removeprefix("mark-"),
        str(ticket.get("MRR")).partition(".")[0],
    }
    environment = {
        str(ticket.get("Conversation ID")).removeprefix("mark-"),
        str(ticket.get("AI confidence")),
    }
    if len(team) != 1 or len(environment) != 1 or not (team | environment).issubset(map(str, range(10**4))):
        return None
    return int(team.pop()), int(environment.pop())


async def play(plays: Plays, load: Load, times: int) -> float:
    began = time.perf_counter()
    sending = asyncio.create_task(load.run())
    await asyncio.sleep(1)
    try:
        await plays.all(times)
    finally:
        load.stopped = True
        await sending
    return time.perf_counter() - began


def measure(*, rate: float, times: int) -> bool:
    with tempfile.TemporaryDirectory() as place, helpdesk() as (vendor, tickets):
        folder = Path(place)
        files, log, port = Files(folder), folder / "log", rig.free_port()
        files.begin()
        config = write_config(folder, vendor, metrics_port=port)
        with rig.server(config, log=log) as server:
            plays = Plays(files, log, config, f"http://127.0.0.1:{port}/metrics")
            load = Load(server.url, rate)
            seconds = uvloop.run(play(plays, load, times))
        judged = judge(tickets(), StoreAddress.file(folder / "batonpass.db"), files)
    return report(plays, load, judged, seconds)


def report(plays: Plays, load: Load, judged: Judged, seconds: float) -> bool:
    asked = sorted(load.seconds)
    slowest = max(plays.in_force, default=0.0)
    print(f"plays                     {', '.join(f'{n} {name}' for name, n in plays.played.items())}")
    print(
        f"requests                  {load.statuses.total()} in {seconds:.0f} s ({load.statuses.total() / seconds:.0f}/s)"
    )
    print(f"failed requests           {load.failed} {dict(load.statuses)}")
    print(
        f"accepted p50 / p99        {asked[len(asked) // 2] * 1000:.0f} / {asked[len(asked) * 99 // 100] * 1000:.0f} ms"
    )
    print(
        f"tickets made meanwhile    {judged.tickets} ({judged.tickets / seconds:.0f}/s), of {len(judged.versions)} versions"
    )
    print(f"of a mixed version        {len(judged.mixed)}")
    print(f"recorded under another    {len(judged.misrecorded)}")
    print(f"valid changes             {len(plays.in_force)}, in force within {slowest:.2f} s at most")
    for each in (*judged.mixed[:5], *judged.misrecorded[:5], *plays.wrong):
        print(f"WRONG {each}")
    well = (
        not (load.failed or judged.mixed or judged.misrecorded or plays.wrong) and slowest <= IN_FORCE_WITHIN
    )
    well = well and judged.tickets > 0 and len(judged.versions) > 1
    print("all is well" if well else "something is wrong")
    return well


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--quick", action="store_true", help="each way of saving once")
    given = parser.parse_args()
    sys.exit(0 if measure(rate=given.rate, times=1 if given.quick else 6) else 1)
