"""Where a test's deliveries come in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event
from batonpass.testing.serving import served
from batonpass_zendesk import ZendeskSettings, manifest
from zendesk_served import HandClock


@dataclass
class Door:
    """Where deliveries come in."""

    url: str = ""
    status: int = 200
    deliveries: list[Delivery] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        told = [(name.decode().lower(), value.decode()) for name, value in request.headers.raw]
        body = await request.body()
        self.deliveries.append(Delivery(method="POST", url=self.url, headers=told, body=body))
        return Response(status_code=self.status)

    def events(self, secret: SecretStr, clock: HandClock, **start: str) -> list[Event]:
        made = {"subdomain": "acme", "client_id": "c", "client_secret": "s", "start": start or None}
        settings = ZendeskSettings.model_validate(made)
        assert manifest.webhooks is not None
        receive = manifest.webhooks.receive
        return [
            event
            for delivery in self.deliveries
            for event in receive(delivery, secrets=[secret], settings=settings, now=clock.now())
        ]


@asynccontextmanager
async def a_door() -> AsyncIterator[Door]:
    door = Door()
    async with served(Starlette(routes=[Route("/hook", door.take, methods=["POST"])])) as url:
        door.url = f"{url}/hook"
        yield door
