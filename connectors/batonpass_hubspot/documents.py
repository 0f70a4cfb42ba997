"""What is kept of a record so that facts can be told from it later: the properties that rules ask for, and how HubSpot
says that they are to be read, as far as these values need that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batonpass.domain.synced import KeptRecord
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.directory import Known
from batonpass_hubspot.kept import VALUES, record_in
from batonpass_hubspot.matching import IDENTIFYING
from batonpass_hubspot.values import STAGE_OF_DEAL, is_plain
from batonpass_hubspot.wanted import Wanted
from batonpass_hubspot.wire import Option, Property, Record

_DEFINED, _STAGE = "defined", "stage"


class Documents:
    """Writes them for the records of one type."""

    def __init__(self, kind: ObjectType, wanted: Wanted, known: Known) -> None:
        identifying = IDENTIFYING if kind is ObjectType.CONTACTS else ()
        asked = wanted.properties.get(kind, frozenset())
        self.asked = tuple(dict.fromkeys((*identifying, *sorted(asked))))
        """The properties that they need."""
        named = {name: known.properties.get((kind, name)) for name in asked}
        self._defined = {
            name: each for name, each in named.items() if each is not None and not is_plain(each)
        }
        self._stages = known.stages if wanted.stages and kind is ObjectType.DEALS else {}

    def of(self, record: Record) -> dict[str, Any] | None:
        values = {name: value for name in self.asked if (value := record.stored(name))}
        if not values:
            return None
        document: dict[str, Any] = {VALUES: values}
        if self._defined:
            defined = {
                name: _told(each, values[name]) for name, each in self._defined.items() if name in values
            }
            if defined:
                document[_DEFINED] = defined
        if self._stages:
            label = self._stages.get((record.stored("pipeline"), record.stored(STAGE_OF_DEAL)))
            if label:
                document[_STAGE] = label
        return document


def _told(definition: Property, stored: str) -> list[Any]:
    chosen = stored.split(";") if definition.options else ()
    labels = {each.value: each.label for each in definition.options if each.value in chosen}
    return [definition.type, definition.field_type, bool(definition.show_currency_symbol), labels]


def definitions_in(kept: KeptRecord, kind: ObjectType) -> dict[tuple[ObjectType, str], Property]:
    told: Mapping[str, Any] = (kept.document or {}).get(_DEFINED) or {}
    return {(kind, name): _definition(name, each) for name, each in told.items()}


def _definition(name: str, told: Any) -> Property:
    type_, field_type, is_money, labels = told
    options = tuple(Option(value=value, label=label) for value, label in labels.items())
    return Property(
        name=name, type=type_, field_type=field_type, show_currency_symbol=is_money, options=options
    )


def stage_in(kept: KeptRecord) -> Mapping[tuple[str, str], str]:
    """Of a deal."""
    label = (kept.document or {}).get(_STAGE)
    record = record_in(kept)
    return {(record.stored("pipeline"), record.stored(STAGE_OF_DEAL)): label} if label else {}
