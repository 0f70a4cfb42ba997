"""What an emulated HubSpot account lets be written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from batonpass_hubspot.emulated_schema import CONTACTS, LONGEST_TEXT, REQUIRED, SINGULAR, TICKETS, stamp

if TYPE_CHECKING:
    from batonpass_hubspot.emulated_account import EmulatedAccount


class RefusedWriteError(Exception):
    """A write that HubSpot answers with 400 or 409."""

    def __init__(self, message: str, *, status: int = 400, errors: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.errors = tuple(errors)
        """(code, property) pairs."""


@dataclass(slots=True)
class WritingRules:
    account: EmulatedAccount
    drops: set[tuple[str, str]] = field(default_factory=set)
    """(object type, property) whose values are taken and not kept."""
    validation: dict[tuple[str, str], str] = field(default_factory=dict)
    """(object type, property) → the pattern that an admin asks of its values; enforced on the dated paths."""
    required: dict[str, set[str]] = field(default_factory=dict)
    """Object type → what an admin has made compulsory besides."""
    longest: dict[tuple[str, str], int] = field(default_factory=dict)
    """(object type, property) → the most characters that an admin allows."""
    taken_status: int = 400
    """What a unique value that is taken is answered with: HubSpot documents neither 400 nor 409."""

    def checked(self, kind: str, properties: Mapping[str, Any], *, besides: str | None) -> dict[str, str]:
        """The values as they are kept. Raises `RefusedWriteError`."""
        known = self.account.definitions[kind]
        unknown = [name for name in properties if name not in known]
        if unknown:
            raise RefusedWriteError(
                f'Property values were not valid: Property "{unknown[0]}" does not exist',
                errors=[("PROPERTY_DOESNT_EXIST", name) for name in unknown],
            )
        fixed = [name for name in properties if known[name]["modificationMetadata"]["readOnlyValue"]]
        if fixed:
            raise RefusedWriteError(
                f"{fixed[0]} is a read only property",
                errors=[("READ_ONLY_VALUE", name) for name in fixed],
            )
        values = {name: _as_text(value, known[name]["type"]) for name, value in properties.items()}
        errors = [error for name, value in values.items() if (error := self._error(kind, name, value))]
        errors += self._wrong_stage(kind, values, besides) if not errors else ()
        if errors:
            raise RefusedWriteError(f"Property values were not valid: {errors[0][1]}", errors=errors)
        self._refuse_taken(kind, values, besides)
        return {name: value for name, value in values.items() if (kind, name) not in self.drops}

    def refuse_lacking(self, kind: str, values: Mapping[str, str]) -> None:
        wanted = {*REQUIRED.get(kind, ()), *self.required.get(kind, ())}
        missing = sorted(name for name in wanted if not values.get(name))
        if missing:
            raise RefusedWriteError(
                f"Error creating {SINGULAR[kind].upper()}. Some required properties were not set.",
                errors=[("REQUIRED_FIELD", name) for name in missing],
            )

    def _error(self, kind: str, name: str, value: str) -> tuple[str, str] | None:
        definition = self.account.definitions[kind][name]
        pattern = self.validation.get((kind, name))
        if pattern is not None and not re.fullmatch(pattern, value):
            return ("VALIDATION_RULE", name)
        if _utf16(value) > self.longest.get((kind, name), LONGEST_TEXT):
            return ("VALUE_TOO_LONG", name)
        if name == "hs_pipeline" and kind == TICKETS:
            return None if value in {"", *self.account.ticket_pipelines} else ("INVALID_OPTION", name)
        if not _allowed(value, definition):
            return ("INVALID_OPTION", name)
        if name == "hs_pipeline_stage" and kind == TICKETS and value not in self.account.ticket_stages:
            return ("INVALID_OPTION", name)
        owner = self.account.owners.get(value)
        if name == "hubspot_owner_id" and value and (owner is None or owner["archived"]):
            return ("INVALID_OWNER_ID", name)
        return _malformed(name, value, definition["type"])

    def _wrong_stage(
        self, kind: str, values: Mapping[str, str], besides: str | None
    ) -> list[tuple[str, str]]:
        """A stage is of the ticket's own pipeline."""
        stage = values.get("hs_pipeline_stage")
        if kind != TICKETS or not stage:
            return []
        stood = self.account.records.get((TICKETS, besides or ""))
        before = stood.properties.get("hs_pipeline", "") if stood else ""
        pipeline = values.get("hs_pipeline") or before or next(iter(self.account.ticket_pipelines), "")
        _, stages = self.account.ticket_pipelines.get(pipeline, ("", ()))
        return [] if stage in {key for key, _, _ in stages} else [("INVALID_OPTION", "hs_pipeline_stage")]

    def _refuse_taken(self, kind: str, values: Mapping[str, str], besides: str | None) -> None:
        address = values.get("email", "").lower()
        if kind == CONTACTS and address:
            taken = [each for each in self.account.find(CONTACTS, address, "email") if each.id != besides]
            if taken:
                raise RefusedWriteError(f"Contact already exists. Existing ID: {taken[0].id}", status=409)
        for name, value in values.items():
            if not value or not self.account.definitions[kind][name]["hasUniqueValue"]:
                continue
            if any(each.id != besides for each in self.account.find(kind, value, name)):
                raise RefusedWriteError(
                    f"{name}: another record already has that value",
                    status=self.taken_status,
                    errors=[("CONFLICTING_UNIQUE_VALUE", name)],
                )


def _malformed(name: str, value: str, type_: str) -> tuple[str, str] | None:
    if not value:
        return None
    if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return ("INVALID_EMAIL", name)
    if type_ == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return ("INVALID_NUMBER", name)
    if type_ == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return ("INVALID_DATE", name)
    return None


def _utf16(value: str) -> int:
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def _as_text(value: Any, type_: str) -> str:
    """All values are strings; days and instants come back as ISO 8601, also where they were sent in milliseconds."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if type_ not in {"date", "datetime"} or not text.isdigit():
        return text
    at = datetime.fromtimestamp(int(text) / 1000, UTC)
    return stamp(at) if type_ == "datetime" else at.date().isoformat()


def _allowed(value: str, definition: Mapping[str, Any]) -> bool:
    options = {option["value"] for option in definition["options"]}
    return not value or not options or all(each in options for each in value.split(";"))
