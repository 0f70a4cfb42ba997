"""Which of an account's records are read in bulk, and in which way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from batonpass.domain.synced import RecordKind
from batonpass.ports import Deletions, Stream
from batonpass_hubspot.client import ObjectType

LAG = timedelta(minutes=2)
"""HubSpot says that new and changed records "may take a few moments" until search finds them, and no more:
https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm"""
ARCHIVED_EVERY = timedelta(hours=1)
"""The list of deleted records has no order of time: it is read whole, so not in every round."""
ARCHIVED_OVERLAP = timedelta(minutes=15)
"""By so much HubSpot's clock and ours may differ before a deletion is first seen by the weekly complete reading."""
_QUARTER, _WEEK = timedelta(minutes=15), timedelta(days=7)
_SEARCHED = (
    "Changes are found by search, which lags by moments and gives 1,000 records a second at most. Deletions are told "
    "within an hour and a round; those that HubSpot keeps no trace of (erasure for privacy) by the weekly complete "
    "reading. "
)
_LINKS = "A link that is made or removed without a change of the record is seen at its next change or the weekly reading."


def _of_objects(name: str, kind: RecordKind, says: str) -> Stream:
    return Stream(
        name=name,
        kinds=(kind,),
        every=_QUARTER,
        incremental=True,
        deletions=Deletions.TOLD,
        reads_all_every=_WEEK,
        lag=LAG,
        says=f"{_SEARCHED}{says}".strip(),
    )


OWNERS = Stream(
    name="owners",
    kinds=(RecordKind.AGENT,),
    every=timedelta(hours=1),
    incremental=False,
    deletions=Deletions.NEVER,
    says="Read whole each time: HubSpot lists no changes of owners. Who has left stays known, as inactive. Queues that own "
    "records are left out. Needs the scope crm.objects.owners.read.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A stream of one object type's records."""

    stream: Stream
    kind: ObjectType
    links: tuple[ObjectType, ...] = ()
    """The types whose links are read with each record."""


CONTACTS = Source(
    stream=_of_objects("contacts", RecordKind.CUSTOMER, _LINKS),
    kind=ObjectType.CONTACTS,
    links=(ObjectType.COMPANIES,),
)
COMPANIES = Source(stream=_of_objects("companies", RecordKind.COMPANY, ""), kind=ObjectType.COMPANIES)
DEALS = Source(
    stream=_of_objects(
        "deals",
        RecordKind.DEAL,
        f"An amount is kept only with the deal's own currency. {_LINKS}",
    ),
    kind=ObjectType.DEALS,
    links=(ObjectType.CONTACTS, ObjectType.COMPANIES),
)
TICKETS = Source(
    stream=_of_objects(
        "tickets",
        RecordKind.TICKET,
        "Not told by HubSpot: numbers of replies, reopenings and reassignments, and whether an AI agent took part, but for "
        f"tickets that batonpass opened. Survey answers are not read. {_LINKS}",
    ),
    kind=ObjectType.TICKETS,
    links=(ObjectType.CONTACTS,),
)
DESK_CONTACTS = Source(
    stream=_of_objects("contacts", RecordKind.CUSTOMER, "Without their companies, which tickets need not."),
    kind=ObjectType.CONTACTS,
)
"""The token of a connection that keeps tickets need not be able to read companies."""

OF_FACTS = (COMPANIES, CONTACTS, DEALS)
OF_DESK = (DESK_CONTACTS, TICKETS)
