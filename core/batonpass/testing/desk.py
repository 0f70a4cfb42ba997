"""A whole batonpass in front of one helpdesk's emulator, over real sockets: for tests and measurements.

It names no vendor: the helpdesk is whatever manifest it is given.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from batonpass.app.config import load_config
from batonpass.app.wiring import Service, running
from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.event import EventKind
from batonpass.domain.ids import HandoffId
from batonpass.ports import Manifest, StartRule
from batonpass.store import reading
from batonpass.testing.emulator import Emulator
from batonpass.testing.happenings import Happening
from batonpass.testing.serving import served
from batonpass.web import create_app

API_KEY = "bp_key_of_the_ai_agent"
WEBHOOK_SECRET = "made-for-the-emulators-only-4711-0815"  # noqa: S105 - as above


@dataclass
class Desk:
    """Everything, running."""

    name: str
    """The connection."""
    emulator: Emulator
    service: Service
    http: httpx.AsyncClient
    """Calls our API with the AI agent's key."""
    url: str
    """Where batonpass is served."""
    clock: Clock
    handed_over: list[str] = field(default_factory=list)

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/webhooks/{self.name}"

    async def hand_over(self, body: Mapping[str, Any]) -> str:
        """The id of the accepted handoff."""
        answer = await self.http.post("/v1/handoffs", json=body)
        if answer.status_code != 202:
            raise AssertionError(f"not accepted: {answer.status_code} {answer.text}")
        handoff_id: str = answer.json()["id"]
        self.handed_over.append(handoff_id)
        return handoff_id

    async def happens(self, kind: EventKind, **told: Any) -> str:
        """Somebody at the vendor does this; returns once every delivery of it has been answered."""
        done = self.emulator.happen(Happening(kind=kind, **told))
        await self.emulator.outbox.settled()
        return done

    async def record(self, handoff_id: str) -> Any:
        found = await self.service.journal.handoff(HandoffId(handoff_id))
        assert found is not None
        return found

    async def all_handoffs(self) -> list[str]:
        """Every handoff that there is, newest first."""
        found = await asyncio.to_thread(reading.newest_handoffs, self.service.config.store, most=10_000)
        return [handoff_id for handoff_id, _, _ in found]

    async def settled(self, *, seconds: float = 20, handoffs: Sequence[str] | None = None) -> None:
        """Return once every step of every handoff is done, parked or waits for a later time, and every webhook of it
        is delivered."""
        async with asyncio.timeout(seconds):
            while True:
                await self.emulator.outbox.settled()
                ids = await self.all_handoffs() if handoffs is None else handoffs
                records = [await self.record(each) for each in ids]
                if all(self._rests(step) for record in records for step in record.steps):
                    await self.emulator.outbox.settled()
                    return
                await asyncio.sleep(0.02)

    def _rests(self, step: Any) -> bool:
        waits: bool = step.status == "ready" and step.due_at > self.clock.now()
        return waits or step.status in {"done", "parked"}

    async def ticket_of(self, handoff_id: str) -> str:
        """The id of its ticket, once it has one."""
        async with asyncio.timeout(20):
            while (found := (await self.record(handoff_id)).ticket_id) is None:  # noqa: ASYNC110 - a record, no event
                await asyncio.sleep(0.02)
        ticket: str = found
        return ticket

    async def life(self, handoff_id: str) -> list[str]:
        """The kinds of what became of it, in order."""
        return [each.kind.value for each in (await self.record(handoff_id)).life]


@asynccontextmanager
async def desk(
    folder: Path,
    manifest: Manifest,
    *,
    mapping: str,
    name: str | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    clock: Clock | None = None,
    emulator: Emulator | None = None,
    server: Mapping[str, Any] = MappingProxyType({}),
    more: str = "",
) -> AsyncIterator[Desk]:
    """`mapping` is the text of the ticket mapping; `settings` go into the connection's table beside what the emulator's
    `login` says; `server` into `[server]`; `more` are further tables. The emulator delivers its webhooks to us, proven
    with a secret of ours unless `login` names one."""
    clock = clock or SystemClock()
    emulated = emulator or type(manifest.emulator()).with_sample_account(clock=clock)
    name = name or manifest.name
    made: list[Any] = []

    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        await made[0](scope, receive, send)  # its address is part of what it is made from

    async with served(emulated) as vendor_url, served(api) as url:
        configured = configure(
            folder,
            manifest,
            emulated,
            name=name,
            mapping=mapping,
            urls=(vendor_url, url),
            settings=settings,
            server=server,
            more=more,
        )
        if "start" in settings:
            emulated.asks_when(StartRule(**settings["start"]))
        emulated.deliver_to(f"{url}/webhooks/{name}", secret=configured.webhook_secret)
        async with (
            running(load_config(configured.path, configured.environment), clock=clock) as service,
            httpx.AsyncClient(
                base_url=url, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=20, trust_env=False
            ) as http,
        ):
            made.append(create_app(service))
            yield Desk(name=name, emulator=emulated, service=service, http=http, url=url, clock=clock)
            await emulated.outbox.settled()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    path: Path
    environment: Mapping[str, str]
    """The secrets, by the names that the file refers to."""
    webhook_secret: str


def configure(
    folder: Path,
    manifest: Manifest,
    emulator: Emulator,
    *,
    name: str,
    mapping: str,
    urls: tuple[str, str],
    settings: Mapping[str, Any] = MappingProxyType({}),
    server: Mapping[str, Any] = MappingProxyType({}),
    more: str = "",
) -> Configured:
    """Write `config.toml` and the mapping. `urls`: the emulator's, and ours as the vendor reaches it."""
    told = {"webhook_secret": WEBHOOK_SECRET, **emulator.login(), **settings}
    secrets = {key: str(told.pop(key)) for key in manifest.settings.secret_keys() if key in told}
    lines = [
        "[server]",
        *(_line(key, value) for key, value in {"public_url": urls[1], **server}.items()),
        "[reconcile]",
        "every = 0",  # a test asks for it, where it wants one
        "[agents.ai-agent]",
        f'key_sha256 = "{hashlib.sha256(API_KEY.encode()).hexdigest()}"',
        f"[connections.{name}]",
        _line("connector", manifest.name),
        _line("base_url", urls[0]),
        *(_line(key, value) for key, value in told.items()),
        *(_line(key, f"env:{_variable(key)}") for key in secrets),
        more,
    ]
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    (folder / "mappings" / f"{name}.toml").write_text(mapping, encoding="utf-8")
    path = folder / "config.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    environment = {_variable(key): value for key, value in secrets.items()}
    return Configured(path=path, environment=environment, webhook_secret=secrets["webhook_secret"])


def _variable(key: str) -> str:
    return f"EMULATED_{key}".upper()


def _line(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{key} = {{ {', '.join(_line(each, inner) for each, inner in value.items())} }}"
    if isinstance(value, datetime):
        return f"{key} = {value.isoformat()}"
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
