"""How an emulated HubSpot has properties and their groups made and changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_hubspot.emulated_account import EmulatedAccount
from batonpass_hubspot.emulated_api import Commit, Refusal, Refuse
from batonpass_hubspot.emulated_schema import REQUIRED, TYPE_IDS

FIELD_TYPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "string": frozenset({"text", "textarea", "html", "file", "phonenumber"}),
        "number": frozenset({"number"}),
        "date": frozenset({"date"}),
        "datetime": frozenset({"date"}),
        "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox"}),
        "bool": frozenset({"booleancheckbox"}),
        "phone_number": frozenset({"phonenumber"}),
    }
)
MOST_UNIQUE = 10


class PropertyApi:
    def __init__(self, account: EmulatedAccount, *, refuse: Refuse, commit: Commit) -> None:
        self._account = account
        self._refuse = refuse
        self._commit = commit
        self.archived: set[str] = set()
        """Names of deleted properties, which can be restored and are not free."""

    def create_group(self, request: Request, kind: str, body: Any) -> Response:
        del request, kind
        name = str(body.get("name", ""))
        if name in self._account.groups:
            return self._refuse(409, "CONFLICT", "A property group with this name already exists")
        self._account.groups.add(name)
        return JSONResponse(
            {"name": name, "label": body.get("label"), "displayOrder": -1, "archived": False}, 201
        )

    def create(self, request: Request, kind: str, body: Any) -> Response:
        del request
        name, type_ = str(body.get("name", "")), str(body.get("type", ""))
        if name in self._account.definitions[kind] or name in self.archived:
            return self._refuse(409, "OBJECT_ALREADY_EXISTS", "A property with this name already exists")
        self._check(kind, name, type_, body)
        options = {str(each["value"]): str(each["label"]) for each in body.get("options") or ()}
        made = self._account.define(
            kind,
            name,
            type_,
            field_type=str(body["fieldType"]),
            options=options,
            label=str(body["label"]),
            group=str(body["groupName"]),
            unique=bool(body.get("hasUniqueValue")),
            description=str(body.get("description", "")),
        )
        self._commit("field.created", name)
        return JSONResponse(made, 201)

    def update(self, request: Request, kind: str, body: Any) -> Response:
        """`options` replaces the whole list."""
        known = self._account.definitions[kind].get(request.path_params["key"])
        if known is None:
            return self._refuse(404, "OBJECT_NOT_FOUND", "resource not found")
        if "options" in body:
            self._check_options(body["options"])
            known["options"] = [
                {"hidden": False, "description": "", "displayOrder": at, **each}
                for at, each in enumerate(body["options"])
            ]
        if "label" in body:
            known["label"] = body["label"]
        self._commit("field.changed", known["name"])
        return JSONResponse(known)

    def schema(self, request: Request, kind: str, body: Any) -> Response:
        """As far as it tells what a new record must have."""
        del request, body
        wanted = sorted({*REQUIRED.get(kind, ()), *self._account.rules.required.get(kind, ())})
        return JSONResponse({"id": TYPE_IDS[kind], "name": kind.upper(), "requiredProperties": wanted})

    def validations(self, request: Request, kind: str, body: Any) -> Response:
        del request, body
        rules: dict[str, list[dict[str, Any]]] = {}
        for (of, name), most in self._account.rules.longest.items():
            if of == kind:
                rules.setdefault(name, []).append({"ruleType": "MAX_LENGTH", "ruleArguments": [str(most)]})
        for (of, name), pattern in self._account.rules.validation.items():
            if of == kind:
                rules.setdefault(name, []).append({"ruleType": "REGEX", "ruleArguments": [pattern]})
        listed = [{"propertyName": name, "propertyValidationRules": each} for name, each in rules.items()]
        return JSONResponse({"results": listed})

    def _check(self, kind: str, name: str, type_: str, body: Any) -> None:
        unique = [each for each in self._account.definitions[kind].values() if each["hasUniqueValue"]]
        wrong = (
            not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name)
            or not str(body.get("label", "")).strip()
            or body.get("fieldType") not in FIELD_TYPES.get(type_, frozenset())
            or (type_ in {"enumeration", "bool"} and not body.get("options"))
        )
        if wrong:
            raise Refusal(self._refuse(400, "VALIDATION_ERROR", "The property definition is not valid"))
        if str(body.get("groupName")) not in {*self._account.groups, "ticketinformation"}:
            raise Refusal(self._refuse(400, "VALIDATION_ERROR", "The property group does not exist"))
        if body.get("hasUniqueValue") and (type_ != "string" or len(unique) >= MOST_UNIQUE):
            raise Refusal(self._refuse(400, "VALIDATION_ERROR", "No unique property of this kind is left"))
        self._check_options(body.get("options") or [])

    def _check_options(self, options: Any) -> None:
        values, labels = [each["value"] for each in options], [each["label"] for each in options]
        if len(set(values)) != len(values) or len(set(labels)) != len(labels):
            raise Refusal(self._refuse(400, "VALIDATION_ERROR", "Option labels and values must be unique"))
