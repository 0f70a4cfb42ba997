"""A round of one of Zendesk's streams, as the tests of them read it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from batonpass.domain.synced import Record
from batonpass.ports import Page, Slice
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import Desk, HandClock

START = HandClock().now()
HOUR = 3600.0
NO_CONTRACT = ("/api/v2/organizations", "/api/v2/incremental/organizations")
REFUSALS = ("/api/v2/incremental/", "/api/v2/satisfaction_ratings")
"""The contract has neither an export's refusals nor the status of what is deleted."""


class Watched(ZendeskEmulator):
    """Pages of ten, and what was asked for."""

    most_per_export = 10

    def __post_init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        super().__post_init__()

    def _exported(self, request: Request, *more: Any) -> Response:
        self.asked.append(dict(request.query_params))
        return super()._exported(request, *more)


async def plan(made: Desk, stream: str, position: str | None = None, **more: Any) -> tuple[Slice, str | None]:
    now = made.emulator.clock.now()
    told = {"since": None, "most_slices": 4, **more}
    planned = await made.zendesk.begin_round(stream, position, now=now, **told)
    (part,) = planned.slices
    return part, planned.position


async def read(
    made: Desk, stream: str, position: str | None = None, **more: Any
) -> tuple[list[Record], str | None]:
    part, at = await plan(made, stream, position, **more)
    found: list[Record] = []
    async for page in made.zendesk.pages(stream, part, None, rules=()):
        found += page.records
        at = at or page.position
    return found, at


async def a_page(made: Desk, stream: str, part: Slice, cursor: str | None = None) -> Page:
    return await anext(aiter(made.zendesk.pages(stream, part, cursor, rules=())))


def there(records: list[Record]) -> set[str]:
    return {each.id for each in records if not each.deleted}
