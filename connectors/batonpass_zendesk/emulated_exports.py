"""The emulated account's incremental exports.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_zendesk import emulated_json as as_json
from batonpass_zendesk.emulated_account import EmulatedTicket
from batonpass_zendesk.emulated_http import Refusal
from batonpass_zendesk.emulated_metrics import metric_set
from batonpass_zendesk.emulated_tickets import Tickets

EXPORTS_A_MINUTE = 10
MOST_PER_EXPORT = 1000
_WITHHELD = timedelta(minutes=1)
_SCOPES = frozenset({"all", "agent", "ai_agent"})

Place = tuple[int, int]
"""Second and id of the last item of a page: a list that changes in between goes on behind it."""
Item = TypeVar("Item")


class Exports(Tickets):
    EXPORT_LIMITS: ClassVar[Mapping[str, int]] = MappingProxyType(
        dict.fromkeys(("tickets.export", "users.export", "organizations.export"), EXPORTS_A_MINUTE)
    )
    """Calls a minute: `endpoint_limits=ZendeskEmulator.EXPORT_LIMITS` enforces them all."""
    exports = True
    """Whether the login is an admin's: nobody else may export, nor list ratings."""
    most_per_export = MOST_PER_EXPORT
    """Zendesk's own number; less makes more pages of few records."""
    cursor_life: float | None = None
    """Seconds for which a cursor of an export is good; None: for ever."""

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

    # By cursor ------------------------------------------------------------------------------------------------

    def _export_tickets(self, request: Request) -> Response:
        scope = request.query_params.get("support_type_scope", "agent")
        if scope not in _SCOPES:
            raise Refusal(400, "InvalidValue", "support_type_scope is not valid")
        found = [
            (self._generated(ticket), ticket)
            for ticket in (*self.tickets.values(), *self._binned)
            if scope in {"all", ticket.support_type}
        ]
        with_metrics = "metric_sets" in request.query_params.get("include", "").split(",")

        def exported(ticket: EmulatedTicket) -> dict[str, Any]:
            told = {**self._json_of(ticket, request), "generated_timestamp": self._generated(ticket)[0]}
            return {**told, "metric_set": metric_set(ticket, self.account)} if with_metrics else told

        return self._exported(request, "tickets", found, exported)

    def _export_users(self, request: Request) -> Response:
        found = [((second(user.changed_at), user.id), user) for user in self.account.users.values()]
        return self._exported(request, "users", found, as_json.user)

    def _exported(
        self,
        request: Request,
        name: str,
        found: Iterable[tuple[Place, Item]],
        told: Callable[[Item], dict[str, Any]],
    ) -> Response:
        self._admins_only()
        asked = request.query_params
        newest = second(self.clock.now() - _WITHHELD)
        start = (
            self._cursor_place(asked["cursor"])
            if "cursor" in asked
            else (self._start(asked.get("start_time")), -1)
        )
        left = sorted((each for each in found if start < each[0] and each[0][0] <= newest), key=_place_of)
        size = min(int(asked.get("per_page", MOST_PER_EXPORT)), self.most_per_export)
        some = left[:size]
        cursor = self._cursor(some[-1][0]) if some else asked.get("cursor")
        return JSONResponse(
            {
                name: [told(item) for _, item in some],
                "after_cursor": cursor,
                "after_url": None if cursor is None else f"{request.url.replace(query=f'cursor={cursor}')}",
                "before_cursor": None,
                "before_url": None,
                "end_of_stream": len(left) <= size,
            }
        )

    def _cursor(self, place: Place) -> str:
        return base64.urlsafe_b64encode(json.dumps([*place, self.clock.monotonic()]).encode()).decode()

    def _cursor_place(self, cursor: str) -> Place:
        at, number, made = place_in(cursor, parts=3)
        if self.cursor_life is not None and self.clock.monotonic() > made + self.cursor_life:
            raise Refusal(422, "InvalidCursor", "the cursor has expired")
        return int(at), int(number)

    # By time --------------------------------------------------------------------------------------------------

    def _export_organizations(self, request: Request) -> Response:
        """From a second on, that one included: the next page of a second with more than a page is the same page."""
        self._admins_only()
        start = self._start(request.query_params.get("start_time"))
        newest = second(self.clock.now() - _WITHHELD)
        left = sorted(
            ((second(each.updated_at), each.id), each)
            for each in self.account.organizations.values()
            if start <= second(each.updated_at) <= newest
        )
        some = left[: self.most_per_export]
        end = some[-1][0][0] if some else None
        following = request.url.replace(query=f"start_time={start if end is None else end}")
        return JSONResponse(
            {
                "organizations": [as_json.organization(each) for _, each in some],
                "count": len(some),
                "end_time": end,
                "end_of_stream": len(left) <= len(some),
                "next_page": str(following),
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

    def _admins_only(self) -> None:
        if not self.exports:
            raise Refusal(403, "Forbidden", "You do not have access to this page")

    def _generated(self, ticket: EmulatedTicket) -> Place:
        touched = self._touched.get(ticket.id)
        return second(ticket.updated_at if touched is None else max(ticket.updated_at, touched)), ticket.id


def second(at: datetime) -> int:
    return int(at.timestamp())


def place_in(cursor: str, *, parts: int) -> Sequence[float]:
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        told = None
    if not isinstance(told, list) or len(told) != parts:
        raise Refusal(400, "InvalidPaginationParameter", "the cursor is not valid")
    found: Sequence[float] = told
    return found


def _place_of(found: tuple[Place, Any]) -> Place:
    return found[0]
