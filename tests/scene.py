"""The whole of batonpass against the three emulators, over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from batonpass.app.config import load_config
from batonpass.app.wiring import Service, running
from batonpass.domain.clock import Clock, SystemClock
from batonpass.testing.emulator import Emulator
from batonpass.testing.serving import served
from batonpass.web import create_app
from batonpass_hubspot.emulator import HubSpotEmulator
from batonpass_stripe.emulator import StripeEmulator
from batonpass_zendesk.emulated_account import EmulatedField, EmulatedTicket
from batonpass_zendesk.emulator import ZendeskEmulator
from fakes import FakeClock

Logged = list[dict[str, Any]]
"""Log lines, as the fixture `logged` keeps them."""

API_KEY = "bp_test_key_of_the_shop_bot"
CALLBACK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAPPINGS = Path(__file__).parent.parent / "mappings"
ENVIRONMENT = {
    "ZENDESK_CLIENT_SECRET": "emulated-secret",
    "HUBSPOT_TOKEN": "emulator-token",
    "STRIPE_KEY": "rk_test_emulator",
    "CALLBACK_SECRET": CALLBACK_SECRET,
}


@dataclass
class AiAgent:
    """The AI agent's side: receives our events."""

    events: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """What to answer next; 204 when empty."""

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/events", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        self.deliveries.append((dict(request.headers), body))
        status = self.statuses.pop(0) if self.statuses else 204
        if status < 300:
            self.events.append(json.loads(body))
        return Response(status_code=status)


@dataclass
class Vendors:
    zendesk: ZendeskEmulator = field(default_factory=ZendeskEmulator.with_sample_account)
    hubspot: HubSpotEmulator = field(
        default_factory=lambda: HubSpotEmulator.with_sample_account(access_token=ENVIRONMENT["HUBSPOT_TOKEN"])
    )
    stripe: StripeEmulator = field(default_factory=StripeEmulator.with_sample_account)

    @property
    def all(self) -> Mapping[str, Emulator]:
        return {"zendesk": self.zendesk, "hubspot": self.hubspot, "stripe": self.stripe}

    def field(self, title: str) -> EmulatedField:
        """The helpdesk's field with this title."""
        return next(known for known in self.zendesk.account.fields.values() if known.title == title)


