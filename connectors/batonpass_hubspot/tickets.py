"""HubSpot as the helpdesk: the ports, joined."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime

from batonpass.domain.conversation import Role, Turn
from batonpass.domain.errors import BatonpassError, RefusedError
from batonpass.domain.facts import FactAnswer, FactRule, Person
from batonpass.domain.reading import ReadConversation, ReadCustomer
from batonpass.domain.text import mend
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
from batonpass.ports import Access, Copy, Page, RegisteredWebhook, Round, Slice, Stream
from batonpass_hubspot import fields
from batonpass_hubspot.admin_rules import admin_rules
from batonpass_hubspot.changes import Changes
from batonpass_hubspot.changing import changed_properties
from batonpass_hubspot.client import MOST_IN_A_BATCH, ObjectType
from batonpass_hubspot.desk import PERSON, Desk, agent_of
from batonpass_hubspot.desk_access import access_to
from batonpass_hubspot.desk_wire import TICKET_TYPE, NewRecord, linked_to
from batonpass_hubspot.following import Following
from batonpass_hubspot.groups import groups_of
from batonpass_hubspot.history import History
from batonpass_hubspot.opening import Opening
from batonpass_hubspot.provisioning import Provisioning
from batonpass_hubspot.records import TicketShape, is_field
from batonpass_hubspot.registering import Registering, registered_by
from batonpass_hubspot.requesters import Requesters
from batonpass_hubspot.syncing import Syncing
from batonpass_hubspot.threads import Said, Threads
from batonpass_hubspot.values import instant
from batonpass_hubspot.wire import Account, Property, Record

NOTE_TO_TICKET = 228
UI = "https://app.hubspot.com"
_NUMBER = re.compile(r"[0-9]{1,20}")
_BODY, _AT = "hs_note_body", "hs_timestamp"
_SOURCE = "source_type"
_PERSON = ("email", "firstname", "lastname", "phone")


class HubSpotTickets:
    """One HubSpot account as `Helpdesk`, `Replies`, `ReadsConversations`, `FollowsTickets`, `ListsChanges`,
    `ListsAgents`, `ProvisionsFields`, `FactSource`, `Streams`, `TellsFromCopy` and `Probe`.

    Notes are records of their own, so that a ticket is opened without its note. HubSpot's tickets have no groups that
    can be written (a ticket's team is its owner's): the options of a property that the settings name are ours. Tags
    stand in a property of our own, which `batonpass provision` makes, as it makes the one that finds a ticket by its
    key (`Opening` says what holds without it).
    """

    def __init__(self, desk: Desk, *, token: str, registering: Registering | None = None) -> None:
        self._desk = desk
        self._token = token
        self._registering = registering
        self._requesters = Requesters(desk)
        self._opening = Opening(desk, self._requesters)
        self._threads = Threads(desk)
        self._following = Following(desk, self._threads)
        self._changes = Changes(desk, self._referring)
        self._provisioning = Provisioning(desk)
        self._history = History(desk)
        self._syncing = Syncing(desk)
        self._account: Account | None = None

    # Helpdesk -------------------------------------------------------------------------------------------------

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        return await self._ref(await self._opening.open(draft, key))

    async def find_ticket(self, key: TicketKey, *, requester: Requester | None = None) -> TicketRef | None:
        found = await self._opening.find(key, requester)
        return None if found is None else await self._ref(found)

    def ticket_ref(self, ticket_id: str) -> TicketRef:
        """Its address is whole where the settings have the Hub ID, or the account has been read before."""
        return TicketRef(id=_checked(ticket_id), url=self._url(ticket_id))

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        """Of a merged ticket the one that took its place, under that one's reference."""
        shape = await TicketShape.of(self._desk)
        record = await self._record(ref.id, shape.asked)
        return shape.stored(record, await self._ref(record.id))

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        new = NewRecord(
            properties={
                _BODY: f"{note.html}<p>ref: {_marker(key)}</p>",
                _AT: self._desk.clock.now().isoformat(),
            },
            associations=(linked_to(_checked(ref.id), NOTE_TO_TICKET),),
        )
        await self._desk.api.create(ObjectType.NOTES, new)

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        """Among all notes of the ticket, the newest first, by the links between records, not by search."""
        ending = re.compile(rf"ref: {re.escape(_marker(key))}(?:<[^<>]*>|&nbsp;|\s)*\Z")
        ids = await self._desk.api.linked_ids(ObjectType.TICKETS, _checked(ref.id), ObjectType.NOTES)
        for start in range(0, len(ids), MOST_IN_A_BATCH):
            batch = ids[start : start + MOST_IN_A_BATCH]
            notes = await self._desk.crm.read_batch(ObjectType.NOTES, batch, (_BODY,))
            if any(ending.search(each.stored(_BODY)) for each in notes):
                return True
        return False

    async def change_ticket(self, ref: TicketRef, change: TicketChange) -> None:
        """Tags and a status are told to HubSpot after reading the ticket: of two changes of tags at once one may be
        lost, as the property has no way to add to it."""
        properties = await changed_properties(self._desk, change, lambda asked: self._record(ref.id, asked))
        if properties:
            await self._desk.api.update(ObjectType.TICKETS, _checked(ref.id), properties)

    async def field_schema(self) -> FieldSchema:
        """Our own fields stand last. The property that holds groups is told as groups and as no field."""
        self._desk.properties.forget()
        known, stages, rules = await asyncio.gather(
            self._desk.properties.get(), self._desk.stages(anew=True), admin_rules(self._desk.api)
        )
        return FieldSchema(
            fields=tuple(
                fields.definition(each, rules)
                for each in sorted(known, key=_ours)
                if is_field(each, self._desk)
            ),
            groups=groups_of(known, self._desk.settings),
            limits=fields.LIMITS,
            as_of=self._desk.clock.now(),
            forms=stages.forms(),
        )

    # Replies, ReadsConversations, FollowsTickets --------------------------------------------------------------

    async def reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> None:
        del key  # a message has no place for it that its reader does not see
        await self._threads.reply(_checked(ref.id), text)

    async def find_reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> bool:
        """By equal text of what our app, or the user in whose name we reply, has said."""
        del key
        return await self._threads.has_reply(_checked(ref.id), text)

    async def read_conversation(self, ref: TicketRef) -> ReadConversation:
        """The messages of its conversations. Of a ticket that came in without one (a form, an import) the description,
        as the customer's only turn; but not of one that we opened: its description is ours."""
        wanted = (fields.SUBJECT, fields.CONTENT, fields.KEY_PROPERTY, fields.CREATED_AT, _SOURCE)
        record = await self._record(ref.id, wanted)
        said, customer = await asyncio.gather(self._threads.said_on(record.id), self._customer(record.id))
        described = mend(record.stored(fields.CONTENT)).strip()
        ours = bool(record.stored(fields.KEY_PROPERTY)) or "batonpass-ticket-" in described
        turns = tuple(_turn(each) for each in said if each.role is not None and each.text)
        if not said and described and not ours:
            at = instant(record.stored(fields.CREATED_AT))
            turns = (Turn(role=Role.CUSTOMER, text=described, at=at),)
        return ReadConversation(
            turns=turns,
            customer=customer,
            subject=record.stored(fields.SUBJECT) or None,
            channel=record.stored(_SOURCE) or None,
        )

    async def follow_ticket(self, ref: TicketRef, *, since: datetime) -> TicketLife:
        return await self._following.life(_checked(ref.id), since=since)

    async def own_id(self) -> str | None:
        """The app's id: HubSpot names the app as the source of what its token writes. A service key's writes name none
        that could be known beforehand."""
        return self._desk.settings.app_id

    # ListsChanges ---------------------------------------------------------------------------------------------

    def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """By search, whose index lags a little (HubSpot names no time)."""
        return self._changes.since(since)

    # ListsAgents, ProvisionsFields, FactSource, Probe ---------------------------------------------------------

    async def agents(self) -> tuple[Agent, ...]:
        """Every active user: HubSpot lets all of them own tickets."""
        owners = await self._desk.crm.owners()
        return tuple(agent_of(each) for each in owners if each.type == PERSON and not each.archived)

    def own_fields(self) -> tuple[NewField, ...]:
        return self._provisioning.own_fields()

    async def create_field(self, field: NewField) -> FieldDefinition:
        return await self._provisioning.create_field(field)

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        return await self._provisioning.add_options(field, options)

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days` (of the hundred newest); needs no rules."""
        del rules
        return await self._history.of(person)

    async def check_access(self) -> Access:
        access = await access_to(self._desk, self._token)
        if self._registering is not None:
            await self._registering.check()
        return access

    # Streams, TellsFromCopy -----------------------------------------------------------------------------------

    def streams(self) -> tuple[Stream, ...]:
        return self._syncing.streams()

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        return await self._syncing.begin_round(
            stream, position, since=since, now=now, most_slices=most_slices
        )

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        return self._syncing.pages(stream, part, cursor, rules=rules)

    async def facts_from_copy(self, copy: Copy, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `facts_about`: both facts are fixed."""
        del rules
        return await self._history.in_copy(copy, person)

    # RegistersWebhooks ----------------------------------------------------------------------------------------

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        return await registered_by(self._registering).register_webhook(url)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        return await registered_by(self._registering).registered_webhooks()

    # ----------------------------------------------------------------------------------------------------------

    async def _record(self, ticket_id: str, properties: Collection[str]) -> Record:
        """By a batch of one: the names of an account's properties are too many for an address."""
        asked = [_checked(ticket_id)]
        records = await self._desk.crm.read_batch(ObjectType.TICKETS, asked, properties)
        if not records:
            raise RefusedError("tickets.batch_read: no such ticket", status=404, code="not_found")
        return records[0]

    async def _customer(self, ticket_id: str) -> ReadCustomer:
        """The ticket's contact; of several the first that was made."""
        ids = await self._desk.api.linked_ids(ObjectType.TICKETS, ticket_id, ObjectType.CONTACTS)
        found = await self._desk.crm.read_batch(ObjectType.CONTACTS, ids[-1:], _PERSON) if ids else ()
        if not found:
            return ReadCustomer()
        contact = found[0]
        name = " ".join(part for part in (contact.stored("firstname"), contact.stored("lastname")) if part)
        return ReadCustomer(
            id=contact.id,
            name=name or None,
            email=contact.stored("email") or None,
            phone=contact.stored("phone") or None,
        )

    async def _ref(self, ticket_id: str) -> TicketRef:
        return (await self._referring())(ticket_id)

    async def _referring(self) -> Callable[[str], TicketRef]:
        if self._account is None:
            with contextlib.suppress(
                BatonpassError
            ):  # a ticket that stands is not lost for the sake of its link
                self._account = await self._desk.account.get()
        return self.ticket_ref

    def _url(self, ticket_id: str) -> str:
        account, settings = self._account, self._desk.settings
        portal = settings.portal_id or (account.portal_id if account else None)
        ui = f"https://{account.ui_domain}" if account and account.ui_domain else UI
        root = settings.base_url.rstrip("/") if settings.base_url else ui
        return f"{root}/contacts/{portal}/record/{TICKET_TYPE}/{ticket_id}" if portal else f"{root}/"


def _checked(ticket_id: str) -> str:
    if not _NUMBER.fullmatch(ticket_id):
        raise RefusedError("HubSpot's ids are numbers", code="not_found")
    return ticket_id


def _ours(known: Property) -> bool:
    return known.name in fields.OWN


def _turn(said: Said) -> Turn:
    return Turn(role=said.role or Role.AI, text=mend(said.text), at=said.message.created_at)


def _marker(key: NoteKey) -> str:
    return f"batonpass-note-{key}"
