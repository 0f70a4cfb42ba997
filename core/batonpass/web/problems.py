"""Errors as `application/problem+json` (RFC 9457), with a stable `code` and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel


class FieldProblemView(BaseModel):
    field: str
    problem: str


class Problem(BaseModel):
    """The body of every answer that is no success."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblemView] | None = None


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: list[FieldProblemView] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = Problem(title=title, status=status, code=code, detail=detail, errors=errors)
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers=headers, media_type="application/problem+json"
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses answer with a problem."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _SAYS[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }


_SAYS = {
    400: "The body is no JSON, or a header is unusable",
    401: "No API key, or a wrong one",
    404: "No such handoff of this AI agent",
    410: "It was deleted: its time was over, or its customer asked for it",
    413: "The body is larger than server.max_body_bytes",
    415: "The body is not application/json",
    422: "A field is wrong, or the Idempotency-Key was used with another body",
    503: "It could not be kept; ask again after Retry-After",
}


def ending() -> JSONResponse:
    """This process is about to end; another one, or the next, takes it."""
    return problem(
        503,
        "ending",
        "Not available",
        "This server is about to end. Send it again.",
        headers={"Retry-After": "2", "Connection": "close"},
    )
