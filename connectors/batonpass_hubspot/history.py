"""What a person has asked before: their tickets in HubSpot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from batonpass.domain.errors import BatonpassError
from batonpass.domain.facts import Fact, FactAnswer, FactValue, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.text import one_line
from batonpass.domain.ticket import TicketStatus
from batonpass_hubspot.client import MOST_IN_A_BATCH, ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_wire import TICKET_TYPE
from batonpass_hubspot.fields import CREATED_AT, STAGE, SUBJECT
from batonpass_hubspot.following import instant
from batonpass_hubspot.matching import Matching
from batonpass_hubspot.stages import Stages
from batonpass_hubspot.wire import Record

RECENT = 5
LATELY = timedelta(days=90)
BESIDE_FACTS = 1.0
"""Seconds that a CRM's facts wait for its tickets, which another connection may tell as well."""
_UI = "app.hubspot.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    tickets: tuple[Record, ...] = ()
    """The newest first."""
    stages: Stages | None = None
    root: str | None = None
    """Where tickets are shown to people; None where the account does not tell."""

    def status(self, ticket: Record) -> TicketStatus | None:
        return None if self.stages is None else self.stages.status(ticket.stored(STAGE))


class History:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._matching = Matching(desk.crm, desk.name)

    async def of(self, person: Person) -> FactAnswer:
        """Two facts about the hundred newest tickets, and the newest as contacts."""
        matched = await self._matching.contact_of(person)
        if isinstance(matched, FactAnswer):
            return matched
        earlier = await self._earlier(matched.record.id, person)
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(earlier),
            contacts=self._contacts(earlier),
            matched_by=matched.by,
        )

    async def beside_facts(self, contact_id: str, person: Person) -> tuple[PastContact, ...]:
        """The tickets of a contact whose facts are asked for; none where this token may not read them, or where that
        takes longer than the facts should wait."""
        try:
            async with asyncio.timeout(BESIDE_FACTS):
                return self._contacts(await self._earlier(contact_id, person))
        except (BatonpassError, TimeoutError):
            return ()

    async def _earlier(self, contact_id: str, person: Person) -> _Earlier:
        """Two calls; nothing more where there are no tickets. The account's own lists are kept."""
        desk = self._desk
        ids = await desk.api.linked_ids(ObjectType.CONTACTS, contact_id, ObjectType.TICKETS)
        newest = [each for each in ids if each != person.ticket_id][:MOST_IN_A_BATCH]
        if not newest:
            return _Earlier()
        found, stages, root = await asyncio.gather(
            desk.crm.read_batch(ObjectType.TICKETS, newest, (SUBJECT, STAGE, CREATED_AT)),
            desk.stages(),
            self._root(),
        )
        ordered = sorted(
            found, key=lambda each: (each.stored(CREATED_AT), len(each.id), each.id), reverse=True
        )
        return _Earlier(tickets=tuple(ordered), stages=stages, root=root)

    def _facts(self, earlier: _Earlier) -> tuple[Fact, ...]:
        now = self._desk.clock.now()
        opened = [instant(each.stored(CREATED_AT)) for each in earlier.tickets]
        lately = sum(at is not None and at >= now - LATELY for at in opened)
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if earlier.tickets:
            recent = tuple(_line(each, earlier) for each in earlier.tickets[:RECENT])
            values.insert(0, ("support.recent_tickets", recent))
        return tuple(
            Fact(name=name, value=value, source=self._desk.name, as_of=now) for name, value in values
        )

    def _contacts(self, earlier: _Earlier) -> tuple[PastContact, ...]:
        dated = [
            (at, each) for each in earlier.tickets if (at := instant(each.stored(CREATED_AT))) is not None
        ]
        return tuple(
            PastContact(
                kind=ContactKind.TICKET,
                source=self._desk.name,
                id=each.id,
                at=at,
                title=titled(each.stored(SUBJECT)),
                outcome=outcome_of(earlier.status(each)),
                url=f"{earlier.root}/{each.id}" if earlier.root else None,
            )
            for at, each in dated[:MOST_CONTACTS]
        )

    async def _root(self) -> str | None:
        settings = self._desk.settings
        try:
            account = await self._desk.account.get()
        except BatonpassError:
            return None
        portal = settings.portal_id or account.portal_id
        host = settings.base_url.rstrip("/") if settings.base_url else f"https://{account.ui_domain or _UI}"
        return f"{host}/contacts/{portal}/record/{TICKET_TYPE}" if portal else None


def _line(ticket: Record, earlier: _Earlier) -> str:
    at = instant(ticket.stored(CREATED_AT))
    opened = at.date().isoformat() if at else "date unknown"
    status = earlier.status(ticket) or "status unknown"
    return f"#{ticket.id} {one_line(ticket.stored(SUBJECT) or '(no subject)')} ({status}, {opened})"
