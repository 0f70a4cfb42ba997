"""What goes wrong in a soak: each fault by its row of the fault matrix, and what it is done to."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chaos
import httpx
import rig

from batonpass.testing.postgres import PostgresServer

PER_SECOND = 5
WARM = 60.0
"""Seconds after which a process is looked at."""


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

    def looked_at(self) -> dict[str, float] | None:
        """MB of memory, open files and open sockets, once it is warm."""
        if not self.ready or self._process is None or time.monotonic() - self.started < WARM:
            return None
        place = Path(f"/proc/{self._process.pid}")
        try:
            status = (place / "status").read_text(encoding="utf-8")
            line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            opened = [each.readlink().name for each in (place / "fd").iterdir()]
        except (OSError, StopIteration):
            return None
        sockets = sum(name.startswith("socket:") for name in opened)
        return {
            "MB": int(line.split()[1]) / 1024,
            "open files": len(opened) - sockets,
            "sockets": sockets,
        }


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


OVER_AFTER = 15.0
"""Seconds. A trouble of a vendor ends by itself, however few calls it has met: a breaker lets hardly any through."""


def vendor(fault: str, *, times: int, **told: Any) -> Fault:
    async def happen(scene: Scene) -> None:
        await scene.plan(fault, times=times, for_seconds=OVER_AFTER, **told)

    return happen


async def kill(scene: Scene) -> None:
    scene.chance.choice(scene.nodes).kill()


async def pause(scene: Scene) -> None:
    await scene.chance.choice(scene.nodes).pause(scene.chance.uniform(3, 25))


async def crash_database(scene: Scene) -> None:
    assert scene.postgres is not None
    down = scene.chance.uniform(0, 2)

    def crash(postgres: PostgresServer) -> None:
        postgres.stop("immediate")
        time.sleep(down)
        postgres.start()

    crashing = asyncio.create_task(asyncio.to_thread(crash, scene.postgres))
    try:
        await asyncio.shield(crashing)
    finally:
        await crashing  # also where the run ends meanwhile


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
        "V06 503 for a while": vendor("server_error", times=10_000, status=503),
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
