"""A customer's earlier tickets, as facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, ContactKind, PastContact, outcome_of, titled
from batonpass.domain.person import MatchKey, MatchRule
from batonpass.domain.text import one_line
from batonpass.ports import the_one
from batonpass_zendesk import wire
from batonpass_zendesk.account import STATUSES, Account

RECENT = 5


class History:
    """`FactSource`."""

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
        earlier = tuple(ticket for ticket in tickets if str(ticket.id) != person.ticket_id)
        return FactAnswer(
            standing=Standing.FOUND,
            facts=self._facts(earlier),
            contacts=tuple(map(self._contact, [each for each in earlier if each.created_at][:MOST_CONTACTS])),
            matched_by=matched.by,
        )

    async def _user_ids(self, person: Person, key: MatchKey) -> Sequence[int]:
        """An id in digits is Zendesk's own; any other is the external id that the account gave its user."""
        if key.rule is MatchRule.EXTERNAL_ID and re.fullmatch(r"[0-9]{1,19}", key.value):
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

    def _facts(self, tickets: tuple[wire.Ticket, ...]) -> tuple[Fact, ...]:
        now = self._account.clock.now()
        since = now - timedelta(days=90)
        lately = sum(ticket.created_at is not None and ticket.created_at >= since for ticket in tickets)
        recent = tuple(_line(ticket) for ticket in tickets[:RECENT])
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if recent:
            values.insert(0, ("support.recent_tickets", recent))
        return tuple(
            Fact(name=name, value=value, source=self._account.name, as_of=now) for name, value in values
        )


def _may_be(person: Person, user: wire.User) -> bool:
    return person.may_be(emails=(user.email,), phones=(user.phone,), name=user.name)


def _line(ticket: wire.Ticket) -> str:
    opened = ticket.created_at.date().isoformat() if ticket.created_at else "date unknown"
    return f"#{ticket.id} {one_line(ticket.subject or '(no subject)')} ({ticket.status or 'status unknown'}, {opened})"
