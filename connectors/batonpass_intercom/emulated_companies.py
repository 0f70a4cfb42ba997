"""The emulator's companies: the scroll over all of them, of which an app has one at a time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.clock import Clock
from batonpass_intercom import emulated_people_json as people_json
from batonpass_intercom.emulated_account import Account
from batonpass_intercom.emulated_http import Refusal, not_found

TOGETHER = 100
IDLE = timedelta(minutes=1)


@dataclass
class _Scroll:
    param: str
    ids: list[str]
    """As the workspace was when it began."""
    used_at: datetime
    given: int = 0


class Companies:
    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._open: _Scroll | None = None

    def scroll(self, request: Request) -> Response:
        """Always forward: whoever asks twice with one `scroll_param` gets the page after the next."""
        param = request.query_params.get("scroll_param")
        now = self._clock.now()
        if self._open is not None and now - self._open.used_at >= IDLE:
            self._open = None
        if param is None:
            return self._next(self._begun(now), now)
        if self._open is None or param != self._open.param:
            raise not_found("Scroll")
        return self._next(self._open, now)

    def _begun(self, now: datetime) -> _Scroll:
        if self._open is not None:
            raise Refusal(400, "scroll_exists", "scroll already exists for this workspace")
        ids = [each.id for each in self._account.companies.values() if each.contacts]
        self._open = _Scroll(param=str(uuid.uuid4()), ids=ids, used_at=now)
        return self._open

    def _next(self, scroll: _Scroll, now: datetime) -> Response:
        ids = scroll.ids[scroll.given : scroll.given + TOGETHER]
        scroll.given += len(ids)
        scroll.used_at = now
        if not ids:
            self._open = None
        there = self._account.companies
        listed = [people_json.company(there[each]) for each in ids if each in there]
        told = {"type": "list", "data": listed, "pages": None, "total_count": None}
        return JSONResponse({**told, "scroll_param": scroll.param if ids else None})
