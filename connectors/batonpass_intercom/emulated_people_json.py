"""Emulated contacts, companies and their attributes in Intercom's JSON (2.16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batonpass_intercom import emulated_json as as_json
from batonpass_intercom.emulated_account import EmulatedCompany, EmulatedContact, EmulatedField

STANDARD: Sequence[tuple[str, str, str, str]] = (
    ("contact", "name", "Name", "string"),
    ("contact", "email", "Email", "string"),
    ("company", "name", "Company name", "string"),
    ("company", "last_request_at", "Company last seen", "date"),
)
"""Some of those that every workspace has: model, name, label, data type. They have no id."""


def contact(known: EmulatedContact, *, with_merged: bool = False) -> dict[str, Any]:
    merged = [
        {"type": "merge_history", "source_contact_id": each, "source_contact_role": "lead", "merged_at": None}
        for each in known.merged_ids
    ]
    linked = [{"type": "company", "id": each, "url": f"/companies/{each}"} for each in known.company_ids]
    return {
        "type": "contact",
        "id": known.id,
        "workspace_id": as_json.WORKSPACE,
        "external_id": known.external_id,
        "role": known.role,
        "email": known.email or "",
        "phone": known.phone,
        "name": known.name,
        "created_at": as_json.seconds(known.created_at),
        "updated_at": as_json.seconds(known.updated_at),
        "language_override": None,
        "custom_attributes": {},
        "companies": {
            "type": "list",
            "data": linked[:10],
            "url": f"/contacts/{known.id}/companies",
            "total_count": len(linked),
            "has_more": len(linked) > 10,
        },
        **({"merge_history": merged} if with_merged and merged else {}),
    }


def company(known: EmulatedCompany) -> dict[str, Any]:
    return {
        "type": "company",
        "company_id": known.company_id,
        "id": known.id,
        "app_id": as_json.WORKSPACE,
        "name": known.name,
        "remote_created_at": as_json.seconds(known.created_at),
        "created_at": as_json.seconds(known.created_at),
        "updated_at": as_json.seconds(known.updated_at),
        "monthly_spend": 0,
        "session_count": 0,
        "user_count": known.contacts,
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "plan": {},
        "custom_attributes": {},
        **({"website": known.website} if known.website else {}),
    }


def standard_attribute(model: str, name: str, label: str, data_type: str) -> dict[str, Any]:
    return {
        "type": "data_attribute",
        "model": model,
        "name": name,
        "full_name": name,
        "label": label,
        "description": label,
        "data_type": data_type,
        "api_writable": True,
        "messenger_writable": True,
        "ui_writable": False,
        "custom": False,
        "archived": False,
    }


def data_attribute(known: EmulatedField) -> dict[str, Any]:
    """Of contacts; its numbers have a name of their own."""
    types = {"decimal": "float", "datetime": "date", "list": "string"}
    told: dict[str, Any] = {
        **standard_attribute("contact", known.name, known.name, types.get(known.data_type, known.data_type)),
        "id": known.id,
        "full_name": f"custom_attributes.{known.name}",
        "custom": True,
        "archived": not known.active,
        "created_at": 1734537243,
        "updated_at": 1734537243,
        "admin_id": "16",
    }
    if known.data_type == "list":
        told["options"] = list(known.items.values())
    return told
