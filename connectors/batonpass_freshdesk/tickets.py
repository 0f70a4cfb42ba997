"""The ports `Helpdesk` and `Replies`: tickets, their notes and replies, the fields that they can hold."""

from __future__ import annotations

import html
import re
from collections import OrderedDict
from datetime import timedelta

from batonpass.domain.errors import RefusedError
from batonpass.domain.plain_text import plain_text
from batonpass.domain.ticket import (
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    Form,
    Group,
    Note,
    NoteKey,
    Requester,
    StoredTicket,
    TicketChange,
    TicketDraft,
    TicketKey,
    TicketLimits,
    TicketRef,
)
from batonpass_freshdesk import wire
from batonpass_freshdesk.account import WORD_JOINER, Account, Part, contents, literal, number, written
from batonpass_freshdesk.keys import KeyPlace, key_tag
from batonpass_freshdesk.tables import (
    KINDS,
    LEAST_PRIORITY,
    MAIL_QUOTES,
    OUR_PRIORITIES,
    OUR_STATUSES,
    PRIORITIES,
    STATUSES,
)

LIMITS = TicketLimits(subject=255, note=60_000)
"""The reference names neither. 255 is what people report of the subject; the note's is far below what is reported to
fit, and that of the other helpdesks."""
LOOK_BACK = timedelta(days=30)
"""How long after its opening a ticket is found by its key."""
TICKET_TYPE = "default_ticket_type"
MOST_REMEMBERED = 10_000
_NEW_OPEN = 2


class Tickets(Part):
    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._key_place = KeyPlace(account)
        self._tried: OrderedDict[TicketKey, None] = OrderedDict()

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        """Without its note (`Capability.NOTE_APART`): the description of a Freshdesk ticket is public.

        Freshdesk takes no idempotency key. A key that this process has tried before is looked for first; whoever
        starts a new process looks with `find_ticket` before a repeat. So two calls at once, or a repeat more than 30
        days later, or after somebody has deleted the ticket or given it to another requester, open a second one.
        """
        if key in self._tried and (found := await self.find_ticket(key, requester=draft.requester)):
            return found
        self._remember(key)
        try:
            ticket = await self._create(draft, key)
        except RefusedError:
            self._tried.pop(key, None)  # it says that nothing was made
            raise
        return self._account.ref(ticket.id)

    async def _create(self, draft: TicketDraft, key: TicketKey) -> wire.Ticket:
        """Again where the refusal is about our own field: then a tag keeps the key."""
        place = await self._key_place.field()
        try:
            return await self._account.client.create_ticket(await self._new_ticket(draft, key, place))
        except RefusedError as refused:
            if place is None or place not in refused.fields:
                raise
            self._key_place.lost()
        return await self._account.client.create_ticket(await self._new_ticket(draft, key, None))

    async def _new_ticket(self, draft: TicketDraft, key: TicketKey, place: FieldId | None) -> wire.NewTicket:
        settings = self._account.settings
        requester = draft.requester or Requester()
        fields = {str(field.id): written(field.value) for field in draft.fields}
        tags = list(draft.tags)
        if place is None:
            tags.append(key_tag(key))
        else:
            fields[place] = key
        return wire.NewTicket(
            subject=draft.subject,
            description=f"<p>{html.escape(settings.description)}</p>",
            status=_NEW_OPEN,
            priority=PRIORITIES[draft.priority] if draft.priority else LEAST_PRIORITY,
            source=settings.source,
            email=requester.email,
            name=requester.name if requester.email else None,
            requester_id=None if requester.email else (await self._account.me()).id,
            group_id=None if draft.group is None else number(draft.group.id, "group"),
            responder_id=None if draft.assignee is None else number(draft.assignee.id, "assignee"),
            type=settings.ticket_type if draft.form is None else draft.form.id,
            tags=tags or None,
            custom_fields=fields or None,
        )

    def _remember(self, key: TicketKey) -> None:
        self._tried[key] = None
        self._tried.move_to_end(key)
        if len(self._tried) > MOST_REMEMBERED:
            self._tried.popitem(last=False)

    async def find_ticket(self, key: TicketKey, *, requester: Requester | None = None) -> TicketRef | None:
        """Lists the requester's tickets of the last 30 days (without an e-mail address: our own user's)."""
        email = None if requester is None else requester.email
        whose = ("email", email) if email else ("requester_id", str((await self._account.me()).id))
        since = self._account.clock.now() - LOOK_BACK
        listed = self._account.client.tickets_of(whose, since=since)
        try:
            found = [ticket.id async for ticket in listed if await self._key_place.marks(ticket, key)]
        except RefusedError as refused:
            if "requester" in refused.fields:  # "There is no contact matching the given email"
                return None
            raise
        return self._account.ref(min(found)) if found else None

    def ticket_ref(self, ticket_id: str) -> TicketRef:
        return self._account.ref(number(ticket_id, "ticket"))

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        """A ticket in the bin, or marked as spam, counts as deleted: Freshdesk shows it, but takes no change."""
        return stored(self._account, await self._standing(ref))

    async def _standing(self, ref: TicketRef, *, include: str | None = None) -> wire.Ticket:
        ticket = await self._account.client.ticket(number(ref.id, "ticket"), include=include)
        if ticket.gone:
            raise RefusedError("tickets.read: the ticket is in the bin or marked as spam", code="gone")
        return ticket

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        body = f"{literal(note.html)}<p>ref: {_marker(key)}</p>"
        await self._account.client.add_note(number(ref.id, "ticket"), wire.NewNote(body=body))

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        ending = re.compile(rf"ref: {re.escape(_marker(key))}(?:<[^<>]*>|&nbsp;|\s)*\Z")
        async for each in self._account.client.conversations(number(ref.id, "ticket")):
            if each.private and ending.search(each.body or ""):
                return True
        return False

    async def change_ticket(self, ref: TicketRef, change: TicketChange) -> None:
        """In one call. Freshdesk replaces the whole list of tags, so it is read first where tags are to be added: a
        tag that somebody else adds in between is lost."""
        tags: list[str] | None = None
        if change.add_tags:
            stood = (await self._standing(ref)).tags or ()
            known = {tag.casefold() for tag in stood}
            new = [tag for tag in dict.fromkeys(change.add_tags) if tag.casefold() not in known]
            tags = [*stood, *new] if new else None
        fields = {str(field.id): written(field.value) for field in change.fields}
        changed = wire.ChangedTicket(
            subject=change.subject,
            status=None if change.status is None else STATUSES[change.status],
            priority=None if change.priority is None else PRIORITIES[change.priority],
            responder_id=None if change.assignee is None else number(change.assignee.id, "assignee"),
            group_id=None if change.group is None else number(change.group.id, "group"),
            tags=tags,
            custom_fields=fields or None,
        )
        if changed != wire.ChangedTicket():
            await self._account.client.update_ticket(number(ref.id, "ticket"), changed)

    async def field_schema(self) -> FieldSchema:
        """Ticket types as forms: the API opens a ticket by its type, and Freshdesk's own ticket forms are its portals'."""
        fields = await self._account.client.ticket_fields()
        groups = await self._account.client.groups()
        self._key_place.learn(fields)
        return FieldSchema(
            fields=tuple(
                self._definition(field) for field in fields if not field.type.startswith("default_")
            ),
            groups=tuple(Group(id=str(group.id), name=group.name) for group in groups),
            limits=LIMITS,
            as_of=self._account.clock.now(),
            forms=tuple(
                Form(id=name, name=name)
                for each in fields
                if each.type == TICKET_TYPE
                for name in each.labels
            ),
        )

    def _definition(self, field: wire.TicketField) -> FieldDefinition:
        return definition(field, text_limit=self._account.settings.text_limit)

    # Replies --------------------------------------------------------------------------------------------------

    async def reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> None:
        """Freshdesk sends it to the customer by e-mail. It can keep no key that the customer does not see."""
        del key
        paragraphs = (html.escape(part).replace("\n", "<br>") for part in literal(text).split("\n\n"))
        body = "".join(f"<p>{part}</p>" for part in paragraphs if part.strip())
        await self._account.client.add_reply(number(ref.id, "ticket"), wire.NewReply(body=body))

    async def find_reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> bool:
        """Whether our own agent has replied with this text, but for white space."""
        del key
        own = (await self._account.me()).id
        async for each in self._account.client.conversations(number(ref.id, "ticket")):
            ours = each.user_id == own and not each.private and not each.incoming
            if ours and _bare(plain_text(each.body, quotes=MAIL_QUOTES)) == _bare(text):
                return True
        return False


