"""A customer's earlier tickets, as facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.text import one_line
from batonpass_zendesk import wire
from batonpass_zendesk.account import Account

RECENT = 5


class History:
    """`FactSource`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days` (counted up to 100); needs no rules."""
        del rules
        known_as = person.id_at(self._account.name, "zendesk")
        if known_as is None and not person.email:
            return FactAnswer(standing=Standing.NO_KEY)
        ids = await self._user_ids(known_as, person.email or "")
        if len(ids) != 1:
            return FactAnswer(standing=Standing.AMBIGUOUS if ids else Standing.NOT_FOUND)
        try:
            tickets = await self._client.newest_tickets_of(ids.pop())
        except RefusedError as refused:
            if refused.status == 404:
                return FactAnswer(standing=Standing.NOT_FOUND)
            raise
        earlier = tuple(ticket for ticket in tickets if str(ticket.id) != person.ticket_id)
        return FactAnswer(standing=Standing.FOUND, facts=self._facts(earlier))

    async def _user_ids(self, known_as: str | None, email: str) -> set[int]:
        """An id in digits is Zendesk's own; any other is the external id that the account gave its user."""
        if known_as is not None and re.fullmatch(r"[0-9]{1,19}", known_as):
            return {int(known_as)}
        if known_as is not None:
            users = await self._client.users_with_external_id(known_as)
        else:
            same = email.strip().casefold()
            found = await self._client.search_users(query=email.strip())
            users = tuple(user for user in found if (user.email or "").casefold() == same)
        return {user.id for user in users if user.active and user.id is not None}

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


def _line(ticket: wire.Ticket) -> str:
    opened = ticket.created_at.date().isoformat() if ticket.created_at else "date unknown"
    return f"#{ticket.id} {one_line(ticket.subject or '(no subject)')} ({ticket.status or 'status unknown'}, {opened})"
