"""The emulated workspace in Intercom's JSON (2.16)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batonpass_intercom.emulated_account import (
    CATEGORIES,
    Account,
    EmulatedAdmin,
    EmulatedField,
    EmulatedPart,
    EmulatedType,
    EmulatedWork,
)

MOST_PARTS = 500
WORKSPACE = "emul8ted"
_NONE_LINKED = {"type": "list", "data": [], "total_count": 0, "has_more": False}


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def admin(known: EmulatedAdmin) -> dict[str, Any]:
    role = {} if known.role is None else {"role": {"type": "role", "id": "1", "name": known.role}}
    return {
        "type": "admin",
        "id": str(known.id),
        "name": known.name,
        "email": known.email,
        "away_mode_enabled": known.away,
        "away_mode_reassign": False,
        "away_status_reason_id": known.away_reason_id,
        "has_inbox_seat": known.has_inbox_seat,
        "team_ids": known.team_ids,
        **role,
    }


def me(known: EmulatedAdmin, time_zone: str) -> dict[str, Any]:
    app = {
        "type": "app",
        "id_code": WORKSPACE,
        "name": "Emulated workspace",
        "created_at": 1734537243,
        "secure": False,
        "identity_verification": False,
        "timezone": time_zone,
        "region": "US",
    }
    told = {
        name: value
        for name, value in admin(known).items()
        if name not in {"away_status_reason_id", "team_ids", "role"}
    }
    return {**told, "email_verified": True, "app": app}


def ticket_attribute(known: EmulatedField, type_id: int) -> dict[str, Any]:
    options: dict[str, Any] = {"multiline": known.multiline}
    if known.data_type == "list":
        options = {"list_options": [{"id": id_, "label": label} for id_, label in known.items.items()]}
    return {
        "type": "ticket_type_attribute",
        "id": str(known.id),
        "workspace_id": WORKSPACE,
        "name": known.name,
        "description": known.description,
        "data_type": known.data_type,
        "input_options": options,
        "order": 0,
        "required_to_create": known.required,
        "required_to_create_for_contacts": False,
        "visible_on_create": True,
        "visible_to_contacts": known.visible_to_contacts,
        "default": known.built_in,
        "ticket_type_id": type_id,
        "archived": not known.active,
        "created_at": 1734537943,
        "updated_at": 1734537943,
    }


def ticket_state(category: str, account: Account) -> dict[str, Any]:
    internal, external = CATEGORIES[category]
    return {
        "type": "ticket_state",
        "id": str(account.states[category]),
        "category": category,
        "internal_label": internal,
        "external_label": external,
    }


def ticket_type(account: Account, known: EmulatedType) -> dict[str, Any]:
    return {
        "type": "ticket_type",
        "id": str(known.id),
        "name": known.name,
        "description": "",
        "icon": "\N{ADMISSION TICKETS}",
        "workspace_id": WORKSPACE,
        "archived": known.archived,
        "is_internal": False,
        "category": "Customer",
        "created_at": 1734537943,
        "updated_at": 1734537943,
        "ticket_type_attributes": {
            "type": "list",
            "data": [ticket_attribute(each, known.id) for each in known.fields.values()],
        },
        "ticket_states": {
            "type": "list",
            "data": [ticket_state(category, account) for category in CATEGORIES],
        },
    }


def conversation_attribute(known: EmulatedField) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "conversation_attribute",
        "id": known.id,
        "name": known.name,
        "description": known.description,
        "data_type": known.data_type,
        "required": known.required,
        "visible_to_team_ids": [],
        "archived": not known.active,
        "created_at": 1777473061,
        "updated_at": 1777473061,
        "admin_id": "16",
    }
    if known.data_type == "string":
        told["multiline"] = known.multiline
    if known.data_type == "list":
        told["options"] = [
            {"id": id_, "label": label, "archived": False} for id_, label in known.items.items()
        ]
    return told


def tag(id_: int, name: str) -> dict[str, Any]:
    return {"type": "tag", "id": str(id_), "name": name}


def ticket(work: EmulatedWork, account: Account) -> dict[str, Any]:
    parts = [ticket_part(part) for part in work.parts[-MOST_PARTS:]]
    return {
        "type": "ticket",
        "id": str(work.id),
        "ticket_id": str(work.number),
        "category": "Customer",
        "ticket_attributes": {
            "_default_title_": work.title,
            "_default_description_": work.description,
            **work.attributes,
        },
        "ticket_state": ticket_state(work.category, account),
        "ticket_type": ticket_type(account, account.types[work.type_id]),
        "contacts": _contacts(work, account),
        "admin_assignee_id": work.admin_id,
        "team_assignee_id": work.team_id,
        "created_at": seconds(work.created_at),
        "updated_at": seconds(work.updated_at),
        "open": work.state != "closed",
        "linked_objects": _NONE_LINKED,
        "ticket_parts": {
            "type": "ticket_part.list",
            "ticket_parts": parts,
            "total_count": len(work.parts),
        },
        "is_shared": True,
    }


def ticket_part(part: EmulatedPart) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "ticket_part",
        "id": str(part.id),
        "part_type": part.type,
        "body": part.body,
        "created_at": seconds(part.at),
        "updated_at": seconds(part.at),
        "author": part.author,
        "attachments": [],
        "redacted": False,
    }
    if part.state is not None:
        told |= {"ticket_state": part.state, "previous_ticket_state": part.previous_state or part.state}
    return told


def conversation(work: EmulatedWork, account: Account, *, with_parts: bool = True) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "conversation",
        "id": str(work.id),
        "title": work.title or None,
        "created_at": seconds(work.created_at),
        "updated_at": seconds(work.updated_at),
        "waiting_since": None,
        "snoozed_until": None,
        "open": work.state == "open",
        "state": work.state,
        "read": True,
        "priority": work.priority,
        "admin_assignee_id": work.admin_id,
        "team_assignee_id": work.team_id,
        "tags": {"type": "tag.list", "tags": [tag(id_, name) for id_, name in work.tags.items()]},
        "conversation_rating": None,
        "source": {
            "type": "conversation",
            "id": str(work.id + 400_000_000),
            "delivered_as": "customer_initiated",
            "subject": "",
            "body": work.description,
            "author": _first_author(work, account),
            "attachments": [],
            "url": None,
            "redacted": False,
        },
        "contacts": _contacts(work, account),
        "custom_attributes": {k: v for k, v in work.attributes.items() if v is not None},
        "linked_objects": _NONE_LINKED,
        "ticket": None if work.ticket_id is None else {"type": "ticket", "id": str(work.ticket_id)},
        "ai_agent_participated": work.ai_state is not None,
        "ai_agent": None if work.ai_state is None else {"resolution_state": work.ai_state or None},
        "statistics": _statistics(work),
    }
    if work.rating is not None:
        stars, remark, at = work.rating
        rated = seconds(at)
        told["conversation_rating"] = {
            "rating": stars, "remark": remark, "created_at": rated, "updated_at": rated,
            "contact": {"type": "contact", "id": work.contact_id, "external_id": None},
            "teammate": {"type": "admin", "id": str(work.admin_id) if work.admin_id else None},
        }  # fmt: skip
    if with_parts:
        parts = [conversation_part(part) for part in work.parts[-MOST_PARTS:]]
        told["conversation_parts"] = {
            "type": "conversation_part.list",
            "conversation_parts": parts,
            "total_count": len(work.parts),
        }
    return told


def _first_author(work: EmulatedWork, account: Account) -> dict[str, Any]:
    """Of somebody who has been deleted the id is left."""
    known = account.contacts.get(work.contact_id)
    if known is None:
        return {"type": "user", "id": work.contact_id}
    return {"type": known.role, "id": known.id, "name": known.name, "email": known.email}


def _statistics(work: EmulatedWork) -> dict[str, Any]:
    replied = next((each for each in work.parts if _is_reply(each)), None)
    told: dict[str, Any] = {
        "type": "conversation_statistics",
        "count_reopens": work.reopens,
        "count_conversation_parts": len(work.parts),
    }
    if replied is not None:
        told["first_admin_reply_at"] = seconds(replied.at)
    if work.closed_at is not None:
        told["last_close_at"] = seconds(work.closed_at)
    return told


def _is_reply(part: EmulatedPart) -> bool:
    return part.type == "comment" and part.author["type"] == "admin"


def conversation_part(part: EmulatedPart) -> dict[str, Any]:
    return {
        "type": "conversation_part",
        "id": str(part.id),
        "part_type": part.type,
        "body": part.body,
        "created_at": seconds(part.at),
        "updated_at": seconds(part.at),
        "notified_at": seconds(part.at),
        "assigned_to": None,
        "author": part.author,
        "attachments": [],
        "external_id": None,
        "redacted": False,
    }


def work_json(work: EmulatedWork, account: Account) -> dict[str, Any]:
    return ticket(work, account) if work.kind == "ticket" else conversation(work, account)


def _contacts(work: EmulatedWork, account: Account) -> dict[str, Any]:
    known = account.contacts.get(work.contact_id)
    external_id = None if known is None else known.external_id
    listed = [{"type": "contact", "id": work.contact_id, "external_id": external_id}]
    return {"type": "contact.list", "contacts": listed}


def notification(topic: str, item: Mapping[str, Any], *, id_: str, at: datetime) -> dict[str, Any]:
    return {
        "type": "notification_event",
        "app_id": WORKSPACE,
        "topic": topic,
        "id": id_,
        "delivery_attempts": 1,
        "first_sent_at": seconds(at),
        "created_at": seconds(at),
        "data": {"type": "notification_event_data", "item": dict(item)},
    }
