"""Our words ↔ Intercom's: the ports, on top of its endpoints."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from batonpass.domain.errors import BatonpassError, ConfigurationError, RefusedError
from batonpass.domain.facts import FactAnswer, FactRule, Person
from batonpass.domain.plain_text import plain_text
from batonpass.domain.presence import AgentPresence, Availability, Presence
from batonpass.domain.reading import ReadConversation
from batonpass.domain.text import one_line
from batonpass.domain.ticket import (
    Agent,
    AgentReply,
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
from batonpass.ports import Access, Connecting, Copy, Page, Round, Slice, Stream
from batonpass.transport import FixedCredentials
from batonpass_intercom import sent_wire, talk, wire
from batonpass_intercom.changes import Changes
from batonpass_intercom.changing import Changing
from batonpass_intercom.client import VERSION, IntercomClient
from batonpass_intercom.history import History
from batonpass_intercom.literal import literal, paragraphs, same_text
from batonpass_intercom.provisioning import Provisioning
from batonpass_intercom.refs import Place, place_of, ref_of
from batonpass_intercom.schema import field_schema
from batonpass_intercom.settings import IntercomSettings
from batonpass_intercom.streams import STREAMS, StreamReader
from batonpass_intercom.tickets import Tickets
from batonpass_intercom.workspace import NO_TICKET_TYPE, Workspace, agent_of

HOSTS = ("api.intercom.io", "api.eu.intercom.io", "api.au.intercom.io")


def open_intercom(settings: IntercomSettings, connecting: Connecting) -> Intercom:
    proof = {"Authorization": f"Bearer {settings.access_token.get_secret_value()}"}
    transport = connecting.open_transport(
        base_url=settings.address,
        hosts=HOSTS,
        credentials=FixedCredentials(proof),
        explain=wire.explain,
        headers={"Intercom-Version": VERSION},
    )
    return Intercom(IntercomClient(transport), settings, connecting)


class Intercom:
    """One Intercom workspace with the protocols of the manifest's capabilities; every method takes tickets and
    conversations alike."""

    def __init__(self, client: IntercomClient, settings: IntercomSettings, connecting: Connecting) -> None:
        self._client = client
        self._settings = settings
        self._clock = connecting.clock
        self._name = connecting.name
        self._workspace = Workspace(client, settings, connecting.clock)
        self._tickets = Tickets(client, self._workspace, settings, connecting.clock)
        self._changing = Changing(client, self._workspace, self._tickets)
        self._changes = Changes(client, self._workspace, self._tickets, settings)
        self._provisioning = Provisioning(client, self._workspace)
        self._history = History(
            client, name=connecting.name, clock=connecting.clock, app_address=settings.app_address
        )
        self._reader = StreamReader(client, self._workspace, settings, connecting.clock)

    # Helpdesk -------------------------------------------------------------------------------------------------

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        """Without the draft's note: a ticket's description is shown to the customer."""
        return await self._tickets.open(draft, key)

    async def find_ticket(self, key: TicketKey, *, requester: Requester | None = None) -> TicketRef | None:
        """By the search index, which lags (`Manifest.lookup_lag`); what this process opened is known at once. None
        also where the ticket type has no attribute for the key: `check_access` warns of that."""
        del requester
        return await self._tickets.find(key)

    def ticket_ref(self, ticket_id: str) -> TicketRef:
        return ref_of(place_of(ticket_id), self._settings.app_address)

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        """Of a ticket's tags only those that this process attached: Intercom's API does not tell a ticket's tags."""
        place = place_of(ref.id)
        seen = await self._talk(place)
        return self._tickets.stored(place, seen, await self._workspace.attributes())

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        await self._say(place_of(ref.id), sent_wire.NOTE, f"{literal(note.html)}<p>ref: {_marker(key)}</p>")

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        """Among the newest 500 parts: Intercom gives no more."""
        ending = re.compile(rf"ref: {re.escape(_marker(key))}\s*\Z")
        seen = await self._talk(place_of(ref.id))
        return any(
            part.part_type == sent_wire.NOTE and ending.search(plain_text(part.body)) for part in seen.parts
        )

    async def change_ticket(self, ref: TicketRef, change: TicketChange) -> None:
        await self._changing.change(place_of(ref.id), change)

    async def field_schema(self) -> FieldSchema:
        known = await self._workspace.attributes(fresh=True)
        return field_schema(known, await self._client.teams(), as_of=self._clock.now())

    async def _talk(self, place: Place) -> talk.Talk:
        if place.is_ticket:
            return talk.of_ticket(await self._client.ticket(place.id))
        return talk.of_conversation(await self._client.conversation(place.id))

    async def _say(self, place: Place, kind: str, html: str) -> None:
        own = await self._workspace.own_id()
        part = sent_wire.NewPart(message_type=kind, admin_id=own, body=html)
        if place.is_ticket:
            await self._client.reply_to_ticket(place.id, part)
        else:
            await self._client.reply_to_conversation(place.id, part)

    # Replies --------------------------------------------------------------------------------------------------

    async def reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> None:
        del key  # a part holds nothing that the customer does not see
        await self._say(place_of(ref.id), sent_wire.COMMENT, paragraphs(text))

    async def find_reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> bool:
        """Whether our own user has replied with this text, among the newest 500 parts: there is nothing better. Two
        handoffs that say the same on one ticket are taken for one."""
        del key
        own = await self._workspace.own_id()
        seen = await self._talk(place_of(ref.id))
        return any(
            talk.is_public(part)
            and part.author is not None
            and part.author.id == own
            and same_text(plain_text(part.body), text)
            for part in seen.parts
        )

    # ReadsConversations, FollowsTickets -----------------------------------------------------------------------

    async def read_conversation(self, ref: TicketRef) -> ReadConversation:
        seen = await self._talk(place_of(ref.id))
        contact = await self._contact(seen.contact_id)
        own = await self._workspace.own_id()
        return talk.conversation_in(seen, contact, own=own, ai_agent_id=self._settings.ai_agent_id)

    async def _contact(self, contact_id: str | None) -> wire.Contact | None:
        if contact_id is None:
            return None
        try:
            return await self._client.contact(contact_id)
        except RefusedError as refused:
            if refused.status == 404:  # deleted since
                return None
            raise

    async def follow_ticket(self, ref: TicketRef, *, since: datetime) -> TicketLife:
        """A rating is told of conversations only: tickets have none in Intercom's API."""
        seen = await self._talk(place_of(ref.id))
        own = await self._workspace.own_id()
        ai_agent_id = self._settings.ai_agent_id
        first = talk.first_reply_in(seen, since=since, own=own, ai_agent_id=ai_agent_id)
        assignee = seen.admin_id if self._workspace.is_person(seen.admin_id, own) else None
        return TicketLife(
            status=seen.status,
            as_of=seen.as_of,
            assignee=None if assignee is None else await self._workspace.agent(assignee),
            first_reply=None if first is None else _reply(*first),
            solved_at=seen.solved_at,
            rating=seen.rating,
        )

    async def own_id(self) -> str | None:
        return await self._workspace.own_id()

    # ListsChanges ---------------------------------------------------------------------------------------------

    def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """By the search index, which lags (`Manifest.lookup_lag`). Of a ticket's tags as `read_ticket` says; no key of a
        conversation, for it has none."""
        return self._changes.since(since)

    # ListsAgents, TellsPresence -------------------------------------------------------------------------------

    async def agents(self) -> tuple[Agent, ...]:
        return tuple(
            agent_of(admin) for admin in (await self._workspace.people(fresh=True)).values() if _works(admin)
        )

    async def presence(self) -> Presence:
        """AWAY where a teammate has said so, else UNKNOWN: Intercom's API tells nobody that somebody is there now,
        nor office hours, nor how much each has."""
        admins = [admin for admin in (await self._workspace.people(fresh=True)).values() if _works(admin)]
        reasons: dict[str, str | None] = {}
        if any(admin.away_status_reason_id for admin in admins):
            reasons = {reason.id: reason.label for reason in await self._client.away_reasons()}
        present = tuple(
            AgentPresence(
                agent=agent_of(admin),
                availability=Availability.AWAY if admin.away_mode_enabled else Availability.UNKNOWN,
                status=reasons.get(admin.away_status_reason_id or ""),
                group_ids=admin.team_ids,
            )
            for admin in admins
        )
        return Presence(agents=present, as_of=self._clock.now())

    # ProvisionsFields, FactSource, Probe ----------------------------------------------------------------------

    def own_fields(self) -> tuple[NewField, ...]:
        return self._tickets.own_fields()

    async def create_field(self, field: NewField) -> FieldDefinition:
        return await self._provisioning.create(field)

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        return await self._provisioning.add_options(field, options)

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days`, of tickets and conversations; needs no rules."""
        del rules
        return await self._history.about(person)

    # Streams, TellsFromCopy -----------------------------------------------------------------------------------

    def streams(self) -> tuple[Stream, ...]:
        return STREAMS

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        del most_slices
        return self._reader.begin_round(stream, position, since=since, now=now)

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        """The facts that the copy tells need no rules."""
        del rules
        return self._reader.pages(stream, part, cursor)

    async def facts_from_copy(self, copy: Copy, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        del rules
        return await self._history.from_copy(copy, person)

    async def check_access(self) -> Access:
        me = await self._client.me()
        workspace = me.app.name or me.app.id_code if me.app else "Intercom"
        try:
            known = await self._workspace.attributes(fresh=True)
        except BatonpassError as error:
            if error.code == NO_TICKET_TYPE:
                raise ConfigurationError(f"{self._name}: {error}", code=NO_TICKET_TYPE) from None
            raise
        warnings = []
        attribute = known.of_tickets.get(self._settings.key_attribute)
        if attribute is None or not attribute.active:
            warnings.append(
                f"the ticket type {known.form.name} has no attribute {self._settings.key_attribute!r}: a ticket whose "
                "answer is lost could be opened twice. Let batonpass create it, or add it as a text attribute."
            )
        account = f"{one_line(workspace or 'Intercom')}, as {one_line(me.name or me.id)}"
        return Access(account=account, warnings=tuple(warnings))


def _marker(key: NoteKey) -> str:
    return f"batonpass-note-{key}"


def _reply(author: wire.Author, at: datetime) -> AgentReply:
    return AgentReply(agent=agent_of(author), at=at)


def _works(admin: wire.Admin) -> bool:
    """Without an inbox seat nobody can be assigned anything."""
    return admin.has_inbox_seat is not False
