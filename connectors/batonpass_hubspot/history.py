"""What a person has asked before: their tickets in HubSpot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from batonpass.domain.errors import BatonpassError
from batonpass.domain.facts import Fact, FactAnswer, FactValue, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.person import MatchStrength
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.domain.text import one_line
from batonpass.domain.ticket import TicketStatus
from batonpass.ports import Copy
from batonpass_hubspot.belonging import by_age
from batonpass_hubspot.client import MOST_IN_A_BATCH, ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_wire import TICKET_TYPE
from batonpass_hubspot.fields import CREATED_AT, STAGE, SUBJECT
from batonpass_hubspot.matching import Matching
from batonpass_hubspot.telling import newest
from batonpass_hubspot.values import instant
from batonpass_hubspot.wire import Account

RECENT = 5
LATELY = timedelta(days=90)
BESIDE_FACTS = 1.0
"""Seconds that a CRM's facts wait for its tickets, which another connection may tell as well."""
_UI = "app.hubspot.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ticket:
    id: str
    subject: str
    status: TicketStatus | None
    opened_at: datetime | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    tickets: tuple[_Ticket, ...] = ()
    """The newest first."""
    as_of: datetime
    root: str | None = None
    """Where tickets are shown to people; None where the account does not tell."""


class History:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._matching = Matching(desk.crm, desk.name)

    async def of(self, person: Person) -> FactAnswer:
        """Two facts about the hundred newest tickets, and the newest as contacts."""
        matched = await self._matching.contact_of(person)
        if isinstance(matched, FactAnswer):
            return matched
        return self._told(await self._earlier(matched.record.id, person), matched.by)

    async def in_copy(self, copy: Copy, person: Person) -> FactAnswer:
        """The same, of the tickets that are kept."""
        matched = await self._matching.contact_in(copy, person)
        if isinstance(matched, FactAnswer):
            return matched
        contact = matched.record
        kept = await copy.known_by(RecordKind.TICKET, KeyKind.CUSTOMER, contact.id)
        found = newest({each.id: each for each in kept if each.id != person.ticket_id})
        tickets = [_of_copy(each) for each in found]
        as_of = min((each.as_of for each in tickets), default=contact.read_at)
        earlier = _Earlier(
            tickets=_newest_first(tickets), as_of=as_of, root=self._shown_at(self.desk.account.known)
        )
        return self._told(earlier, matched.by)

    def _told(self, earlier: _Earlier, by: MatchStrength) -> FactAnswer:
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(earlier),
            contacts=self._contacts(earlier),
            matched_by=by,
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
        desk = self.desk
        ids = await desk.api.linked_ids(ObjectType.CONTACTS, contact_id, ObjectType.TICKETS)
        asked = [each for each in ids if each != person.ticket_id][:MOST_IN_A_BATCH]
        now = desk.clock.now()
        if not asked:
            return _Earlier(as_of=now)
        found, stages, root = await asyncio.gather(
            desk.crm.read_batch(ObjectType.TICKETS, asked, (SUBJECT, STAGE, CREATED_AT)),
            desk.stages(),
            self._root(),
        )
        tickets = [
            _Ticket(
                id=each.id,
                subject=each.stored(SUBJECT),
                status=stages.status(each.stored(STAGE)),
                opened_at=instant(each.stored(CREATED_AT)),
                as_of=now,
            )
            for each in found
        ]
        return _Earlier(tickets=_newest_first(tickets), as_of=now, root=root)

    def _facts(self, earlier: _Earlier) -> tuple[Fact, ...]:
        now = self.desk.clock.now()
        opened = [each.opened_at for each in earlier.tickets]
        lately = sum(at is not None and at >= now - LATELY for at in opened)
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if earlier.tickets:
            recent = tuple(_line(each) for each in earlier.tickets[:RECENT])
            values.insert(0, ("support.recent_tickets", recent))
        return tuple(
            Fact(name=name, value=value, source=self.desk.name, as_of=earlier.as_of) for name, value in values
        )

    def _contacts(self, earlier: _Earlier) -> tuple[PastContact, ...]:
        dated = [(each.opened_at, each) for each in earlier.tickets if each.opened_at is not None]
        return tuple(
            PastContact(
                kind=ContactKind.TICKET,
                source=self.desk.name,
                id=each.id,
                at=at,
                title=titled(each.subject),
                outcome=outcome_of(each.status),
                url=f"{earlier.root}/{each.id}" if earlier.root else None,
            )
            for at, each in dated[:MOST_CONTACTS]
        )

    async def _root(self) -> str | None:
        try:
            return self._shown_at(await self.desk.account.get())
        except BatonpassError:
            return None

    def _shown_at(self, account: Account | None) -> str | None:
        if account is None:
            return None
        settings = self.desk.settings
        portal = settings.portal_id or account.portal_id
        host = settings.base_url.rstrip("/") if settings.base_url else f"https://{account.ui_domain or _UI}"
        return f"{host}/contacts/{portal}/record/{TICKET_TYPE}" if portal else None


def _of_copy(kept: KeptRecord) -> _Ticket:
    status, opened_at = kept.columns.get("status"), kept.columns.get("created_at")
    return _Ticket(
        id=kept.id,
        subject=kept.columns.get("subject") or "",
        status=None if status is None else TicketStatus(status),
        opened_at=None if opened_at is None else instant(opened_at),
        as_of=kept.read_at,
    )


def _newest_first(tickets: Iterable[_Ticket]) -> tuple[_Ticket, ...]:
    long_ago = datetime.min.replace(tzinfo=UTC)
    return tuple(
        sorted(tickets, key=lambda each: (each.opened_at or long_ago, *by_age(each.id)), reverse=True)
    )


def _line(ticket: _Ticket) -> str:
    opened = ticket.opened_at.date().isoformat() if ticket.opened_at else "date unknown"
    status = ticket.status or "status unknown"
    return f"#{ticket.id} {one_line(ticket.subject or '(no subject)')} ({status}, {opened})"
