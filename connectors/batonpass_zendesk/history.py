"""A customer's earlier tickets, as facts: asked for, or from the copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.person import MatchKey, MatchRule, MatchStrength
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.domain.text import one_line
from batonpass.ports import Copy, the_one
from batonpass_zendesk import wire
from batonpass_zendesk.account import STATUSES, Account
from batonpass_zendesk.keys import email_of
from batonpass_zendesk.ticket_records import as_wire

RECENT = 5
MOST_COUNTED = 100
"""Of a customer's tickets, the newest: a page of them."""
_USERS = (RecordKind.CUSTOMER, RecordKind.AGENT)
"""Zendesk looks people up among all of its users; one of the team may be a customer too."""


class History:
    """`FactSource` and `TellsFromCopy`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days` (counted up to 100), and the newest tickets as
        contacts; needs no rules. Users and their tickets: two calls, one more for an address in another script."""
        del rules
        matched = await the_one(person, (self._account.name, "zendesk"), partial(self._user_ids, person))
        if isinstance(matched, FactAnswer):
            return matched
        try:
            tickets = await self._client.newest_tickets_of(matched.record)
        except RefusedError as refused:
            if refused.status == 404:
                return FactAnswer(standing=Standing.NOT_FOUND)
            raise
        return self._answer(person, tickets, by=matched.by, as_of=self._account.clock.now())

    async def facts_from_copy(self, copy: Copy, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As of the time when the oldest of what they are told from was read."""
        del rules
        names = (self._account.name, "zendesk")
        matched = await the_one(person, names, partial(self._kept_users, copy, person))
        if isinstance(matched, FactAnswer):
            return matched
        kept = await copy.known_by(RecordKind.TICKET, KeyKind.CUSTOMER, matched.record.id)
        tickets = sorted(map(as_wire, kept), key=_opened, reverse=True)[:MOST_COUNTED]
        as_of = min(each.read_at for each in (matched.record, *kept))
        return self._answer(person, tickets, by=matched.by, as_of=as_of)

    def _answer(
        self, person: Person, tickets: Sequence[wire.Ticket], *, by: MatchStrength, as_of: datetime
    ) -> FactAnswer:
        """Of the newest tickets, the last one first."""
        earlier = tuple(ticket for ticket in tickets if str(ticket.id) != person.ticket_id)
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(earlier, as_of),
            contacts=tuple(map(self._contact, [each for each in earlier if each.created_at][:MOST_CONTACTS])),
            matched_by=by,
        )

    async def _kept_users(self, copy: Copy, person: Person, key: MatchKey) -> Sequence[KeptRecord]:
        """As `_user_ids`, among the users whom we have read."""
        found = {each.id: each for kind in _USERS for each in await _known(copy, kind, person, key)}
        return list(found.values())

    async def _user_ids(self, person: Person, key: MatchKey) -> Sequence[int]:
        """An id in digits is Zendesk's own; any other is the external id that the account gave its user."""
        if _is_own_id(key):
            return (int(key.value),)
        found = await self._found(person, key)
        return list({user.id for user in found if user.active and user.id is not None})

    async def _found(self, person: Person, key: MatchKey) -> Sequence[wire.User]:
        match key.rule:
            case MatchRule.EXTERNAL_ID:
                return await self._client.users_with_external_id(key.value)
            case MatchRule.EMAIL:
                asked = [await self._client.search_users(query=each) for each in person.addresses]
                return [user for users in asked for user in users if person.has_email(user.email)]
            case MatchRule.PHONE:
                asked = [await self._client.search_users(query=key.value)]
                return [user for users in asked for user in users if _may_be(person, user)]

    def _contact(self, ticket: wire.Ticket) -> PastContact:
        return PastContact(
            kind=ContactKind.TICKET,
            source=self._account.name,
            id=str(ticket.id),
            at=ticket.created_at or self._account.clock.now(),
            title=titled(ticket.subject),
            outcome=outcome_of(STATUSES.get(ticket.status or "")),
            url=self._account.ref(ticket.id).url,
            channel=ticket.via.channel if ticket.via and isinstance(ticket.via.channel, str) else None,
        )

    def _facts(self, tickets: tuple[wire.Ticket, ...], as_of: datetime) -> tuple[Fact, ...]:
        since = self._account.clock.now() - timedelta(days=90)
        lately = sum(ticket.created_at is not None and ticket.created_at >= since for ticket in tickets)
        recent = tuple(_line(ticket) for ticket in tickets[:RECENT])
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if recent:
            values.insert(0, ("support.recent_tickets", recent))
        return tuple(
            Fact(name=name, value=value, source=self._account.name, as_of=as_of) for name, value in values
        )


async def _known(copy: Copy, kind: RecordKind, person: Person, key: MatchKey) -> Sequence[KeptRecord]:
    match key.rule:
        case MatchRule.EXTERNAL_ID if _is_own_id(key):
            found = await copy.record(kind, key.value)
            return () if found is None else (found,)
        case MatchRule.EXTERNAL_ID:
            return await copy.known_by(kind, KeyKind.EXTERNAL_ID, key.value)
        case MatchRule.EMAIL:
            addresses = {known.value for each in person.addresses for known in email_of(each)}
            asked = [await copy.known_by(kind, KeyKind.EMAIL, each) for each in sorted(addresses)]
            return [user for users in asked for user in users if person.has_email(user.columns.get("email"))]
        case MatchRule.PHONE:
            users = await copy.known_by(kind, KeyKind.PHONE, key.value)
            return [user for user in users if _is_theirs(person, user)]


def _is_own_id(key: MatchKey) -> bool:
    return key.rule is MatchRule.EXTERNAL_ID and re.fullmatch(r"[0-9]{1,19}", key.value) is not None


def _opened(ticket: wire.Ticket) -> tuple[float, int]:
    return ticket.created_at.timestamp() if ticket.created_at else 0.0, ticket.id


def _is_theirs(person: Person, user: KeptRecord) -> bool:
    told = user.columns
    return person.may_be(emails=(told.get("email"),), phones=(told.get("phone"),), name=told.get("name"))


def _may_be(person: Person, user: wire.User) -> bool:
    return person.may_be(emails=(user.email,), phones=(user.phone,), name=user.name)


def _line(ticket: wire.Ticket) -> str:
    opened = ticket.created_at.date().isoformat() if ticket.created_at else "date unknown"
    return f"#{ticket.id} {one_line(ticket.subject or '(no subject)')} ({ticket.status or 'status unknown'}, {opened})"
