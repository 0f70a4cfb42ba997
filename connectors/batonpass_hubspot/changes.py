"""Which tickets have changed, each whole (`batonpass_hubspot.searching` has how they are found)."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from batonpass.domain.ticket import ChangedTicket, TicketKey, TicketRef
from batonpass_hubspot import fields
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.records import TicketShape
from batonpass_hubspot.searching import (
    MOST_PAGES,
    PACE,
    ChangedRecords,
    Place,
    from_milliseconds,
    milliseconds,
)

Referring = Callable[[], Awaitable[Callable[[str], TicketRef]]]
"""Gives what makes a reference of an id, once what addresses need is known."""


class Changes:
    def __init__(self, desk: Desk, refer: Referring) -> None:
        self._desk = desk
        self._refer = refer

    async def since(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """Raises `RetryLaterError` where the list has no end."""
        shape = await TicketShape.of(self._desk)
        ref_of = await self._refer()
        changed = ChangedRecords(
            api=self._desk.api,
            kind=ObjectType.TICKETS,
            asked=shape.asked | {fields.KEY_PROPERTY, fields.CHANGED_AT},
            wait=self._pace,
            most_pages=MOST_PAGES,
            code="endless_pages",
        )
        async for page in changed.pages(Place(at=milliseconds(since))):
            for record in page.records:
                if record.archived:
                    continue
                key = record.stored(fields.KEY_PROPERTY)
                yield ChangedTicket(
                    ticket=shape.stored(record, ref_of(record.id)),
                    changed_at=from_milliseconds(changed.changed(record)),
                    key=TicketKey(key) if key else None,
                )

    async def _pace(self) -> None:
        """A long list leaves the account's other searches room, and does not run into the limit itself."""
        await self._desk.pace.wait(PACE, sleep)
