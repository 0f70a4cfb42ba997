"""The account's lists: what is read of each, how, and what people must know of it.

https://developers.freshdesk.com/api/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from batonpass.domain.synced import Record, RecordKind
from batonpass.ports import Deletions, Stream
from batonpass_freshdesk import records
from batonpass_freshdesk.listed_wire import ListedPage
from batonpass_freshdesk.listing_client import ListingClient
from batonpass_freshdesk.places import CLOCKS_APART, LAG, Order
from batonpass_freshdesk.records import Reading
from batonpass_freshdesk.windows import Window

EVER = datetime(2010, 1, 1, tzinfo=UTC)
"""Before there was a Freshdesk: without a date the list of tickets ends after 30 days."""
_STANDING = ("",)
"""The list as it is without a filter."""
_DAY = timedelta(days=1)

CONTACTS = Stream(
    name="contacts",
    kinds=(RecordKind.CUSTOMER,),
    every=timedelta(minutes=15),
    incremental=True,
    deletions=Deletions.TOLD,
    reads_all_every=7 * _DAY,
    lag=CLOCKS_APART,
    says=(
        "Blocked contacts are read as well. Whoever is deleted for good is gone after the next reading of all, once a "
        "week: Freshdesk tells of the soft deletion only. That a deletion counts as a change of the contact is not "
        "documented."
    ),
)
COMPANIES = Stream(
    name="companies",
    kinds=(RecordKind.COMPANY,),
    every=timedelta(hours=6),
    incremental=False,
    deletions=Deletions.BY_FULL,
    says="Freshdesk does not tell which companies have changed: each round reads all.",
)
GROUPS = Stream(
    name="groups",
    kinds=(RecordKind.GROUP,),
    every=timedelta(hours=1),
    incremental=False,
    deletions=Deletions.BY_FULL,
)
AGENTS = Stream(
    name="agents",
    kinds=(RecordKind.AGENT,),
    every=timedelta(hours=1),
    incremental=False,
    deletions=Deletions.BY_FULL,
    says="Needs the API key of an admin. Roles are not told by name.",
)
TICKET_FIELDS = Stream(
    name="ticket_fields",
    kinds=(RecordKind.FIELD,),
    every=timedelta(hours=1),
    incremental=False,
    deletions=Deletions.BY_FULL,
    says="All fields come in one answer.",
)
TICKETS = Stream(
    name="tickets",
    kinds=(RecordKind.TICKET,),
    every=timedelta(minutes=5),
    incremental=True,
    deletions=Deletions.TOLD,
    reads_all_every=28 * _DAY,
    lag=LAG,
    says=(
        "Only the tickets that the key's agent may see, and none that Freshdesk has archived. Each page of 100 counts "
        "as three calls, for the times of the first reply and of the solution. Tickets in the bin or in spam count as "
        "deleted; Freshdesk empties the bin after 30 days. That a deletion counts as a change of the ticket is not "
        "documented, so the whole bin is read every four weeks. Merges are not told."
    ),
)
RATINGS = Stream(
    name="satisfaction_ratings",
    kinds=(RecordKind.RATING,),
    every=timedelta(hours=1),
    incremental=True,
    deletions=Deletions.NEVER,
    reads_all_every=7 * _DAY,
    lag=CLOCKS_APART,
    says=(
        "Needs a plan with surveys. Freshdesk tells which ratings are new, not which were changed afterwards: those "
        "are read again with all others once a week."
    ),
)


class _Ask(Protocol):
    """Asks for one window of a list; `since` is None where everything is asked for."""

    def __call__(
        self, client: ListingClient, kept_in: str, since: datetime | None, seen: Window
    ) -> Awaitable[ListedPage[Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How a stream's lists are read."""

    stream: Stream
    order: Order
    ask: _Ask
    record: Callable[[Any, Reading], Record]
    lists: tuple[str, ...] = _STANDING
    """Of a round that reads what has changed."""
    lists_of_all: tuple[str, ...] = _STANDING
    """Of a round that reads everything."""
    is_complete: bool = False
    """Whether a round that reads everything leaves nothing out."""


LISTINGS: tuple[Listing, ...] = (
    Listing(
        stream=COMPANIES,
        order=Order.BY_NAME_ALONE,
        ask=lambda client, _, __, seen: client.companies(number=seen.number, size=seen.size),
        record=records.company,
        is_complete=True,
    ),
    Listing(
        stream=CONTACTS,
        order=Order.BY_NAME,
        ask=lambda client, state, since, seen: client.contacts(
            state, since, number=seen.number, size=seen.size
        ),
        record=records.contact,
        lists=("", "blocked", "deleted"),
        lists_of_all=("", "blocked"),
        is_complete=True,
    ),
    Listing(
        stream=GROUPS,
        order=Order.BY_NAME_ALONE,
        ask=lambda client, _, __, seen: client.groups(number=seen.number, size=seen.size),
        record=records.group,
        is_complete=True,
    ),
    Listing(
        stream=AGENTS,
        order=Order.BY_NAME_ALONE,
        ask=lambda client, _, __, seen: client.agents(number=seen.number, size=seen.size),
        record=records.agent,
        is_complete=True,
    ),
    Listing(
        stream=TICKET_FIELDS,
        order=Order.BY_NAME_ALONE,
        ask=lambda client, _, __, ___: client.ticket_fields(),
        record=records.field,
        is_complete=True,
    ),
    Listing(
        stream=TICKETS,
        order=Order.BY_CHANGE,
        ask=lambda client, kept_in, since, seen: client.tickets(
            kept_in, since or EVER, number=seen.number, size=seen.size
        ),
        record=records.ticket,
        lists=("", "deleted", "spam"),
        lists_of_all=("", "deleted", "spam"),
    ),
    Listing(
        stream=RATINGS,
        order=Order.BY_ARRIVAL,
        ask=lambda client, _, since, seen: client.ratings(since or EVER, number=seen.number, size=seen.size),
        record=records.rating,
    ),
)
"""Parents first: what others point to."""
