"""What every part of the adapter has, and the tables between our words and Acme Desk's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from batonpass.domain.clock import Clock
from batonpass.domain.ticket import (
    FieldContent,
    FieldKind,
    FieldValue,
    Priority,
    TicketRef,
    TicketStatus,
)
from batonpass_acme import wire
from batonpass_acme.client import AcmeClient

PRIORITIES = {Priority.LOW: 1, Priority.NORMAL: 2, Priority.HIGH: 3, Priority.URGENT: 4}
STATES = {
    "new": TicketStatus.OPEN,
    "open": TicketStatus.OPEN,
    "waiting": TicketStatus.PENDING,
    "done": TicketStatus.SOLVED,
    "archived": TicketStatus.CLOSED,
}
WRITTEN_STATES = {
    TicketStatus.OPEN: "open",
    TicketStatus.PENDING: "waiting",
    TicketStatus.SOLVED: "done",
    TicketStatus.CLOSED: "archived",
}
KINDS = {
    "line": FieldKind.TEXT,
    "lines": FieldKind.LONG_TEXT,
    "tick": FieldKind.CHECKBOX,
    "day": FieldKind.DATE,
    "whole": FieldKind.INTEGER,
    "number": FieldKind.DECIMAL,
    "choice": FieldKind.DROPDOWN,
    "choices": FieldKind.MULTISELECT,
}


class Account:
    def __init__(
        self, client: AcmeClient, *, name: str, address: str, clock: Clock, ai_agent_id: str | None
    ) -> None:
        self._client = client
        self._name = name
        self._address = address
        self._clock = clock
        self._ai_agent_id = ai_agent_id
        self._own_id: str | None = None

    async def own_id(self) -> str | None:
        if self._own_id is None:
            self._own_id = (await self._client.me()).id
        return self._own_id

    def _ref(self, ticket: wire.Ticket) -> TicketRef:
        return TicketRef(id=ticket.id, url=f"{self._address}/tickets/{ticket.id}")


def written(fields: Sequence[FieldValue]) -> dict[str, wire.Content]:
    return {field.id: _plain(field.value) for field in fields}


def _plain(value: FieldContent) -> wire.Content:
    if isinstance(value, bool | int | str | tuple):
        return value
    return str(value) if isinstance(value, Decimal) else value.isoformat()


def content(value: wire.Content) -> FieldContent | None:
    return Decimal(str(value)) if isinstance(value, float) else value
