"""Lists by cursor, and the organizations, which have an export by time that may not come to its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from batonpass.domain.errors import RefusedError
from batonpass.domain.synced import Record
from batonpass.ports import Page, Round, Slice
from batonpass_zendesk import wire_bulk
from batonpass_zendesk.bulk_client import BulkClient
from batonpass_zendesk.exporting import ALL, CLOCKS_DIFFER, explained, second
from batonpass_zendesk.moving_lists import NEWEST_EXPORTED, expired, next_place

MOST_EXPORTED = 1000
"""Organizations on a page of their export."""

Listed = TypeVar("Listed", bound=wire_bulk.ListPage)


def begin_all(position: str | None, *, since: datetime | None, now: datetime) -> Round:
    """Everything, each time."""
    del position, since, now
    return Round(slices=(Slice(name=ALL, start=""),), position=None, complete=True)


def begin_since(position: str | None, *, since: datetime | None, now: datetime) -> Round:
    """What has changed since a time; its slice begins with the second, or with nothing for everything."""
    if position is not None:
        start = position
    else:
        start = "" if since is None else str(second(min(since, now - NEWEST_EXPORTED)))
    return Round(
        slices=(Slice(name=ALL, start=start),),
        position=str(second(now - CLOCKS_DIFFER)),
        complete=start == "",
    )


class Listing(Generic[Listed]):
    """One list by cursor. It is in the order of the ids, so what changes meanwhile stays where it is."""

    def __init__(
        self,
        operation: str,
        ask: Callable[[str | None, int | None], Awaitable[Listed]],
        records: Callable[[Listed], Sequence[Record]],
    ) -> None:
        self._operation = operation
        self._ask = ask
        self._records = records

    async def pages(self, part: Slice, cursor: str | None) -> AsyncGenerator[Page, None]:
        since = int(part.start) if part.start else None
        while True:
            told = await self._told(cursor, since)
            records = tuple(self._records(told))
            if not told.meta.has_more:
                yield Page(records=records, cursor=None)
                return
            cursor = next_place(self._operation, told.meta.after_cursor, {cursor})
            yield Page(records=records, cursor=cursor)

    async def _told(self, cursor: str | None, since: int | None) -> Listed:
        try:
            return await self._ask(cursor, since)
        except RefusedError as refused:
            raise explained(self._operation, refused, cursor) from None


class Organizations:
    """All of them from their list; what has changed from their export.

    That export goes by whole seconds and has no cursor: where more than a page of organizations changed in one second,
    as an import leaves them, its next page is the same page for ever. Then the list of all is read in its place, which
    is more, and ends. https://github.com/estuary/connectors/issues/1789
    """

    def __init__(self, client: BulkClient, record: Callable[[wire_bulk.Organization], Record]) -> None:
        self._client = client
        self._record = record

    async def pages(self, part: Slice, cursor: str | None) -> AsyncGenerator[Page, None]:
        """A cursor is `from SECOND` in the export and `list CURSOR` in the list."""
        where, _, place = (cursor or (f"from {part.start}" if part.start else "list ")).partition(" ")
        while where == "from":
            told = await self._exported(int(place))
            if told is None or not _is_last(told):
                ends = None if told is None else told.end_time
                where, place = ("list", "") if ends is None or ends <= int(place) else ("from", str(ends))
                found = () if told is None else self._records(told.organizations)
                yield Page(records=found, cursor=f"{where} {place}")
            else:
                yield Page(records=self._records(told.organizations), cursor=None)
                return
        after = place or None
        while True:
            listed = await self._listed(after)
            if not listed.meta.has_more:
                yield Page(records=self._records(listed.organizations), cursor=None)
                return
            after = next_place("organizations.list", listed.meta.after_cursor, {after})
            yield Page(records=self._records(listed.organizations), cursor=f"list {after}")

    def _records(self, organizations: Sequence[wire_bulk.Organization] | None) -> tuple[Record, ...]:
        return tuple(self._record(each) for each in organizations or ())

    async def _exported(self, start_time: int) -> wire_bulk.OrganizationExport | None:
        """None where a page of it is too large: it cannot be made smaller, the list's pages are."""
        try:
            return await self._client.organizations_since(start_time)
        except RefusedError as refused:
            if refused.code == "unexpected_content":
                return None
            raise explained("organizations.export", refused, None) from None

    async def _listed(self, after: str | None) -> wire_bulk.OrganizationList:
        try:
            return await self._client.organizations(after)
        except RefusedError as refused:
            raise expired("organizations.list", refused, after) from None


def _is_last(told: wire_bulk.OrganizationExport) -> bool:
    """Older answers say it by a page that is not full."""
    if told.end_of_stream is None:
        return len(told.organizations or ()) < MOST_EXPORTED
    return told.end_of_stream
