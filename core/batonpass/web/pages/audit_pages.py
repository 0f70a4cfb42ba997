"""`/audit`: what the past says, for who may sign in; and the same as a file that needs nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request, Response

from batonpass.app.auditing import Wanted, read_past
from batonpass.app.config import Config, Connection
from batonpass.domain.clock import Clock
from batonpass.insight import Audit, By
from batonpass.insight.automation import Effort
from batonpass.ports import Capability
from batonpass.web.pages import charts
from batonpass.web.pages.doors import Doors
from batonpass.web.pages.showing import Showing, style_sheet

DAYS = (30, 90, 180, 365)
KEPT_FOR = timedelta(minutes=5)
"""An audit that is shown again within this time is not made again."""
_MOST_KEPT = 8
HEADLINES = (
    "per_day", "handoff_rate", "escalation_rate", "first_contact", "repeat_rate", "first_answer_median",
    "first_answer_p90", "resolution_median", "resolution_p90", "reopen_rate", "csat", "asked_again",
)  # fmt: skip
EFFORTS: Mapping[Effort, str] = {
    Effort.ALREADY: "done by an AI agent",
    Effort.FULLY: "fully",
    Effort.PARTLY: "partly",
    Effort.NOT: "not",
    Effort.UNJUDGED: "cannot be judged",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    connection: str
    days: int
    zone: str


class AuditPages:
    def __init__(self, config: Config, clock: Clock, showing: Showing, doors: Doors) -> None:
        self._config = config
        self._clock = clock
        self._showing = showing
        self._doors = doors
        self._making = asyncio.Lock()
        self._kept: dict[_Asked, tuple[datetime, Audit]] = {}

    async def show(self, request: Request) -> Response:
        visitor = await self._doors.visitor(request)
        if visitor is None:
            return self._doors.sign_in_first(request)
        connections = [
            each for each in self._config.connections if Capability.OPEN_TICKET in each.capabilities
        ]
        asked = _asked(request.query_params, connections)
        if asked is None:
            return self._showing.page("nothing_here.html", status=404, visitor=visitor)
        audit = await self._audit(asked)
        return self._showing.page(
            "audit.html",
            visitor=visitor,
            asked=asked,
            connections=[each.name for each in connections],
            all_days=sorted({*DAYS, asked.days}),
            **_told(audit),
        )

    async def _audit(self, asked: _Asked) -> Audit | None:
        """One at a time, and beside the event loop: whoever waits for a handoff must not wait for this."""
        async with self._making:
            now = self._clock.now()
            kept = self._kept.get(asked)
            if kept is not None and timedelta() <= now - kept[0] < KEPT_FOR:
                return kept[1]
            made = await asyncio.to_thread(self._made, asked, now)
            self._kept.pop(asked, None)
            if made is not None:  # what is not there yet may be in a moment
                while len(self._kept) >= _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[asked] = (now, made)
            return made

    def _made(self, asked: _Asked, now: datetime) -> Audit | None:
        title = next(
            each.manifest.title for each in self._config.connections if each.name == asked.connection
        )
        wanted = Wanted(
            connection=asked.connection,
            helpdesk=title,
            days=asked.days,
            zone=ZoneInfo(asked.zone),
            by=By.AUTO,
        )
        past = read_past(self._config.store, wanted, now=now)
        return None if past is None or not len(past.columns) else past.audit()


def audit_file(audit: Audit) -> str:
    """The page as one HTML file: no script, nothing that is loaded from elsewhere."""
    css = style_sheet("pages.css") + style_sheet("audit.css")
    return Showing("").text("audit_file.html", css=css, **_told(audit))


def _told(audit: Audit | None) -> dict[str, Any]:
    if audit is None:
        return {"audit": None}
    figures = {each.name: each for each in audit.figures}
    days = [(f"{day:%d %b %Y}", n) for day, n in audit.rhythm.days]
    weeks = [(f"week of {day:%d %b %Y}", n) for day, n in audit.rhythm.weeks]
    by_day = len(days) <= 100
    return {
        "audit": audit,
        "charts": charts,
        "efforts": EFFORTS,
        "headlines": [figures[each] for each in HEADLINES],
        "over_time": charts.columns(
            days if by_day else weeks, label=f"Tickets per {'day' if by_day else 'week'}, oldest first"
        ),
        "over_time_by": "day" if by_day else "week",
        "most_over_time": max(n for _, n in (days if by_day else weeks)),
    }


def _asked(params: Mapping[str, str], connections: list[Connection]) -> _Asked | None:
    """None where it is nothing that could be asked for."""
    names = [each.name for each in connections]
    connection = params.get("connection") or (names[0] if names else "")
    days, zone = params.get("days", "90"), params.get("zone", "UTC")
    if connection not in names or not days.isdecimal() or not 1 <= int(days[:5]) <= 1000 or len(days) > 4:
        return None
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return _Asked(connection, int(days), zone)
