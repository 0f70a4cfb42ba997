"""Tickets, notes, replies, chats, and what a customer has written before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.person import MatchKey, MatchRule
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
    TextUnit,
    TicketChange,
    TicketDraft,
    TicketKey,
    TicketLimits,
    TicketRef,
)
from batonpass.ports import the_one
from batonpass_acme import wire
from batonpass_acme.account import KINDS, PRIORITIES, STATES, WRITTEN_STATES, Account, content, written

LIMITS = TicketLimits(subject=200, note=20_000)
_TICKET_ID = re.compile(r"T[0-9]{1,12}")


class KeepsTickets(Account):
    """`Helpdesk`, `Replies`, `PassesConversations` and `FactSource`."""

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        """Acme Desk gives the ticket that has the reference already, whatever else is sent."""
        return self._ref(await self._client.create_ticket(_new(draft, key)))

    async def find_ticket(self, key: TicketKey, *, requester: Requester | None = None) -> TicketRef | None:
        del requester  # the reference is enough
        found = await self._client.tickets(reference=key)
        return self._ref(min(found, key=lambda each: each.created_at)) if found else None

    def ticket_ref(self, ticket_id: str) -> TicketRef:
        if not _TICKET_ID.fullmatch(ticket_id):
            raise RefusedError("ticket: Acme Desk's ids are T and digits", code="not_found")
        return TicketRef(id=ticket_id, url=f"{self._address}/tickets/{ticket_id}")

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        ticket = await self._client.ticket(ref.id)
        return stored(self._ref(ticket), ticket)

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        await self._client.add_message(
            ref.id, wire.NewMessage(public=False, text=note.text, reference=f"note-{key}")
        )

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        return await self._has(ref, f"note-{key}")

    async def change_ticket(self, ref: TicketRef, change: TicketChange) -> None:
        changed = wire.ChangedTicket(
            subject=change.subject,
            priority=None if change.priority is None else PRIORITIES[change.priority],
            team_id=None if change.group is None else change.group.id,
            assignee_id=None if change.assignee is None else change.assignee.id,
            state=None if change.status is None else WRITTEN_STATES[change.status],
            add_labels=change.add_tags or None,
            fields=written(change.fields) or None,
        )
        await self._client.change_ticket(ref.id, changed)

    async def field_schema(self) -> FieldSchema:
        fields = await self._client.fields()
        teams = await self._client.teams()
        forms = await self._client.forms()
        return FieldSchema(
            fields=tuple(definition(field) for field in fields),
            groups=tuple(Group(id=team.id, name=team.name) for team in teams),
            limits=LIMITS,
            as_of=self._clock.now(),
            forms=tuple(
                Form(id=form.id, name=form.name, fields=tuple(map(FieldId, form.fields))) for form in forms
            ),
        )

    async def reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> None:
        await self._client.add_message(
            ref.id, wire.NewMessage(public=True, text=text, reference=f"reply-{key}")
        )

    async def find_reply(self, ref: TicketRef, text: str, *, key: NoteKey) -> bool:
        del text  # Acme Desk keeps a reference that customers do not see
        return await self._has(ref, f"reply-{key}")

    async def pass_conversation(
        self, conversation_id: str, draft: TicketDraft, *, key: TicketKey
    ) -> TicketRef:
        passed = await self._client.pass_chat(conversation_id, _new(draft, key))
        if passed.ticket is None:
            raise RetryLaterError("chats.pass: the ticket is not there yet", retry_after=2.0)
        return self._ref(passed.ticket)

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days`; needs no rules."""
        del rules
        matched = await the_one(person, (self._name, "acme"), partial(self._people, person))
        if isinstance(matched, FactAnswer):
            return matched
        found = [each for each in matched.record if each.id != person.ticket_id]
        earlier = sorted(found, key=lambda each: each.created_at, reverse=True)
        now = self._clock.now()
        lately = sum(each.created_at >= now - timedelta(days=90) for each in earlier)
        lines = tuple(
            f"#{each.id} {each.subject} ({each.state}, {each.created_at:%Y-%m-%d})" for each in earlier[:5]
        )
        facts = [Fact(name="support.tickets_90_days", value=lately, source=self._name, as_of=now)]
        if lines:
            facts.append(Fact(name="support.recent_tickets", value=lines, source=self._name, as_of=now))
        contacts = tuple(self._contact(each) for each in earlier[:MOST_CONTACTS])
        return FactAnswer(
            standing=Standing.FOUND, facts=tuple(facts), contacts=contacts, matched_by=matched.by
        )

    async def _people(self, person: Person, key: MatchKey) -> list[list[wire.Ticket]]:
        """The tickets of each person who has this address; Acme Desk knows people by nothing else."""
        if key.rule is not MatchRule.EMAIL:
            return []
        theirs: dict[str, list[wire.Ticket]] = {}
        for ticket in await self._client.tickets(requester_email=key.value):
            if ticket.requester is not None and person.has_email(ticket.requester.email):
                theirs.setdefault(ticket.requester.id, []).append(ticket)
        return list(theirs.values())

    def _contact(self, ticket: wire.Ticket) -> PastContact:
        return PastContact(
            kind=ContactKind.TICKET,
            source=self._name,
            id=ticket.id,
            at=ticket.created_at,
            title=titled(ticket.subject),
            outcome=outcome_of(STATES.get(ticket.state)),
            url=self._ref(ticket).url,
        )

    async def _has(self, ref: TicketRef, reference: str) -> bool:
        async for message in self._client.messages(ref.id):
            if message.reference == reference:
                return True
        return False


def stored(ref: TicketRef, ticket: wire.Ticket) -> StoredTicket:
    ours = {number: priority for priority, number in PRIORITIES.items()}
    return StoredTicket(
        ref=ref,
        subject=ticket.subject,
        priority=None if ticket.priority is None else ours.get(ticket.priority),
        group_id=ticket.team_id,
        status=STATES.get(ticket.state),
        assignee_id=None if ticket.assignee is None else ticket.assignee.id,
        form_id=ticket.form_id,
        tags=frozenset(ticket.labels),
        fields={FieldId(key): content(value) for key, value in ticket.fields.items()},
    )


def definition(field: wire.Field) -> FieldDefinition:
    return FieldDefinition(
        id=FieldId(field.key),
        name=field.title,
        kind=KINDS.get(field.type, FieldKind.OTHER),
        active=field.active,
        required=field.required,
        options=tuple(FieldOption(value=each.value, label=each.label) for each in field.options),
        longest=field.most_bytes,
        unit=TextUnit.BYTES,
    )


def _new(draft: TicketDraft, key: TicketKey) -> wire.NewTicket:
    asks = draft.requester
    known = asks is not None and (asks.name or asks.email)
    return wire.NewTicket(
        reference=key,
        subject=draft.subject,
        note=draft.note.text,
        requester=wire.NewPerson(name=asks.name, email=asks.email) if asks is not None and known else None,
        priority=None if draft.priority is None else PRIORITIES[draft.priority],
        team_id=None if draft.group is None else draft.group.id,
        assignee_id=None if draft.assignee is None else draft.assignee.id,
        form_id=None if draft.form is None else draft.form.id,
        labels=draft.tags,
        fields=written(draft.fields),
    )
