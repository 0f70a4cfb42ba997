"""How the emulator reads requests, refuses them, and searches."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.testing.emulator import Handler

MOST_PER_PAGE = 150
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", *(f"2.{minor}" for minor in range(17)))


class Refusal(Exception):  # noqa: N818 - an answer on its way, no error of ours
    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.response = error(status, code, message, field=field)


def error(status: int, code: str, message: str, *, field: str | None = None) -> JSONResponse:
    said = {"code": code, "message": message}
    if field is not None:
        said["field"] = field
    return JSONResponse({"type": "error.list", "request_id": str(uuid.uuid4()), "errors": [said]}, status)


def answering(handler: Callable[[Request], Any]) -> Handler:
    """The handler with its refusals as Intercom's answers; a version that Intercom does not have is refused."""

    async def answered(request: Request) -> Response:
        version = request.headers.get("intercom-version")
        if version is not None and version not in VERSIONS:
            return error(400, "intercom_version_invalid", "The requested version could not be found")
        try:
            made = handler(request)
            answer: Response = made if isinstance(made, Response) else await made
        except Refusal as refusal:
            return refusal.response
        except (AttributeError, KeyError, TypeError, ValueError) as wrong:
            return error(400, "parameter_invalid", f"{type(wrong).__name__} in the request")
        return answer

    return answered


def not_found(what: str = "Resource") -> Refusal:
    return Refusal(404, "not_found", f"{what} Not Found")


async def told(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "bad_request", "bad 'Content-Type' header or body")
    return body


# Pages --------------------------------------------------------------------------------------------------------


def page_size(asked: Mapping[str, Any], *, usual: int = 20) -> int:
    size = int((asked.get("pagination") or {}).get("per_page") or usual)
    if not 0 < size <= MOST_PER_PAGE:
        raise Refusal(400, "parameter_invalid", f"per_page must be between 1 and {MOST_PER_PAGE}")
    return size
