"""What an answer means, apart from what it tells of limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx

from batonpass.domain.errors import RefusedError
from batonpass.domain.json_text import JsonError, parse_answer
from batonpass.transport.calls import Call, Explanation, unexpected_content

Explain = Callable[[Any], Explanation]

_TITLE = re.compile(rb"<title[^>]*>([^<]{0,80})", re.IGNORECASE)
_REQUEST_IDS = ("x-request-id", "request-id", "x-zendesk-request-id", "x-hubspot-correlation-id")
_CODES = {403: "forbidden", 404: "not_found", 409: "conflict", 410: "gone", 413: "too_large"}


def request_id_of(headers: httpx.Headers) -> str | None:
    return next((headers[name] for name in _REQUEST_IDS if name in headers), None)


def parsed(
    call: Call, response: httpx.Response, body: bytes | None, *, most_bytes: int, request_id: str | None
) -> Any:
    """The JSON of a 2xx answer; `body` is None where it was larger than `most_bytes`."""
    if body is None:
        raise unexpected_content(call, f"larger than {most_bytes:,} bytes", request_id=request_id)
    kind = response.headers.get("content-type", "without a content type").split(";")[0].strip().lower()
    if not call.reads_body or (not body and response.status_code == 204):
        return None
    if "json" not in kind:
        raise unexpected_content(call, f"{kind}, no JSON{_page_title(body)}", request_id=request_id)
    try:
        return parse_answer(body)
    except JsonError as error:
        raise unexpected_content(call, str(error), request_id=request_id) from None


def refused(
    call: Call, response: httpx.Response, body: bytes | None, *, explain: Explain, request_id: str | None
) -> RefusedError:
    """The error of an answer that repeating cannot change."""
    status = response.status_code
    if 300 <= status < 400:
        return RefusedError(
            f"{call.operation}: redirect refused",
            status=status,
            code="redirect_refused",
            request_id=request_id,
        )
    said = _explanation(body, explain)
    about = "".join(f" {word}" for word in (*said.reasons, *said.fields))
    return RefusedError(
        f"{call.operation}: HTTP {status}{about}",
        status=status,
        fields=said.fields,
        reasons=said.reasons,
        code=_CODES.get(status, "refused"),
        request_id=request_id,
    )


def _explanation(body: bytes | None, explain: Explain) -> Explanation:
    """What the vendor says of its refusal; a body of any other shape says nothing."""
    try:
        return explain(parse_answer(body or b""))
    except (JsonError, LookupError, TypeError, ValueError, AttributeError):
        return Explanation()


def _page_title(body: bytes) -> str:
    found = _TITLE.search(body[:20_000])
    return f" (a page titled {found[1].decode('utf-8', 'replace').strip()!r})" if found else ""
