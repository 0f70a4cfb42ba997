"""Opening tickets, and looking for them by our key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError, OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import FieldKind, NewField, StoredTicket, TicketDraft, TicketKey, TicketRef
from batonpass_intercom import sent_wire, talk, wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.contacts import Contacts
from batonpass_intercom.refs import Kind, Place, ref_of
from batonpass_intercom.schema import DESCRIPTION, TITLE, Attributes, refused
from batonpass_intercom.settings import LOOKUP_LAG, IntercomSettings
from batonpass_intercom.workspace import Workspace

DESCRIBED = "Handed over to the support team."
"""What the description says, which the customer sees: the context goes into an internal note of its own."""

MOST_REMEMBERED = 10_000
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    ref: TicketRef
    age: tuple[int, int, str]
    """By time, then by id: Intercom's times are whole seconds, its ids are numbers that grow."""


@dataclass(slots=True)
class _Openings:
    """What this process knows of keys: beside the search index, which lags."""

    opened: dict[TicketKey, _Opened] = field(default_factory=dict)
    """Of several tickets with one key the oldest."""
    unclear: dict[TicketKey, float] = field(default_factory=dict)
    """When a call with this key ended without a clear answer, by the monotonic clock."""


class Tickets:
    def __init__(
        self, client: IntercomClient, workspace: Workspace, settings: IntercomSettings, clock: Clock
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._settings = settings
        self._clock = clock
        self._contacts = Contacts(client)
        self._known = _Openings()
        self._acknowledged: dict[str, frozenset[str]] = {}

    def own_fields(self) -> tuple[NewField, ...]:
        why = "holds batonpass's key of the ticket, so that one whose answer was lost is found and not opened twice"
        return (NewField(name=self._settings.key_attribute, kind=FieldKind.TEXT, why=why),)

    async def open(self, draft: TicketDraft, key: TicketKey) -> TicketRef:
        """Look first, then create. While a call without a clear answer is younger than the search index's lag, not
        finding the ticket proves nothing: the outcome stays unknown."""
        found = await self.find(key)
        if found is not None:
            return found
        self._not_too_soon(key)
        known, fields = await self._fitting(draft)
        tags = [await self.tag(name) for name in draft.tags]
        contact_id = await self._contacts.id_for(draft.requester, key)
        type_id = known.form.id if draft.form is None else draft.form.id
        own = self._key(known, key, type_id)
        attributes = {TITLE: draft.subject, DESCRIPTION: DESCRIBED, **fields, **own}
        new = sent_wire.NewTicket(
            ticket_type_id=type_id,
            contacts=(sent_wire.ContactId(id=contact_id),),
            ticket_attributes=attributes,
            assignment=_assignment(draft),
        )
        try:
            made = await self._client.create_ticket(new)
        except OutcomeUnknownError:
            _kept(self._known.unclear, key, self._clock.monotonic())
            raise
        ref = self._remember(key, made)
        await self._tag_new(made.id, tags)
        return ref

    async def find(self, key: TicketKey) -> TicketRef | None:
        """What this process has opened and what the search index knows, which lags. Of several the oldest."""
        for attribute in (await self._workspace.attributes()).keyed(self._settings.key_attribute):
            for ticket in await self._client.search_tickets(f"ticket_attribute.{attribute.id}", key):
                if ticket.ticket_attributes.get(attribute.name) == key:
                    self._remember(key, ticket)
        known = self._known.opened.get(key)
        return None if known is None else known.ref

    def _remember(self, key: TicketKey, ticket: wire.Ticket) -> TicketRef:
        """The oldest ticket with this key, now that this one is known to have it."""
        ref = ref_of(Place(Kind.TICKET, ticket.id), self._settings.app_address, number=ticket.ticket_id)
        opened = _Opened(ref=ref, age=(ticket.created_at or 0, len(ticket.id), ticket.id))
        before = self._known.opened.get(key)
        oldest = opened if before is None else min(before, opened, key=lambda each: each.age)
        _kept(self._known.opened, key, oldest)
        self._known.unclear.pop(key, None)
        return oldest.ref

    def stored(self, place: Place, seen: talk.Talk, known: Attributes) -> StoredTicket:
        """What was read of it, in our words."""
        return StoredTicket(
            ref=ref_of(place, self._settings.app_address, number=seen.number),
            subject=seen.subject,
            priority=seen.priority,
            group_id=seen.team_id,
            status=seen.status,
            assignee_id=seen.admin_id,
            form_id=seen.type_id,
            tags=seen.tags if seen.tags is not None else self.acknowledged_tags(place.id),
            fields=known.read(place.kind, seen.attributes, type_id=seen.type_id),
        )

    def acknowledged_tags(self, ticket_id: str) -> frozenset[str]:
        """A ticket does not tell its tags (2.16): those whose attaching was confirmed to this process."""
        return self._acknowledged.get(ticket_id, frozenset())

    async def attach(self, place: Place, name: str, tag_id: str) -> None:
        tagging = sent_wire.Tagging(id=tag_id, admin_id=await self._workspace.own_id())
        if not place.is_ticket:
            await self._client.tag_conversation(place.id, tagging)
            return
        await self._client.tag_ticket(place.id, tagging)
        _kept(self._acknowledged, place.id, self.acknowledged_tags(place.id) | {name})

    def _not_too_soon(self, key: TicketKey) -> None:
        since = self._known.unclear.get(key)
        lag = LOOKUP_LAG if self._settings.lookup_lag is None else self._settings.lookup_lag
        if since is not None and self._clock.monotonic() - since < lag:
            raise OutcomeUnknownError(
                "tickets.create: an earlier call had no clear answer and search may not know its ticket yet",
                code="search_lag",
            )

    async def _fitting(self, draft: TicketDraft) -> tuple[Attributes, dict[str, wire.Written]]:
        """The attributes as they are written; looked up anew where one seems to be missing."""
        if draft.priority is not None:
            raise refused("priority", "Intercom's API writes none")
        known = await self._workspace.attributes()
        try:
            return known, _written(known, draft)
        except RefusedError:
            known = await self._workspace.attributes(fresh=True)
            return known, _written(known, draft)

    def _key(self, known: Attributes, key: TicketKey, type_id: str) -> dict[str, str]:
        attribute = known.of(Kind.TICKET, type_id).get(self._settings.key_attribute)
        return {attribute.name: key} if attribute is not None and attribute.active else {}

    async def tag(self, name: str) -> tuple[str, str]:
        """(name, id) of the tag with this name, which is made where there is none."""
        try:
            return name, await self._workspace.tag_id(name)
        except OutcomeUnknownError as error:  # making a tag twice makes one
            raise RefusedError(
                "tags: no clear answer", status=422, fields=("tags",), code=error.code
            ) from None
        except RefusedError as error:
            raise RefusedError(
                "tags: refused", status=error.status, fields=("tags",), reasons=error.reasons
            ) from None

    async def _tag_new(self, ticket_id: str, tags: list[tuple[str, str]]) -> None:
        """The ticket stands by now: a tag that fails is missing from what is read back, and the note says so."""
        for name, tag_id in tags:
            try:
                await self.attach(Place(Kind.TICKET, ticket_id), name, tag_id)
            except BatonpassError:
                return


def _written(known: Attributes, draft: TicketDraft) -> dict[str, wire.Written]:
    if draft.form is None:
        return known.written(Kind.TICKET, draft.fields)
    if draft.form.id not in known.by_type:
        raise refused("form", "there is no ticket type of this id")
    return known.written(Kind.TICKET, draft.fields, type_id=draft.form.id)


def _assignment(draft: TicketDraft) -> sent_wire.Assignment | None:
    if draft.group is None and draft.assignee is None:
        return None
    return sent_wire.Assignment(
        team_assignee_id=None if draft.group is None else draft.group.id,
        admin_assignee_id=None if draft.assignee is None else draft.assignee.id,
    )


def _kept(known: dict[Key, Value], key: Key, value: Value) -> None:
    """Remember it; the oldest is forgotten where there are too many."""
    known[key] = value
    if len(known) > MOST_REMEMBERED:
        del known[next(iter(known))]
