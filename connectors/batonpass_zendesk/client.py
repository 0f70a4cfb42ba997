"""Zendesk's endpoints: one method each, wire in, wire out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from batonpass.transport import Call, Params, Transport
from batonpass_zendesk import wire

PAGE_SIZE = 100
MOST_PAGES = 50
"""5,000 items: as many comments as a ticket can have, and more fields than an account should."""

SomePage = TypeVar("SomePage", bound=wire.Page)


class ZendeskClient:
    """The Support API of one account (https://developer.zendesk.com/api-reference/)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create_ticket(self, ticket: wire.NewTicket) -> wire.Ticket:
        """`POST /tickets`. Zendesk keeps the key for two hours; a refused request stores none.

        https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency
        """
        call = Call(
            operation="tickets.create",
            method="POST",
            path="/api/v2/tickets",
            json={"ticket": ticket.model_dump(exclude_none=True)},
            headers={"Idempotency-Key": ticket.external_id},
            effect=True,
        )
        return (await self._transport.call(call)).read_as(wire.TicketAnswer).ticket

    async def tickets_with_external_id(self, external_id: str) -> tuple[wire.Ticket, ...]:
        """`GET /tickets?external_id=`: reads the store, not the search index, which lags."""
        call = Call(
            operation="tickets.find",
            method="GET",
            path="/api/v2/tickets",
            params=[("external_id", external_id)],
        )
        return (await self._transport.call(call)).read_as(wire.TicketsPage).tickets

    async def ticket(self, ticket_id: int) -> wire.Ticket:
        call = Call(operation="tickets.read", method="GET", path=f"/api/v2/tickets/{ticket_id}")
        return (await self._transport.call(call)).read_as(wire.TicketAnswer).ticket

    async def add_comment(self, ticket_id: int, comment: wire.NewComment) -> None:
        """`PUT /tickets/{id}`: comments have no endpoint of their own, and updates take no idempotency key."""
        call = Call(
            operation="tickets.update",
            method="PUT",
            path=f"/api/v2/tickets/{ticket_id}",
            json={"ticket": {"comment": comment.model_dump()}},
            effect=True,
        )
        (await self._transport.call(call)).read_as(wire.TicketAnswer)

    async def update_ticket(self, ticket_id: int, changed: wire.ChangedTicket) -> None:
        """`PUT /tickets/{id}`. Every value is absolute, so that doing it twice is doing it once."""
        call = Call(
            operation="tickets.update",
            method="PUT",
            path=f"/api/v2/tickets/{ticket_id}",
            json={"ticket": changed.model_dump(exclude_none=True)},
            effect=True,
        )
        (await self._transport.call(call)).read_as(wire.TicketAnswer)

    async def newest_comments(self, ticket_id: int) -> AsyncIterator[wire.Comment]:
        path = f"/api/v2/tickets/{ticket_id}/comments"
        order = (("sort_order", "desc"),)
        async for page in self._pages("comments.list", path, wire.CommentsPage, params=order):
            for comment in page.comments:
                yield comment

    async def ticket_fields(self) -> tuple[wire.TicketField, ...]:
        pages = self._pages("fields.list", "/api/v2/ticket_fields", wire.FieldsPage)
        return tuple([field async for page in pages for field in page.ticket_fields])

    async def groups(self) -> tuple[wire.Group, ...]:
        pages = self._pages("groups.list", "/api/v2/groups", wire.GroupsPage)
        return tuple([group async for page in pages for group in page.groups])

    async def search_users(self, *, query: str) -> tuple[wire.User, ...]:
        """Everybody with `query` somewhere in name, e-mail address or notes: compare afterwards."""
        return await self._found_users([("query", query)])

    async def users_with_external_id(self, external_id: str) -> tuple[wire.User, ...]:
        return await self._found_users([("external_id", external_id)])

    async def _found_users(self, params: Params) -> tuple[wire.User, ...]:
        call = Call(operation="users.search", method="GET", path="/api/v2/users/search", params=params)
        return (await self._transport.call(call)).read_as(wire.UsersPage).users

    async def newest_tickets_of(self, user_id: int) -> tuple[wire.Ticket, ...]:
        """The newest tickets that this user asked for, at most 100."""
        call = Call(
            operation="users.tickets",
            method="GET",
            path=f"/api/v2/users/{user_id}/tickets/requested",
            params=[("sort_by", "created_at"), ("sort_order", "desc"), ("per_page", str(PAGE_SIZE))],
        )
        return (await self._transport.call(call)).read_as(wire.TicketsPage).tickets

    async def me(self) -> wire.User:
        call = Call(operation="users.me", method="GET", path="/api/v2/users/me")
        return (await self._transport.call(call)).read_as(wire.UserAnswer).user

    async def _pages(
        self, operation: str, path: str, model: type[SomePage], *, params: Params = ()
    ) -> AsyncIterator[SomePage]:
        """Page by page by cursor; ends after `MOST_PAGES`, or where a cursor repeats."""
        seen: set[str] = set()
        cursor: list[tuple[str, str]] = []
        for _ in range(MOST_PAGES):
            asked = [*params, ("page[size]", str(PAGE_SIZE)), *cursor]
            answer = await self._transport.call(
                Call(operation=operation, method="GET", path=path, params=asked)
            )
            page = answer.read_as(model)
            yield page
            after = page.meta.after_cursor
            if not page.meta.has_more or after is None or after in seen:
                return
            seen.add(after)
            cursor = [("page[after]", after)]
