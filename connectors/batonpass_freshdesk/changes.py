"""The port `ListsChanges`: tickets that were opened or changed lately."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import ChangedTicket, FieldId, TicketKey
from batonpass_freshdesk import wire
from batonpass_freshdesk.places import Order, Place, Plan, first_place, step
from batonpass_freshdesk.tickets import Tickets, stored
from batonpass_freshdesk.windows import Row

MOST_CALLS = 1000
"""Of one reading, 100,000 tickets: more is a list without an end."""
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GONE = frozenset({404, 405, 410})


class Changes(Tickets):
    async def changed_tickets(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """The first changed first, each change once. A ticket that changes while we read moves to the end of the list, and all behind its
        old place move up: `places` sees to it that none of those is left out.

        Without the field `key_field` no key is told: the tag that stands for it keeps a digest only. A list that does
        not tell tags costs a read for each ticket.
        """
        key_field = await self._key_place.field()
        now = self._account.clock.now()
        plan = Plan(lists=("",), since=since.replace(microsecond=0), began=now)
        place: Place | None = first_place(plan)
        given: set[str] = set()
        calls = 0
        while place is not None:
            seen = place.window()
            page = await self._account.client.changed_tickets(
                place.asked or since, number=seen.number, size=seen.size
            )
            calls = _counted(calls)
            rows = [_row(each) for each in page.tickets]
            told = step(plan, Order.BY_CHANGE, place, rows, has_next=page.has_next, now=now)
            for each in told.new:
                if rows[each].mark in given:
                    continue
                given.add(rows[each].mark)
                if (whole := await self._whole(page.tickets[each])) is not None:
                    yield self._changed(whole, key_field)
            place = told.next

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


def _row(ticket: wire.Ticket) -> Row:
    at = _time_of(ticket)
    return Row(mark=f"{ticket.id} {int(at.timestamp())}", at=at)


def _time_of(ticket: wire.Ticket) -> datetime:
    at = ticket.updated_at or ticket.created_at
    if at is None:
        raise RefusedError("tickets.changed: a ticket without a time", code="unexpected_content")
    return at
