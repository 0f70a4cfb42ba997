"""Tickets that were opened or changed lately."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import ChangedTicket, TicketKey
from batonpass_acme.account import Account
from batonpass_acme.tickets import stored


class ListsWhatChanged(Account):
    """`ListsChanges`."""

    async def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """The first changed first, each page from behind the last ticket of the one before: a ticket that changes
        while we read comes once more, at the end."""
        after: str | None = None
        seen: set[str] = set()
        while True:
            page = await self._client.changes(since, after)
            for ticket in page.tickets:
                yield ChangedTicket(
                    ticket=stored(self._ref(ticket), ticket),
                    changed_at=ticket.updated_at,
                    key=None if ticket.reference is None else TicketKey(ticket.reference),
                )
            if page.after is None:
                return
            if page.after in seen:
                raise RetryLaterError("changes.list: the pages repeat", code="page_repeats")
            seen.add(page.after)
            after = page.after
