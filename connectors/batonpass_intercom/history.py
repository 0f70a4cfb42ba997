"""What the customer asked for before: facts from Intercom's search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactValue, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.person import MatchKey, MatchRule
from batonpass.domain.plain_text import plain_text
from batonpass.domain.text import one_line
from batonpass.ports import the_one
from batonpass_intercom import talk, wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.refs import Kind, Place, ref_of

RECENT = 5
_OWN_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    place: Place
    number: str | None
    at: datetime
    talk: talk.Talk

    @property
    def line(self) -> str:
        shown = f"#{self.number}" if self.place.is_ticket else f"conversation {self.place.id}"
        subject = one_line(self.talk.subject) or "without a subject"
        return f"{shown} {subject} ({self.talk.status}, {self.at:%Y-%m-%d})"


class History:
    """Tickets and conversations together; by the search index, so the last minutes may be missing."""

    def __init__(self, client: IntercomClient, *, name: str, clock: Clock, app_address: str) -> None:
        self._client = client
        self._address = app_address
        self._name = name
        self._clock = clock

    async def about(self, person: Person) -> FactAnswer:
        matched = await the_one(person, (self._name, "intercom"), partial(self._contact_ids, person))
        if isinstance(matched, FactAnswer):
            return matched
        contact_id = matched.record
        tickets = await self._client.search_tickets("contact_ids", contact_id)
        conversations = await self._client.search_conversations("contact_ids", contact_id)
        earlier = [
            *(_ticket(each) for each in tickets),
            *(_conversation(each) for each in conversations if each.ticket is None),
        ]
        kept = [each for each in earlier if str(each.place) != person.ticket_id]
        newest = sorted(kept, key=lambda each: each.at, reverse=True)
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(newest),
            contacts=tuple(self._contact(each) for each in newest[:MOST_CONTACTS]),
            matched_by=matched.by,
        )

    async def _contact_ids(self, person: Person, key: MatchKey) -> Sequence[str]:
        """An id of 24 hexadecimal digits is Intercom's own; any other is the account's external id."""
        match key.rule:
            case MatchRule.EXTERNAL_ID:
                return await self._with_id(key.value)
            case MatchRule.EMAIL:
                asked = [await self._client.contacts_with_email(each.lower()) for each in person.addresses]
                found = [each for some in asked for each in some if person.has_email(each.email)]
            case MatchRule.PHONE:
                found = [
                    each
                    for each in await self._client.contacts_with_phone(key.value)
                    if person.may_be(emails=(each.email,), phones=(each.phone,), name=each.name)
                ]
        return list({each.id for each in found})

    async def _with_id(self, known_as: str) -> Sequence[str]:
        try:
            if _OWN_ID.fullmatch(known_as):
                return ((await self._client.contact(known_as)).id,)
            return ((await self._client.contact_with_external_id(known_as)).id,)
        except RefusedError as refused:
            if refused.status == 404:
                return ()
            raise

    def _contact(self, earlier: _Earlier) -> PastContact:
        return PastContact(
            kind=ContactKind.TICKET if earlier.place.is_ticket else ContactKind.CONVERSATION,
            source=self._name,
            id=str(earlier.place),
            at=earlier.at,
            title=titled(earlier.talk.subject or _begins(earlier.talk)),
            outcome=outcome_of(earlier.talk.status),
            number=earlier.number,
            url=ref_of(earlier.place, self._address).url,
            channel=earlier.talk.channel,
        )

    def _facts(self, newest: Sequence[_Earlier]) -> tuple[Fact, ...]:
        now = self._clock.now()
        lately = sum(each.at >= now - timedelta(days=90) for each in newest)
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if newest:
            values.insert(0, ("support.recent_tickets", tuple(each.line for each in newest[:RECENT])))
        return tuple(Fact(name=name, value=value, source=self._name, as_of=now) for name, value in values)


def _ticket(told: wire.Ticket) -> _Earlier:
    return _Earlier(
        place=Place(Kind.TICKET, told.id),
        number=told.ticket_id or told.id,
        at=talk.instant(told.created_at),
        talk=talk.of_ticket(told),
    )


def _conversation(told: wire.Conversation) -> _Earlier:
    return _Earlier(
        place=Place(Kind.CONVERSATION, told.id),
        number=told.id,
        at=talk.instant(told.created_at),
        talk=talk.of_conversation(told),
    )


def _begins(seen: talk.Talk) -> str:
    """Most conversations have no title: then what was said first says what it is about."""
    return plain_text(seen.parts[0].body) if seen.parts else ""
