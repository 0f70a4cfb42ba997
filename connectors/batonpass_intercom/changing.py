"""Changing a ticket or a conversation that stands already."""

from __future__ import annotations

from typing import Any

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import TicketChange, TicketStatus
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
        known = await self._fitting(place.kind, change)
        tags = [await self._tickets.tag(name) for name in change.add_tags]
        if place.is_ticket:
            await self._change_ticket(place.id, change, known)
        else:
            await self._change_conversation(place.id, change, known)
        for name, tag_id in tags:
            await _naming("tags", self._tickets.attach(place, name, tag_id))

    async def _fitting(self, kind: Kind, change: TicketChange) -> Attributes:
        known = await self._workspace.attributes()
        try:
            known.written(kind, change.fields)
        except RefusedError:
            known = await self._workspace.attributes(fresh=True)
            known.written(kind, change.fields)
        if change.status is not None:
            _check_status(kind, change.status, known)
        return known

    async def _change_ticket(self, ticket_id: str, change: TicketChange, known: Attributes) -> None:
        own = await self._workspace.own_id()
        sent: dict[str, Any] = {}
        attributes: dict[str, Any] = known.written(Kind.TICKET, change.fields)
        if change.subject is not None:
            attributes = {TITLE: change.subject, **attributes}
        if attributes:
            sent["ticket_attributes"] = attributes
        if change.status is not None:
            sent["ticket_state_id"] = _state_id(change.status, known)
            sent["open"] = not change.status.is_done
        if sent:
            await self._client.update_ticket(ticket_id, {**sent, "admin_id": own})
        if change.group is not None:
            moved = {"admin_id": own, "assignee_id": change.group.id}
            await _naming("group", self._client.update_ticket(ticket_id, moved))
        if change.assignee is not None:
            moved = {"admin_id": own, "assignee_id": change.assignee.id}
            await _naming("assignee", self._client.update_ticket(ticket_id, moved))

    async def _change_conversation(
        self, conversation_id: str, change: TicketChange, known: Attributes
    ) -> None:
        own = await self._workspace.own_id()
        sent: dict[str, Any] = {}
        if change.subject is not None:
            sent["title"] = change.subject
        if change.fields:
            sent["custom_attributes"] = known.written(Kind.CONVERSATION, change.fields)
        if sent:
            await self._client.update_conversation(conversation_id, sent)
        moves: list[tuple[str, dict[str, Any]]] = []
        if change.group is not None:
            moves.append(("group", {"type": "team", "assignee_id": change.group.id}))
        if change.assignee is not None:
            moves.append(("assignee", {"type": "admin", "assignee_id": change.assignee.id}))
        for part, move in moves:
            told = {"message_type": "assignment", "admin_id": own, **move}
            await _naming(part, self._client.manage_conversation(conversation_id, told))
        if change.status is not None:
            await self._client.manage_conversation(conversation_id, _move(change.status, own))


async def _naming(part: str, call: Any) -> None:
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


def _move(status: TicketStatus, own: str) -> dict[str, Any]:
    if status.is_done:
        return {"message_type": "close", "type": "admin", "admin_id": own}
    return {"message_type": "open", "admin_id": own}
