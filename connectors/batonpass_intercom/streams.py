"""What of a workspace can be read in bulk, and how each stream is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from math import floor
from types import MappingProxyType

from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.synced import Record, RecordKind
from batonpass.ports import Deletions, Page, Round, Slice, Stream
from batonpass_intercom import listed_wire, synced_fields, synced_people, synced_work
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.moving import Read, Spot, Told, pages_of
from batonpass_intercom.scrolling import CompanyScroll, Place
from batonpass_intercom.settings import IntercomSettings
from batonpass_intercom.workspace import Workspace

WEEK = timedelta(days=7)
LAG = timedelta(minutes=15)
"""The search index lags by some time that is not documented, and Intercom's clock need not be ours: ten minutes of
difference do no harm."""
CONTACTS_LAG = timedelta(minutes=30)
"""New contacts take minutes to appear in search."""


def _stream(name: str, kind: RecordKind, every: timedelta, says: str) -> Stream:
    """One that is small and is read whole each time."""
    return Stream(
        name=name, kinds=(kind,), every=every, incremental=False, deletions=Deletions.BY_FULL, says=says
    )


def _searched(name: str, kind: RecordKind, every: timedelta, says: str, lag: timedelta = LAG) -> Stream:
    return Stream(
        name=name,
        kinds=(kind,),
        every=every,
        incremental=True,
        deletions=Deletions.BY_FULL,
        reads_all_every=WEEK,
        lag=lag,
        says=says,
    )


STREAMS: tuple[Stream, ...] = (
    _stream(
        "companies",
        RecordKind.COMPANY,
        timedelta(hours=6),
        "Intercom lists no company without contacts, and cannot tell which have changed: each round reads all, by a "
        "scroll, of which an app has one at a time. A scroll that was broken off begins anew.",
    ),
    _searched(
        "contacts",
        RecordKind.CUSTOMER,
        timedelta(minutes=30),
        "Users and leads. Intercom finds changes by calendar day only, so each round asks for up to two days more than "
        "it keeps; new contacts can be missing for minutes. Deleted and archived ones are found out by a complete "
        "reading each week.",
        CONTACTS_LAG,
    ),
    _stream(
        "admins",
        RecordKind.AGENT,
        timedelta(hours=1),
        "Teammates; is_active is whether they have an inbox seat.",
    ),
    _stream("teams", RecordKind.GROUP, timedelta(hours=1), ""),
    _stream(
        "ticket_types",
        RecordKind.FIELD,
        timedelta(hours=6),
        "Ticket types and their attributes; archived ones count as deleted.",
    ),
    _stream(
        "attributes",
        RecordKind.FIELD,
        timedelta(hours=6),
        "Attributes of conversations, contacts and companies; archived ones count as deleted.",
    ),
    _searched(
        "conversations",
        RecordKind.TICKET,
        timedelta(minutes=15),
        "Without those that belong to a ticket. First replies and reopenings are those that Intercom's statistics "
        "tell, in which an AI agent that answers as a teammate counts as one; how many messages there were, and how many agents and teams had it, is not told in bulk. Deleted ones "
        "are found out by a complete reading each week.",
    ),
    _searched(
        "tickets",
        RecordKind.TICKET,
        timedelta(minutes=15),
        "Intercom does not tell a ticket's tags, priority and rating; replies are counted where the search gives all "
        "of a ticket's parts. Deleted ones are found out by a complete reading each week.",
    ),
    _searched(
        "ratings",
        RecordKind.RATING,
        timedelta(hours=1),
        "Of conversations; of tickets Intercom's API tells none. It is taken that a rating counts as a change of its "
        "conversation, which is not documented: the complete reading each week finds what that leaves out.",
    ),
)
"""Parents first."""
_BY_NAME: Mapping[str, Stream] = MappingProxyType({each.name: each for each in STREAMS})

Pages = Callable[[int, str | None], AsyncIterator[Page]]
"""From which second on (0: everything) and our cursor → the pages."""


class StreamReader:
    """`ports.Streams` of a workspace."""

    def __init__(
        self, client: IntercomClient, workspace: Workspace, settings: IntercomSettings, clock: Clock
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._settings = settings
        self._clock = clock
        self._scroll = CompanyScroll(client)
        self._pages: Mapping[str, Pages] = {
            "companies": self._companies,
            "contacts": self._contacts,
            "admins": self._admins,
            "teams": self._teams,
            "ticket_types": self._ticket_types,
            "attributes": self._attributes,
            "conversations": self._conversations,
            "tickets": self._tickets,
            "ratings": self._ratings,
        }

    def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime
    ) -> Round:
        """One slice: only a list that is read from one end to the other misses nothing that moves. A position is a
        second."""
        told = _BY_NAME[stream]
        if not told.incremental:
            return Round(slices=(Slice(name="all", start="0"),), position=None, complete=True)
        if since is not None:
            second = max(floor(since.timestamp()), 0)
        else:
            second = 0 if position is None else _second_in(position)
        return Round(
            slices=(Slice(name="all" if second == 0 else f"since {second}", start=str(second)),),
            position=str(floor((now - told.lag).timestamp())),
            complete=second == 0,
        )

    def pages(self, stream: str, part: Slice, cursor: str | None) -> AsyncIterator[Page]:
        return self._pages[stream](_second_in(part.start), cursor)

    # Searched -------------------------------------------------------------------------------------------------

    def _contacts(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        return _moving(self._client.changed_contacts, partial(_contact_since, second), second, cursor)

    def _conversations(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        record = partial(_conversation, self._settings.ai_agent_id)
        return _moving(self._client.changed_conversations, record, second, cursor)

    def _ratings(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        return _moving(self._client.rated_conversations, synced_work.rating_of, second, cursor)

    async def _tickets(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        own = await self._workspace.own_id()
        record = partial(synced_work.of_ticket, own=own, ai_agent_id=self._settings.ai_agent_id)
        async with aclosing(_moving(self._client.changed_tickets, record, second, cursor)) as pages:
            async for page in pages:
                yield page

    # Listed whole ---------------------------------------------------------------------------------------------

    async def _companies(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        del second
        place = None if cursor is None else Place.of(cursor)
        while True:
            companies, place = await self._scroll.after(place)
            records = tuple(synced_people.of_company(each) for each in companies)
            yield Page(records=records, cursor=None if place is None else str(place))
            if place is None:
                return

    async def _admins(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        del second, cursor
        now = self._clock.now()
        yield _whole(*(synced_people.of_admin(each, now=now) for each in await self._client.admins()))

    async def _teams(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        del second, cursor
        now = self._clock.now()
        yield _whole(*(synced_people.of_team(each, now=now) for each in await self._client.teams()))

    async def _ticket_types(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        del second, cursor
        now = self._clock.now()
        types = await self._client.ticket_types()
        yield _whole(*(record for each in types for record in synced_fields.of_ticket_type(each, now=now)))

    async def _attributes(self, second: int, cursor: str | None) -> AsyncIterator[Page]:
        del second
        now = self._clock.now()
        if cursor is None:
            asked = await self._client.conversation_attributes()
            records = [synced_fields.of_conversation_attribute(each, now=now) for each in asked]
            yield Page(records=tuple(records), cursor=_OF_PEOPLE)
        held = await self._client.data_attributes()
        of_people = [synced_fields.of_data_attribute(each, now=now) for each in held if not each.archived]
        yield Page(records=tuple(of_people), cursor=None)


_OF_PEOPLE = "data_attributes"
"""The cursor between the attributes of conversations and those of contacts and companies."""


async def _moving(
    read: Read[Told], record: Callable[[Told], Record | None], second: int, cursor: str | None
) -> AsyncGenerator[Page, None]:
    """A record that is None is left out."""
    spot = Spot(second=second) if cursor is None else Spot.of(cursor)
    async with aclosing(pages_of(read, spot)) as pages:
        async for page, further in pages:
            made = (record(each) for each in page.listed)
            yield Page(
                records=tuple([each for each in made if each is not None]),
                cursor=None if further is None else str(further),
                total=page.total_count if second == 0 else None,
            )


def _contact_since(second: int, told: listed_wire.Contact) -> Record | None:
    """Intercom compares whole days; None of one that changed earlier on one of them."""
    if (told.updated_at or told.created_at or second) < second:
        return None
    return synced_people.of_contact(told)


def _conversation(ai_agent_id: str | None, told: listed_wire.Conversation) -> Record | None:
    """None of a ticket's own conversation, which is the ticket."""
    if told.ticket is not None:
        return None
    return synced_work.of_conversation(told, ai_agent_id=ai_agent_id)


def _whole(*records: Record) -> Page:
    return Page(records=records, cursor=None, total=len(records))


def _second_in(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise ConfigurationError(
            "a position of an Intercom stream is a time in whole seconds since 1970; set it so, or clear it"
        )
    return int(text)
