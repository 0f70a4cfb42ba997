"""The emulated account's lists of tickets and of contacts.

https://developers.freshdesk.com/api/#list_all_tickets, #list_all_contacts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from batonpass_freshdesk import emulated_json as as_json
from batonpass_freshdesk.emulated_account import EmulatedTicket
from batonpass_freshdesk.emulated_http import Complaint, invalid, page

if TYPE_CHECKING:
    from batonpass_freshdesk.emulator import FreshdeskEmulator

LISTED_FOR = timedelta(days=30)
MOST_PAGES = 300
ORDERS = ("created_at", "updated_at", "status")
_DIRECTIONS = ("asc", "desc")
_FILTERS: Mapping[str | None, tuple[bool, bool]] = {
    None: (False, False),
    "deleted": (True, False),
    "spam": (False, True),
}
"""`filter` → whether what it lists is in the bin, and whether it is spam."""


def list_tickets(emulator: FreshdeskEmulator, request: Request) -> Response:
    """Those of the last 30 days unless `updated_since` is given; 300 pages at most."""
    asked = request.query_params
    found = _found(emulator, asked)
    order = _one_of(asked, "order_by", ORDERS, ORDERS[0])
    newest_first = _one_of(asked, "order_type", _DIRECTIONS, "desc") == "desc"
    found.sort(key=lambda each: (getattr(each, order), each.id), reverse=newest_first)
    if int(asked.get("page", "1") or 0) > MOST_PAGES:
        raise invalid(
            Complaint("page", f"It should be a Positive Integer less than or equal to {MOST_PAGES}")
        )
    tags = emulator.lists_tags
    return page(request, [as_json.ticket(emulator.account, each, whole=False, tags=tags) for each in found])


def list_contacts(emulator: FreshdeskEmulator, request: Request) -> Response:
    """No agents, and nobody who was deleted."""
    asked = request.query_params
    found = [
        user
        for user in emulator.account.users.values()
        if not user.is_agent
        and user.active
        and ("email" not in asked or (user.email or "").casefold() == asked["email"].casefold())
        and ("phone" not in asked or user.phone == asked["phone"])
        and ("mobile" not in asked or user.mobile == asked["mobile"])
    ]
    return page(request, [as_json.contact(each) for each in found])


def _found(emulator: FreshdeskEmulator, asked: QueryParams) -> list[EmulatedTicket]:
    since, told = asked.get("updated_since"), asked.get("filter")
    if told not in _FILTERS:
        raise invalid(Complaint("filter", "It should be one of these values: 'deleted,spam'"))
    oldest = emulator.clock.now() - LISTED_FOR
    whose = emulator.desk.requester_asked_for(asked)
    changed_since = None if since is None else _time(since)
    return [
        ticket
        for ticket in emulator.tickets.values()
        if (ticket.deleted, ticket.spam) == _FILTERS[told]
        and (whose is None or ticket.requester_id == whose)
        and (ticket.created_at >= oldest if changed_since is None else ticket.updated_at >= changed_since)
    ]


def _time(told: str) -> datetime:
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        raise invalid(Complaint("updated_since", "It should be in the ISO8601 format")) from None
    if at.tzinfo is None:
        raise invalid(Complaint("updated_since", "It should be in the ISO8601 format"))
    return at


def _one_of(asked: QueryParams, name: str, known: Sequence[str], default: str) -> str:
    told = asked.get(name, default)
    if told not in known:
        raise invalid(Complaint(name, f"It should be one of these values: '{','.join(known)}'"))
    return told