@dataclass
class Scene:
    vendors: Vendors
    ai_agent: AiAgent
    service: Service
    http: httpx.AsyncClient
    """Calls our API with the AI agent's key."""
    folder: Path
    clock: Clock
    handed_over: list[str] = field(default_factory=list)

    async def hand_over(self, body: Mapping[str, Any], *, key: str | None = None) -> str:
        """The id of the accepted handoff."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = await self.http.post("/v1/handoffs", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        handoff_id: str = answer.json()["id"]
        self.handed_over.append(handoff_id)
        return handoff_id

    async def status(self, handoff_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/handoffs/{handoff_id}")
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    async def until(
        self, handoff_id: str, *, steps: Sequence[str] = ("read_back", "announce"), seconds: float = 10
    ) -> dict[str, Any]:
        """The status once these steps are done."""
        async with asyncio.timeout(seconds):
            while True:
                status = await self.status(handoff_id)
                done = {step["name"] for step in status["steps"] if step["status"] == "done"}
                if done.issuperset(steps):
                    return status
                await asyncio.sleep(0.01)

    @property
    def opened(self) -> list[str]:
        """The keys of the tickets that the helpdesk has opened, one for each."""
        return [effect.key or "no key" for effect in self.vendors.zendesk.effects("ticket.opened")]

    async def note(self, handoff_id: str, number: int = 0) -> str:
        """One comment of the ticket, as HTML."""
        html: str = (await self.ticket(handoff_id)).comments[number].html
        return html

    async def step(self, handoff_id: str, name: str) -> dict[str, Any]:
        steps: list[dict[str, Any]] = (await self.status(handoff_id))["steps"]
        return next(step for step in steps if step["name"] == name)

    async def outcomes(self, handoff_id: str, step: str = "open_ticket") -> list[str]:
        """What came of each attempt at a step."""
        attempts = (await self.status(handoff_id))["attempts"]
        return [attempt["outcome"] for attempt in attempts if attempt["step"] == step]

    async def warm_up(self) -> None:
        """Hand one over, so that the fields and a token are known: what changes now comes as a surprise."""
        await self.hand_over(body())
        await self.settled()

    def field(self, title: str) -> EmulatedField:
        return self.vendors.field(title)

    async def settled(self, *, seconds: float = 10) -> None:
        """Return once every step is done or waits for a later time."""
        async with asyncio.timeout(seconds):
            for handoff_id in self.handed_over:
                while not all(self._rests(step) for step in (await self.status(handoff_id))["steps"]):
                    await asyncio.sleep(0.01)

    def _rests(self, step: Mapping[str, Any]) -> bool:
        waits = step["status"] == "ready" and datetime.fromisoformat(step["due_at"]) > self.clock.now()
        return waits or step["status"] in {"done", "parked"}

    async def later(self, seconds: float) -> None:
        """Let the time go on, and what is due then be done. Needs a `FakeClock`."""
        assert isinstance(self.clock, FakeClock)
        self.clock.go_on(seconds)
        self.service.engine.wake()
        await self.settled()

    async def ticket(self, handoff_id: str) -> EmulatedTicket:
        """The ticket as the helpdesk keeps it, with its comments."""
        status = await self.until(handoff_id, steps=("open_ticket",))
        return self.vendors.zendesk.tickets[int(status["ticket"]["id"])]


def body(*turns: str, email: str | None = "mia.keller@example.com", **more: Any) -> dict[str, Any]:
    """A handoff: the customer begins, the AI answers, and so on."""
    roles = ("customer", "ai")
    customer = {"email": email, "identity": "verified"} if email else {}
    said = turns or ("I was charged twice for my plan this month. Please refund one of the charges.",)
    return {
        "conversation": {"turns": [{"role": roles[n % 2], "text": text} for n, text in enumerate(said)]},
        "customer": customer,
        **more,
    }


def write_config(
    folder: Path,
    urls: Mapping[str, str],
    *,
    callback: str | None = None,
    more: str = "",
    deadline: float = 2.0,
    mappings: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """A configuration for the emulators, with the mappings that batonpass ships but for those given by name."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    for file in MAPPINGS.glob("*.toml"):
        text = mappings.get(file.stem) or file.read_text(encoding="utf-8")
        (folder / "mappings" / file.name).write_text(text, encoding="utf-8")
    lines = [
        *(
            [] if "[reconcile]" in more else ["[reconcile]", "every = 0"]
        ),  # by the clock: in any test otherwise
        "[agents.shop-bot]",
        f'key_sha256 = "{hashlib.sha256(API_KEY.encode()).hexdigest()}"',
        *([f'callback_url = "{callback}"', 'callback_secret = "env:CALLBACK_SECRET"'] if callback else []),
        "[connections.zendesk]",
        f'base_url = "{urls["zendesk"]}"',
        'client_id = "emulated-client"',
        'client_secret = "env:ZENDESK_CLIENT_SECRET"',
        f"deadline = {deadline}",
        "[connections.hubspot]",
        f'base_url = "{urls["hubspot"]}"',
        'access_token = "env:HUBSPOT_TOKEN"',
        "[connections.stripe]",
        f'base_url = "{urls["stripe"]}"',
        'api_key = "env:STRIPE_KEY"',
        'mode = "test"',
        more,
    ]
    path = folder / "config.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@asynccontextmanager
async def served_together(apps: Mapping[str, Any]) -> AsyncIterator[dict[str, str]]:
    """Each on a socket of its own: name → base URL. They stop at the same time, for uvicorn takes 0.1 s to do so."""
    servers = [served(app) for app in apps.values()]
    urls = await asyncio.gather(*(server.__aenter__() for server in servers))
    try:
        yield dict(zip(apps, urls, strict=True))
    finally:
        await asyncio.gather(*(server.__aexit__(None, None, None) for server in servers))


@asynccontextmanager
async def serving_vendors(vendors: Vendors) -> AsyncIterator[dict[str, str]]:
    """The emulators on sockets: name → base URL."""
    async with served_together(vendors.all) as urls:
        yield urls


@asynccontextmanager
async def playing(
    folder: Path,
    *,
    vendors: Vendors | None = None,
    clock: Clock | None = None,
    callback: bool = True,
    through: Callable[[str, ASGIApp], ASGIApp] = lambda _, app: app,
    **told: Any,
) -> AsyncIterator[Scene]:
    """Everything runs; `told` is what `write_config` takes: `more` is appended to the configuration.

    `through` may put something before a vendor, by its name, to see what is sent and answered.
    """
    vendors, ai_agent, clock = vendors or Vendors(), AiAgent(), clock or SystemClock()
    made: list[ASGIApp] = []

    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        await made[0](scope, receive, send)  # served before it can be made, so that all servers stop together

    doors = {name: through(name, emulator) for name, emulator in vendors.all.items()}
    async with served_together({**doors, "callback": ai_agent.app, "api": api}) as urls:
        path = write_config(folder, urls, callback=f"{urls['callback']}/events" if callback else None, **told)
        async with (
            running(load_config(path, ENVIRONMENT), clock=clock) as service,
            httpx.AsyncClient(
                base_url=urls["api"], headers={"Authorization": f"Bearer {API_KEY}"}, timeout=10, verify=False
            ) as http,
        ):
            made.append(create_app(service))
            yield Scene(
                vendors=vendors, ai_agent=ai_agent, service=service, http=http, folder=folder, clock=clock
            )
