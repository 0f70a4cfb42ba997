"""What every part of a Zendesk connection knows: its account, and how values are written there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from batonpass.domain.clock import Clock
from batonpass.domain.errors import CredentialsRefusedError, RefusedError
from batonpass.domain.ticket import Agent, FieldContent, FieldValue, TicketRef, TicketStatus
from batonpass_zendesk import ZendeskSettings, sent, wire
from batonpass_zendesk.client import ZendeskClient
from batonpass_zendesk.messaging import MessagingClient

STAFF = frozenset({"agent", "admin"})

STATUSES = {
    "new": TicketStatus.OPEN,
    "open": TicketStatus.OPEN,
    "hold": TicketStatus.OPEN,
    "pending": TicketStatus.PENDING,
    "solved": TicketStatus.SOLVED,
    "closed": TicketStatus.CLOSED,
}
"""Custom statuses belong to one of these, which Zendesk tells as `status`."""

# Zendesk fills in {{ticket.id}} and runs {% … %} in comments, whoever wrote them: also the customer.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")
_WORD_JOINER = "\N{WORD JOINER}"


@dataclass(slots=True, kw_only=True)
class Account:
    """One Zendesk account as batonpass reaches it."""

    client: ZendeskClient
    name: str
    """The connection's."""
    address: str
    clock: Clock
    settings: ZendeskSettings
    messaging: MessagingClient | None = None
    _me: str | None = None

    def ref(self, number: int) -> TicketRef:
        return TicketRef(id=str(number), url=f"{self.address}/agent/tickets/{number}")

    async def own_id(self) -> str:
        """The id of the user that we act as; asked for once."""
        if self._me is None:
            me = await self.client.me()
            if me.id is None:  # Zendesk answers 200 with an "Anonymous user" where it recognises nobody
                raise CredentialsRefusedError(f"{self.name}: Zendesk does not know these credentials")
            self._me = str(me.id)
        return self._me

    async def machines(self) -> frozenset[str]:
        """The ids of users that are no person: our own, and the AI agent's."""
        own = await self.own_id()
        ai_agent = self.settings.ai_agent_id
        return frozenset({own} if ai_agent is None else {own, ai_agent})


def number(value: str, field: str) -> int:
    """Raises `RefusedError` where this can be no id in Zendesk."""
    if not re.fullmatch(r"[0-9]{1,19}", value):
        raise RefusedError(f"{field}: Zendesk's ids are numbers", fields=(field,), code="not_found")
    return int(value)


def literal(html: str) -> str:
    """The HTML with nothing in it that Zendesk would take for a placeholder and fill in."""
    return _PLACEHOLDER.sub("{" + _WORD_JOINER, html)


def field_values(values: Sequence[FieldValue]) -> list[sent.NewFieldValue] | None:
    told = [sent.NewFieldValue(id=number(each.id, each.id), value=written(each.value)) for each in values]
    return told or None


def written(value: FieldContent) -> bool | int | str | list[str]:
    match value:
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


def as_agent(user: wire.User) -> Agent:
    return Agent(id=str(user.id), name=user.name or None, email=user.email)
