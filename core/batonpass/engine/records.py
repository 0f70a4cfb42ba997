"""The results of steps as the journal keeps them: JSON types, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from batonpass.domain.ticket import FieldContent, FieldId, FieldValue, NotLanded, TicketRef


def ticket_to_json(ref: TicketRef) -> dict[str, str | None]:
    return {"id": ref.id, "url": ref.url, "number": ref.number}


def ticket_from_json(data: Mapping[str, Any]) -> TicketRef:
    return TicketRef(id=data["id"], url=data["url"], number=data.get("number"))


def not_landed_to_json(items: Sequence[NotLanded]) -> list[dict[str, str | None]]:
    return [
        {"field": item.field, "value": item.value, "why": item.why, "where": item.where} for item in items
    ]


def not_landed_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[NotLanded, ...]:
    return tuple(NotLanded(**item) for item in data)


def field_to_json(field: FieldValue) -> dict[str, Any]:
    kind, value = _encoded(field.value)
    return {"id": field.id, "name": field.name, "kind": kind, "value": value}


def field_from_json(data: Mapping[str, Any]) -> FieldValue:
    return FieldValue(id=FieldId(data["id"]), name=data["name"], value=_decoded(data["kind"], data["value"]))


def _encoded(value: FieldContent) -> tuple[str, Any]:
    match value:
        case tuple():
            return "lines", list(value)
        case Decimal():
            return "decimal", str(value)
        case date():
            return "date", value.isoformat()
        case _:
            return "plain", value


def _decoded(kind: str, value: Any) -> FieldContent:
    match kind:
        case "lines":
            return tuple(value)
        case "decimal":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case _:
            plain: FieldContent = value
            return plain
