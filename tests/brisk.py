"""Jobs that run many times a second, and a team that hears of alerts: for tests of what is done by the clock."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from apscheduler.triggers.interval import IntervalTrigger
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

import batonpass_zendesk
import scene as playground
from batonpass.app import schedule
from batonpass.app.config import load_config
from batonpass.app.wiring import Service, running
from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.handoff import HandoffRecord, StepRecord, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.ports import StartRule
from batonpass.testing.desk import configure
from batonpass.testing.serving import served
from batonpass.web import create_app
from batonpass_zendesk.emulator import ZendeskEmulator
from fakes import FakeClock
from scene import MAPPINGS, Scene

EVERY = 0.2
SELDOM = 60.0
"""Seconds between two runs of a job that stays as seldom as it is, where it is longer."""
"""Seconds between two runs of a job. What one node runs for all still waits for its tick by the service's clock."""


def run_jobs_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "IntervalTrigger", partial(_often, IntervalTrigger))


def _often(trigger: type[IntervalTrigger], *, seconds: float, start_date: object) -> IntervalTrigger:
    return trigger(seconds=EVERY if seconds <= SELDOM else seconds, start_date=start_date)


@dataclass
class Team:
    """Where notices arrive: apprise's plain JSON."""

    heard: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.heard.append(await request.json())
        await Response(status_code=204)(scope, receive, send)

    def titles(self, about: str) -> list[str]:
        """Of the notices with these words in their title, in the order in which they came."""
        return [told["title"] for told in self.heard if about in told["title"]]


def told_at(monkeypatch: pytest.MonkeyPatch, url: str) -> str:
    """The part of a configuration that tells the team at this address."""
    monkeypatch.setitem(playground.ENVIRONMENT, "NOTICES", url.replace("http://", "json://"))
    return '[notices]\nto = "env:NOTICES"'


async def eventually(
    what: Callable[[], bool] | Callable[[], Awaitable[bool]], *, seconds: float = 60.0
) -> None:
    """Return once it is so; `TimeoutError` where it does not become so."""
    async with asyncio.timeout(seconds):
        while True:
            so = what()
            if await so if inspect.isawaitable(so) else so:
                return
            await asyncio.sleep(0.02)


@dataclass
class Busy:
    """A whole batonpass in front of Zendesk alone, which leaves it time for many handoffs."""

    zendesk: ZendeskEmulator
    service: Service
    http: httpx.AsyncClient
    """Calls our API; `hand_over` adds the key."""
    clock: Clock
    webhook_url: str
    folder: Path
    handed_over: list[str] = field(default_factory=list)

    async def hand_over(self, body: Mapping[str, Any], *, ai_agent: str = "calm") -> dict[str, Any]:
        """The answer, which must be a 202."""
        answer = await self.http.post("/v1/handoffs", json=body, headers=as_agent(ai_agent))
        assert answer.status_code == 202, answer.text
        told: dict[str, Any] = answer.json()
        self.handed_over.append(told["id"])
        return told

    @property
    def opened(self) -> list[str]:
        """The handoffs whose tickets the helpdesk has opened, in this order."""
        return [effect.key or "" for effect in self.zendesk.effects("ticket.opened")]


def as_agent(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer bp_key_of_{name}"}


@asynccontextmanager
async def busy(
    folder: Path,
    *,
    emulator: ZendeskEmulator | None = None,
    clock: Clock | None = None,
    more: str = "",
    deadline: float = 5.0,
    steady: bool = False,
    host: str = "127.0.0.1",
) -> AsyncIterator[Busy]:
    """`more` is appended to the configuration; its AI agents are `calm` and `loud`. `steady`: the service makes its
    clock itself, as the commands have it. `host`: what it calls the helpdesk's machine."""
    clock = clock or SystemClock()
    zendesk = emulator or ZendeskEmulator.with_sample_account(clock=clock)
    made: list[Any] = []

    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        await made[0](scope, receive, send)

    async with served(zendesk) as vendor, served(api) as url:
        configured = configure(
            folder,
            batonpass_zendesk.manifest,
            zendesk,
            name="zendesk",
            mapping=(MAPPINGS / "zendesk.toml").read_text(encoding="utf-8"),
            urls=(vendor.replace("127.0.0.1", host), url),
            settings={"deadline": deadline, "start": {"tag": "needs_person"}},
        )
        keys = {name: hashlib.sha256(f"bp_key_of_{name}".encode()).hexdigest() for name in ("calm", "loud")}
        agents = [f'[agents.{name}]\nkey_sha256 = "{key}"' for name, key in keys.items()]
        text = configured.path.read_text(encoding="utf-8")
        configured.path.write_text("\n".join([text, *agents, more]), encoding="utf-8")
        environment = {**configured.environment, **playground.ENVIRONMENT}
        zendesk.asks_when(StartRule(tag="needs_person"))
        webhook_url = f"{url}/webhooks/zendesk"
        zendesk.deliver_to(webhook_url, secret=configured.webhook_secret)
        async with (
            running(load_config(configured.path, environment), clock=None if steady else clock) as service,
            httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http,
        ):
            made.append(create_app(service))
            yield Busy(
                zendesk=zendesk,
                service=service,
                http=http,
                clock=clock,
                webhook_url=webhook_url,
                folder=folder,
            )
            await zendesk.outbox.settled()


async def record(scene: Scene | Busy, handoff_id: str) -> HandoffRecord:
    found = await scene.service.journal.handoff(HandoffId(handoff_id))
    assert found is not None
    return found


async def later(scene: Scene | Busy, *seconds: float) -> None:
    """Let this time go on, one after the other, and what is due then be done."""
    assert isinstance(scene.clock, FakeClock)
    for each in seconds:
        scene.clock.go_on(each)
        scene.service.engine.wake()  # type: ignore[union-attr]  # it works
        await rested(scene)


async def rested(scene: Scene | Busy, *, seconds: float = 60.0) -> None:
    """Return once every step is done, parked or waits for a later time."""

    def rests(step: StepRecord) -> bool:
        waits = step.status is StepStatus.READY and step.due_at > scene.clock.now()
        return waits or step.status in {StepStatus.DONE, StepStatus.PARKED}

    async with asyncio.timeout(seconds):
        for handoff_id in scene.handed_over:
            while not all(rests(step) for step in (await record(scene, handoff_id)).steps):
                await asyncio.sleep(0.01)


async def meanwhile(scene: Scene | Busy, what: Callable[[], bool], *, step: float = 5.0) -> None:
    """As `eventually`, while the service's time goes on: `step` of its seconds at every look."""

    async def so() -> bool:
        if what():
            return True
        await later(scene, step)
        return False

    await eventually(so)
