"""The port `ListsChanges`: tickets that were opened or changed lately."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.ticket import ChangedTicket, FieldId, TicketKey
from batonpass_freshdesk import wire
from batonpass_freshdesk.client import MOST_PAGES
from batonpass_freshdesk.tickets import Tickets, stored

MOST_CALLS = 1000
"""Of one reading, 100,000 tickets: more is a list without an end."""
_A_SECOND = timedelta(seconds=1)
"""Freshdesk tells whole seconds, and does not say whether `updated_since` takes in its own: so it is asked from one
second earlier."""
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GONE = frozenset({404, 405, 410})


class Changes(Tickets):
    async def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """The first changed first. A ticket that changes while we read moves to the end of the list, and all behind its
        old place move up: the next page would begin too late. So each page is asked for anew, from the second in which
        the one before ended; only where one second fills a page are pages counted, and then that second is read again
        until it brings nothing new.

        Without the field `key_field` no key is told: the tag that stands for it keeps a digest only. A list that does
        not tell tags costs a read for each ticket.
        """
        key_field = await self._key_place.field()
        start = second = since.replace(microsecond=0)
        given: set[tuple[int, datetime]] = set()
        calls = 0
        while True:
            pages, brought_new, is_last, end = 0, False, True, second
            async for page in self._pages_from(second):
                pages, is_last = pages + 1, not page.has_next
                calls = _counted(calls)
                for ticket in page.tickets:
                    at = end = _time_of(ticket)
                    if at < start or (ticket.id, at) in given:
                        continue
                    given.add((ticket.id, at))
                    brought_new = True
                    if (whole := await self._whole(ticket)) is not None:
                        yield self._changed(whole, key_field)
            if pages > 1 and brought_new:
                continue
            if is_last:
                return
            second = end

    async def _pages_from(self, second: datetime) -> AsyncIterator[wire.ChangedPage]:
        """Ends with the first page that ends in a later second: one, but where this second is crowded."""
        ids: set[int] = set()
        for number in range(1, MOST_PAGES + 1):
            page = await self._account.client.changed_tickets(second - _A_SECOND, page=number)
            times = [_time_of(ticket) for ticket in page.tickets]
            if times != sorted(times):
                raise RefusedError("tickets.changed: not in the order asked for", code="unexpected_content")
            if page.has_next and ids.issuperset(ticket.id for ticket in page.tickets):
                raise RetryLaterError("tickets.changed: the list's pages repeat", code="page_repeats")
            ids.update(ticket.id for ticket in page.tickets)
            yield page
            if not page.has_next or times[-1] > second:
                return
        raise RefusedError(f"tickets.changed: more than {MOST_PAGES} pages in one second", code="too_many")

    async def _whole(self, ticket: wire.Ticket) -> wire.Ticket | None:
        """With its tags. None where it is gone."""
        if ticket.tags is None and not ticket.gone:
            try:
                ticket = await self._account.client.ticket(ticket.id)
            except RefusedError as refused:
                if refused.status in _GONE:
                    return None
                raise
        return None if ticket.gone else ticket

    def _changed(self, ticket: wire.Ticket, key_field: FieldId | None) -> ChangedTicket:
        held = None if key_field is None else ticket.custom_fields.get(key_field)
        is_key = isinstance(held, str) and _KEY.fullmatch(held)
        return ChangedTicket(
            ticket=stored(self._account, ticket),
            changed_at=_time_of(ticket),
            key=TicketKey(str(held)) if is_key else None,
        )


def _counted(calls: int) -> int:
    if calls >= MOST_CALLS:
        raise RefusedError(f"tickets.changed: more than {MOST_CALLS} pages", code="too_many")
    return calls + 1


def _time_of(ticket: wire.Ticket) -> datetime:
    at = ticket.updated_at or ticket.created_at
    if at is None:
        raise RefusedError("tickets.changed: a ticket without a time", code="unexpected_content")
    return at
