"""The emulated account's things as Freshdesk's JSON."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

from batonpass_freshdesk.emulated_account import (
    STATUSES,
    Account,
    EmulatedCompany,
    EmulatedConversation,
    EmulatedField,
    EmulatedGroup,
    EmulatedRating,
    EmulatedRule,
    EmulatedTicket,
    EmulatedUser,
)

_TAG = re.compile(r"<[^<>]*>")
_EPOCH = "2026-01-05T09:00:00Z"


def time(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def text_of(body: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", body)).split())


def ticket(account: Account, made: EmulatedTicket, *, whole: bool, tags: bool = True) -> dict[str, Any]:
    """`whole`: as it is shown alone; a list tells no description, and perhaps no tags."""
    told: dict[str, Any] = {
        "id": made.id,
        "subject": made.subject,
        "status": made.status,
        "priority": made.priority,
        "source": made.source,
        "type": made.type,
        "requester_id": made.requester_id,
        "responder_id": made.responder_id,
        "group_id": made.group_id,
        "company_id": account.users[made.requester_id].company_id,
        "product_id": None,
        "email_config_id": None,
        "cc_emails": [],
        "fwd_emails": [],
        "reply_cc_emails": [],
        "to_emails": None,
        "spam": made.spam,
        "is_escalated": False,
        "fr_escalated": False,
        "due_by": None,
        "fr_due_by": None,
        "created_at": time(made.created_at),
        "updated_at": time(made.updated_at),
        "custom_fields": {
            name: made.fields.get(name) for name, known in account.fields.items() if known.active
        },
    }
    if made.deleted:
        told["deleted"] = True
    if tags or whole:
        told["tags"] = made.tags
    if whole:
        told |= {
            **description(made),
            "attachments": [],
            "association_type": None,
        }
    return told


def description(made: EmulatedTicket) -> dict[str, Any]:
    return {
        "description": f"<div>{made.description}</div>",
        "description_text": text_of(made.description),
    }


def stats(made: EmulatedTicket) -> dict[str, Any]:
    return {
        "first_responded_at": time(made.first_responded_at),
        "resolved_at": time(made.resolved_at),
        "closed_at": time(made.closed_at),
    }


def requester(known: EmulatedUser) -> dict[str, Any]:
    return {
        "id": known.id,
        "name": known.name,
        "email": known.email,
        "phone": known.phone,
        "mobile": known.mobile,
    }


def contact(known: EmulatedUser) -> dict[str, Any]:
    """As the list gives it."""
    return {
        **requester(known),
        "active": known.active,
        "address": None,
        "company_id": known.company_id,
        "description": None,
        "job_title": None,
        "language": "en",
        "time_zone": "UTC",
        "twitter_id": None,
        "unique_external_id": known.external_id,
        "other_emails": known.other_emails,
        "tags": [],
        "custom_fields": {},
        "created_at": time(known.created_at),
        "updated_at": time(known.updated_at),
        **({"deleted": True} if known.deleted else {}),
    }


def company(known: EmulatedCompany) -> dict[str, Any]:
    return {
        "id": known.id,
        "name": known.name,
        "description": None,
        "note": None,
        "domains": known.domains,
        "custom_fields": {},
        "health_score": None,
        "account_tier": None,
        "renewal_date": None,
        "industry": None,
        "created_at": time(known.created_at),
        "updated_at": time(known.updated_at),
    }


def conversation(made: EmulatedConversation, ticket_id: int) -> dict[str, Any]:
    return {
        "id": made.id,
        "body": f"<div>{made.body}</div>",
        "body_text": text_of(made.body),
        "incoming": made.incoming,
        "private": made.private,
        "user_id": made.user_id,
        "support_email": None,
        "source": made.source,
        "ticket_id": ticket_id,
        "to_emails": [],
        "cc_emails": [],
        "bcc_emails": [],
        "attachments": [],
        "created_at": time(made.at),
        "updated_at": time(made.at),
        "last_edited_at": None,
        "last_edited_user_id": None,
    }


def rating(made: EmulatedRating, of: EmulatedTicket) -> dict[str, Any]:
    return {
        "id": made.id,
        "survey_id": 1,
        "user_id": of.requester_id,
        "agent_id": of.responder_id,
        "feedback": made.feedback,
        "group_id": of.group_id,
        "ticket_id": of.id,
        "ratings": {"default_question": made.score},
        "created_at": time(made.at),
        "updated_at": time(made.changed_at),
    }


def ticket_field(known: EmulatedField, *, admin: bool, busy: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": known.id,
        "name": known.name,
        "label": known.label,
        "label_for_customers": known.label,
        "description": None,
        "type": known.type,
        "position": 1,
        "default": False,
        "customers_can_edit": False,
        "required_for_closure": False,
        "required_for_agents": known.required,
        "required_for_customers": False,
        "displayed_to_customers": False,
        "archived": not known.active,
        "created_at": _EPOCH,
        "updated_at": _EPOCH,
    }
    if busy:
        told["field_update_in_progress"] = True
    if known.choices and not admin:
        told["choices"] = list(known.choices.values())
    elif known.choices:
        told["choices"] = [
            {"id": choice_id, "position": place, "value": label, "parent_choice_id": known.id, "choices": []}
            for place, (choice_id, label) in enumerate(known.choices.items(), 1)
        ]
    return told


def default_fields(account: Account) -> list[dict[str, Any]]:
    plain = {"description": None, "position": 1, "default": True, "created_at": _EPOCH, "updated_at": _EPOCH}
    status = {str(number): [name, name] for number, name in STATUSES.items()}
    return [
        {**plain, "id": 1, "name": "requester", "label": "Search a requester", "type": "default_requester"},
        {**plain, "id": 2, "name": "subject", "label": "Subject", "type": "default_subject"},
        {**plain, "id": 3, "name": "status", "label": "Status", "type": "default_status", "choices": status},
        {
            **plain, "id": 4, "name": "priority", "label": "Priority", "type": "default_priority",
            "choices": {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4},
        },
        {**plain, "id": 5, "name": "group", "label": "Group", "type": "default_group", "choices": {}},
        {
            **plain, "id": 6, "name": "ticket_type", "label": "Type", "type": "default_ticket_type",
            "choices": account.types, "required_for_agents": account.needs_type,
        },
    ]  # fmt: skip


def group(known: EmulatedGroup, account: Account) -> dict[str, Any]:
    return {
        "id": known.id,
        "name": known.name,
        "description": None,
        "escalate_to": None,
        "unassigned_for": None,
        "business_hour_id": None,
        "agent_ids": [agent.id for agent in account.agents() if known.id in agent.group_ids],
        "auto_ticket_assign": 0,
        "created_at": _EPOCH,
        "updated_at": _EPOCH,
    }


def agent(known: EmulatedUser) -> dict[str, Any]:
    return {
        "id": known.id,
        "available": known.available,
        "available_since": None,
        "occasional": False,
        "signature": None,
        "ticket_scope": 1,
        "type": "support_agent",
        "group_ids": known.group_ids,
        "role_ids": [1],
        "skill_ids": [],
        "created_at": time(known.created_at),
        "updated_at": time(known.updated_at),
        "deactivated": not known.active,
        "contact": {
            "active": known.active,
            "name": known.name,
            "email": known.email,
            "language": "en",
            "phone": known.phone,
            "mobile": None,
            "time_zone": "UTC",
            "created_at": _EPOCH,
            "updated_at": _EPOCH,
        },
    }


def availability(known: EmulatedUser, load: int) -> dict[str, Any]:
    channel = {
        "channel": "freshdesk",
        "available": known.available,
        "assignment_limit": 10,
        "current_assignment_load": load,
        "logged_in": known.logged_in,
        "round_robin_enabled": True,
        "availability_updated_at": _EPOCH,
        "status_id": 1,
    }
    return {
        "id": known.id,
        "contact": {"name": known.name, "email": known.email, "avatar": None},
        "availability": {"channel_availability": [channel], "status_updated_at": _EPOCH},
        "deactivated": not known.active,
        "availability_control": "agent_controlled",
        "legacy_routing": False,
    }


def rule(made: EmulatedRule) -> dict[str, Any]:
    return {"outdated": False, "position": 1, **made.told, "id": made.id, "automation_type_id": made.type}
