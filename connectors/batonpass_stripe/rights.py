"""What a restricted key may lack, part by part: one missing right costs its own facts and no others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TypeVar

import structlog

from batonpass.domain.errors import RefusedError
from batonpass_stripe.client import StripeClient

log = structlog.get_logger()
Key = TypeVar("Key")
Value = TypeVar("Value")
AT_ONCE = 4
"""Calls of a reading in bulk: Stripe takes 25 a second at one endpoint (https://docs.stripe.com/rate-limits)."""

PROBES: Mapping[str, Callable[[StripeClient], Awaitable[None]]] = MappingProxyType(
    {
        "subscriptions": StripeClient.any_subscription,
        "invoices": StripeClient.any_invoice,
        "charges": StripeClient.any_charge,
        "disputes": StripeClient.any_dispute,
        "products": StripeClient.any_product,
    }
)
"""What is read besides customers → how to ask whether the key may."""


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first error comes out as itself, after the other tasks have been cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


async def a_few_at_once(keys: Iterable[Key], ask: Callable[[Key], Awaitable[Value]]) -> dict[Key, Value]:
    """What `ask` gives for each of them."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def in_turn(key: Key) -> Value:
        async with turn:
            return await ask(key)

    async with together() as group:
        asked = {each: group.create_task(in_turn(each)) for each in dict.fromkeys(keys)}
    return {each: task.result() for each, task in asked.items()}


def permission(error: RefusedError, what: str) -> str:
    """The permission that is missing, as Stripe names it, else as the dashboard does."""
    return next((each for each in error.reasons if each.startswith("rak_")), f"{what}: read")


async def lacking(client: StripeClient) -> tuple[str, ...]:
    """A warning for each part that the key may not read."""
    async with together() as group:
        asked = [group.create_task(_warning(client, what)) for what in PROBES]
    return tuple(said for task in asked if (said := task.result()))


async def _warning(client: StripeClient, what: str) -> str | None:
    try:
        await PROBES[what](client)
    except RefusedError as error:
        if error.code != "forbidden":
            raise
        return (
            f"the API key may not read {what}: facts that need them are left out; give it the permission "
            f"{permission(error, what)} (Dashboard > Developers > API keys > edit the restricted key)"
        )
    return None


class Allowed:
    """Reads what may be refused. Each refusal is logged once."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._told: set[str] = set()

    async def read(self, what: str, reading: Awaitable[Value]) -> Value | None:
        """What it gives; None where the key may not read it."""
        try:
            return await reading
        except RefusedError as error:
            if error.code != "forbidden":
                raise
            if what not in self._told:
                self._told.add(what)
                log.warning(
                    "the API key may not read this; its facts are left out",
                    connection=self._connection,
                    operation=f"{what}.list",
                    permission=permission(error, what),
                )
            return None
