"""Where our key stands on a ticket: in a text field of ours, or, before that field exists, in a tag."""

from __future__ import annotations

import hashlib

from batonpass.domain.ticket import FieldId, FieldKind, NewField, TicketKey
from batonpass_freshdesk import wire
from batonpass_freshdesk.account import Account

TAG_LENGTH = 32
"""Freshdesk names a limit for the tags of outbound messages only; it is kept to for all."""
_LOOK_AGAIN_AFTER = 300.0
"""Seconds for which a missing field is believed to be missing still."""


def key_tag(key: TicketKey) -> str:
    """32 characters that only this key has: keys may be twice as long."""
    return f"bp-{hashlib.sha256(key.encode()).hexdigest()}"[:TAG_LENGTH]


class KeyPlace:
    """Knows the field that keeps our key, by its label."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._field: FieldId | None = None
        self._asked_at: float | None = None

    def wanted(self) -> NewField:
        return NewField(
            name=self._account.settings.key_field,
            kind=FieldKind.TEXT,
            unique=False,
            why="finds a ticket again after a lost answer, so that it is never opened twice",
        )

    async def field(self) -> FieldId | None:
        """Its name for the API; None where the account has no such text field."""
        now = self._account.clock.monotonic()
        fresh = self._asked_at is not None and now - self._asked_at < _LOOK_AGAIN_AFTER
        if self._field is None and not fresh:
            self.learn(await self._account.client.ticket_fields())
        return self._field

    def learn(self, fields: tuple[wire.TicketField, ...]) -> None:
        label = self._account.settings.key_field.casefold()
        found = (each.name for each in fields if each.label.casefold() == label and _fits(each))
        name = next(found, None)
        self._field = None if name is None else FieldId(name)
        self._asked_at = self._account.clock.monotonic()

    def lost(self) -> None:
        """Freshdesk refused the field: it is not there any more."""
        self._field = None
        self._asked_at = self._account.clock.monotonic()

    async def marks(self, ticket: wire.Ticket, key: TicketKey) -> bool:
        """Whether this ticket was opened with this key, by this process or another, which may know the field before
        we do: so any custom field will do. A list that does not tell tags costs a read for each ticket."""
        if key in (held for held in ticket.custom_fields.values() if isinstance(held, str)):
            return True
        if ticket.tags is None:
            ticket = await self._account.client.ticket(ticket.id)
        return key_tag(key) in {tag.lower() for tag in ticket.tags or ()}

    async def is_ours(self, ticket: wire.Ticket) -> bool:
        """Whether we opened it, so that its description is ours."""
        field = await self.field()
        tagged = any(tag.startswith("bp-") and len(tag) == TAG_LENGTH for tag in ticket.tags or ())
        return tagged or (field is not None and bool(ticket.custom_fields.get(field)))


def _fits(field: wire.TicketField) -> bool:
    return field.type == "custom_text" and not field.archived
