"""Tickets that were opened or changed lately."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.ticket import ChangedTicket, TicketKey
from batonpass_zendesk import wire
from batonpass_zendesk.account import Account
from batonpass_zendesk.moving_lists import NEWEST_EXPORTED, expired, next_place
from batonpass_zendesk.tickets import DELETED, stored

MOST_PAGES = 300
"""Of one reading: 30,000 tickets."""
MOST_PASSES = 10
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _UnsortedError(Exception):
    """The list does not come in the order that was asked for."""


class Changes:
    """`ListsChanges`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    async def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """From the list of all tickets, the last changed first. It reads the store and every agent may read it; the
        export may be read by admins only, ten times a minute, and withholds the last minute. So the export is what is
        left where Zendesk does not keep to the order that the list is asked for in.

        A ticket that changes while we read moves to the head of the list, where we have been already. So what has
        changed since the newest that was seen is read again, until that is one page or brings nothing new.
        """
        given: set[tuple[int, datetime]] = set()
        start = since.replace(microsecond=0)  # Zendesk tells whole seconds
        try:
            async for ticket in self._newest_first(start, given):
                yield self._changed(ticket)
        except _UnsortedError:
            async for ticket in self._exported(start):
                yield self._changed(ticket)

    async def _newest_first(
        self, since: datetime, given: set[tuple[int, datetime]]
    ) -> AsyncIterator[wire.Ticket]:
        for _ in range(MOST_PASSES):
            newest, pages, brought_new = since, 0, False
            async for page in self._pages_until(since):
                pages += 1
                for ticket in page:
                    newest = max(newest, _time_of(ticket))
                    if (ticket.id, _time_of(ticket)) not in given:
                        given.add((ticket.id, _time_of(ticket)))
                        brought_new = True
                        yield ticket
            if pages < 2 or not brought_new:
                return
            since = newest
        raise RetryLaterError("tickets.changed: tickets change faster than they can be read", code="too_many")

    async def _pages_until(self, since: datetime) -> AsyncIterator[list[wire.Ticket]]:
        """Of each page what has changed since; ends with the first page that has something older."""
        cursor: str | None = None
        seen: set[str] = set()
        last: datetime | None = None
        for _ in range(MOST_PAGES):
            page = await self._page(cursor)
            for ticket in page.tickets:
                if last is not None and _time_of(ticket) > last:
                    raise _UnsortedError
                last = _time_of(ticket)
            changed = [ticket for ticket in page.tickets if _time_of(ticket) >= since]
            yield [ticket for ticket in changed if ticket.status != DELETED]
            if len(changed) < len(page.tickets) or not page.meta.has_more:
                return
            cursor = next_place("tickets.changed", page.meta.after_cursor, seen)
            seen.add(cursor)
        raise RefusedError(f"tickets.changed: more than {MOST_PAGES} pages", code="too_many")

    async def _page(self, cursor: str | None) -> wire.TicketsPage:
        try:
            return await self._client.last_changed_tickets(cursor)
        except RefusedError as refused:
            raise expired("tickets.changed", refused, cursor) from None

    async def _exported(self, since: datetime) -> AsyncIterator[wire.Ticket]:
        """Zendesk touches tickets itself, which is no change: those come with the time of their last one, from before
        `since`. Deleted ones come too, with that as their status."""
        start = min(since, self._account.clock.now() - NEWEST_EXPORTED)
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            page = await self._export_page(start, cursor)
            for ticket in page.tickets:
                if ticket.status != DELETED and _time_of(ticket) >= since:
                    yield ticket
            if page.end_of_stream:
                return
            cursor = next_place("tickets.export", page.after_cursor, seen)
            seen.add(cursor)
        raise RefusedError(f"tickets.export: more than {MOST_PAGES} pages", code="too_many")

    async def _export_page(self, start: datetime, cursor: str | None) -> wire.ExportedTickets:
        try:
            return await self._client.exported_tickets(int(start.timestamp()), cursor)
        except RefusedError as refused:
            if refused.status == 403:
                raise RefusedError(
                    "tickets.export: Zendesk does not sort its list of tickets by their last change here, and exports "
                    "them to admins only: give the login of this connection the role of an admin",
                    status=403,
                    code="forbidden",
                ) from None
            raise expired("tickets.export", refused, cursor) from None

    def _changed(self, ticket: wire.Ticket) -> ChangedTicket:
        """Anything may stand in an external id that somebody else has given: what can be none of ours is left out."""
        key = ticket.external_id or ""
        return ChangedTicket(
            ticket=stored(self._account, ticket),
            changed_at=_time_of(ticket),
            key=TicketKey(key) if _KEY.fullmatch(key) else None,
        )


def _time_of(ticket: wire.Ticket) -> datetime:
    at = ticket.updated_at or ticket.created_at
    if at is None:
        raise RefusedError("tickets.changed: a ticket without a time", code="unexpected_content")
    return at
