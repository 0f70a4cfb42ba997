"""Keepers of tickets, by what they can do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol, runtime_checkable

from batonpass.domain.presence import Presence
from batonpass.domain.reading import ReadConversation
from batonpass.domain.ticket import (
    Agent,
    ChangedTicket,
    FieldDefinition,
    FieldId,
    FieldSchema,
    NewField,
    Note,
    NoteKey,
    Requester,
    StoredTicket,
    TicketChange,
    TicketDraft,
    TicketKey,
    TicketLife,
    TicketRef,
)


@runtime_checkable
class Helpdesk(Protocol):
    """Keeps tickets (`Capability.OPEN_TICKET` and those that name one of these methods)."""

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        """Open one ticket. Two calls with one key, one after the other, open one ticket and give one reference, also
        when the first ended in `OutcomeUnknownError` and also when the drafts differ (the first stands).

        Where the vendor takes no idempotency key this holds from `Manifest.lookup_lag` after the first call on.
        With `Capability.NOTE_APART` the draft's note is no part of it.

        A part of the draft that the vendor refuses raises `RefusedError` whose `fields` name it: a field's id, or
        `subject`, `requester`, `priority`, `group`, `assignee`, `form`, `tags`, `note`. What the vendor drops or cuts
        without a word is seen in what `read_ticket` gives.
        """
        ...

    async def find_ticket(self, key: TicketKey, *, requester: Requester | None = None) -> TicketRef | None:
        """The ticket that `open_ticket` opened with this key; None where there is none. By a strongly consistent
        read, never by a search index, unless `Manifest.lookup_lag` says how long it lags. Where a race has left
        several, the oldest. `requester` is the draft's: some helpdesks list tickets by person only."""
        ...

    def ticket_ref(self, ticket_id: str) -> TicketRef:
        """The reference of the ticket with this id, as events and people name it, without a call. Raises
        `RefusedError` with code `not_found` where this can be no id of a ticket here."""
        ...

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        """The ticket as it is stored now, whatever was sent. Raises `RefusedError` with status 404, 405 or 410, or
        code `gone`, where it is deleted."""
        ...

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        """Append one internal note, never visible to the customer. It can be found again by its key."""
        ...

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        """Whether the note with this key stands on the ticket, by a strongly consistent read."""
        ...

    async def change_ticket(self, ref: TicketRef, change: TicketChange) -> None:
        """Change what `change` names and nothing else, in one call where the vendor can. Doing it twice is doing it
        once. A part that the vendor refuses raises `RefusedError` whose `fields` name it as `open_ticket`'s do:
        a field's id, or `priority`, `group`, `assignee`, `status`, `tags`, `subject`."""
        ...

    async def field_schema(self) -> FieldSchema:
        """What this account's tickets can hold: every field with its options, every group, the forms. A field is
        required where this API opens no ticket without it, whatever the vendor's own pages ask for; it has a longest
        text where the vendor documents or tells one. By a few calls, however many tickets there are."""
        ...


@runtime_checkable
class Replies(Protocol):
    """Speaks to the customer (`Capability.REPLY`)."""

    async def reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> None:
        """Append one public reply, which the customer reads. `text` is plain text; markup in it stays text. It can
        be found again by its key, which the customer does not see."""
        ...

    async def find_reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> bool:
        """Whether the reply with this key stands on the ticket, by a strongly consistent read. Where the vendor can
        keep no key that the customer does not see: whether our own user has replied with this text."""
        ...


@runtime_checkable
class ReadsConversations(Protocol):
    """Reads what was said on a ticket (`Capability.READ_CONVERSATION`)."""

    async def read_conversation(self, ref: TicketRef) -> ReadConversation:
        """All public turns, oldest first, as far as the vendor gives them, and who the customer is. Internal notes
        are no part of it, nor is what our own user wrote."""
        ...


@runtime_checkable
class FollowsTickets(Protocol):
    """Tells how far a ticket has come (`Capability.FOLLOW_TICKET`)."""

    async def follow_ticket(self, ref: TicketRef, *, since: datetime) -> TicketLife:
        """The ticket's life as it stands now. Replies before `since` (when the handoff was asked for) do not count.
        Raises as `read_ticket` does where it is deleted."""
        ...

    async def own_id(self) -> str | None:
        """The vendor's id of the user that this connection acts as: `Event.actor_id` of our own writes. None where
        the vendor tells none."""
        ...


@runtime_checkable
class ListsChanges(Protocol):
    """Lists what has changed (`Capability.LIST_CHANGES`)."""

    def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """Every ticket that was opened or changed at `since` or later, as it stands now, each at least once, in no
        order; with its key where `open_ticket` set one and the vendor's list tells it. Read a page at a time, so that
        whoever breaks off has cost no more. Deleted tickets are left out. A ticket that changes while the list is
        read may be given twice, and is never left out; one that the vendor's index does not know yet
        (`Manifest.lookup_lag`) is given by a later call with the same `since`."""
        ...


@runtime_checkable
class ListsAgents(Protocol):
    """Knows the support team (`Capability.AGENTS`)."""

    async def agents(self) -> tuple[Agent, ...]:
        """Every person who can be assigned tickets."""
        ...


@runtime_checkable
class TellsPresence(Protocol):
    """Tells who is there (`Capability.AGENT_PRESENCE`)."""

    async def presence(self) -> Presence:
        """Who takes new work now, with the load and the limit of each as far as the vendor tells."""
        ...


@runtime_checkable
class ProvisionsFields(Protocol):
    """Creates fields (`Capability.PROVISION_FIELDS`). Nothing is ever deleted."""

    def own_fields(self) -> tuple[NewField, ...]:
        """The fields that batonpass itself needs here (to find a ticket by its key, say); empty where none."""
        ...

    async def create_field(self, field: NewField) -> FieldDefinition:
        """Create a ticket field and its options; gives it as the vendor has stored it: its name may differ, and its
        kind may be wider (a vendor without whole numbers makes a decimal). Where one of this name and kind, or its
        wider one, stands already, that one, with the options that it lacked added.

        Raises `RefusedError` with code `unsupported` for a kind that cannot be created here, and with code
        `conflict` where one of this name has another kind."""
        ...

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        """Add options by their labels; those that stand already stay as they are, none is removed."""
        ...


@runtime_checkable
class PassesConversations(Protocol):
    """Passes a messaging conversation from the AI agent to people (`Capability.PASS_CONVERSATION`)."""

    async def pass_conversation(
        self, conversation_id: str, draft: TicketDraft, *, key: TicketKey
    ) -> TicketRef:
        """Pass it, with what the vendor's metadata can hold of the draft, and give the ticket that it becomes.
        Passing one that has been passed changes nothing. Raises `RetryLaterError` while the ticket is not there
        yet."""
        ...
