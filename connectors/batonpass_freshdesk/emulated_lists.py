"""The emulated account's lists of tickets, contacts, companies and ratings.

https://developers.freshdesk.com/api/#list_all_tickets, #list_all_contacts, #list_all_companies,
#view_all_satisfaction_ratings
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from batonpass_freshdesk import emulated_json as as_json
from batonpass_freshdesk.emulated_account import EmulatedRating, EmulatedTicket, EmulatedUser
from batonpass_freshdesk.emulated_http import Complaint, forbidden, instant_asked_for, invalid, only, page

if TYPE_CHECKING:
    from batonpass_freshdesk.emulator import FreshdeskEmulator

LISTED_FOR = timedelta(days=30)
MOST_PAGES = 300
ORDERS = ("created_at", "updated_at", "status")
INCLUDE_COSTS = 2
_DIRECTIONS = ("asc", "desc")
_INCLUDED = ("stats", "requester", "description")
_FILTERS: Mapping[str | None, tuple[bool, bool]] = {
    None: (False, False),
    "deleted": (True, False),
    "spam": (False, True),
}
"""`filter` → whether what it lists is in the bin, and whether it is spam."""
_TICKET_FILTERS = (
    "filter", "requester_id", "email", "unique_external_id", "company_id", "updated_since", "order_by", "order_type",
    "include",
)  # fmt: skip
_CONTACT_FILTERS = ("email", "phone", "mobile", "company_id", "state", "contact_type")
_STATES = ("blocked", "deleted", "unverified", "verified")


def list_tickets(emulator: FreshdeskEmulator, request: Request) -> Response:
    """Those of the last 30 days unless `updated_since` is given; 300 pages at most."""
    only(request, *_TICKET_FILTERS)
    asked = request.query_params
    included = [part for part in asked.get("include", "").split(",") if part]
    if any(part not in _INCLUDED for part in included):
        raise invalid(Complaint("include", f"It should be one of these values: '{','.join(_INCLUDED)}'"))
    found = _found(emulator, asked)
    order = _one_of(asked, "order_by", ORDERS, ORDERS[0])
    newest_first = _one_of(asked, "order_type", _DIRECTIONS, "desc") == "desc"
    found.sort(key=lambda each: (getattr(each, order), each.id), reverse=newest_first)
    if int(asked.get("page", "1") or 0) > MOST_PAGES:
        raise invalid(
            Complaint("page", f"It should be a Positive Integer less than or equal to {MOST_PAGES}")
        )
    answer = page(request, found, lambda each: _told(emulator, each, included))
    return emulator.costs(answer, 1 + INCLUDE_COSTS * len(included))


def _told(emulator: FreshdeskEmulator, ticket: EmulatedTicket, included: Sequence[str]) -> dict[str, Any]:
    account = emulator.account
    told = as_json.ticket(account, ticket, whole=False, tags=emulator.lists_tags)
    if "stats" in included:
        told["stats"] = as_json.stats(ticket)
    if "requester" in included:
        told["requester"] = as_json.requester(account.users[ticket.requester_id])
    if "description" in included:
        told |= as_json.description(ticket)
    return told


def list_contacts(emulator: FreshdeskEmulator, request: Request) -> Response:
    """By name. No agents, and nobody who was deleted or blocked unless `state` says so."""
    name_of_since = emulator.contacts_changed_since
    only(request, *_CONTACT_FILTERS, name_of_since)
    asked = request.query_params
    state = None if "state" not in asked else _one_of(asked, "state", _STATES, "")
    since = _time_or_none(asked, name_of_since)
    email = asked.get("email", "").casefold()
    found = [
        user
        for user in emulator.account.users.values()
        if not user.is_agent
        and (since is None or user.updated_at >= since)
        and _is_in(user, state)
        and (not email or (user.email or "").casefold() == email)
        and ("phone" not in asked or user.phone == asked["phone"])
        and ("mobile" not in asked or user.mobile == asked["mobile"])
        and ("company_id" not in asked or str(user.company_id) == asked["company_id"])
    ]
    found.sort(key=lambda each: (each.name or "", each.id))
    return page(request, found, as_json.contact)


def _is_in(user: EmulatedUser, state: str | None) -> bool:
    if state == "deleted":
        return user.deleted
    if state == "blocked":
        return user.blocked and not user.deleted
    return user.active and not user.deleted and not user.blocked


def list_companies(emulator: FreshdeskEmulator, request: Request) -> Response:
    """By name; there are no filters."""
    only(request)
    found = sorted(emulator.account.companies.values(), key=lambda each: (each.name, each.id))
    return page(request, found, as_json.company)


def list_ratings(emulator: FreshdeskEmulator, request: Request) -> Response:
    """Of all tickets, the newest first."""
    only(request, "created_since", "user_id")
    if not emulator.has_surveys:
        raise forbidden()
    asked = request.query_params
    since, user = _time_or_none(asked, "created_since"), asked.get("user_id")
    found: list[tuple[EmulatedRating, EmulatedTicket]] = [
        (each, ticket)
        for ticket in emulator.tickets.values()
        if ticket.ratings and (user is None or str(ticket.requester_id) == user)
        for each in ticket.ratings
        if since is None or each.at >= since
    ]
    found.sort(key=lambda each: each[0].id, reverse=True)
    return page(request, found, lambda each: as_json.rating(*each))


def _found(emulator: FreshdeskEmulator, asked: QueryParams) -> list[EmulatedTicket]:
    told = asked.get("filter")
    if told not in _FILTERS:
        raise invalid(Complaint("filter", "It should be one of these values: 'deleted,spam'"))
    is_deleted, is_spam = _FILTERS[told]
    oldest = emulator.clock.now() - LISTED_FOR
    whose = emulator.desk.requester_asked_for(asked)
    since = _time_or_none(asked, "updated_since")
    return [
        ticket
        for ticket in emulator.tickets.values()
        if (ticket.created_at >= oldest if since is None else ticket.updated_at >= since)
        and ticket.deleted is is_deleted
        and ticket.spam is is_spam
        and (whose is None or ticket.requester_id == whose)
    ]


def _time_or_none(asked: QueryParams, name: str) -> datetime | None:
    return instant_asked_for(asked[name], name) if name in asked else None


def _one_of(asked: QueryParams, name: str, known: Sequence[str], default: str) -> str:
    told = asked.get(name, default)
    if told not in known:
        raise invalid(Complaint(name, f"It should be one of these values: '{','.join(known)}'"))
    return told
