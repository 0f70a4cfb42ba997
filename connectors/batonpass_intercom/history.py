"""What the customer asked for before: facts from Intercom's search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactValue, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.person import MatchKey, MatchRule
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.domain.text import one_line
from batonpass.domain.ticket import TicketStatus
from batonpass.ports import Copy, the_one
from batonpass_intercom import talk, wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.refs import Kind, Place, place_of, ref_of
from batonpass_intercom.synced_work import BEGINS, begins_with

RECENT = 5
_OWN_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A contact, as far as it says who somebody is."""

    id: str
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    as_of: datetime | None = None
    """Of the copy; None: it has just been told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    place: Place
    number: str | None
    at: datetime
    subject: str
    status: TicketStatus
    channel: str | None
    begins: str = ""
    """What was said first, where there is no subject."""
    as_of: datetime | None = None

    @property
    def line(self) -> str:
        shown = f"#{self.number}" if self.place.is_ticket else f"conversation {self.place.id}"
        subject = one_line(self.subject) or "without a subject"
        return f"{shown} {subject} ({self.status}, {self.at:%Y-%m-%d})"


class _Source(Protocol):
    """Where contacts and what they asked are looked up: at Intercom, or in the copy of its records."""

    async def with_id(self, known_as: str) -> Sequence[_Known]: ...

    async def with_email(self, email: str) -> Sequence[_Known]: ...

    async def with_phone(self, phone: str) -> Sequence[_Known]: ...

    async def earlier(self, contact_id: str) -> Sequence[_Earlier]: ...


class History:
    """Tickets and conversations together; by the search index, so the last minutes may be missing."""

    def __init__(self, client: IntercomClient, *, name: str, clock: Clock, app_address: str) -> None:
        self._live = _Live(client)
        self._address = app_address
        self._name = name
        self._clock = clock

    async def about(self, person: Person) -> FactAnswer:
        return await self._told(person, self._live)

    async def from_copy(self, copy: Copy, person: Person) -> FactAnswer:
        return await self._told(person, _Copied(copy))

    async def _told(self, person: Person, source: _Source) -> FactAnswer:
        look = partial(_who, source, person)
        matched = await the_one(person, (self._name, "intercom"), look)
        if isinstance(matched, FactAnswer):
            return matched
        earlier = await source.earlier(matched.record.id)
        kept = [each for each in earlier if str(each.place) != person.ticket_id]
        newest = sorted(kept, key=lambda each: (each.at, str(each.place)), reverse=True)
        times = (matched.record.as_of, *(each.as_of for each in newest))
        known = [each for each in times if each is not None]
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(newest, as_of=min(known, default=self._clock.now())),
            contacts=tuple(self._contact(each) for each in newest[:MOST_CONTACTS]),
            matched_by=matched.by,
        )

    def _contact(self, earlier: _Earlier) -> PastContact:
        return PastContact(
            kind=ContactKind.TICKET if earlier.place.is_ticket else ContactKind.CONVERSATION,
            source=self._name,
            id=str(earlier.place),
            at=earlier.at,
            title=titled(earlier.subject or earlier.begins),
            outcome=outcome_of(earlier.status),
            number=earlier.number,
            url=ref_of(earlier.place, self._address).url,
            channel=earlier.channel,
        )

    def _facts(self, newest: Sequence[_Earlier], *, as_of: datetime) -> tuple[Fact, ...]:
        lately = sum(each.at >= self._clock.now() - timedelta(days=90) for each in newest)
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if newest:
            values.insert(0, ("support.recent_tickets", tuple(each.line for each in newest[:RECENT])))
        return tuple(Fact(name=name, value=value, source=self._name, as_of=as_of) for name, value in values)


async def _who(source: _Source, person: Person, key: MatchKey) -> Sequence[_Known]:
    """An id of 24 hexadecimal digits is Intercom's own; any other is the account's external id."""
    match key.rule:
        case MatchRule.EXTERNAL_ID:
            return await source.with_id(key.value)
        case MatchRule.EMAIL:
            asked = [await source.with_email(each) for each in person.addresses]
            found = [each for some in asked for each in some if person.has_email(each.email)]
        case MatchRule.PHONE:
            found = [
                each
                for each in await source.with_phone(key.value)
                if person.may_be(emails=(each.email,), phones=(each.phone,), name=each.name)
            ]
    return list({each.id: each for each in found}.values())


class _Live:
    def __init__(self, client: IntercomClient) -> None:
        self._client = client

    async def with_id(self, known_as: str) -> Sequence[_Known]:
        try:
            if _OWN_ID.fullmatch(known_as):
                return (_known(await self._client.contact(known_as)),)
            return (_known(await self._client.contact_with_external_id(known_as)),)
        except RefusedError as refused:
            if refused.status == 404:
                return ()
            raise

    async def with_email(self, email: str) -> Sequence[_Known]:
        return [_known(each) for each in await self._client.contacts_with_email(email.lower())]

    async def with_phone(self, phone: str) -> Sequence[_Known]:
        return [_known(each) for each in await self._client.contacts_with_phone(phone)]

    async def earlier(self, contact_id: str) -> Sequence[_Earlier]:
        tickets = await self._client.search_tickets("contact_ids", contact_id)
        conversations = await self._client.search_conversations("contact_ids", contact_id)
        return [
            *(_ticket(each) for each in tickets),
            *(_conversation(each) for each in conversations if each.ticket is None),
        ]


def _known(told: wire.Contact) -> _Known:
    return _Known(id=told.id, email=told.email, phone=told.phone, name=told.name)


def _ticket(told: wire.Ticket) -> _Earlier:
    place = Place(Kind.TICKET, told.id)
    return _asked(place, told.ticket_id or told.id, talk.of_ticket(told), told.created_at)


def _conversation(told: wire.Conversation) -> _Earlier:
    place = Place(Kind.CONVERSATION, told.id)
    return _asked(place, told.id, talk.of_conversation(told), told.created_at)


def _asked(place: Place, number: str, seen: talk.Talk, created_at: int | None) -> _Earlier:
    return _Earlier(
        place=place,
        number=number,
        at=talk.instant(created_at),
        subject=seen.subject,
        status=seen.status,
        channel=seen.channel,
        begins="" if seen.subject else begins_with(seen),
    )


class _Copied:
    def __init__(self, copy: Copy) -> None:
        self._copy = copy

    async def with_id(self, known_as: str) -> Sequence[_Known]:
        if _OWN_ID.fullmatch(known_as):
            found = await self._copy.record(RecordKind.CUSTOMER, known_as)
            return () if found is None else (_kept(found),)
        return await self._by(KeyKind.EXTERNAL_ID, known_as)

    async def with_email(self, email: str) -> Sequence[_Known]:
        return await self._by(KeyKind.EMAIL, email)

    async def with_phone(self, phone: str) -> Sequence[_Known]:
        return await self._by(KeyKind.PHONE, phone)

    async def earlier(self, contact_id: str) -> Sequence[_Earlier]:
        found = await self._copy.known_by(RecordKind.TICKET, KeyKind.CUSTOMER, contact_id)
        return [_kept_work(each) for each in found]

    async def _by(self, key: KeyKind, value: str) -> Sequence[_Known]:
        return [_kept(each) for each in await self._copy.known_by(RecordKind.CUSTOMER, key, value)]


def _kept(record: KeptRecord) -> _Known:
    told = record.columns
    return _Known(
        id=record.id,
        email=told.get("email"),
        phone=told.get("phone"),
        name=told.get("name"),
        as_of=record.read_at,
    )


def _kept_work(record: KeptRecord) -> _Earlier:
    told = record.columns
    began = told.get("created_at")
    return _Earlier(
        place=place_of(record.id),
        number=told.get("number"),
        at=datetime.fromisoformat(began) if began else datetime.fromtimestamp(0, UTC),
        subject=told.get("subject") or "",
        status=TicketStatus(told["status"]),
        channel=told.get("channel"),
        begins=(record.document or {}).get(BEGINS, ""),
        as_of=record.read_at,
    )
