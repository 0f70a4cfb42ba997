"""How the emulator reads requests, refuses them and answers in pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.testing.emulator import Handler
from batonpass_zendesk.emulated_json import record_invalid
from batonpass_zendesk.emulated_rules import RecordInvalidError


class Refusal(Exception):  # noqa: N818 - an answer on its way, no error of ours
    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.response = JSONResponse({"error": error, "description": description}, status)


def answering(handler: Callable[[Request], Any]) -> Handler:
    """The handler with its refusals as Zendesk's answers."""

    async def answered(request: Request) -> Response:
        try:
            made = handler(request)
            answer: Response = made if isinstance(made, Response) else await made
        except Refusal as refusal:
            return refusal.response
        except RecordInvalidError as invalid:
            return JSONResponse(record_invalid(invalid.complaints), 422)
        except (AttributeError, KeyError, TypeError) as wrong:  # a list where an object belongs, and the like
            return Refusal(400, "InvalidAttribute", type(wrong).__name__).response
        return answer

    return answered


def not_found() -> Refusal:
    return Refusal(404, "RecordNotFound", "Not found")


async def json_body(request: Request) -> dict[str, Any]:
    try:
        told = json.loads(await request.body())
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refusal(400, "InvalidJSON", "The request body is no JSON object")
    return told


async def told_ticket(request: Request) -> dict[str, Any]:
    told = (await json_body(request)).get("ticket")
    if not isinstance(told, dict):
        raise Refusal(400, "ParameterMissing", "Parameter ticket is required")
    return told


def page(request: Request, name: str, items: Sequence[Mapping[str, Any]], **beside: Any) -> Response:
    """By cursor where `page[size]` is given, else the first `per_page` of them; `beside` stands in every page."""
    asked = request.query_params
    if "page[size]" not in asked:
        size = min(int(asked.get("per_page", 100)), 100)
        return JSONResponse(
            {**beside, name: items[:size], "count": len(items), "next_page": None, "previous_page": None}
        )
    size = min(int(asked["page[size]"]), 100)
    start = int(base64.urlsafe_b64decode(asked["page[after]"])) if "page[after]" in asked else 0
    end = start + size
    after = base64.urlsafe_b64encode(str(end).encode()).decode()
    meta = {"has_more": end < len(items), "after_cursor": after, "before_cursor": None}
    return JSONResponse(
        {**beside, name: items[start:end], "meta": meta, "links": {"prev": None, "next": None}}
    )
