"""Zendesk's endpoints that give all records of a kind: one method each, wire in, wire out."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from batonpass.transport import Call, Params, Transport
from batonpass_zendesk import wire_bulk

LISTED = 100
"""Items on a page of a list, the most that Zendesk gives."""
SECONDS = 60.0
"""For a page of an export: Zendesk takes its time for a thousand tickets."""

Model = TypeVar("Model", bound=BaseModel)


class BulkClient:
    """The exports may be called ten times a minute, thirty times with the High Volume add-on:
    https://developer.zendesk.com/api-reference/introduction/rate-limits/"""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def tickets(self, place: Params, *, per_page: int) -> wire_bulk.TicketExport:
        """Deleted ones too, and those that no person has seen but the AI agent, which Zendesk leaves out unasked."""
        asked = [
            *place,
            ("per_page", str(per_page)),
            ("include", "metric_sets"),
            ("support_type_scope", "all"),
        ]
        return await self._get(
            "tickets.export", "/api/v2/incremental/tickets/cursor", asked, wire_bulk.TicketExport
        )

    async def users(self, place: Params, *, per_page: int) -> wire_bulk.UserExport:
        asked = [*place, ("per_page", str(per_page))]
        return await self._get(
            "users.export", "/api/v2/incremental/users/cursor", asked, wire_bulk.UserExport
        )

    async def organizations_since(self, start_time: int) -> wire_bulk.OrganizationExport:
        """At most 1,000: this export has no cursor."""
        return await self._get(
            "organizations.export",
            "/api/v2/incremental/organizations",
            [("start_time", str(start_time))],
            wire_bulk.OrganizationExport,
        )

    async def organizations(self, after: str | None) -> wire_bulk.OrganizationList:
        return await self._list(
            "organizations.list", "/api/v2/organizations", after, wire_bulk.OrganizationList
        )

    async def groups(self, after: str | None) -> wire_bulk.GroupList:
        return await self._list("groups.list", "/api/v2/groups", after, wire_bulk.GroupList)

    async def team(self, after: str | None) -> wire_bulk.UserList:
        roles = (("role[]", "agent"), ("role[]", "admin"))
        return await self._list("users.list", "/api/v2/users", after, wire_bulk.UserList, roles)

    async def ticket_fields(self, after: str | None) -> wire_bulk.FieldList:
        return await self._list("fields.list", "/api/v2/ticket_fields", after, wire_bulk.FieldList)

    async def ratings(self, after: str | None, *, start_time: int | None) -> wire_bulk.RatingList:
        """Those that were given: `offered` is a score too."""
        since = [] if start_time is None else [("start_time", str(start_time))]
        asked = [("score", "received"), *since]
        return await self._list(
            "ratings.list", "/api/v2/satisfaction_ratings", after, wire_bulk.RatingList, asked
        )

    async def _list(
        self, operation: str, path: str, after: str | None, model: type[Model], asked: Params = ()
    ) -> Model:
        place = [] if after is None else [("page[after]", after)]
        return await self._get(operation, path, [*asked, ("page[size]", str(LISTED)), *place], model)

    async def _get(self, operation: str, path: str, params: Params, model: type[Model]) -> Model:
        call = Call(operation=operation, method="GET", path=path, params=params, deadline=SECONDS)
        return (await self._transport.call(call)).read_as(model)
