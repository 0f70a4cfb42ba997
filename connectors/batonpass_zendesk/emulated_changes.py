"""The emulated account's list of all tickets, by their last change."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_zendesk.emulated_account import EmulatedTicket
from batonpass_zendesk.emulated_exports import Exports, Place, place_in, second
from batonpass_zendesk.emulated_http import Refusal, page


class Changes(Exports):
    sorts_lists = True
    """Whether `sort` is kept to; the order is else that of the ids."""

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


_ORDERS: dict[str, Callable[[EmulatedTicket], Place]] = {
    "id": lambda ticket: (0, ticket.id),
    "updated_at": lambda ticket: (second(ticket.updated_at), ticket.id),
}


def _cursor(some: Sequence[EmulatedTicket], place_of: Callable[[EmulatedTicket], Place]) -> str | None:
    return base64.urlsafe_b64encode(json.dumps(place_of(some[-1])).encode()).decode() if some else None


def _place(cursor: str) -> Place:
    at, number = place_in(cursor, parts=2)
    return int(at), int(number)
