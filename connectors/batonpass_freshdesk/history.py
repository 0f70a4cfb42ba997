"""The ports `FactSource` and `TellsFromCopy`: a person's recent tickets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.person import MatchKey, MatchRule, MatchStrength
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.domain.text import one_line
from batonpass.domain.ticket import TicketStatus
from batonpass.ports import Copy, the_one
from batonpass_freshdesk import records, wire
from batonpass_freshdesk.account import Part
from batonpass_freshdesk.client import PAGE_SIZE
from batonpass_freshdesk.tables import OUR_STATUSES, SOURCES, STATUS_WORDS

RECENT = 5
MOST_KNOWN_BY = 200
"""Records that a copy gives of one key."""
_DIGITS = re.compile(r"[0-9]{1,19}")
_EVER = datetime(2010, 1, 1, tzinfo=UTC)
"""Before there was a Freshdesk: without a date the list ends after 30 days."""


class History(Part):
    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days` (counted up to 100), and the newest tickets as
        contacts; needs no rules. By an id in one call, else the contact first and then its tickets."""
        del rules
        matched = await the_one(person, (self._account.name, "freshdesk"), partial(self._whose, person))
        if isinstance(matched, FactAnswer):
            return matched
        try:
            tickets = await self._account.client.newest_tickets_of(matched.record, since=_EVER)
        except RefusedError as refused:
            if "requester" in refused.fields or refused.status == 404:
                return FactAnswer(standing=Standing.NOT_FOUND)
            raise
        return self._told(person, tickets, as_of=self._account.clock.now(), by=matched.by)

    async def facts_from_copy(self, copy: Copy, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """Only of a customer whom the copy knows. All facts are as old as the oldest record that they are told from. Of
        somebody with so many tickets that the copy does not give all of them nothing is told."""
        del rules
        names = (self._account.name, "freshdesk")
        matched = await the_one(person, names, partial(self._kept, copy, person))
        if isinstance(matched, FactAnswer):
            return matched
        kept = await copy.known_by(RecordKind.TICKET, KeyKind.CUSTOMER, matched.record.id)
        if len(kept) >= MOST_KNOWN_BY:
            return FactAnswer(standing=Standing.NOT_FOUND)
        tickets = records.newest_first(map(records.ticket_of, kept))[:PAGE_SIZE]
        oldest = min(each.read_at for each in (matched.record, *kept))
        return self._told(person, tickets, as_of=oldest, by=matched.by)

    def _told(
        self, person: Person, tickets: Sequence[wire.Ticket], *, as_of: datetime, by: MatchStrength
    ) -> FactAnswer:
        """`tickets` are the newest ones, newest first."""
        earlier = tuple(ticket for ticket in tickets if str(ticket.id) != person.ticket_id)
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(earlier, as_of),
            contacts=tuple(map(self._contact, [each for each in earlier if each.created_at][:MOST_CONTACTS])),
            matched_by=by,
        )

    async def _kept(self, copy: Copy, person: Person, key: MatchKey) -> Sequence[KeptRecord]:
        """The customers whom `key` fits, as `_whose` finds them."""
        if key.rule is MatchRule.EXTERNAL_ID:
            if _DIGITS.fullmatch(key.value):
                known = await copy.record(RecordKind.CUSTOMER, key.value)
                return () if known is None else (known,)
            return await copy.known_by(RecordKind.CUSTOMER, KeyKind.EXTERNAL_ID, key.value)
        by_address = key.rule is MatchRule.EMAIL
        kind, values = (KeyKind.EMAIL, person.addresses) if by_address else (KeyKind.PHONE, (key.value,))
        found: dict[str, KeptRecord] = {}
        for value in values:
            for each in await copy.known_by(RecordKind.CUSTOMER, kind, value):
                if _fits(person, key, records.contact_of(each)):
                    found[each.id] = each
        return list(found.values())

    async def _whose(self, person: Person, key: MatchKey) -> Sequence[tuple[str, str]]:
        """How the list of tickets names them. An id in digits is Freshdesk's own; any other is the external id that
        the account gave its contact."""
        if key.rule is MatchRule.EXTERNAL_ID:
            return (("requester_id" if _DIGITS.fullmatch(key.value) else "unique_external_id", key.value),)
        found: dict[int, tuple[str, str]] = {}
        for filtered in self._filters(person, key):
            for contact in await self._account.client.contacts(filtered):
                if contact.id is not None and _fits(person, key, contact):
                    found[contact.id] = ("requester_id", str(contact.id))
        return list(found.values())

    def _filters(self, person: Person, key: MatchKey) -> Sequence[tuple[str, str]]:
        if key.rule is MatchRule.EMAIL:
            return [("email", each) for each in person.addresses]
        return [("phone", key.value), ("mobile", key.value)]

    def _contact(self, ticket: wire.Ticket) -> PastContact:
        return PastContact(
            kind=ContactKind.TICKET,
            source=self._account.name,
            id=str(ticket.id),
            at=ticket.created_at or self._account.clock.now(),
            title=titled(ticket.subject),
            outcome=outcome_of(OUR_STATUSES.get(ticket.status, TicketStatus.OPEN)),
            url=self._account.ref(ticket.id).url,
            channel=SOURCES.get(ticket.source or 0),
        )

    def _facts(self, tickets: tuple[wire.Ticket, ...], as_of: datetime) -> tuple[Fact, ...]:
        since = self._account.clock.now() - timedelta(days=90)
        lately = sum(ticket.created_at is not None and ticket.created_at >= since for ticket in tickets)
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if tickets:
            values.insert(0, ("support.recent_tickets", tuple(_line(each) for each in tickets[:RECENT])))
        return tuple(
            Fact(name=name, value=value, source=self._account.name, as_of=as_of) for name, value in values
        )


def _fits(person: Person, key: MatchKey, contact: wire.Person) -> bool:
    if key.rule is MatchRule.EMAIL:
        return person.has_email(contact.email)
    return person.may_be(emails=(contact.email,), phones=(contact.phone, contact.mobile), name=contact.name)


def _line(ticket: wire.Ticket) -> str:
    opened = ticket.created_at.date().isoformat() if ticket.created_at else "date unknown"
    status = STATUS_WORDS.get(ticket.status, f"status {ticket.status}")
    return f"#{ticket.id} {one_line(ticket.subject or '(no subject)')} ({status}, {opened})"
