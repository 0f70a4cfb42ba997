"""One method per endpoint of Acme Desk: wire in, wire out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel

from batonpass.transport import Answer, Call, Params, Transport
from batonpass_acme import wire

MOST_PAGES = 50


class AcmeClient:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def me(self) -> wire.Me:
        return (await self._get("me.read", "/v1/me")).read_as(wire.Me)

    async def create_ticket(self, ticket: wire.NewTicket) -> wire.Ticket:
        return (await self._send("tickets.create", "POST", "/v1/tickets", ticket)).read_as(wire.Ticket)

    async def tickets(self, **wanted: str) -> tuple[wire.Ticket, ...]:
        answer = await self._get("tickets.list", "/v1/tickets", params=tuple(wanted.items()))
        return answer.read_as(wire.Tickets).tickets

    async def changes(self, since: datetime, after: str | None) -> wire.Changes:
        asked = [("since", since.isoformat())] + ([] if after is None else [("after", after)])
        return (await self._get("changes.list", "/v1/changes", params=asked)).read_as(wire.Changes)

    async def ticket(self, ticket_id: str) -> wire.Ticket:
        return (await self._get("tickets.read", f"/v1/tickets/{quote(ticket_id, safe='')}")).read_as(
            wire.Ticket
        )

    async def change_ticket(self, ticket_id: str, change: wire.ChangedTicket) -> None:
        await self._send("tickets.change", "PATCH", f"/v1/tickets/{quote(ticket_id, safe='')}", change)

    async def add_message(self, ticket_id: str, message: wire.NewMessage) -> None:
        path = f"/v1/tickets/{quote(ticket_id, safe='')}/messages"
        await self._send("messages.add", "POST", path, message)

    async def messages(self, ticket_id: str) -> AsyncIterator[wire.Message]:
        """Oldest first; ends after `MOST_PAGES`, or where a page repeats."""
        path = f"/v1/tickets/{quote(ticket_id, safe='')}/messages"
        seen: set[int] = set()
        page = 1
        while page not in seen and len(seen) < MOST_PAGES:
            seen.add(page)
            answer = await self._get("messages.list", path, params=(("page", str(page)),))
            read = answer.read_as(wire.Messages)
            for message in read.messages:
                yield message
            if read.next is None:
                return
            page = read.next

    async def fields(self) -> tuple[wire.Field, ...]:
        return (await self._get("fields.list", "/v1/fields")).read_as(wire.Fields).fields

    async def create_field(self, field: wire.Field) -> wire.Field:
        return (await self._send("fields.create", "POST", "/v1/fields", field)).read_as(wire.Field)

    async def add_option(self, key: str, option: wire.Option) -> None:
        await self._send("options.add", "POST", f"/v1/fields/{quote(key, safe='')}/options", option)

    async def teams(self) -> tuple[wire.Team, ...]:
        return (await self._get("teams.list", "/v1/teams")).read_as(wire.Teams).teams

    async def forms(self) -> tuple[wire.Form, ...]:
        return (await self._get("forms.list", "/v1/forms")).read_as(wire.Forms).forms

    async def agents(self) -> tuple[wire.Colleague, ...]:
        return (await self._get("agents.list", "/v1/agents")).read_as(wire.Colleagues).agents

    async def webhooks(self) -> tuple[wire.Webhook, ...]:
        return (await self._get("webhooks.list", "/v1/webhooks")).read_as(wire.Webhooks).webhooks

    async def put_webhook(self, webhook: wire.Webhook) -> wire.Webhook:
        path = f"/v1/webhooks/{quote(webhook.id, safe='')}" if webhook.id else "/v1/webhooks"
        method = "PUT" if webhook.id else "POST"
        return (await self._send("webhooks.put", method, path, webhook)).read_as(wire.Webhook)

    async def pass_chat(self, chat_id: str, ticket: wire.NewTicket) -> wire.Passed:
        path = f"/v1/chats/{quote(chat_id, safe='')}/pass"
        return (await self._send("chats.pass", "POST", path, ticket)).read_as(wire.Passed)

    async def _get(self, operation: str, path: str, *, params: Params = ()) -> Answer:
        return await self._transport.call(Call(operation=operation, method="GET", path=path, params=params))

    async def _send(self, operation: str, method: str, path: str, body: BaseModel) -> Answer:
        told = body.model_dump(mode="json", exclude_none=True)
        return await self._transport.call(
            Call(operation=operation, method=method, path=path, json=told, effect=True)
        )
