"""Changing a ticket or a conversation that stands already."""

from __future__ import annotations

from collections.abc import Awaitable

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import TicketChange, TicketStatus
from batonpass_intercom import sent_wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.refs import Kind, Place
from batonpass_intercom.schema import TITLE, Attributes, refused
from batonpass_intercom.tickets import Tickets
from batonpass_intercom.workspace import Workspace

CATEGORIES = {
    TicketStatus.OPEN: "in_progress",
    TicketStatus.PENDING: "waiting_on_customer",
    TicketStatus.SOLVED: "resolved",
    TicketStatus.CLOSED: "resolved",
}
"""Ours → the category of the ticket state that is set."""


class Changing:
    def __init__(self, client: IntercomClient, workspace: Workspace, tickets: Tickets) -> None:
        self._client = client
        self._workspace = workspace
        self._tickets = tickets

    async def change(self, place: Place, change: TicketChange) -> None:
        """Everything that we know will not be taken is refused before the first of the calls: Intercom has no one
        call for all of it."""
        if change.priority is not None:
            raise refused("priority", "Intercom's API writes none")
        type_id = await self._type_of(place, change)
        known = await self._fitting(place.kind, change, type_id)
        tags = [await self._tickets.tag(name) for name in change.add_tags]
        if place.is_ticket:
            await self._change_ticket(place.id, change, known, type_id)
        else:
            await self._change_conversation(place.id, change, known)
        for name, tag_id in tags:
            await _naming("tags", self._tickets.attach(place, name, tag_id))

    async def _type_of(self, place: Place, change: TicketChange) -> str | None:
        """Read only where it matters: two ticket types may write one list item by different ids."""
        if not (place.is_ticket and change.fields and len((await self._workspace.attributes()).types) > 1):
            return None
        hint = (await self._client.ticket(place.id)).ticket_type
        return None if hint is None else hint.id

    async def _fitting(self, kind: Kind, change: TicketChange, type_id: str | None) -> Attributes:
        known = await self._workspace.attributes()
        try:
            known.written(kind, change.fields, type_id=type_id)
        except RefusedError:
            known = await self._workspace.attributes(fresh=True)
            known.written(kind, change.fields, type_id=type_id)
        if change.status is not None:
            _check_status(kind, change.status, known)
        return known

    async def _change_ticket(
        self, ticket_id: str, change: TicketChange, known: Attributes, type_id: str | None
    ) -> None:
        own = await self._workspace.own_id()
        attributes = known.written(Kind.TICKET, change.fields, type_id=type_id)
        if change.subject is not None:
            attributes = {TITLE: change.subject, **attributes}
        if attributes or change.status is not None:
            update = sent_wire.TicketUpdate(
                admin_id=own,
                ticket_attributes=attributes or None,
                ticket_state_id=None if change.status is None else _state_id(change.status, known),
                open=None if change.status is None else not change.status.is_done,
            )
            await self._client.update_ticket(ticket_id, update)
        for part, assignee in (("group", change.group), ("assignee", change.assignee)):
            if assignee is not None:
                moved = sent_wire.TicketUpdate(admin_id=own, assignee_id=assignee.id)
                await _naming(part, self._client.update_ticket(ticket_id, moved))

    async def _change_conversation(
        self, conversation_id: str, change: TicketChange, known: Attributes
    ) -> None:
        own = await self._workspace.own_id()
        attributes = known.written(Kind.CONVERSATION, change.fields)
        if attributes or change.subject is not None:
            update = sent_wire.ConversationUpdate(title=change.subject, custom_attributes=attributes or None)
            await self._client.update_conversation(conversation_id, update)
        for part, kind, assignee in (("group", "team", change.group), ("assignee", "admin", change.assignee)):
            if assignee is not None:
                moved = sent_wire.assignment(kind, assignee.id, by=own)
                await _naming(part, self._client.manage_conversation(conversation_id, moved))
        if change.status is not None:
            move = sent_wire.closing(by=own) if change.status.is_done else sent_wire.opening(by=own)
            await self._client.manage_conversation(conversation_id, move)


async def _naming(part: str, call: Awaitable[None]) -> None:
    """The call, its refusal with the part's name: Intercom does not say which of its own it means."""
    try:
        await call
    except RefusedError as error:
        if error.code == "gone":
            raise
        raise RefusedError(
            f"{part}: refused",
            status=error.status,
            fields=(part,),
            reasons=error.reasons,
            code=error.code,
            request_id=error.request_id,
        ) from None


def _check_status(kind: Kind, status: TicketStatus, known: Attributes) -> None:
    if kind is Kind.TICKET:
        _state_id(status, known)
    elif status is TicketStatus.PENDING:
        raise refused("status", "a conversation knows no waiting for the customer, only a snooze with an end")


def _state_id(status: TicketStatus, known: Attributes) -> str:
    category = CATEGORIES[status]
    for state in known.form.ticket_states.data:
        if state.category == category and state.id is not None:
            return state.id
    raise refused("status", f"the ticket type has no state of the category {category}")
