"""The pipelines of an emulated HubSpot account, as its API shows them."""

from __future__ import annotations

from typing import Any

from batonpass_hubspot.emulated_account import EmulatedAccount, Stages
from batonpass_hubspot.emulated_schema import DEAL_STAGES, DEALS, TICKETS, stamp


def pipelines_of(account: EmulatedAccount, kind: str) -> list[dict[str, Any]]:
    now = stamp(account.clock.now())
    if kind == DEALS:
        return [_pipeline("default", "Sales Pipeline", DEAL_STAGES, "isClosed", now)]
    if kind == TICKETS:
        return [
            _pipeline(key, label, stages, "ticketState", now)
            for key, (label, stages) in account.ticket_pipelines.items()
        ]
    return []


def _pipeline(key: str, label: str, stages: Stages, state: str, now: str) -> dict[str, Any]:
    moment = {"createdAt": now, "updatedAt": now, "archived": False}
    words = {"isClosed": ("false", "true"), "ticketState": ("OPEN", "CLOSED")}[state]
    told = [
        {
            "id": name,
            "label": called,
            "displayOrder": at,
            "metadata": {state: words[closed], "isClosed": str(closed).lower()},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **moment,
        }
        for at, (name, called, closed) in enumerate(stages)
    ]
    return {"id": key, "label": label, "displayOrder": 0, "stages": told, **moment}
