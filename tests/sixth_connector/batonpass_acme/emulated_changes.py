"""The list of changes: tickets from a time on, the first changed first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from starlette.requests import Request

from batonpass_acme.emulated_account import EmulatedTicket

PAGE = 20


def changes(tickets: Iterable[EmulatedTicket], request: Request) -> dict[str, Any]:
    """Twenty, from behind `after`: that is the time and the id of the last ticket of the page before."""
    asked = request.query_params
    since = datetime.fromisoformat(asked["since"])
    at, _, last = asked.get("after", f"{since.isoformat()}/").partition("/")
    place = (datetime.fromisoformat(at), last)
    found = sorted((each for each in tickets if _place(each) > place), key=_place)
    some = found[:PAGE]
    after = f"{some[-1].updated_at.isoformat()}/{some[-1].id}" if len(found) > PAGE else None
    return {"tickets": [each.as_json() for each in some], "after": after}


def _place(ticket: EmulatedTicket) -> tuple[datetime, str]:
    return ticket.updated_at, ticket.id
