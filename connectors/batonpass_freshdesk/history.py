"""The port `FactSource`: a person's recent tickets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.text import one_line
from batonpass_freshdesk import wire
from batonpass_freshdesk.account import Part
from batonpass_freshdesk.tables import STATUS_WORDS

RECENT = 5
_EVER = datetime(2010, 1, 1, tzinfo=UTC)
"""Before there was a Freshdesk: without a date the list ends after 30 days."""


class History(Part):
    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """`support.recent_tickets` and `support.tickets_90_days` (counted up to 100), in one call; needs no rules.

        An e-mail address is one contact's at most, so nobody is ambiguous here.
        """
        del rules
        whose = _whose(person.id_at(self._account.name, "freshdesk"), person.email)
        if whose is None:
            return FactAnswer(standing=Standing.NO_KEY)
        try:
            tickets = await self._account.client.newest_tickets_of(whose, since=_EVER)
        except RefusedError as refused:
            if "requester" in refused.fields or refused.status == 404:
                return FactAnswer(standing=Standing.NOT_FOUND)
            raise
        earlier = tuple(ticket for ticket in tickets if str(ticket.id) != person.ticket_id)
        return FactAnswer(standing=Standing.FOUND, facts=self._facts(earlier))

    def _facts(self, tickets: tuple[wire.Ticket, ...]) -> tuple[Fact, ...]:
        now = self._account.clock.now()
        since = now - timedelta(days=90)
        lately = sum(ticket.created_at is not None and ticket.created_at >= since for ticket in tickets)
        values: list[tuple[str, FactValue]] = [("support.tickets_90_days", lately)]
        if tickets:
            values.insert(0, ("support.recent_tickets", tuple(_line(each) for each in tickets[:RECENT])))
        return tuple(
            Fact(name=name, value=value, source=self._account.name, as_of=now) for name, value in values
        )


def _whose(known_as: str | None, email: str | None) -> tuple[str, str] | None:
    """An id in digits is Freshdesk's own; any other is the external id that the account gave its contact."""
    if known_as is not None:
        digits = re.fullmatch(r"[0-9]{1,19}", known_as)
        return ("requester_id" if digits else "unique_external_id", known_as)
    return ("email", email.strip()) if email and email.strip() else None


def _line(ticket: wire.Ticket) -> str:
    opened = ticket.created_at.date().isoformat() if ticket.created_at else "date unknown"
    status = STATUS_WORDS.get(ticket.status, f"status {ticket.status}")
    return f"#{ticket.id} {one_line(ticket.subject or '(no subject)')} ({status}, {opened})"
