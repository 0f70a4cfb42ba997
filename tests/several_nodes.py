"""Real batonpass processes over one store, with emulators and an AI agent in the test's own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from batonpass.app.config import load_config
from batonpass.domain.handoff import HandoffRecord
from batonpass.domain.ids import HandoffId
from batonpass.store import StoreAddress
from batonpass.store.reading import read_handoff
from scene import API_KEY, ENVIRONMENT, AiAgent, Vendors, body, served_together, write_config

BEAT_EVERY, ACTS_FOR, DEAD_AFTER = 0.5, 2.0, 3.0
QUICK = f"""
from batonpass.cli import main
from batonpass.engine import alive
from batonpass.store import installation

alive.BEAT_EVERY, alive.ACTS_FOR, installation.DEAD_AFTER = {BEAT_EVERY}, {ACTS_FOR}, {DEAD_AFTER}
"""
"""A process whose leases pass in seconds."""
RUN = "\nmain()\n"


@dataclass
class Node:
    """One process."""

    process: subprocess.Popen[bytes]
    said: str
    """Its first line: where it serves, or that it works; empty where it has ended before."""
    log: Path

    @property
    def url(self) -> str:
        return "http://" + self.said.split("http://")[1].split("/")[0]

    def send(self, sent: signal.Signals) -> None:
        self.process.send_signal(sent)

    async def ended(self, *, within: float = 30) -> int:
        """Its exit code."""
        return await asyncio.to_thread(self.process.wait, within)

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")


@dataclass
class Cluster:
    vendors: Vendors
    ai_agent: AiAgent
    config: Path
    folder: Path
    nodes: list[Node] = field(default_factory=list)

    async def start(self, *arguments: str, code: str = "") -> Node:
        """`serve …` or `worker …`; `code` runs before it. Returns once it is ready, or has ended."""
        log = self.folder / f"node-{len(self.nodes)}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", QUICK + code + RUN, *arguments, "--config", str(self.config)],
                stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, **ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        node = Node(process=process, said="", log=log)
        self.nodes.append(node)
        assert process.stdout is not None
        node.said = (await asyncio.to_thread(process.stdout.readline)).decode()
        return node

    async def serve(self, *arguments: str, code: str = "") -> Node:
        return await self.start("serve", "--port", "0", *arguments, code=code)

    @property
    def opened(self) -> Counter[str]:
        """Key → the tickets that the helpdesk has opened under it."""
        return Counter(effect.key or "no key" for effect in self.vendors.zendesk.effects("ticket.opened"))

    def told(self, kind: str = "handoff.ticketed") -> list[str]:
        """The handoffs that the AI agent has heard this of, each as often as it has heard it."""
        return [each["data"]["handoff_id"] for each in self.ai_agent.events if each["type"] == kind]

    async def until_told(self, ids: Sequence[str], *, within: float = 30) -> None:
        async with asyncio.timeout(within):
            while not set(ids) <= set(self.told()):
                await asyncio.sleep(0.02)

    async def record(self, handoff_id: str) -> HandoffRecord:
        found = await asyncio.to_thread(read_handoff, self.store, HandoffId(handoff_id))
        assert found is not None
        return found

    @property
    def store(self) -> StoreAddress:
        return load_config(self.config, ENVIRONMENT).store

    def end(self) -> None:
        for node in self.nodes:
            if node.process.poll() is None:
                node.process.kill()
            node.process.wait()
            if node.process.stdout is not None:
                node.process.stdout.close()


@asynccontextmanager
async def cluster(
    folder: Path, *, store: str = "sqlite:///batonpass.db", vendors: Vendors | None = None, **told: Any
) -> AsyncIterator[Cluster]:
    """No process yet; whatever is started ends with it. `told` is what `write_config` takes."""
    made, ai_agent = vendors or Vendors(), AiAgent()
    async with served_together({**made.all, "callback": ai_agent.app}) as urls:
        more = f'[store]\nurl = "{store}"\n{told.pop("more", "")}'
        config = write_config(folder, urls, callback=f"{urls['callback']}/events", more=more, **told)
        nodes = Cluster(vendors=made, ai_agent=ai_agent, config=config, folder=folder)
        try:
            yield nodes
        finally:
            await asyncio.to_thread(nodes.end)


def calls(url: str = "") -> httpx.AsyncClient:
    """A client with the AI agent's key."""
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=10, trust_env=False
    )


async def hand_over(
    http: httpx.AsyncClient,
    key: str,
    *urls: str,
    handoff: Mapping[str, Any] | None = None,
    within: float = 30,
) -> str:
    """The handoff's id: as an AI agent does it, again with the same key, at the next address where one fails."""
    async with asyncio.timeout(within):
        while True:
            for url in urls or ("",):
                try:
                    answer = await http.post(
                        f"{url}/v1/handoffs", json=handoff or body(), headers={"Idempotency-Key": key}
                    )
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code == 202:
                    handoff_id: str = answer.json()["id"]
                    return handoff_id
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.05)
