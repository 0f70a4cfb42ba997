"""A connection to its connector's served emulator, opened as batonpass opens it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx

from batonpass.app.config import Connection
from batonpass.app.wiring import connected
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import TicketKey, TicketRef
from batonpass.ports import Capability, FollowsTickets, Helpdesk, HelpdeskSettings, Manifest, ProvisionsFields
from batonpass.testing.contract.samples import a_draft
from batonpass.testing.contract.servers import Servers
from batonpass.testing.emulator import Emulator
from batonpass.testing.happenings import Happening

Port = TypeVar("Port")
NAME = "contract"
"""The connection's name."""

Change = Callable[[httpx.Request, httpx.Response], Awaitable[httpx.Response]]


@dataclass
class HandClock:
    """Stands still until it is told to go on."""

    at: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    passed: float = 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def go_on(self, seconds: float) -> None:
        self.passed += seconds


class Watched(httpx.AsyncBaseTransport):
    """Sees every call of a connection, and may change its answer."""

    def __init__(self, sockets: httpx.AsyncBaseTransport, emulator: Emulator) -> None:
        self._sockets = sockets
        self._emulator = emulator
        self.operations: dict[str, str] = {}
        """Kind of effect → the operation that committed it first."""
        self.change: Change | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        calls, effects = len(self._emulator.calls), len(self._emulator.ledger)
        response = await self._sockets.handle_async_request(request)
        for effect in self._emulator.ledger[effects:]:
            if len(self._emulator.calls) > calls:
                self.operations.setdefault(effect.kind, self._emulator.calls[calls])
        return response if self.change is None else await self.change(request, response)


@dataclass(frozen=True, kw_only=True)
class Opened:
    manifest: Manifest
    connection: Connection
    emulator: Emulator
    clock: HandClock
    port: object
    watched: Watched
    login: Mapping[str, str]
    _numbers: list[int] = field(default_factory=lambda: [0])

    @property
    def settings(self) -> Any:
        return self.connection.settings

    def has(self, capability: Capability) -> bool:
        return capability in self.connection.capabilities

    def to(self, protocol: Callable[..., Port]) -> Port:
        """The connection as one of the protocols. (mypy takes no protocol where a `type` is wanted.)"""
        assert isinstance(self.port, cast("type[Any]", protocol)), (
            f"the connection lacks the protocol {getattr(protocol, '__name__', protocol)}"
        )
        return cast("Port", self.port)

    @property
    def helpdesk(self) -> Helpdesk:
        return self.to(Helpdesk)

    @property
    def lookup_lag(self) -> float:
        told = self.settings.lookup_lag if isinstance(self.settings, HelpdeskSettings) else None
        return self.manifest.lookup_lag if told is None else told

    @property
    def own_fields(self) -> frozenset[str]:
        """The names of the fields that the connector writes itself."""
        port = self.port
        return (
            frozenset(each.name for each in port.own_fields())
            if isinstance(port, ProvisionsFields)
            else frozenset()
        )

    def number(self) -> int:
        self._numbers[0] += 1
        return self._numbers[0]

    def key(self) -> str:
        """One that has not been used."""
        return f"contract_Key-{self.number()}"

    def find_lag(self) -> None:
        """Let so much time go by that a new ticket is sure to be found."""
        self.clock.go_on(self.lookup_lag + 1)

    async def a_ticket(self, **changes: Any) -> TicketRef:
        ref = await self.helpdesk.open_ticket(a_draft(**changes), key=TicketKey(self.key()))
        self.clock.go_on(1)
        return ref

    async def play(self, kind: EventKind, ticket: TicketRef | None = None, **more: Any) -> str:
        """Let it happen a minute from now, its webhooks delivered."""
        self.clock.go_on(60)
        told = self.emulator.happen(
            Happening(kind=kind, ticket=None if ticket is None else ticket.id, **more)
        )
        await self.emulator.outbox.settled()
        self.clock.go_on(1)
        return told

    async def own_id(self) -> str | None:
        return await self.port.own_id() if isinstance(self.port, FollowsTickets) else None


@asynccontextmanager
async def opened(
    manifest: Manifest,
    settings: Mapping[str, Any],
    servers: Servers,
    *,
    emulator: Emulator | None = None,
    clock: HandClock | None = None,
    login: Callable[[Emulator], Mapping[str, str]] = lambda emulator: emulator.login(),
) -> AsyncIterator[Opened]:
    """One connection to `emulator` (None: a new one with the sample account)."""
    clock = clock or HandClock()
    if emulator is None:
        bare: Emulator = manifest.emulator(clock=clock)
        emulator = type(bare).with_sample_account(clock=clock)
    async with servers.serving(emulator) as url:
        told = {"connector": manifest.name, "base_url": url, "deadline": 5.0, **login(emulator), **settings}
        known = {name: value for name, value in told.items() if value is not None}
        connection = Connection(
            name=NAME,
            manifest=manifest,
            settings=manifest.settings.model_validate(known),
            mapping=Path("mappings") / f"{NAME}.toml",
        )
        seen: list[Watched] = []

        def watching(sockets: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
            seen.append(Watched(sockets, emulator))
            return seen[0]

        async with connected(connection, clock, through=watching) as port:
            yield Opened(
                manifest=manifest,
                connection=connection,
                emulator=emulator,
                clock=clock,
                port=port,
                watched=seen[0],
                login=login(emulator),
            )
