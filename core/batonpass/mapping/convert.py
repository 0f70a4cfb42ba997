"""Our values as a helpdesk's field holds them: by the field's kind, and never an exception for what comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from batonpass.diagnostics import nearest
from batonpass.domain.facts import FactValue, Money
from batonpass.domain.text import one_line
from batonpass.domain.ticket import FieldContent, FieldDefinition, FieldKind, TextUnit
from batonpass.mapping.wording import as_key, as_text, cut, fits, inert

LONGEST_TEXT = 10_000
"""Of one field, in characters; no field that a person reads holds more. The note has the whole."""

UNITS: Mapping[TextUnit, str] = MappingProxyType(
    {
        TextUnit.CHARACTERS: "characters",
        TextUnit.UTF16: "characters as UTF-16 counts them",
        TextUnit.BYTES: "bytes of UTF-8",
    }
)
"""What people call them."""

_MOST_DIGITS = 30
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
YES = frozenset({"true", "yes", "1", "verified"})
NO = frozenset({"false", "no", "0", "claimed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A value, or a part of one, that the field cannot hold."""

    value: str
    why: str
    meant: str | None = None
    """The option that was probably meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    content: FieldContent | None
    """None: the field stays empty."""
    lost: tuple[Lost, ...] = ()


class Target:
    """One field of the helpdesk with its options ready to be looked up."""

    def __init__(self, definition: FieldDefinition) -> None:
        self.definition = definition
        self._exact = {option.label: option.value for option in definition.options}
        self._exact |= {option.value: option.value for option in definition.options}
        self._folded = {name.casefold(): value for name, value in self._exact.items()}
        self._convert = _CONVERT.get(definition.kind, _unwritable)

    def convert(self, value: FactValue) -> Converted:
        """The value as this field holds it, or what was lost and why."""
        return self._convert(value, self)

    def option(self, text: str) -> str | None:
        """The option with this value or label, exactly or but for upper and lower case."""
        return self._exact.get(text) or self._folded.get(text.casefold())

    def nearest_option(self, text: str) -> str | None:
        """The label (where only its value is near: the value) of the option that was probably meant."""
        labels = [option.label for option in self.definition.options]
        return nearest(text, labels) or nearest(text, [option.value for option in self.definition.options])


def _lost(value: FactValue, why: str, *, meant: str | None = None) -> Converted:
    return Converted(content=None, lost=(Lost(value=as_text(value), why=why, meant=meant),))


def _text(value: FactValue, target: Target) -> Converted:
    return _bounded(one_line(inert(as_text(value))), target)


def _long_text(value: FactValue, target: Target) -> Converted:
    return _bounded(inert(as_text(value, between="\n")).strip(), target)


def _bounded(text: str, target: Target) -> Converted:
    longest, unit = target.definition.longest, target.definition.unit
    if len(text) > LONGEST_TEXT and (longest is None or longest > LONGEST_TEXT):
        longest, unit = LONGEST_TEXT, TextUnit.CHARACTERS
    if longest is None or fits(text, longest, unit):
        return Converted(content=text or None)
    lost = Lost(value=text, why=f"cut to {longest} {UNITS[unit]}")
    return Converted(content=cut(text, longest, unit) or None, lost=(lost,))


def _checkbox(value: FactValue, target: Target) -> Converted:  # noqa: ARG001 - one signature for all kinds
    if isinstance(value, bool):
        return Converted(content=value)
    word = as_key(value).strip().lower()
    if word in YES or word in NO:
        return Converted(content=word in YES)
    return _lost(value, "neither true nor false")


def _date(value: FactValue, target: Target) -> Converted:  # noqa: ARG001 - one signature for all kinds
    if isinstance(value, date):
        return Converted(content=value.date() if isinstance(value, datetime) else value)
    if isinstance(value, str):
        try:
            return Converted(content=datetime.fromisoformat(value.strip()).date())
        except ValueError:
            pass
    return _lost(value, "not a date (2026-11-30)")


def _decimal(value: FactValue, target: Target) -> Converted:  # noqa: ARG001 - one signature for all kinds
    number = _number(value)
    return _lost(value, "not a number") if number is None else Converted(content=number)


def _integer(value: FactValue, target: Target) -> Converted:  # noqa: ARG001 - one signature for all kinds
    number = _number(value)
    if number is None or number != number.to_integral_value():
        return _lost(value, "not a number" if number is None else "not a whole number")
    return Converted(content=int(number))


def _number(value: FactValue) -> Decimal | None:
    match value:
        case Money():
            return value.major
        case bool():
            return None
        case int():
            return Decimal(value)
        case Decimal():
            return value if value.is_finite() and value.adjusted() <= _MOST_DIGITS else None
        case str() if _NUMBER.fullmatch(value.strip()):
            return _number(Decimal(value.strip()))
        case _:
            return None


def _dropdown(value: FactValue, target: Target) -> Converted:
    text = as_key(value).strip()
    option = target.option(text)
    if option is not None:
        return Converted(content=option)
    return _lost(value, "not an option of this field", meant=target.nearest_option(text))


def _multiselect(value: FactValue, target: Target) -> Converted:
    if isinstance(value, str) and target.option(value.strip()) is None:
        value = tuple(value.split(","))
    parts = value if isinstance(value, tuple) else (as_key(value),)
    each = [_dropdown(part.strip(), target) for part in parts if part.strip()]
    options = tuple(dict.fromkeys(str(found.content) for found in each if found.content is not None))
    return Converted(content=options or None, lost=tuple(lost for found in each for lost in found.lost))


def _unwritable(value: FactValue, target: Target) -> Converted:  # noqa: ARG001 - one signature for all kinds
    return _lost(value, "a kind of field that batonpass does not write")


_CONVERT: Mapping[FieldKind, Callable[[FactValue, Target], Converted]] = MappingProxyType(
    {
        FieldKind.TEXT: _text,
        FieldKind.LONG_TEXT: _long_text,
        FieldKind.CHECKBOX: _checkbox,
        FieldKind.DATE: _date,
        FieldKind.INTEGER: _integer,
        FieldKind.DECIMAL: _decimal,
        FieldKind.DROPDOWN: _dropdown,
        FieldKind.MULTISELECT: _multiselect,
    }
)
