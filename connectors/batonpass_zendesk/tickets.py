"""Tickets: opened, found, read, changed; notes."""

from __future__ import annotations

import re
from decimal import Decimal

from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import (
    FieldContent,
    FieldId,
    Note,
    NoteKey,
    Priority,
    Requester,
    StoredTicket,
    TicketChange,
    TicketDraft,
    TicketKey,
    TicketRef,
)
from batonpass_zendesk import sent, wire
from batonpass_zendesk.account import STATUSES, Account, field_values, literal, number

DELETED = "deleted"
"""The status of a ticket in the bin, where Zendesk tells of one at all."""
NAME_OF_NOBODY = "Customer"
"""Zendesk makes no user without a name; a part of the address would leak it to whoever sees the name."""


class Tickets:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        """Zendesk itself keeps the key for two hours; after that, `find_ticket` before a repeat."""
        try:
            return self._ref(await self._client.create_ticket(_new_ticket(draft, key)))
        except RefusedError as refused:
            if refused.status == 409:
                raise OutcomeUnknownError(
                    "tickets.create: a call with this key is still under way", code="in_progress"
                ) from None
            if "IdempotentRequestError" not in refused.reasons:
                raise
        found = await self.find_ticket(key)
        if found is None:
            raise OutcomeUnknownError(
                "tickets.create: the key was used, but no ticket has it", code="key_used"
            )
        return found

    async def find_ticket(self, key: TicketKey, *, requester: Requester | None = None) -> TicketRef | None:
        del requester  # `external_id` is enough
        found = await self._client.tickets_with_external_id(key)
        return self._ref(min(found, key=lambda ticket: ticket.id)) if found else None

    def ticket_ref(self, ticket_id: str) -> TicketRef:
        return self._account.ref(number(ticket_id, "ticket"))

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        """Field values in the type that Zendesk's JSON gives them: numbers and dates come as text, so compare
        with `batonpass.domain.ticket.landed`."""
        return stored(self._account, standing(await self._client.ticket(number(ref.id, "ticket"))))

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        html = f"{literal(note.html)}<p>ref: {_marker(key)}</p>"
        appended = sent.ChangedTicket(comment=sent.NewComment(html_body=html))
        await self._client.update_ticket(number(ref.id, "ticket"), appended)

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        ending = re.compile(rf"ref: {re.escape(_marker(key))}(?:<[^<>]*>|&nbsp;|\s)*\Z")
        async for comment in self._client.comments(number(ref.id, "ticket")):
            if not comment.public and ending.search(comment.html_body or ""):
                return True
        return False

    async def change_ticket(self, ref: TicketRef, change: TicketChange) -> None:
        """In one call. A closed ticket refuses every change, with `status` as the field."""
        await self._client.update_ticket(number(ref.id, "ticket"), _changed(change))

    def _ref(self, ticket: wire.Ticket) -> TicketRef:
        return self._account.ref(ticket.id)


def stored(account: Account, ticket: wire.Ticket) -> StoredTicket:
    return StoredTicket(
        ref=account.ref(ticket.id),
        subject=ticket.subject or "",
        priority=Priority(ticket.priority) if ticket.priority in set(Priority) else None,
        group_id=None if ticket.group_id is None else str(ticket.group_id),
        status=STATUSES.get(ticket.status or ""),
        assignee_id=None if ticket.assignee_id is None else str(ticket.assignee_id),
        form_id=None if ticket.ticket_form_id is None else str(ticket.ticket_form_id),
        tags=frozenset(ticket.tags),
        fields={FieldId(str(field.id)): _content(field.value) for field in ticket.custom_fields},
    )


def standing(ticket: wire.Ticket) -> wire.Ticket:
    """The ticket, where it is not deleted: Zendesk answers 404 for most of those, and this for some."""
    if ticket.status == DELETED:
        raise RefusedError("tickets.read: the ticket is deleted", code="gone")
    return ticket


def _new_ticket(draft: TicketDraft, key: TicketKey) -> sent.NewTicket:
    return sent.NewTicket(
        subject=draft.subject,
        external_id=key,
        comment=sent.NewComment(html_body=literal(draft.note.html)),
        requester=_requester(draft.requester),
        priority=draft.priority,
        group_id=None if draft.group is None else number(draft.group.id, "group"),
        assignee_id=None if draft.assignee is None else number(draft.assignee.id, "assignee"),
        ticket_form_id=None if draft.form is None else number(draft.form.id, "form"),
        tags=list(draft.tags) or None,
        custom_fields=field_values(draft.fields),
    )


def _changed(change: TicketChange) -> sent.ChangedTicket:
    return sent.ChangedTicket(
        subject=change.subject,
        priority=change.priority,
        group_id=None if change.group is None else number(change.group.id, "group"),
        assignee_id=None if change.assignee is None else number(change.assignee.id, "assignee"),
        status=change.status,
        additional_tags=list(change.add_tags) or None,
        custom_fields=field_values(change.fields),
    )


def _requester(requester: Requester | None) -> sent.NewRequester | None:
    if requester is None or not (requester.name or requester.email):
        return None
    return sent.NewRequester(name=requester.name or NAME_OF_NOBODY, email=requester.email)


def _marker(key: NoteKey) -> str:
    return f"batonpass-note-{key}"


def _content(value: bool | float | str | tuple[str, ...] | None) -> FieldContent | None:
    return Decimal(str(value)) if isinstance(value, float) else value
