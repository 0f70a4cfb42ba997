"""How the emulator reads requests, refuses them and answers in pages."""

from __future__ import annotations

import base64
import itertools
import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.testing.emulator import Handler
from batonpass_zendesk.emulated_json import record_invalid
from batonpass_zendesk.emulated_rules import RecordInvalidError

Item = TypeVar("Item")


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


def listed(
    request: Request,
    name: str,
    items: Mapping[int, Item],
    as_json: Callable[[Item], dict[str, Any]],
    *,
    wanted: Callable[[Item], bool] = lambda _: True,
) -> Response:
    """By cursor in the order of the ids: what goes away meanwhile shifts nothing."""
    asked = request.query_params
    if "page[size]" not in asked:
        return page(request, name, [as_json(each) for each in items.values() if wanted(each)])
    ids = sorted(items)
    first = bisect_right(ids, _id_in(asked["page[after]"])) if "page[after]" in asked else 0
    size = min(int(asked["page[size]"]), 100)
    found = (id_ for id_ in itertools.islice(ids, first, None) if wanted(items[id_]))
    some = list(itertools.islice(found, size))
    after = base64.urlsafe_b64encode(f"id {some[-1]}".encode()).decode() if some else None
    meta = {"has_more": next(found, None) is not None, "after_cursor": after, "before_cursor": None}
    told = [as_json(items[each]) for each in some]
    return JSONResponse({name: told, "meta": meta, "links": {"prev": None, "next": None}})


def _id_in(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("id "))
    except ValueError:
        raise Refusal(400, "InvalidPaginationParameter", "the cursor is not valid") from None
