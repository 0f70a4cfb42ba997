"""The emulator's endpoints for admins: the making of fields and of automation rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_freshdesk import emulated_json as as_json
from batonpass_freshdesk.emulated_account import EmulatedField, EmulatedRule
from batonpass_freshdesk.emulated_http import Complaint, invalid, json_body, not_found
from batonpass_freshdesk.tables import KINDS

if TYPE_CHECKING:
    from batonpass_freshdesk.emulator import FreshdeskEmulator

MANY_CHOICES = 100
BUSY_SECONDS = 60.0
_FIELD_KEYS = frozenset(
    {
        "label", "label_for_customers", "type", "customers_can_edit", "displayed_to_customers", "position",
        "required_for_closure", "required_for_agents", "required_for_customers", "choices", "dependent_fields",
        "section_mappings",
    }
)  # fmt: skip


async def create_field(emulator: FreshdeskEmulator, request: Request) -> Response:
    told = await json_body(request)
    complaints = [
        Complaint(name, "Unexpected/invalid field in request", "invalid_field")
        for name in told.keys() - _FIELD_KEYS
    ]
    complaints += [
        Complaint(name, "It should be a/an String", "missing_field")
        for name in ("label", "label_for_customers", "type")
        if not told.get(name)
    ]
    if told.get("type") not in {*KINDS, "custom_url", "custom_phone_number"}:
        complaints.append(Complaint("type", "It should be one of these values: 'custom_text,…'"))
    same = str(told.get("label", "")).casefold()
    if any(known.label.casefold() == same for known in emulator.account.fields.values()):
        complaints.append(Complaint("label", "It should be a unique value", "duplicate_value"))
    if complaints:
        raise invalid(*complaints)
    made = emulator.add_field(
        told["label"], told["type"], choices=[each["value"] for each in told.get("choices") or ()]
    )
    made.required = bool(told.get("required_for_agents"))
    _rest(emulator, made)
    emulator.commit("field.created", made.name, key=made.label)
    return JSONResponse(as_json.ticket_field(made, admin=True), 201)


def show_field(emulator: FreshdeskEmulator, request: Request) -> Response:
    known = _field(emulator, request)
    busy = known.busy_until > emulator.clock.monotonic()
    return JSONResponse(as_json.ticket_field(known, admin=True, busy=busy))


async def update_field(emulator: FreshdeskEmulator, request: Request) -> Response:
    """The list of choices as it shall be: one whose id is sent stays, one without is new, the others are dropped."""
    known = _field(emulator, request)
    if known.busy_until > emulator.clock.monotonic():
        raise invalid(
            Complaint("choices", "Another update is in progress", "field_update_in_progress"), status=409
        )
    told = await json_body(request)
    if "choices" in told:
        sent = [choice for choice in told["choices"] if not choice.get("deleted")]
        labels = [choice["value"] for choice in sent]
        if len(set(labels)) < len(labels) or any(
            each.get("id", 0) not in {0, *known.choices} for each in sent
        ):
            raise invalid(
                Complaint("choices", "It should contain unique values and known ids", "duplicate_value")
            )
        known.choices = {each.get("id") or emulator.account.next_id(): each["value"] for each in sent}
    _rest(emulator, known)
    emulator.commit("field.changed", known.name)
    return JSONResponse(as_json.ticket_field(known, admin=True))


def _rest(emulator: FreshdeskEmulator, known: EmulatedField) -> None:
    if len(known.choices) >= MANY_CHOICES:
        known.busy_until = emulator.clock.monotonic() + BUSY_SECONDS


def _field(emulator: FreshdeskEmulator, request: Request) -> EmulatedField:
    wanted = request.path_params["id"]
    found = next((known for known in emulator.account.fields.values() if known.id == wanted), None)
    if found is None:
        raise not_found()
    return found


# Rules --------------------------------------------------------------------------------------------------------


def list_rules(emulator: FreshdeskEmulator, request: Request) -> Response:
    type_ = _type(request)
    found = [as_json.rule(each) for each in emulator.account.rules.values() if each.type == type_]
    return JSONResponse({"rules": found, "meta": {"count": len(found)}})


async def create_rule(emulator: FreshdeskEmulator, request: Request) -> Response:
    type_ = _type(request)
    told = _checked(await json_body(request), type_)
    if any(
        each.told["name"] == told["name"] and each.type == type_ for each in emulator.account.rules.values()
    ):
        raise invalid(Complaint("name", "Duplicate rule name", "duplicate_value"), status=409)
    made = EmulatedRule(id=emulator.account.next_id(), type=type_, told=_as_kept(emulator, told))
    emulator.account.rules[made.id] = made
    emulator.commit("webhook.registered", str(made.id), key=told["name"])
    return JSONResponse(as_json.rule(made), 201)


async def update_rule(emulator: FreshdeskEmulator, request: Request) -> Response:
    type_ = _type(request)
    known = emulator.account.rules.get(request.path_params["id"])
    if known is None or known.type != type_:
        raise not_found()
    known.told = _as_kept(emulator, _checked(await json_body(request), type_))
    emulator.commit("webhook.changed", str(known.id), key=known.told["name"])
    return JSONResponse(as_json.rule(known))


def _type(request: Request) -> int:
    type_ = int(request.path_params["type"])
    if type_ not in {1, 3, 4}:
        raise not_found()
    return type_


def _checked(told: dict[str, Any], type_: int) -> dict[str, Any]:
    wanted = ["name", "conditions", "actions", *(["performer", "events"] if type_ == 4 else [])]
    missing = [
        Complaint(name, "It should not be blank", "missing_field") for name in wanted if not told.get(name)
    ]
    if missing:
        raise invalid(*missing)
    bad = [
        Complaint("actions", "It should be a valid URL")
        for action in told["actions"]
        if not re.match(r"https?://", action.get("url", "https://"))
    ]
    if bad:
        raise invalid(*bad)
    return told


def _as_kept(emulator: FreshdeskEmulator, told: dict[str, Any]) -> dict[str, Any]:
    if not emulator.masks_content:
        return told
    actions = [
        {key: value for key, value in action.items() if key != "content"} for action in told["actions"]
    ]
    return {**told, "actions": actions}
