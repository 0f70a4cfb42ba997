"""Whether an account is still what it was when a plan was made: pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from batonpass.app.planning.needs import Need
from batonpass.domain.ticket import FieldDefinition, FieldId, FieldOption, FieldSchema

Parts = Mapping[str, str]
"""`field "Tier"`, `group "Billing"`, … → a digest of it."""


def parts_of(schema: FieldSchema) -> Parts:
    """All that mappings depend on."""
    fields = {f'field "{each.name}" ({each.id})': _digest(_field(each)) for each in schema.fields}
    groups = {f'group "{each.name}" ({each.id})': _digest(each.name) for each in schema.groups}
    forms = {
        f'form "{each.name}" ({each.id})': _digest([each.name, sorted(each.fields)]) for each in schema.forms
    }
    return {**fields, **groups, **forms}


def digest_of(parts: Parts) -> str:
    return hashlib.sha256(json.dumps(sorted(parts.items())).encode()).hexdigest()


def moved(planned: Parts, now: Parts) -> list[str]:
    """What is not as it was, in words."""
    changed = [f"{name} has changed" for name in planned if name in now and planned[name] != now[name]]
    gone = [f"{name} is gone" for name in planned if name not in now]
    new = [f"{name} is new" for name in now if name not in planned]
    return [*changed, *gone, *new]


def without(schema: FieldSchema, needs: Sequence[Need], planned: Parts) -> FieldSchema:
    """The account as it was before these were created in it: what an interrupted `apply` has done is no move."""
    created = {each.field.name.casefold() for each in needs if not each.adds_options}
    added = {each.field.name.casefold(): set(each.field.options) for each in needs if each.adds_options}
    kept = []
    for field in schema.fields:
        name = field.name.casefold()
        if name in created and f'field "{field.name}" ({field.id})' not in planned:
            continue
        labels = added.get(name, set())
        options = tuple(each for each in field.options if each.label not in labels)
        kept.append(replace(field, options=options) if labels else field)
    ids = {field.id for field in kept}
    forms = tuple(
        replace(each, fields=tuple(field for field in each.fields if field in ids)) for each in schema.forms
    )
    return replace(schema, fields=tuple(kept), forms=forms)


def with_created(schema: FieldSchema, needs: Sequence[Need]) -> FieldSchema:
    """The account as it would be with these in it."""
    fields = {each.name.casefold(): each for each in schema.fields}
    for need in needs:
        options = tuple(FieldOption(value=label, label=label) for label in need.field.options)
        name = need.field.name.casefold()
        if need.adds_options:
            fields[name] = replace(fields[name], options=(*fields[name].options, *options))
        else:
            fields[name] = FieldDefinition(
                id=FieldId(f"new:{need.field.name}"),
                name=need.field.name,
                kind=need.field.kind,
                options=options,
            )
    return replace(schema, fields=tuple(fields.values()))


def _field(field: FieldDefinition) -> list[Any]:
    options = sorted([each.value, each.label] for each in field.options)
    return [field.kind, field.active, field.required, options]


def _digest(told: Any) -> str:
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:16]
