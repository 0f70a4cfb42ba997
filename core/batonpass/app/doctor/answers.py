"""What a vendor's answers say beside their content: its clock, and the end of an endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import httpx

from batonpass.domain.clock import Clock

_STRUCTURED = re.compile(r"@(\d{1,11})")
_ID = re.compile(r"(?<=/)(?:\d+(?:\.json)?|[a-z]{2,6}_\w*\d\w*|[^/]*@[^/]*)(?=/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An endpoint that the vendor says it is going to close, by `Deprecation` (RFC 9745) or `Sunset` (RFC 8594)."""

    endpoint: str
    """`GET /api/v2/tickets/#`: without the ids in it."""
    deprecated: date | None
    """Since, or from, when it is no longer recommended; None where that is not told, or without a date."""
    ends: date | None
    """None: no date is told."""


class Answers:
    """Looks at every answer of one connection before it is read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._endings: dict[str, Ending] = {}
        self.ahead: float | None = None
        """How many seconds our clock is ahead of the vendor's, whose `Date` has whole seconds; None where no answer
        had one."""

    @property
    def endings(self) -> tuple[Ending, ...]:
        return tuple(self._endings.values())

    def noted(self, sockets: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        return _Noting(sockets, self.note)

    def note(self, request: httpx.Request, response: httpx.Response) -> None:
        """Never raises, whatever the headers say."""
        told = _moment(response.headers.get("date"))
        if told is not None:
            self.ahead = (self._clock.now() - told).total_seconds()
        deprecation, sunset = (response.headers.get(name) for name in ("deprecation", "sunset"))
        if sunset is not None or (deprecation is not None and deprecation.strip().lower() != "false"):
            endpoint = f"{request.method} {_ID.sub('#', request.url.path)}"
            self._endings[endpoint] = Ending(
                endpoint=endpoint, deprecated=_day(deprecation), ends=_day(sunset)
            )


class _Noting(httpx.AsyncBaseTransport):
    def __init__(
        self, sockets: httpx.AsyncBaseTransport, show: Callable[[httpx.Request, httpx.Response], None]
    ) -> None:
        self._sockets = sockets
        self._show = show

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._sockets.handle_async_request(request)
        self._show(request, response)
        return response


def _day(told: str | None) -> date | None:
    at = _moment(told)
    return None if at is None else at.astimezone(UTC).date()


def _moment(told: str | None) -> datetime | None:
    """`@1688169599` (RFC 9745) or an HTTP date; None for anything else."""
    if told is None:
        return None
    try:
        structured = _STRUCTURED.fullmatch(told.strip())
        at = datetime.fromtimestamp(int(structured[1]), UTC) if structured else parsedate_to_datetime(told)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return at if at.tzinfo is not None else None
