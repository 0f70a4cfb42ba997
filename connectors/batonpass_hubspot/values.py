"""HubSpot's strings → our values. What cannot be read as its type says stays the text that it is.

https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide has the types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from batonpass.domain.facts import FactValue, Money
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.directory import Known
from batonpass_hubspot.wanted import CURRENCY, IS_CLOSED, OWNER_ID
from batonpass_hubspot.wire import Property, Record

MOST_DEAL_LINES = 5
STAGE_OF_DEAL = "dealstage"

# Longer ones are no amounts, and writing them out would fill the memory.
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,9})?", re.ASCII)
_MILLISECONDS = re.compile(r"-?\d{1,14}", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fact_value(
    record: Record, kind: ObjectType, name: str, *, ours: Mapping[str, str], known: Known
) -> FactValue | None:
    """The record's value in our words; None where it has none.

    `ours` is asked with the value as it is stored (an enumeration's internal value), one by one where there are
    several. What it does not list is read by the property's type; an enumeration then shows its label.
    """
    stored = record.stored(name).strip()
    if not stored:
        return None
    if stored in ours:
        return ours[stored]
    definition = known.properties.get((kind, name))
    if definition is None:
        return stored
    if definition.type == "enumeration" and definition.field_type != "booleancheckbox":
        return _labels(stored, definition, ours) or None
    if definition.show_currency_symbol and (amount := money(stored, record)) is not None:
        return amount
    read = _READERS.get("bool" if definition.field_type == "booleancheckbox" else definition.type)
    value = read(stored) if read else None
    return stored if value is None else value


def owner_of(record: Record, *, ours: Mapping[str, str], known: Known) -> FactValue | None:
    """The owner's name; None where nobody owns the record or the owner is no active user."""
    name = known.owners.get(record.stored(OWNER_ID))
    return ours.get(name, name) if name else None


def is_plain(definition: Property) -> bool:
    """Whether a value is shown as it is stored, so that its definition tells nothing."""
    is_enumeration = definition.type == "enumeration" or definition.field_type == "booleancheckbox"
    return not (is_enumeration or definition.show_currency_symbol or definition.type in _READERS)


def is_open(deal: Record) -> bool:
    return deal.stored(IS_CLOSED) != "true"


def open_deals(deals: tuple[Record, ...], known: Known) -> tuple[str, ...] | None:
    """A line for each open deal, the latest close date first, at most five; None where there is none."""
    dated = [(_date(deal.stored("closedate")) or date.min, deal) for deal in deals if is_open(deal)]
    dated.sort(key=lambda pair: (pair[0], pair[1].id), reverse=True)
    return tuple(_deal_line(deal, known) for _, deal in dated[:MOST_DEAL_LINES]) or None


def _deal_line(deal: Record, known: Known) -> str:
    amount = money(deal.stored("amount"), deal) or _number(deal.stored("amount"))
    stage = deal.stored(STAGE_OF_DEAL)
    label = known.stages.get((deal.stored("pipeline"), stage), stage)
    closes = _date(deal.stored("closedate"))
    parts = (
        f"{amount:,.2f}" if isinstance(amount, Decimal) else amount and str(amount),
        label and f"stage {label}",
        closes and f"closes {closes.isoformat()}",
    )
    said = ", ".join(part for part in parts if part)
    name = deal.stored("dealname").strip() or f"Deal {deal.id}"
    return f"{name}: {said}" if said else name


def _labels(stored: str, definition: Property, ours: Mapping[str, str]) -> str:
    labels = {option.value: option.label for option in definition.options}
    return ", ".join(ours.get(each, labels.get(each, each)) for each in stored.split(";") if each)


def money(stored: str, record: Record) -> Money | None:
    """An amount in the record's own currency. Only deals tell theirs; without one it is a plain number."""
    currency, number = record.stored(CURRENCY), _number(stored)
    return Money.of(number, currency) if number is not None and _CURRENCY.fullmatch(currency) else None


def _number(stored: str) -> Decimal | None:
    return Decimal(stored) if _NUMBER.fullmatch(stored) else None


def _bool(stored: str) -> bool | None:
    return {"true": True, "false": False}.get(stored.lower())


def _date(stored: str) -> date | None:
    """A day, or the UTC day of an instant; instants come as ISO 8601 or as milliseconds since 1970."""
    try:
        if _MILLISECONDS.fullmatch(stored):
            return (_EPOCH + timedelta(milliseconds=int(stored))).date()
        at = datetime.fromisoformat(stored)
        return (at.astimezone(UTC) if at.tzinfo else at).date()
    except (ValueError, OverflowError):
        return None


def instant(stored: str) -> datetime | None:
    """ISO 8601, or milliseconds since 1970; None for what is neither."""
    try:
        if stored.isdecimal() and len(stored) < 15:
            return datetime.fromtimestamp(int(stored) / 1000, UTC)
        at = datetime.fromisoformat(stored)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_READERS: Mapping[str, Callable[[str], FactValue | None]] = MappingProxyType(
    {"date": _date, "datetime": _date, "number": _number, "bool": _bool}
)
"""HubSpot's property type → how a value of it is read; any other type is text."""
