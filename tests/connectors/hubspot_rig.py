"""A HubSpot connection to an emulator on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.facts import FactAnswer, FactRule, FactValue, Person
from batonpass.domain.ticket import Note, Requester, TicketDraft
from batonpass.ports import Connecting
from batonpass.testing.serving import served
from batonpass.transport import Transport, open_sockets
from batonpass_hubspot import HubSpotSettings, manifest
from batonpass_hubspot.adapter import HubSpotFacts
from batonpass_hubspot.emulator import ACCESS_TOKEN, HubSpotEmulator
from batonpass_hubspot.tickets import HubSpotTickets
from fakes import FakeClock

MIA = Person(email="mia.keller@example.com")
TOM = Person(email="tom.okafor@example.com")
ELENA = Person(email="elena.rossi@example.com")


@asynccontextmanager
async def connected(
    emulator: HubSpotEmulator,
    *,
    clock: Clock | None = None,
    name: str = "crm",
    deadline: float = 10.0,
    access_token: str = ACCESS_TOKEN,
) -> AsyncIterator[HubSpotFacts]:
    async with served(emulator) as url, open_sockets() as http:

        def open_transport(**told: Any) -> Transport:
            return Transport(
                connection=name, http=http, clock=clock or SystemClock(), deadline=deadline, **told
            )

        connecting = Connecting(name=name, clock=clock or SystemClock(), open_transport=open_transport)
        settings = HubSpotSettings(connector="hubspot", access_token=access_token, base_url=url)
        connection = manifest.connect(settings, connecting)
        assert isinstance(connection, HubSpotFacts)
        yield connection


@dataclass(frozen=True)
class Desk:
    emulator: HubSpotEmulator
    tickets: HubSpotTickets


@asynccontextmanager
async def desk(
    emulator: HubSpotEmulator, *, clock: Clock | None = None, deadline: float = 5.0, **settings: Any
) -> AsyncIterator[Desk]:
    """A connection that keeps tickets."""
    async with served(emulator) as url, open_sockets() as http:

        def open_transport(**told: Any) -> Transport:
            return Transport(
                connection="support", http=http, clock=clock or emulator.clock, deadline=deadline, **told
            )

        told = {"connector": "hubspot", "base_url": url, **emulator.login(), **settings}
        connecting = Connecting(name="support", clock=clock or emulator.clock, open_transport=open_transport)
        connection = manifest.connect(HubSpotSettings.model_validate(told), connecting)
        assert isinstance(connection, HubSpotTickets)
        yield Desk(emulator=emulator, tickets=connection)


def a_desk() -> HubSpotEmulator:
    return HubSpotEmulator.with_sample_account(clock=FakeClock(), tickets=True)


def a_draft(**changes: Any) -> TicketDraft:
    plain: dict[str, Any] = {
        "subject": "Refund for order 7",
        "note": Note(html="<p>Wants a refund.</p>", text="Wants a refund."),
        "requester": Requester(name="Grace Example", email="grace@customer.example"),
    }
    return TicketDraft(**{**plain, **changes})


def rule(path: str, **values: str) -> FactRule:
    """`rule("company.tier")` asks for it under its own name."""
    its_object, _, its_property = path.partition(".")
    return FactRule(name=path, object=its_object, property=its_property, values=tuple(values.items()))


def rules(*paths: str) -> list[FactRule]:
    return [rule(path) for path in paths]


def values(answer: FactAnswer) -> dict[str, FactValue]:
    return {fact.name: fact.value for fact in answer.facts}
