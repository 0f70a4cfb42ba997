"""What all parts of one connection share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldContent, TicketRef
from batonpass_freshdesk import FreshdeskSettings, wire
from batonpass_freshdesk.client import FreshdeskClient
from batonpass_freshdesk.listing_client import ListingClient

KEPT_SECONDS = 600.0
_PLACEHOLDER = re.compile(r"\{(?=[{%])")
WORD_JOINER = "\N{WORD JOINER}"


class Account:
    """One Freshdesk account as one of its agents sees it."""

    def __init__(
        self,
        client: FreshdeskClient,
        listing: ListingClient,
        settings: FreshdeskSettings,
        *,
        name: str,
        clock: Clock,
    ) -> None:
        self.client = client
        self.listing = listing
        self.settings = settings
        self.name = name
        self.clock = clock
        self._me: wire.Agent | None = None
        self._names: Mapping[int, str] = {}
        self._names_until = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def me(self) -> wire.Agent:
        """Asked for once: the agent of a key does not change."""
        if self._me is None:
            self._me = await self.client.me()
        return self._me

    async def name_of(self, agent_id: int) -> str | None:
        """From the list of agents, which is kept for ten minutes. None where it does not have them, or where it may
        not be read: a name is not worth the rest."""
        async with self._one_at_a_time:
            if self.clock.monotonic() >= self._names_until:
                self._names = await self._read_names()
                self._names_until = self.clock.monotonic() + KEPT_SECONDS
        return self._names.get(agent_id)

    async def _read_names(self) -> Mapping[int, str]:
        try:
            listed = await self.client.agents()
        except RefusedError:
            return {}
        return {each.id: each.contact.name for each in listed if each.contact and each.contact.name}

    def ref(self, ticket_id: int) -> TicketRef:
        return TicketRef(id=str(ticket_id), url=f"{self.settings.address}/a/tickets/{ticket_id}")


class Part:
    """One of the things that a connection can do."""

    def __init__(self, account: Account) -> None:
        self._account = account


def number(value: str, field: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", value):
        raise RefusedError(f"{field}: Freshdesk's ids are numbers", fields=(field,), code="not_found")
    return int(value)


def literal(text: str) -> str:
    """The text with nothing in it that Freshdesk could take for one of its placeholders, `{{ticket.id}}`.

    That it fills them in where the API wrote them is not documented, nor that it does not.
    """
    return _PLACEHOLDER.sub("{" + WORD_JOINER, text)


def written(value: FieldContent) -> wire.Written:
    """Numbers as numbers: a number as text is refused (`datatype_mismatch`)."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


def contents(values: Mapping[str, Any]) -> dict[str, FieldContent | None]:
    """What custom fields hold; what is no value of any kind that we know holds nothing."""
    return {name: _content(value) for name, value in values.items()}


def _content(value: Any) -> FieldContent | None:
    match value:
        case bool() | int() | str():
            return value
        case float():
            return Decimal(str(value))
        case list() | tuple():
            return tuple(str(each) for each in value)
        case _:
            return None
