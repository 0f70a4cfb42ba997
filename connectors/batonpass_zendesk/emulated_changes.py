"""The emulated account's lists by time: all tickets by their last change, and the incremental export.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_zendesk.emulated_account import EmulatedTicket
from batonpass_zendesk.emulated_http import Refusal, page
from batonpass_zendesk.emulated_tickets import Tickets

EXPORTS_A_MINUTE = 10
MOST_PER_EXPORT = 1000
_WITHHELD = timedelta(minutes=1)

_Place = tuple[int, int]
"""Second and id of the last ticket of a page: a list that changes in between goes on behind it."""


class Changes(Tickets):
    sorts_lists = True
    """Whether `sort` is kept to; the order is else that of the ids."""
    exports = True
    """Whether the login is an admin's: nobody else may export."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.endpoint_limits = {"tickets.export": EXPORTS_A_MINUTE, **self.endpoint_limits}
        self._binned: list[EmulatedTicket] = []
        self._touched: dict[int, datetime] = {}

    def delete_ticket(self, ticket_id: int | str) -> None:
        """Into the bin: the export alone tells of it."""
        ticket = self.tickets[int(ticket_id)]
        super().delete_ticket(ticket_id)
        ticket.status = "deleted"
        self._binned.append(ticket)
        self.touch_ticket(ticket_id)

    def touch_ticket(self, ticket_id: int | str) -> None:
        """What Zendesk does itself without an event: the export tells of it, and the time of the last change stays."""
        self._touched[int(ticket_id)] = self.clock.now()

    def _list_tickets(self, request: Request) -> Response:
        wanted = request.query_params.get("external_id")
        found = [one for one in self.tickets.values() if wanted is None or one.external_id == wanted]
        asked = request.query_params
        if "page[size]" not in asked or wanted is not None:
            return page(request, "tickets", [self._json_of(ticket, request) for ticket in found])
        order = asked.get("sort", "id") if self.sorts_lists else "id"
        if order.removeprefix("-") not in _ORDERS:
            raise Refusal(400, "InvalidPaginationParameter", "sort is not valid")
        place_of = _ORDERS[order.removeprefix("-")]
        newest_first = order.startswith("-")
        found.sort(key=place_of, reverse=newest_first)
        if "page[after]" in asked:
            place = _place(asked["page[after]"])
            found = [
                one for one in found if (place_of(one) < place if newest_first else place_of(one) > place)
            ]
        size = min(int(asked["page[size]"]), 100)
        some = found[:size]
        meta = {"has_more": len(found) > size, "after_cursor": _cursor(some, place_of), "before_cursor": None}
        told = {"tickets": [self._json_of(ticket, request) for ticket in some], "meta": meta}
        return JSONResponse({**told, "links": {"prev": None, "next": None}})

    def _export_tickets(self, request: Request) -> Response:
        if not self.exports:
            raise Refusal(403, "Forbidden", "You do not have access to this page")
        asked = request.query_params
        newest = self.clock.now() - _WITHHELD
        place = _place(asked["cursor"]) if "cursor" in asked else (self._start(asked.get("start_time")), -1)
        found = [
            ticket
            for ticket in (*self.tickets.values(), *self._binned)
            if self._generated(ticket) > place and self._generated_at(ticket) <= newest
        ]
        found.sort(key=self._generated)
        size = min(int(asked.get("per_page", MOST_PER_EXPORT)), MOST_PER_EXPORT)
        some = found[:size]
        cursor = _cursor(some, self._generated) or asked.get("cursor")
        return JSONResponse(
            {
                "tickets": [self._exported(ticket, request) for ticket in some],
                "after_cursor": cursor,
                "after_url": None if cursor is None else f"{request.url.replace(query=f'cursor={cursor}')}",
                "before_cursor": None,
                "before_url": None,
                "end_of_stream": len(found) <= size,
            }
        )

    def _start(self, told: str | None) -> int:
        if told is None or not told.isdecimal():
            raise Refusal(422, "InvalidValue", "start_time or cursor is required")
        if int(told) > (self.clock.now() - _WITHHELD).timestamp():
            raise Refusal(
                422, "InvalidValue", "Too recent start_time. Use a start_time older than 60 seconds"
            )
        return int(told)

    def _exported(self, ticket: EmulatedTicket, request: Request) -> dict[str, Any]:
        return {**self._json_of(ticket, request), "generated_timestamp": self._generated(ticket)[0]}

    def _generated_at(self, ticket: EmulatedTicket) -> datetime:
        return max(ticket.updated_at, self._touched.get(ticket.id, ticket.updated_at))

    def _generated(self, ticket: EmulatedTicket) -> _Place:
        return _second(self._generated_at(ticket)), ticket.id


def _second(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())


_ORDERS: dict[str, Callable[[EmulatedTicket], _Place]] = {
    "id": lambda ticket: (0, ticket.id),
    "updated_at": lambda ticket: (_second(ticket.updated_at), ticket.id),
}


def _cursor(some: Sequence[EmulatedTicket], place_of: Callable[[EmulatedTicket], _Place]) -> str | None:
    return base64.urlsafe_b64encode(json.dumps(place_of(some[-1])).encode()).decode() if some else None


def _place(cursor: str) -> _Place:
    try:
        second, number = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise Refusal(400, "InvalidPaginationParameter", "the cursor is not valid") from None
    return int(second), int(number)
