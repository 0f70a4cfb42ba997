"""What Intercom says when it refuses, in our words.

`{"type": "error.list", "errors": [{"code": "parameter_invalid", "message": "…", "field": "email"}]}`
A contact that is there already: 409 `conflict`, its id at the end of the message, which the reference leaves out:
https://github.com/intercom/Intercom-OpenAPI/pull/543 and https://github.com/PostHog/posthog/issues/72192
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

IN_OUR_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "contacts": "requester",
        "email": "requester",
        "external_id": "requester",
        "_default_title_": "subject",
        "title": "subject",
        "team_assignee_id": "group",
        "admin_assignee_id": "assignee",
        "ticket_type_id": "form",
        "ticket_state_id": "status",
        "body": "note",
        "tag": "tags",
    }
)
"""Intercom's field → the part of a ticket."""

IN_CODES: Mapping[str, str] = MappingProxyType({"ticket_state_id_invalid": "status"})

_ATTRIBUTE = re.compile(r"\battribute ['\"]([^'\"\n]{1,190})['\"]", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z_]{1,60}")
_FIELD = re.compile(r"[A-Za-z_.]{1,60}")
_EXISTING = re.compile(r"\bid=([0-9a-f]{24})\b")
EXISTING = "id="
"""Begins the reason that names the contact which is there already."""


def complaints_in(body: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(parts of a ticket, codes) that the body of a refusal names. Raises whatever comes of another shape."""
    errors = [error for error in body["errors"] if isinstance(error, dict)]
    fields = [field for error in errors for field in _fields(error)]
    codes = [code for error in errors for code in _reasons(error)]
    return tuple(dict.fromkeys(fields)), tuple(dict.fromkeys(codes))


def _fields(error: Mapping[str, Any]) -> Iterator[str]:
    named = _ATTRIBUTE.search(str(error.get("message") or ""))
    if named is not None:
        yield IN_OUR_WORDS.get(named[1], named[1])
        return
    field = str(error.get("field") or "")
    code = str(error.get("code") or "")
    if code in IN_CODES:
        yield IN_CODES[code]
    elif _FIELD.fullmatch(field):
        yield IN_OUR_WORDS.get(field, field)


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    code = error.get("code")
    if isinstance(code, str) and _CODE.fullmatch(code):
        yield code
    existing = _EXISTING.search(str(error.get("message") or ""))
    if code == "conflict" and existing is not None:
        yield f"{EXISTING}{existing[1]}"
