"""What the customer asked for before: facts from Intercom's search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactValue, Person, Standing
from batonpass.domain.text import one_line
from batonpass_intercom import talk, wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.contacts import Contacts

RECENT = 5
_OWN_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    id: str
    at: datetime
    line: str


class History:
    """Tickets and conversations together; by the search index, so the last minutes may be missing."""

    def __init__(self, client: IntercomClient, *, name: str, clock: Clock) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    async def about(self, person: Person) -> FactAnswer:
        known_as = person.id_at(self._name, "intercom")
        if known_as is None and not person.email:
            return FactAnswer(standing=Standing.NO_KEY)
        ids = await self._contact_ids(known_as, person.email or "")
        if len(ids) != 1:
            return FactAnswer(standing=Standing.AMBIGUOUS if ids else Standing.NOT_FOUND)
        contact_id = ids.pop()
        tickets = await self._client.search_tickets("contact_ids", contact_id)
        conversations = await self._client.search_conversations("contact_ids", contact_id)
        earlier = [
            *(_ticket(each) for each in tickets),
            *(_conversation(each) for each in conversations if each.ticket is None),
        ]
        kept = [each for each in earlier if each.id != person.ticket_id]
        return FactAnswer(standing=Standing.FOUND, facts=self._facts(kept))

    async def _contact_ids(self, known_as: str | None, email: str) -> set[str]:
        """An id of 24 hexadecimal digits is Intercom's own; any other is the account's external id."""
        if known_as is None:
            return {each.id for each in await Contacts(self._client).with_email(email)}
        try:
            if _OWN_ID.fullmatch(known_as):
                return {(await self._client.contact(known_as)).id}
            return {(await self._client.contact_with_external_id(known_as)).id}
        except RefusedError as refused:
            if refused.status == 404:
                return set()
            raise

    def _facts(self, earlier: Sequence[_Earlier]) -> tuple[Fact, ...]:
        now = self._clock.now()
        newest = sorted(earlier, key=lambda each: each.at, reverse=True)
        lately = sum(each.at >= now - timedelta(days=90) for each in newest)
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if newest:
            values.insert(0, ("support.recent_tickets", tuple(each.line for each in newest[:RECENT])))
        return tuple(Fact(name=name, value=value, source=self._name, as_of=now) for name, value in values)


def _ticket(told: wire.Ticket) -> _Earlier:
    seen = talk.of_ticket(told)
    return _earlier(f"ticket-{told.id}", f"#{told.ticket_id or told.id}", seen, told.created_at)


def _conversation(told: wire.Conversation) -> _Earlier:
    return _earlier(
        f"conversation-{told.id}", f"conversation {told.id}", talk.of_conversation(told), told.created_at
    )


def _earlier(id_: str, shown: str, seen: talk.Talk, created_at: int | None) -> _Earlier:
    at = talk.instant(created_at)
    subject = one_line(seen.subject) or "without a subject"
    return _Earlier(id=id_, at=at, line=f"{shown} {subject} ({seen.status}, {at:%Y-%m-%d})")