def stored(account: Account, ticket: wire.Ticket) -> StoredTicket:
    return StoredTicket(
        ref=account.ref(ticket.id),
        subject=ticket.subject or "",
        priority=None if ticket.priority is None else OUR_PRIORITIES.get(ticket.priority),
        group_id=None if ticket.group_id is None else str(ticket.group_id),
        status=OUR_STATUSES.get(ticket.status, OUR_STATUSES[_NEW_OPEN]),
        assignee_id=None if ticket.responder_id is None else str(ticket.responder_id),
        form_id=ticket.type or None,
        tags=frozenset(ticket.tags or ()),
        fields={FieldId(name): value for name, value in contents(ticket.custom_fields).items()},
    )


def _bare(text: str) -> list[str]:
    return text.replace(WORD_JOINER, "").split()


def _marker(key: NoteKey) -> str:
    return f"batonpass-note-{key}"


def definition(field: wire.TicketField, *, text_limit: int) -> FieldDefinition:
    """A dropdown is written by its label. What is compulsory for agents is so for the API, which an agent's key uses:
    https://developers.freshdesk.com/api/#create_ticket"""
    kind = KINDS.get(field.type, FieldKind.OTHER)
    labels = () if kind is FieldKind.OTHER else field.labels
    return FieldDefinition(
        id=FieldId(field.name),
        name=field.label,
        kind=kind,
        active=not field.archived,
        required=bool(field.required_for_agents),
        options=tuple(FieldOption(value=label, label=label) for label in labels),
        longest=text_limit if kind is FieldKind.TEXT else None,
    )
