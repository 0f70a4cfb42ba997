"""Freshdesk's lists, page by page as they are asked for: one method each, wire in, wire out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from batonpass.domain.errors import RefusedError
from batonpass.transport import Call, Params, Transport
from batonpass_freshdesk import listed_wire, wire
from batonpass_freshdesk.client import has_next, instant
from batonpass_freshdesk.listed_wire import ListedPage

if TYPE_CHECKING:
    from pydantic import RootModel

Item = TypeVar("Item")
CHANGED_SINCE = ("updated_since", "_updated_since")
"""How the list of contacts is asked for what has changed. The reference has had both names, the first one lately; a
filter that is not known is refused. https://developers.freshdesk.com/api/#list_all_contacts"""


class ListingClient:
    """`number` is the page, `size` how many rows a page has: at most 100."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._changed_since = CHANGED_SINCE[0]

    async def tickets(
        self, kept_in: str, since: datetime, *, number: int, size: int
    ) -> ListedPage[wire.Ticket]:
        """Those that were changed since then, the first changed first. `kept_in`: "" for those that stand, "deleted"
        for the bin, "spam". Counts as three calls, for the times of the first reply and of the solution."""
        asked = [
            ("updated_since", instant(since)),
            ("order_by", "updated_at"),
            ("order_type", "asc"),
            ("include", "stats"),
        ]
        if kept_in:
            asked.append(("filter", kept_in))
        return await self._page("tickets.list", "/tickets", wire.Tickets, asked, number=number, size=size)

    async def contacts(
        self, state: str, since: datetime | None, *, number: int, size: int
    ) -> ListedPage[listed_wire.Contact]:
        """By name. `state`: "" for those who are neither blocked nor deleted, "blocked", "deleted"."""
        asked = [("state", state)] if state else []
        try:
            return await self._contacts(asked, since, number, size)
        except RefusedError as refused:
            if since is None or self._changed_since not in refused.fields:
                raise
            other = next(name for name in CHANGED_SINCE if name != self._changed_since)
            self._changed_since = other
        return await self._contacts(asked, since, number, size)

    async def _contacts(
        self, asked: list[tuple[str, str]], since: datetime | None, number: int, size: int
    ) -> ListedPage[listed_wire.Contact]:
        filtered = [] if since is None else [(self._changed_since, instant(since))]
        return await self._page(
            "contacts.list", "/contacts", listed_wire.Contacts, [*asked, *filtered], number=number, size=size
        )

    async def companies(self, *, number: int, size: int) -> ListedPage[listed_wire.Company]:
        """By name; there is no filter by time. https://developers.freshdesk.com/api/#list_all_companies"""
        return await self._page(
            "companies.list", "/companies", listed_wire.Companies, number=number, size=size
        )

    async def agents(self, *, number: int, size: int) -> ListedPage[wire.Agent]:
        """Admins only."""
        return await self._page("agents.list", "/agents", wire.Agents, number=number, size=size)

    async def groups(self, *, number: int, size: int) -> ListedPage[wire.Group]:
        return await self._page("groups.list", "/groups", wire.Groups, number=number, size=size)

    async def ticket_fields(self) -> ListedPage[wire.TicketField]:
        """All of them in one answer."""
        call = Call(operation="fields.list", method="GET", path="/api/v2/ticket_fields")
        answer = await self._transport.call(call)
        return ListedPage(items=answer.read_as(wire.TicketFields).root, has_next=False)

    async def ratings(
        self, since: datetime, *, number: int, size: int
    ) -> ListedPage[listed_wire.SurveyRating]:
        """Those that were given since then. https://developers.freshdesk.com/api/#view_all_satisfaction_ratings"""
        return await self._page(
            "ratings.all",
            "/surveys/satisfaction_ratings",
            listed_wire.SurveyRatings,
            [("created_since", instant(since))],
            number=number,
            size=size,
        )

    async def _page(
        self,
        operation: str,
        path: str,
        model: type[RootModel[tuple[Item, ...]]],
        params: Params = (),
        *,
        number: int,
        size: int,
    ) -> ListedPage[Item]:
        asked = [*params, ("per_page", str(size)), ("page", str(number))]
        answer = await self._transport.call(
            Call(operation=operation, method="GET", path=f"/api/v2{path}", params=asked)
        )
        return ListedPage(items=answer.read_as(model).root, has_next=has_next(answer))
