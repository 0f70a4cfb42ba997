"""What stands around batonpass in a crash test: the helpdesk, a source of facts, the AI agent, the supervisor."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.types import Receive, Scope, Send

from batonpass.ports import Manifest
from batonpass.testing.crash_plan import Asking
from batonpass.testing.desk import API_KEY
from batonpass.testing.emulator import Emulator
from batonpass.testing.history import Acknowledged, Told
from batonpass.testing.zygote import Child, Zygote

CALLBACK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the AI agent that is made up here
ASK_WITHIN = 3.0
"""Seconds for which the AI agent waits for an answer before it asks again."""
LIVE_EVERY = 0.15
LIVE_WITHIN = 1.0
MOST_SILENCES = 3
"""Probes in a row without a good answer; then the supervisor kills."""
LOOKED_FOR = 6.0
"""Seconds; a process that lives through them is not the one that hangs."""
_AS_TOLD = frozenset({128 + signal.SIGTERM, -signal.SIGTERM, -signal.SIGKILL})
"""Exit codes after SIGTERM; the second where it comes before a process has begun, the third where a failpoint fires
while it ends."""
MOST_STARTS = 8
"""Of one node in one run; then it is clear that it does not come up."""


def _nothing(emulator: Emulator) -> None:
    del emulator


def _none(emulator: Emulator) -> str | None:
    del emulator
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A helpdesk to be played, with what its vendor's words are needed for."""

    name: str
    """The connection's."""
    manifest: Manifest
    mapping: str
    start: Mapping[str, str]
    asks: Mapping[str, Any]
    settings: Mapping[str, Any]
    emulated: Callable[..., Emulator]
    source: Manifest
    """Of the facts."""
    source_mapping: str
    drop_a_field: Callable[[Emulator], None] = _nothing
    conversation: Callable[[Emulator], str | None] = _none
    """Makes one that an AI agent holds in the helpdesk's messenger; None: there is no such thing here."""
    conversing: Callable[[Emulator], Mapping[str, Any]] = lambda _: MappingProxyType({})
    """The settings that it takes to pass one."""


@dataclass(slots=True)
class Switch:
    """One address for the applications of all runs, one after the other: starting a server costs."""

    app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass(slots=True, kw_only=True)
class AiAgent:
    """Asks until it is answered, and hears what becomes of it."""

    url: str
    """Of batonpass."""
    fails: int
    """How often its callback answers 503 at first."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The callback, as an ASGI application."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = self._hear(headers, body)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def _hear(self, headers: Mapping[str, str], body: bytes) -> int:
        if self.fails > 0:
            self.fails -= 1
            return 503
        try:
            Webhook(CALLBACK_SECRET).verify(body, dict(headers))
        except WebhookVerificationError as error:
            self.wrong.append(f"an event of ours was not signed as it should be: {error}")
            return 401
        told = json.loads(body)
        data = told["data"]
        self.told.append(
            Told(
                event_id=headers["webhook-id"],
                kind=told["type"],
                handoff_id=data["handoff_id"],
                ticket_id=data["ticket"]["id"] if data["ticket"] else None,
                at=datetime.now(UTC),
                say=data.get("say") or "",
            )
        )
        return 204

    async def hand_over(
        self, http: httpx.AsyncClient, asking: Asking, body: Mapping[str, Any], *, until: float
    ) -> str | None:
        """The handoff's id, however often the server dies before it answers; None where it never does."""
        await asyncio.sleep(asking.after)
        found: str | None = None
        for _ in range(2 if asking.again else 1):
            found = await self._asked(http, asking, body, until=until)
        return found

    async def _asked(
        self, http: httpx.AsyncClient, asking: Asking, body: Mapping[str, Any], *, until: float
    ) -> str | None:
        headers = {"Idempotency-Key": asking.key, "Authorization": f"Bearer {API_KEY}"}
        while time.monotonic() < until:
            sent_at = datetime.now(UTC)
            try:
                answer = await http.post(
                    f"{self.url}/v1/handoffs", json=body, headers=headers, timeout=ASK_WITHIN
                )
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 202:
                return self._note(asking, str(answer.json()["id"]), sent_at)
            if answer.status_code < 500:
                self.wrong.append(f"asked with {asking.key}: answered {answer.status_code}")
                return None
            await asyncio.sleep(0.05)
        self.wrong.append(f"asked with {asking.key}: never acknowledged")
        return None

    def _note(self, asking: Asking, handoff_id: str, sent_at: datetime) -> str:
        self.acknowledged.append(
            Acknowledged(
                key=asking.key,
                handoff_id=handoff_id,
                conversation_id=asking.conversation,
                sent_at=sent_at,
                at=datetime.now(UTC),
                canary=asking.canary,
                ai_agent="ai-agent",
            )
        )
        return handoff_id


@dataclass(slots=True, kw_only=True)
class Node:
    """One process of batonpass and the supervisor that starts it again whenever it has ended."""

    zygote: Zygote
    http: httpx.AsyncClient
    order: dict[str, Any]
    """Of every process."""
    port: int
    restarted_after: float
    stays_dead: Callable[[], bool]
    """Whether one that has ended is not to be started again yet."""
    hung: Path | None
    """Exists once the failpoint has fired that makes a node hang, so that somebody must look whether it lives; None:
    there is no such failpoint."""
    endings: list[int] = field(default_factory=list)
    ending: bool = False
    _child: Child | None = None

    @property
    def runs(self) -> bool:
        return self._child is not None and self._child.runs

    async def keep(self) -> None:
        """Keep it alive until `end`."""
        while not self._is_over() and len(self.endings) < MOST_STARTS:
            self._child = await self.zygote.fork(self.order)
            if self._is_over():  # meanwhile
                self.kill()
            watching = asyncio.create_task(self._watch(self._child)) if self.hung else None
            self.endings.append(await asyncio.shield(self._child.ended))
            if watching is not None:
                watching.cancel()
            await asyncio.sleep(self.restarted_after)
            while self.stays_dead() and not self.ending:  # noqa: ASYNC110 - what others do, no event
                await asyncio.sleep(0.05)

    def _is_over(self) -> bool:
        return self.ending

    def _has_hung(self) -> bool:
        """Whether one of the nodes hangs, or did, and it may be this one."""
        return self.hung is not None and self.hung.exists()

    async def _watch(self, child: Child) -> None:
        """Kill a process that does not say that it is alive; once the failpoint has fired, for probes cost."""
        while not self._has_hung():  # noqa: ASYNC110 - a file that another process makes
            await asyncio.sleep(LIVE_EVERY)
        began, silent = time.monotonic(), 0
        while child.runs:
            silent = 0 if await self._lives() else silent + 1
            if silent >= MOST_SILENCES:
                self.hung = None  # one is enough: on a busy machine more would be our own doing
                child.send(signal.SIGKILL)
                return
            await asyncio.sleep(LIVE_EVERY)
            if time.monotonic() - began > LOOKED_FOR:
                return

    async def _lives(self) -> bool:
        try:
            answer = await self.http.get(f"http://127.0.0.1:{self.port}/livez", timeout=LIVE_WITHIN)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def kill(self) -> None:
        if self._child is not None:
            self._child.send(signal.SIGKILL)

    async def end(self, *, within: float) -> bool:
        """SIGTERM; whether it has ended in time with the right exit code. Else it is killed."""
        self.ending = True
        child = self._child
        if child is None or not child.runs:
            return True
        child.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(child.ended) in _AS_TOLD
        except TimeoutError:
            child.send(signal.SIGKILL)
            await child.ended
            return self._has_hung()  # others were done with its work before it was missed
