"""A door that keeps every delivery as it came, to be received by a connector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event, EventKind
from batonpass.ports import WebhookDoor
from batonpass.testing.contract.opened import NAME, HandClock, Opened
from batonpass.testing.contract.servers import Servers


@dataclass
class Door:
    """Answers 200 to everything."""

    clock: HandClock
    deliveries: list[Delivery] = field(default_factory=list)
    url: str = ""
    arrived: list[tuple[Delivery, datetime]] = field(default_factory=list)
    """Every one that ever came, and when."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = scope["query_string"].decode()
        delivery = Delivery(
            method=scope["method"],
            url=f"{self.url}{scope['path']}{'?' if query else ''}{query}",
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            body=body,
        )
        self.deliveries.append(delivery)
        self.arrived.append((delivery, self.clock.now()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


@dataclass(frozen=True, kw_only=True)
class Delivering:
    """An emulator that delivers here, and the connector that receives."""

    made: Opened
    door: Door
    receives: WebhookDoor
    secret: str

    @property
    def url(self) -> str:
        return f"{self.door.url}/webhooks/{NAME}"

    def events(
        self,
        delivery: Delivery,
        *,
        secrets: Sequence[str] | None = None,
        now: datetime | None = None,
        settings: Any = None,
    ) -> tuple[Event, ...]:
        """Received when it arrived, unless `now` is given; one that never did is received now."""
        return self.receives.receive(
            delivery,
            secrets=[SecretStr(each) for each in ((self.secret,) if secrets is None else secrets)],
            settings=self.made.settings if settings is None else settings,
            now=self.arrival(delivery) if now is None else now,
        )

    def arrival(self, delivery: Delivery) -> datetime:
        """When it came; now, where it never did."""
        known = (at for arrived, at in self.door.arrived if arrived is delivery)
        return next(known, self.made.clock.now())

    async def happened(self, kind: EventKind, **more: Any) -> tuple[str, list[Delivery]]:
        """Let it happen; gives what it happened to, and the deliveries of it."""
        before = len(self.door.deliveries)
        subject = await self.made.play(kind, **more)
        return subject, self.door.deliveries[before:]

    async def of_our_own_writes(self) -> list[Delivery]:
        """The deliveries that have come since they were last taken."""
        await self.made.emulator.outbox.settled()
        taken, self.door.deliveries[:] = list(self.door.deliveries), []
        return taken

    def by_another_start(self, start: Mapping[str, str] | None) -> Any:
        """The connection's settings with another start rule."""
        told = None if start is None else type(self.made.settings.start).model_validate(start)
        return self.made.settings.model_copy(update={"start": told})


def with_header(delivery: Delivery, name: str, *values: str) -> Delivery:
    """The delivery with these values of a header instead of its own."""
    others = [(known, value) for known, value in delivery.headers if known != name]
    return replace(delivery, headers=[*others, *((name, value) for value in values)])


@asynccontextmanager
async def capturing(servers: Servers, clock: HandClock) -> AsyncIterator[Door]:
    door = Door(clock=clock)
    async with servers.serving(door) as url:
        door.url = url
        yield door
