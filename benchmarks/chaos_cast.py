"""Who takes part in `chaos.py`: processes that are started again, and an AI agent that repeats what is not answered."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import rig
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batonpass.testing.history import Acknowledged, Told


class Node:
    """One batonpass process, started again whenever it ends, as a service manager does."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self._command = [sys.executable, "-m", "batonpass", *arguments]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._killed = False
        self.kills = 0
        self.ended = 0
        """Times that it ended by itself after it had been ready: never right."""

    async def keep(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._run_once()
        finally:
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(30)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self.ended += 1

    async def _run_once(self) -> None:
        self._ready, self._killed = False, False
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env={**os.environ, **rig.SECRETS}, stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        self._ready = bool(await asyncio.to_thread(self._process.stdout.readline))
        await asyncio.to_thread(self._process.wait)
        self.ended += self._ready and not self._killed
        if not self._killed:
            await asyncio.sleep(0.3)  # the database was down while it started

    @property
    def ready(self) -> bool:
        return self._ready

    def kill(self) -> None:
        if self._ready and self._process is not None and self._process.poll() is None:
            self._killed = True
            self.kills += 1
            self._process.kill()


@dataclass
class AiAgent:
    """Hands over, hears what became of it."""

    handoffs: int
    untold: int
    """So many at most are not told of their ticket yet."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    repeats: int = 0

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.untold)
        self._heard: set[str] = set()
        self.app = Starlette(routes=[Route("/events", self._hear, methods=["POST"])])

    @property
    def heard(self) -> int:
        """Handoffs whose ticket it knows."""
        return len(self._heard)

    async def _hear(self, request: Request) -> Response:
        event = await request.json()
        kind, data = event["type"], event["data"]
        at = datetime.now(UTC)
        self.told.append(
            Told(
                event_id=request.headers["webhook-id"], kind=kind, handoff_id=data["handoff_id"],
                ticket_id=(data["ticket"] or {}).get("id"), at=at, say=data.get("say", ""),
            )
        )  # fmt: skip
        if kind == "handoff.ticketed" and data["handoff_id"] not in self._heard:
            self._heard.add(data["handoff_id"])
            self._free.release()
        return Response(status_code=204)

    async def hand_over_all(self, url: str) -> None:
        limits = httpx.Limits(max_connections=32)
        async with (
            httpx.AsyncClient(base_url=url, headers=rig.AUTHORISED, timeout=10, limits=limits) as http,
            asyncio.TaskGroup() as asking,
        ):
            for number in range(self.handoffs):
                await self._free.acquire()
                asking.create_task(self._hand_over(http, number))

    async def _hand_over(self, http: httpx.AsyncClient, number: int) -> None:
        key, body = f"k{number}", rig.request_body(number, turns=6)
        sent_at = datetime.now(UTC)
        while True:
            try:
                answer = await http.post("/v1/handoffs", json=body, headers={"Idempotency-Key": key})
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 202:
                break
            if answer is not None and answer.status_code != 503:
                raise SystemExit(f"not accepted: {answer.status_code} {answer.text}")
            self.repeats += 1
            await asyncio.sleep(0.2)
        self.acknowledged.append(
            Acknowledged(
                key=key, handoff_id=answer.json()["id"], conversation_id=body["conversation"]["id"],
                sent_at=sent_at, at=datetime.now(UTC), ai_agent="benchmark",
            )
        )  # fmt: skip
