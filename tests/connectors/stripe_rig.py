"""A Stripe connection to an emulator on a real socket, held to Stripe's published contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.facts import FactAnswer, FactRule, FactValue, Person
from batonpass.ports import Connecting
from batonpass.testing.serving import served
from batonpass.transport import Transport, open_sockets
from batonpass_stripe import manifest
from batonpass_stripe.adapter import StripeBilling, StripeSettings
from batonpass_stripe.emulator import API_KEY, StripeEmulator
from contract import ContractChecked
from shared import SHARED

CONTRACT = SHARED / "contracts" / "stripe.openapi.yaml"


BEYOND_THE_CONTRACT = (
    "POST /v1/webhook_endpoints: request: RequestBodyValidationError Request body validation error: ('deepObject'",
    "POST /v1/webhook_endpoints/",
    "GET /v1/webhook_endpoints/",
)
"""A list within a form, which openapi-core 0.23 cannot read; and to retrieve and to update an endpoint, which the
contract leaves out. The answers to the first are checked all the same."""


class SetClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_seconds(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


def connect_to(
    url: str,
    *,
    http: httpx.AsyncClient | None = None,
    clock: Clock | None = None,
    name: str = "stripe",
    deadline: float = 10.0,
    **settings: Any,
) -> StripeBilling:
    """The connection alone. Without `http` it can be made, not used."""
    clock = clock or SystemClock()

    def open_transport(**told: Any) -> Transport:
        return Transport(connection=name, http=http, clock=clock, deadline=deadline, **told)

    told = {"connector": "stripe", "api_key": API_KEY, "mode": "test", "base_url": url, **settings}
    connecting = Connecting(name=name, clock=clock, open_transport=open_transport)
    return manifest.connect(StripeSettings(**told), connecting)


@asynccontextmanager
async def connected(
    emulator: StripeEmulator, *, within_contract: bool = True, **told: Any
) -> AsyncIterator[StripeBilling]:
    """`within_contract` False where a fault spoils answers on purpose."""
    app = ContractChecked(emulator, CONTRACT) if CONTRACT.exists() and within_contract else None
    async with served(app or emulator) as url, open_sockets() as http:
        yield connect_to(url, http=http, **told)
    if app:
        assert app.checked or not emulator.calls
        assert [each for each in app.violations if not each.startswith(BEYOND_THE_CONTRACT)] == []


def rule(path: str, **values: str) -> FactRule:
    """`rule("subscription.plan")` asks for it under its own name."""
    its_object, _, its_property = path.partition(".")
    return FactRule(name=path, object=its_object, property=its_property, values=tuple(values.items()))


def rules(*paths: str) -> list[FactRule]:
    return [rule(path) for path in paths]


def values(answer: FactAnswer) -> dict[str, FactValue]:
    return {fact.name: fact.value for fact in answer.facts}


MIA = Person(email="mia.keller@example.com")
