"""The emulated account's things as Zendesk's JSON, valid under its published contract."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from batonpass_zendesk.emulated_account import (
    LONG_AGO,
    EmulatedAudit,
    EmulatedComment,
    EmulatedField,
    EmulatedForm,
    EmulatedGroup,
    EmulatedOrganization,
    EmulatedRating,
    EmulatedTicket,
    EmulatedUser,
)
from batonpass_zendesk.emulated_rules import Complaint

_TAG = re.compile(r"<[^<>]*>")
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6]|tr|pre)>|<br ?/?>")


def at(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def ticket(made: EmulatedTicket, base_url: str, *, surveys: bool = False) -> dict[str, Any]:
    # Zendesk lists every custom field, empty ones as null; its own contract does not allow the null.
    fields = [{"id": field_id, "value": value} for field_id, value in made.fields.items()]
    return {
        "id": made.id,
        "url": f"{base_url}api/v2/tickets/{made.id}.json",
        "external_id": made.external_id,
        "subject": made.subject,
        "raw_subject": made.subject,
        "status": made.status,
        "priority": made.priority,
        "group_id": made.group_id,
        "assignee_id": made.assignee_id,
        "requester_id": made.requester_id,
        "submitter_id": made.submitter_id or made.requester_id,
        "organization_id": made.organization_id,
        "support_type": made.support_type,
        "ticket_form_id": made.form_id,
        "tags": made.tags,
        "custom_fields": fields,
        "fields": fields,
        "satisfaction_rating": _older_rating(made, surveys),
        "via": {"channel": made.channel, "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": at(made.created_at),
        "updated_at": at(made.updated_at),
        **({} if made.type is None else {"type": made.type}),  # its contract allows no null here
    }


def _older_rating(made: EmulatedTicket, surveys: bool) -> dict[str, Any]:
    if surveys or not made.ratings:
        return {"score": "unoffered"}
    newest = made.ratings[-1]
    return {"id": newest.id, "score": newest.score, "comment": newest.comment}


def survey_response(made: EmulatedRating, ticket_id: int) -> dict[str, Any]:
    """https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses"""
    times = {"created_at": at(made.at), "updated_at": at(made.at)}
    options = [{"rating": rating} for rating in range(5, 0, -1)]
    asked = {"type": "rating_scale", "sub_type": "customer_satisfaction", "options": options}
    answers: list[dict[str, Any]] = [
        {"type": "rating_scale", "rating": made.score, "question": asked, **times}
    ]
    if made.comment:
        said = {"type": "open_ended", "value": made.comment, "question": {"type": "open_ended"}, **times}
        answers.append(said)
    subjects = [{"type": "ticket", "id": str(ticket_id), "zrn": f"zen:ticket:{ticket_id}"}]
    return {"id": str(made.id), "answers": answers, "subjects": subjects}


def audit(made: EmulatedAudit, ticket_id: int) -> dict[str, Any]:
    via = {"channel": "web", "source": {"from": {}, "to": {}, "rel": "merge"}} if made.merged else None
    return {
        "id": made.id,
        "ticket_id": ticket_id,
        "author_id": made.author_id,
        "created_at": at(made.at),
        "events": made.events,
        "metadata": {"system": {}, "custom": made.custom},
        "via": via or {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
    }


def form(known: EmulatedForm) -> dict[str, Any]:
    return {"id": known.id, "name": known.name, "active": known.active, "ticket_field_ids": known.field_ids}


def comment(made: EmulatedComment) -> dict[str, Any]:
    text = html.unescape(_TAG.sub("", _BLOCK_END.sub("\n", made.html))).strip()
    return {
        "id": made.id,
        "type": "Comment",
        "author_id": made.author_id,
        "body": text,
        "plain_body": text,
        "html_body": f'<div class="zd-comment" dir="auto">{made.html}</div>',
        "public": made.public,
        "attachments": [],
        "via": {"channel": "api", "source": {}},
        "created_at": at(made.at),
    }


def ticket_field(known: EmulatedField) -> dict[str, Any]:
    listed = {
        "id": known.id,
        "type": known.type,
        "title": known.title,
        "raw_title": known.title,
        "active": known.active,
        "required": known.required,
        "removable": known.custom,
        "created_at": at(LONG_AGO),
        "updated_at": at(known.updated_at),
    }
    if known.options:
        listed["custom_field_options"] = [
            {"name": name, "raw_name": name, "value": tag} for tag, name in known.options.items()
        ]
    return listed


def group(known: EmulatedGroup) -> dict[str, Any]:
    times = {"created_at": at(LONG_AGO), "updated_at": at(known.updated_at)}
    return {"id": known.id, "name": known.name, "deleted": False, "is_public": True, **times}


def organization(known: EmulatedOrganization) -> dict[str, Any]:
    return {
        "id": known.id,
        "name": known.name,
        "external_id": known.external_id,
        "domain_names": known.domains,
        "details": None,
        "tags": [],
        "created_at": at(known.created_at),
        "updated_at": at(known.updated_at),
    }


def rating(made: EmulatedRating, rated: EmulatedTicket) -> dict[str, Any]:
    """One of the older ratings."""
    return {
        "id": made.id,
        "score": made.score,
        "ticket_id": rated.id,
        "requester_id": rated.requester_id,
        "assignee_id": rated.assignee_id,
        "group_id": rated.group_id,
        **({} if made.comment is None else {"comment": made.comment}),
        "created_at": at(made.at),
        "updated_at": at(made.changed_at or made.at),
    }


def user(known: EmulatedUser) -> dict[str, Any]:
    listed = {
        "id": known.id,
        "name": known.name,
        "external_id": known.external_id,
        "role": known.role,
        "role_type": known.role_type,
        "active": known.active,
        "suspended": known.suspended,
        "locale": "en-US",
        "organization_id": known.organization_id,
        "created_at": at(known.created_at or LONG_AGO),
        "updated_at": at(known.changed_at),
    }
    told = {"email": known.email, "phone": known.phone}
    return listed | {key: value for key, value in told.items() if value is not None}


def record_invalid(complaints: Sequence[Complaint]) -> dict[str, Any]:
    details: dict[str, list[dict[str, Any]]] = {}
    for complaint in complaints:
        said: dict[str, Any] = {"description": complaint.description, "error": complaint.code}
        if complaint.field_id is not None:
            said["ticket_field_id"] = complaint.field_id
        details.setdefault(complaint.place, []).append(said)
    return {"error": "RecordInvalid", "description": "Record validation errors", "details": details}


def paragraphs(text: str) -> str:
    """Plain text as HTML."""
    return "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n") if part.strip())
