"""How the emulator reads requests, refuses them and answers in pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.testing.emulator import Handler

MOST_PER_PAGE = 100
Row = TypeVar("Row")


@dataclass(frozen=True)
class Complaint:
    field: str
    message: str
    code: str = "invalid_value"


class Refusal(Exception):  # noqa: N818 - an answer on its way, no error of ours
    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def invalid(*complaints: Complaint, status: int = 400) -> Refusal:
    errors = [{"field": each.field, "message": each.message, "code": each.code} for each in complaints]
    return Refusal(JSONResponse({"description": "Validation failed", "errors": errors}, status))


def not_found() -> Refusal:
    """Freshdesk's 404 has no body."""
    return Refusal(Response(status_code=404))


def forbidden() -> Refusal:
    told = {"code": "access_denied", "message": "You are not authorized to perform this action."}
    return Refusal(JSONResponse(told, 403))


def not_allowed() -> Refusal:
    """What a ticket in the bin or in spam answers to changes."""
    return Refusal(Response(status_code=405, headers={"Allow": "GET"}))


def answering(handler: Callable[[Request], Any]) -> Handler:
    """The handler with its refusals as Freshdesk's answers, and what the call has cost."""

    async def answered(request: Request) -> Response:
        try:
            made = handler(request)
            answer: Response = made if isinstance(made, Response) else await made
        except Refusal as refusal:
            answer = refusal.response
        except (AttributeError, KeyError, TypeError) as wrong:  # a list where an object belongs, and the like
            answer = invalid(Complaint("body", type(wrong).__name__, "datatype_mismatch")).response
        answer.headers.setdefault("X-RateLimit-Used-CurrentRequest", "1")
        return answer

    return answered


async def json_body(request: Request) -> dict[str, Any]:
    try:
        told = json.loads(await request.body())
    except ValueError:
        told = None
    if not isinstance(told, dict):
        message = "Request body has invalid json format"
        raise Refusal(JSONResponse({"code": "invalid_json", "message": message}, 400))
    return told


def page(request: Request, items: Sequence[Row], told: Callable[[Row], Mapping[str, Any]]) -> Response:
    """30 to a page unless `per_page` says otherwise; `link` names the next one where there is one."""
    size, number = _counted(request, "per_page", 30, MOST_PER_PAGE), _counted(request, "page", 1, 10**9)
    end = number * size
    answer = JSONResponse([told(each) for each in items[end - size : end]])
    if end < len(items):
        answer.headers["link"] = f'<{request.url.include_query_params(page=number + 1)}>;rel="next"'
    return answer


def only(request: Request, *known: str) -> None:
    """A filter that Freshdesk does not know is refused."""
    unknown = request.query_params.keys() - {*known, "page", "per_page"}
    if unknown:
        raise invalid(
            *(
                Complaint(name, "Unexpected/invalid field in request", "invalid_field")
                for name in sorted(unknown)
            )
        )


def instant_asked_for(told: str, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        raise invalid(Complaint(name, "It should be in the ISO8601 format")) from None
    if at.tzinfo is None:
        raise invalid(Complaint(name, "It should be in the ISO8601 format"))
    return at


def _counted(request: Request, name: str, default: int, most: int) -> int:
    told = request.query_params.get(name, str(default))
    if not told.isdecimal() or not 1 <= int(told) <= most:
        raise invalid(Complaint(name, f"It should be a Positive Integer less than or equal to {most}"))
    return int(told)
