"""Which tickets and conversations have changed: by the search index, so the last minute may be missing.

The index compares `updated_at` by whole seconds for both kinds (of contacts by whole days). Its cursor names the last
thing of a page and no place in the list, so that nothing is passed over where the list moves meanwhile. What changes
moves to the end of a list that is sorted by its time, and is read there. `sort` is heeded, but documented for contacts
only: a list that comes newest first is read again from its beginning on, until no time has passed while it was read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Protocol, TypeVar

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import ChangedTicket, TicketKey
from batonpass_intercom import talk, wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.refs import Kind, Place
from batonpass_intercom.schema import Attributes
from batonpass_intercom.settings import IntercomSettings
from batonpass_intercom.tickets import Tickets
from batonpass_intercom.workspace import Workspace

MOST_PAGES = 2_000
"""300,000 tickets: a list that is longer has no end."""

Told = TypeVar("Told", wire.Ticket, wire.Conversation)
Told_co = TypeVar("Told_co", wire.Ticket, wire.Conversation, covariant=True)


class _Page(Protocol[Told_co]):
    @property
    def listed(self) -> tuple[Told_co, ...]: ...

    @property
    def after(self) -> str | None: ...


Read = Callable[[int, str | None], Awaitable[_Page[Told]]]
"""From which second on and the cursor → a page."""


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
    begin: int | None = second
    while begin is not None:
        order = _Order()
        async for page in _pages(read, begin):
            order.see([_second(each) for each in page])
            for each in page:
                yield each
        begin = order.read_again_from


async def _pages(read: Read[Told], second: int) -> AsyncIterator[tuple[Told, ...]]:
    seen: set[tuple[str, int]] = set()
    cursors: set[str] = set()
    after: str | None = None
    for _ in range(MOST_PAGES):
        page = await read(second, after)
        yield page.listed
        after = page.after
        if after is None:
            return
        before = len(seen)
        seen.update((each.id, _second(each)) for each in page.listed)
        if after in cursors or len(seen) == before:
            raise _endless("a page came twice")
        cursors.add(after)
    raise _endless(f"{MOST_PAGES} pages were no end")


@dataclass(slots=True)
class _Order:
    """In which order a list came."""

    pages: int = 0
    first_newest: int = 0
    """Of the first page: what changes while the list is read is no older."""
    last: int = 0
    ascends: bool = True

    def see(self, seconds: Sequence[int]) -> None:
        self.pages += 1
        if not seconds:
            return
        if self.pages == 1:
            self.first_newest = max(seconds)
        self.ascends = self.ascends and list(seconds) == sorted(seconds) and self.last <= seconds[0]
        self.last = seconds[-1]

    @property
    def read_again_from(self) -> int | None:
        """None where nothing can have been missed: one page is of one moment, and what changes moves to the end."""
        return None if self.pages <= 1 or self.ascends else self.first_newest


def _second(told: wire.Ticket | wire.Conversation) -> int:
    return told.updated_at or told.created_at or 0


def _endless(why: str) -> RetryLaterError:
    return RetryLaterError(
        f"the search for changes: {why}; it is begun anew at the next look", code="endless_pages"
    )
