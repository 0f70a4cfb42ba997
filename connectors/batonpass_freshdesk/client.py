"""Freshdesk's endpoints: one method each, wire in, wire out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Hashable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from batonpass.domain.errors import RefusedError
from batonpass.transport import Answer, Call, Params, Transport
from batonpass_freshdesk import wire

if TYPE_CHECKING:
    from pydantic import RootModel

PAGE_SIZE = 100
MOST_PAGES = 300
"""Freshdesk's own end of a list of tickets. https://developers.freshdesk.com/api/#list_all_tickets"""
_NEXT = re.compile(r'rel="?next"?')


class _Numbered(Protocol):
    @property
    def id(self) -> Hashable: ...


SomeItem = TypeVar("SomeItem", bound=_Numbered)


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class FreshdeskClient:
    """API v2 of one account (https://developers.freshdesk.com/api/). There is no official Python SDK."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    # Tickets --------------------------------------------------------------------------------------------------

    async def create_ticket(self, ticket: wire.NewTicket) -> wire.Ticket:
        """`POST /tickets`. No idempotency key: an unclear answer means to look before repeating."""
        call = _effect("tickets.create", "POST", "/tickets", ticket.model_dump(exclude_none=True))
        return (await self._transport.call(call)).read_as(wire.Ticket)

    def tickets_of(self, whose: tuple[str, str], *, since: datetime) -> AsyncIterator[wire.Ticket]:
        """The tickets of one requester that were changed since then, newest first.

        `whose` is `("email", …)`, `("requester_id", …)` or `("unique_external_id", …)`. Without `updated_since`
        the list ends after 30 days.
        """
        asked = [whose, ("updated_since", instant(since)), ("order_by", "created_at"), ("order_type", "desc")]
        return self._listed("tickets.list", "/tickets", wire.Tickets, params=asked)

    async def newest_tickets_of(self, whose: tuple[str, str], *, since: datetime) -> tuple[wire.Ticket, ...]:
        """The newest of them, at most 100, in one call."""
        asked = [
            whose,
            ("updated_since", instant(since)),
            ("order_by", "created_at"),
            ("order_type", "desc"),
            ("per_page", str(PAGE_SIZE)),
        ]
        call = Call(operation="tickets.list", method="GET", path="/api/v2/tickets", params=asked)
        return (await self._transport.call(call)).read_as(wire.Tickets).root

    async def contacts(self, filtered: tuple[str, str]) -> tuple[wire.Person, ...]:
        """The contacts with this `email`, `phone` or `mobile`, at most 100: compare afterwards.
        https://developers.freshdesk.com/api/#list_all_contacts"""
        asked = [filtered, ("per_page", str(PAGE_SIZE))]
        call = Call(operation="contacts.list", method="GET", path="/api/v2/contacts", params=asked)
        return (await self._transport.call(call)).read_as(wire.People).root

    async def changed_tickets(self, since: datetime, *, number: int, size: int) -> wire.ChangedPage:
        """A page of all tickets that were changed since then, the first changed first; none in the bin, no spam."""
        asked = [
            ("updated_since", instant(since)),
            ("order_by", "updated_at"),
            ("order_type", "asc"),
            ("per_page", str(size)),
            ("page", str(number)),
        ]
        call = Call(operation="tickets.list", method="GET", path="/api/v2/tickets", params=asked)
        answer = await self._transport.call(call)
        return wire.ChangedPage(tickets=answer.read_as(wire.Tickets).root, has_next=has_next(answer))

    async def ticket(self, ticket_id: int, *, include: str | None = None) -> wire.Ticket:
        """`GET /tickets/{id}`; each part in `include` costs one more call of the account's limit."""
        call = Call(
            operation="tickets.read",
            method="GET",
            path=f"/api/v2/tickets/{ticket_id}",
            params=[("include", include)] if include else (),
        )
        return (await self._transport.call(call)).read_as(wire.Ticket)

    async def update_ticket(self, ticket_id: int, changed: wire.ChangedTicket) -> None:
        """`PUT /tickets/{id}`. Every value is absolute, so that doing it twice is doing it once."""
        told = changed.model_dump(exclude_none=True)
        call = _effect("tickets.update", "PUT", f"/tickets/{ticket_id}", told)
        (await self._transport.call(call)).read_as(wire.Ticket)

    async def add_note(self, ticket_id: int, note: wire.NewNote) -> None:
        call = _effect("notes.create", "POST", f"/tickets/{ticket_id}/notes", note.model_dump())
        (await self._transport.call(call)).read_as(wire.Conversation)

    async def add_reply(self, ticket_id: int, reply: wire.NewReply) -> None:
        call = _effect("replies.create", "POST", f"/tickets/{ticket_id}/reply", reply.model_dump())
        (await self._transport.call(call)).read_as(wire.Conversation)

    def conversations(self, ticket_id: int) -> AsyncIterator[wire.Conversation]:
        """Notes and replies, oldest first; the ticket's own description is none of them."""
        path = f"/tickets/{ticket_id}/conversations"
        return self._listed("conversations.list", path, wire.Conversations)

    async def ratings(self, ticket_id: int) -> tuple[wire.Rating, ...]:
        call = Call(
            operation="ratings.list", method="GET", path=f"/api/v2/tickets/{ticket_id}/satisfaction_ratings"
        )
        return (await self._transport.call(call)).read_as(wire.Ratings).root

    # The account ----------------------------------------------------------------------------------------------

    async def ticket_fields(self) -> tuple[wire.TicketField, ...]:
        """`GET /ticket_fields`: all of them with their choices, also for agents who are no admins."""
        call = Call(operation="fields.list", method="GET", path="/api/v2/ticket_fields")
        return (await self._transport.call(call)).read_as(wire.TicketFields).root

    async def groups(self) -> tuple[wire.Group, ...]:
        return tuple([each async for each in self._listed("groups.list", "/groups", wire.Groups)])

    async def agents(self) -> tuple[wire.Agent, ...]:
        """Admins only."""
        return tuple([each async for each in self._listed("agents.list", "/agents", wire.Agents)])

    async def availability(self) -> tuple[wire.Agent, ...]:
        asked = [("only", "availability")]
        listed = self._listed("agents.list", "/agents", wire.Agents, params=asked)
        return tuple([each async for each in listed])

    async def me(self) -> wire.Agent:
        call = Call(operation="agents.me", method="GET", path="/api/v2/agents/me")
        return (await self._transport.call(call)).read_as(wire.Agent)

    # Admin ----------------------------------------------------------------------------------------------------

    async def admin_field(self, field_id: int) -> wire.TicketField:
        """With the ids of its choices."""
        call = Call(
            operation="admin_fields.read", method="GET", path=f"/api/v2/admin/ticket_fields/{field_id}"
        )
        return (await self._transport.call(call)).read_as(wire.TicketField)

    async def create_field(self, field: wire.NewField) -> wire.TicketField:
        told = field.model_dump(exclude_none=True)
        call = _effect("admin_fields.create", "POST", "/admin/ticket_fields", told)
        return (await self._transport.call(call)).read_as(wire.TicketField)

    async def update_field(self, field_id: int, changed: wire.ChangedField) -> wire.TicketField:
        told = changed.model_dump(exclude_none=True)
        call = _effect("admin_fields.update", "PUT", f"/admin/ticket_fields/{field_id}", told)
        return (await self._transport.call(call)).read_as(wire.TicketField)

    async def rules(self, type_: int) -> tuple[wire.Rule, ...]:
        """`type_`: 1 when a ticket is created, 3 hourly, 4 when a ticket is updated."""
        call = Call(operation="rules.list", method="GET", path=f"/api/v2/automations/{type_}/rules")
        return (await self._transport.call(call)).read_as(wire.Rules).rules

    async def create_rule(self, type_: int, rule: dict[str, Any]) -> wire.Rule:
        call = _effect("rules.create", "POST", f"/automations/{type_}/rules", rule)
        return (await self._transport.call(call)).read_as(wire.Rule)

    async def update_rule(self, type_: int, rule_id: int, rule: dict[str, Any]) -> wire.Rule:
        call = _effect("rules.update", "PUT", f"/automations/{type_}/rules/{rule_id}", rule)
        return (await self._transport.call(call)).read_as(wire.Rule)

    async def _listed(
        self, operation: str, path: str, model: type[RootModel[tuple[SomeItem, ...]]], *, params: Params = ()
    ) -> AsyncIterator[SomeItem]:
        """Page by page, each item once, also where it moves from one page to the next while we read.

        Ends with the last page (no `link` to a next one) or where a page brings nothing new. Raises `RefusedError`
        where the vendor's own end of the list comes first: what was read is then not all.
        """
        seen: set[Hashable] = set()
        for number in range(1, MOST_PAGES + 1):
            asked = [*params, ("per_page", str(PAGE_SIZE)), ("page", str(number))]
            answer = await self._transport.call(
                Call(operation=operation, method="GET", path=f"/api/v2{path}", params=asked)
            )
            new = [item for item in answer.read_as(model).root if item.id not in seen]
            seen.update(item.id for item in new)
            for item in new:
                yield item
            if not new or not has_next(answer):
                return
        raise RefusedError(f"{operation}: more than {MOST_PAGES} pages", code="too_many")


def has_next(answer: Answer) -> bool:
    return _NEXT.search(answer.headers.get("link", "")) is not None


def _effect(operation: str, method: str, path: str, told: dict[str, Any]) -> Call:
    return Call(operation=operation, method=method, path=f"/api/v2{path}", json=told, effect=True)
