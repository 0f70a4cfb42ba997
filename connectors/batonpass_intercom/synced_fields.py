"""Ticket types and attributes as records of the copy. Pure.

Intercom deletes none of them, people archive them: one that is archived cannot be used any more, and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from batonpass.domain.synced import Record, RecordKind
from batonpass.domain.ticket import FieldKind
from batonpass_intercom import listed_wire, talk, wire
from batonpass_intercom.schema import BUILT_IN, kind_of

TICKET_TYPE = "ticket_type"
"""The type of a record that is a whole ticket type; its options are its states."""

DATA_KINDS: Mapping[str, FieldKind] = MappingProxyType(
    {
        "string": FieldKind.TEXT,
        "integer": FieldKind.INTEGER,
        "float": FieldKind.DECIMAL,
        "boolean": FieldKind.CHECKBOX,
        "date": FieldKind.DATE,
        "datetime": FieldKind.DATE,
    }
)
"""The data type of a contact's or company's attribute → our kind; one that is not here is `OTHER`."""


def of_ticket_type(told: listed_wire.TicketType, *, now: datetime) -> tuple[Record, ...]:
    """The type and its attributes; nothing of one that is archived."""
    if told.archived:
        return ()
    states = tuple(each.internal_label or "" for each in told.ticket_states.data)
    attributes = [
        _field(
            f"ticket_attribute-{each.id}",
            each.name,
            kind_of(each.data_type, each.input_options.multiline),
            _labels(each.input_options.items),
            _changed(each.updated_at, now),
        )
        for each in told.ticket_type_attributes.attributes
        if not each.archived and each.name not in BUILT_IN
    ]
    whole = _field(f"ticket_type-{told.id}", told.name, TICKET_TYPE, states, _changed(told.updated_at, now))
    return (whole, *attributes)


def of_conversation_attribute(told: listed_wire.ConversationAttribute, *, now: datetime) -> Record:
    return _field(
        f"conversation_attribute-{told.id}",
        told.name,
        kind_of(told.data_type, told.multiline),
        _labels(told.options),
        _changed(told.updated_at, now),
    )


def of_data_attribute(told: listed_wire.DataAttribute, *, now: datetime) -> Record:
    """Of contacts and companies. Only those that people made have an id, so the name within its model is it."""
    kind = FieldKind.DROPDOWN if told.options else DATA_KINDS.get(told.data_type, FieldKind.OTHER)
    named = told.full_name or told.name
    return _field(
        f"{told.model}.{named}", told.label or told.name, kind, told.options, _changed(told.updated_at, now)
    )


def _field(id_: str, name: str, kind: str, options: tuple[str, ...], changed_at: datetime) -> Record:
    return Record(
        kind=RecordKind.FIELD,
        id=id_,
        changed_at=changed_at,
        columns={"name": name, "type": str(kind), "is_active": True, "options": options},
    )


def _labels(items: tuple[wire.ListItem, ...]) -> tuple[str, ...]:
    return tuple(each.label for each in items if not each.archived)


def _changed(seconds: int | None, now: datetime) -> datetime:
    return talk.instant(seconds) if seconds else now
