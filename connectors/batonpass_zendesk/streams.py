"""What Zendesk gives in bulk: which streams there are, and how each is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from batonpass.domain.facts import FactRule
from batonpass.domain.synced import Record, RecordKind
from batonpass.ports import Deletions, Page, Round, Slice, Stream
from batonpass_zendesk import exporting, listing, records, wire_bulk
from batonpass_zendesk.account import Account
from batonpass_zendesk.bulk_client import BulkClient
from batonpass_zendesk.exporting import CLOCKS_DIFFER, Export
from batonpass_zendesk.listing import Listing, Organizations
from batonpass_zendesk.ticket_records import of_ticket

_ADMIN = "The login needs the role of an admin."
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

STREAMS = (
    Stream(
        name="organizations",
        kinds=(RecordKind.COMPANY,),
        every=_HOUR,
        incremental=True,
        deletions=Deletions.BY_FULL,
        reads_all_every=_DAY,
        lag=CLOCKS_DIFFER,
        says=f"{_ADMIN} What has changed comes from the export by time; where more than 1,000 organizations changed in "
        "one second, all of them are read instead. Deleted ones are noticed once a day.",
    ),
    Stream(
        name="groups",
        kinds=(RecordKind.GROUP,),
        every=_HOUR,
        incremental=False,
        deletions=Deletions.BY_FULL,
    ),
    Stream(
        name="agents",
        kinds=(RecordKind.AGENT,),
        every=_HOUR,
        incremental=False,
        deletions=Deletions.BY_FULL,
        says="Light agents and suspended ones too; the AI agent's own user (ai_agent_id) has a role of its own.",
    ),
    Stream(
        name="users",
        kinds=(RecordKind.CUSTOMER,),
        every=15 * _MINUTE,
        incremental=True,
        deletions=Deletions.TOLD,
        lag=_MINUTE,
        says=f"{_ADMIN} The newest minute comes with the next round. Of several addresses of a user the main one is "
        "known. Of users who were merged it is not told into whom.",
    ),
    Stream(
        name="ticket_fields",
        kinds=(RecordKind.FIELD,),
        every=_HOUR,
        incremental=False,
        deletions=Deletions.BY_FULL,
    ),
    Stream(
        name="tickets",
        kinds=(RecordKind.TICKET,),
        every=5 * _MINUTE,
        incremental=True,
        deletions=Deletions.TOLD,
        lag=_MINUTE,
        says=f"{_ADMIN} The newest minute comes with the next round; ten pages of 1,000 a minute. The first reply is "
        "known to the minute, except where Zendesk tells seconds. How often the customer wrote is not told, nor "
        "whether an AI agent did, unless it opened the ticket, has it (ai_agent_id), or Zendesk's own AI agent solved "
        "it alone.",
    ),
    Stream(
        name="satisfaction_ratings",
        kinds=(RecordKind.RATING,),
        every=_HOUR,
        incremental=True,
        deletions=Deletions.BY_FULL,
        reads_all_every=_DAY,
        lag=CLOCKS_DIFFER,
        says=f"{_ADMIN} The older ratings, good or bad: answers to the newer surveys cannot be listed, and are known of "
        "tickets that are followed only. A rating that is changed is told with its ticket at once, and here once a day, "
        "when all are read.",
    ),
)


class _Reads(Protocol):
    def pages(self, part: Slice, cursor: str | None) -> AsyncIterator[Page]: ...


class ReadsStreams:
    """`Streams`. The facts that Zendesk tells need no rules, so neither do the documents."""

    def __init__(self, account: Account, client: BulkClient) -> None:
        self._account = account
        self._readers: Mapping[str, _Reads] = MappingProxyType(
            {
                "organizations": Organizations(client, self._organization),
                "groups": Listing("groups.list", lambda after, _: client.groups(after), self._groups),
                "agents": Listing("users.list", lambda after, _: client.team(after), self._agents),
                "users": Export("users.export", client.users, self._users),
                "ticket_fields": Listing(
                    "fields.list", lambda after, _: client.ticket_fields(after), self._fields
                ),
                "tickets": Export("tickets.export", client.tickets, self._tickets),
                "satisfaction_ratings": Listing(
                    "ratings.list",
                    lambda after, since: client.ratings(after, start_time=since),
                    self._ratings,
                ),
            }
        )

    def streams(self) -> tuple[Stream, ...]:
        return STREAMS

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        del most_slices  # one: the limits are the account's, and no list has a window with an end
        return _BEGINNINGS[stream](position, since=since, now=now)

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        del rules
        return self._readers[stream].pages(part, cursor)

    # Records ----------------------------------------------------------------------------------------------------

    @property
    def _now(self) -> datetime:
        return self._account.clock.now()

    def _tickets(self, told: wire_bulk.TicketExport) -> Sequence[Record]:
        settings, now = self._account.settings, self._now
        beside = {each.ticket_id: each for each in told.metric_sets or ()}
        return [
            of_ticket(
                ticket,
                ticket.metric_set or beside.get(ticket.id),
                now=now,
                ai_agent_id=settings.ai_agent_id,
                start=settings.start,
            )
            for ticket in told.tickets or ()
        ]

    def _users(self, told: wire_bulk.UserExport) -> Sequence[Record]:
        now = self._now
        return [records.of_user(each, now=now) for each in told.users or ()]

    def _agents(self, told: wire_bulk.UserList) -> Sequence[Record]:
        ai_agent_id, now = self._account.settings.ai_agent_id, self._now
        return [records.of_agent(each, now=now, ai_agent_id=ai_agent_id) for each in told.users or ()]

    def _organization(self, organization: wire_bulk.Organization) -> Record:
        return records.of_organization(organization, now=self._now)

    def _groups(self, told: wire_bulk.GroupList) -> Sequence[Record]:
        return [records.of_group(each, now=self._now) for each in told.groups or ()]

    def _fields(self, told: wire_bulk.FieldList) -> Sequence[Record]:
        return [records.of_field(each, now=self._now) for each in told.ticket_fields or ()]

    def _ratings(self, told: wire_bulk.RatingList) -> Sequence[Record]:
        return [records.of_rating(each, now=self._now) for each in told.satisfaction_ratings or ()]


class _Begins(Protocol):
    def __call__(self, position: str | None, *, since: datetime | None, now: datetime) -> Round: ...


_BEGINNINGS: Mapping[str, _Begins] = MappingProxyType(
    {
        "organizations": listing.begin_since,
        "groups": listing.begin_all,
        "agents": listing.begin_all,
        "users": exporting.begin,
        "ticket_fields": listing.begin_all,
        "tickets": exporting.begin,
        "satisfaction_ratings": listing.begin_since,
    }
)
