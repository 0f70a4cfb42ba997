"""What Zendesk says when it refuses, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from batonpass.transport import Explanation

IN_OUR_WORDS = {
    "requester": "requester",
    "email": "requester",
    "name": "requester",
    "subject": "subject",
    "priority": "priority",
    "group": "group",
    "group_id": "group",
    "assignee": "assignee",
    "assignee_id": "assignee",
    "ticket_form": "form",
    "ticket_form_id": "form",
    "status": "status",
    "tags": "tags",
    "comment": "note",
    "description": "note",
    "body": "note",
    "html_body": "note",
}
_BEFORE_COLON = re.compile(r"\s*([A-Za-z_]+)[A-Za-z_ ]{0,40}:")
_CODE = re.compile(r"[A-Za-z_]{1,60}")


def explain(body: Any) -> Explanation:
    """The parts of a ticket that a 4xx complains about, as `TicketDraft` names them, and Zendesk's codes.

    A 422 lists its complaints under the attribute's name or under `base`, there with the field's id or with the
    attribute's name before a colon: `{"details": {"base": [{"description": "Requester: Email is invalid"}]}}`.
    """
    complaints = list(_complaints(body.get("details") or {}))
    fields = [field for place, complaint in complaints if (field := _field(place, complaint)) is not None]
    codes = [body.get("error"), *(complaint.get("error") for _, complaint in complaints)]
    reasons = [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)]
    return Explanation(fields=tuple(dict.fromkeys(fields)), reasons=tuple(dict.fromkeys(reasons)))


def _complaints(details: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, complaints in details.items():
        for complaint in complaints:
            yield place, complaint


def _field(place: str, complaint: dict[str, Any]) -> str | None:
    if "ticket_field_id" in complaint:
        return str(complaint["ticket_field_id"])
    if place in IN_OUR_WORDS:
        return IN_OUR_WORDS[place]
    named = _BEFORE_COLON.match(complaint.get("description", ""))
    return IN_OUR_WORDS.get(named[1].lower()) if named else None
