"""What `discover --save` has written of an account, read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batonpass.domain.errors import ConfigurationError
from batonpass.domain.ticket import (
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    Form,
    Group,
    TextUnit,
    TicketLimits,
)
from batonpass.mapping.former import Former, Was

SAVED_AS = "batonpass.discover/1"
FOLDER = ".batonpass"

_LARGEST = 50_000_000


def snapshot_path(folder: Path, connection: str) -> Path:
    return folder / FOLDER / f"{connection}.schema.json"


def read_snapshot(folder: Path, connection: str) -> tuple[FieldSchema, Former] | None:
    """The account as it was when `discover --save` ran last, and what was called otherwise before; None where it never
    did. Raises `ConfigurationError` where the file is not what it wrote."""
    path = snapshot_path(folder, connection)
    try:
        if path.stat().st_size > _LARGEST:
            raise _unreadable(path, "too large", connection)
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or "not readable", connection) from None
    except (ValueError, RecursionError):
        raise _unreadable(path, "not JSON", connection) from None
    if not isinstance(told, dict) or told.get("schema") != SAVED_AS:
        raise _unreadable(path, f"no {SAVED_AS}", connection)
    try:
        return _Saved.model_validate(told).read()
    except ValidationError:
        raise _unreadable(path, "parts are missing or of another kind", connection) from None


def former_json(former: Former) -> dict[str, Any]:
    return {
        "fields": _names_json(former.fields),
        "options": {field: _names_json(names) for field, names in former.options.items()},
    }


def _names_json(names: Mapping[str, Was]) -> dict[str, Any]:
    return {
        name: {"now": was.now, "seen": was.seen.isoformat(), "sure": was.sure} for name, was in names.items()
    }


def _unreadable(path: Path, why: str, connection: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: {why}; batonpass discover {connection} --save writes it anew", code="snapshot_unreadable"
    )


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class _Option(_Part):
    value: str
    label: str


class _Field(_Part):
    id: str
    name: str
    kind: FieldKind
    active: bool = True
    required: bool = False
    options: tuple[_Option, ...] = ()
    longest: int | None = None
    unit: TextUnit = TextUnit.CHARACTERS

    def read(self) -> FieldDefinition:
        return FieldDefinition(
            id=FieldId(self.id),
            name=self.name,
            kind=self.kind,
            active=self.active,
            required=self.required,
            options=tuple(FieldOption(value=each.value, label=each.label) for each in self.options),
            longest=self.longest,
            unit=self.unit,
        )


class _Group(_Part):
    id: str
    name: str


class _Form(_Part):
    id: str
    name: str
    fields: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


class _Limits(_Part):
    subject: int
    note: int


class _Was(_Part):
    now: str | None
    seen: date
    sure: bool = True

    def read(self) -> Was:
        return Was(now=self.now, seen=self.seen, sure=self.sure)


class _Former(_Part):
    fields: dict[str, _Was] = Field(default_factory=dict)
    options: dict[str, dict[str, _Was]] = Field(default_factory=dict)

    def read(self) -> Former:
        return Former(
            fields={name: was.read() for name, was in self.fields.items()},
            options={
                field: {name: was.read() for name, was in names.items()}
                for field, names in self.options.items()
            },
        )


class _Saved(_Part):
    as_of: datetime
    fields: tuple[_Field, ...]
    groups: tuple[_Group, ...] = ()
    forms: tuple[_Form, ...] = ()
    limits: _Limits
    options_are_tags: bool = False
    former: _Former = _Former()

    def read(self) -> tuple[FieldSchema, Former]:
        schema = FieldSchema(
            fields=tuple(each.read() for each in self.fields),
            groups=tuple(Group(id=each.id, name=each.name) for each in self.groups),
            forms=tuple(
                Form(
                    id=each.id,
                    name=each.name,
                    fields=tuple(FieldId(field) for field in each.fields),
                    statuses=each.statuses,
                )
                for each in self.forms
            ),
            limits=TicketLimits(subject=self.limits.subject, note=self.limits.note),
            as_of=self.as_of if self.as_of.tzinfo else self.as_of.replace(tzinfo=UTC),
            options_are_tags=self.options_are_tags,
        )
        return schema, self.former.read()
