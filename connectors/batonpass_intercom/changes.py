"""Which tickets and conversations have changed: by the search index, so the last minute may be missing.

The index compares `updated_at` by whole seconds for both kinds (of contacts by whole days); how a list that moves is read
is `moving`'s business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from math import floor

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import ChangedTicket, TicketKey
from batonpass_intercom import talk
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.moving import Read, Spot, Told, second_of
from batonpass_intercom.refs import Kind, Place
from batonpass_intercom.schema import Attributes
from batonpass_intercom.settings import IntercomSettings
from batonpass_intercom.tickets import Tickets
from batonpass_intercom.workspace import Workspace

MOST_PAGES = 2_000
"""300,000 tickets: a list that is longer has no end."""


class Changes:
    def __init__(
        self, client: IntercomClient, workspace: Workspace, tickets: Tickets, settings: IntercomSettings
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._tickets = tickets
        self._settings = settings

    async def since(self, since: datetime) -> AsyncIterator[ChangedTicket]:
        """First the tickets, then the conversations. A ticket's own conversation is the ticket, and is left out."""
        known = await self._workspace.attributes()
        second = floor(since.timestamp())
        async for ticket in listed(self._client.changed_tickets, second):
            yield self._changed(Place(Kind.TICKET, ticket.id), talk.of_ticket(ticket), known)
        async for conversation in listed(self._client.changed_conversations, second):
            if conversation.ticket is None:
                place = Place(Kind.CONVERSATION, conversation.id)
                yield self._changed(place, talk.of_conversation(conversation), known)

    def _changed(self, place: Place, seen: talk.Talk, known: Attributes) -> ChangedTicket:
        held = seen.attributes.get(self._settings.key_attribute) if place.is_ticket else None
        return ChangedTicket(
            ticket=self._tickets.stored(place, seen, known),
            changed_at=seen.as_of,
            key=TicketKey(held) if isinstance(held, str) and held else None,
        )


async def listed(read: Read[Told], second: int) -> AsyncIterator[Told]:
    """Everything that changed in this second or later; some of it twice. Raises `RetryLaterError` where the list has
    no end."""
    seen: set[tuple[str, int]] = set()
    spot = Spot(second=second)
    for _ in range(MOST_PAGES):
        page = await read(spot.second, spot.after)
        for each in page.listed:
            yield each
        told = {(each.id, second_of(each)) for each in page.listed}
        further = spot.beyond([second_of(each) for each in page.listed], page.after)
        if further is None:
            return
        if spot.after is None:
            seen.clear()
        elif page.after is not None and told <= seen:
            raise _endless("a page came twice")
        seen |= told
        spot = further
    raise _endless(f"{MOST_PAGES} pages were no end")


def _endless(why: str) -> RetryLaterError:
    return RetryLaterError(
        f"the search for changes: {why}; it is begun anew at the next look", code="endless_pages"
    )
