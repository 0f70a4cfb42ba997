"""What can be done with a value on its way into a field: a closed list, each done whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from batonpass.domain.facts import FactValue, Money
from batonpass.domain.ticket import TextUnit
from batonpass.mapping.wording import as_text, cut

_DIRECTIVES = frozenset("dmYybB%")
_MOST = 10_000
_LONGEST_NUMBER = 80
# A currency before or after, groups of digits with a sign between them, and the decimals: nothing else is a number.
_NUMBER = re.compile(
    r"[^\d+\-.,'()]{0,8}([+\-]?)[^\d+\-.,'()]{0,8}(\d[\d.,' ]{0,50})[^\d+\-()]{0,16}", re.ASCII
)
_GROUPED = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3}){0,12}|\d{1,3}(?:,\d{2}){1,8},\d{3}", re.ASCII)
_PLAIN_SIGNS = {
    ord("\N{MINUS SIGN}"): "-",
    ord("\N{RIGHT SINGLE QUOTATION MARK}"): "'",
    **dict.fromkeys((0xA0, 0x2009, 0x202F, ord("\t")), " "),
}
_WORD = re.compile(r"\S+")


class TransformError(ValueError):
    """A transform that does not exist or cannot be done so; the message is for the person who wrote it."""


class NotDoneError(Exception):
    """A value that a transform cannot be done with; the message says why, and never holds the value."""


Work = Callable[[FactValue, str, TextUnit], FactValue]
"""(Value, the transform's argument, what its target counts) → the value, or `NotDoneError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """`truncate:80`: a name of the list, and what stands after its colon."""

    name: str
    argument: str = ""

    @classmethod
    def read(cls, text: str) -> Transform:
        """Raises `TransformError`."""
        name, colon, argument = text.partition(":")
        name = name.strip()
        known = TRANSFORMS.get(name)
        if known is None:
            raise TransformError(f'there is no transform "{name}"')
        wrong = known.wrong(argument) if colon or known.needs_argument else None
        if wrong is not None:
            raise TransformError(f"{name}: {wrong}")
        return cls(name=name, argument=argument)

    def done(self, value: FactValue, unit: TextUnit) -> FactValue:
        """Raises `NotDoneError`."""
        return TRANSFORMS[self.name].work(value, self.argument, unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One transform of the list."""

    work: Work
    wrong: Callable[[str], str | None]
    """What is wrong with an argument, or None."""
    needs_argument: bool = False
    says: str
    """For people who choose one."""


def done(transforms: tuple[Transform, ...], value: FactValue, unit: TextUnit) -> FactValue:
    """The value after all of them. Raises `NotDoneError`."""
    for transform in transforms:
        value = transform.done(value, unit)
    return value


def _date(value: FactValue, form: str, unit: TextUnit) -> FactValue:  # noqa: ARG001 - one signature for all
    day: date
    if isinstance(value, datetime):
        day = value.date()
    elif isinstance(value, date):
        day = value
    elif isinstance(value, str):
        try:
            day = datetime.fromisoformat(value.strip()).date()
        except ValueError:
            raise NotDoneError("not a date (2026-11-30)") from None
    else:
        raise NotDoneError("not a date (2026-11-30)")
    return day.strftime(form) if form else day


def _date_form(form: str) -> str | None:
    directives = re.findall(r"%(.?)", form)
    if not form or "%" not in form or set(directives) - _DIRECTIVES:
        return "a date is written with %d %m %Y %y %b %B, for example date:%d.%m.%Y"
    return None


def _number(value: FactValue, decimal_sign: str, unit: TextUnit) -> FactValue:  # noqa: ARG001 - one signature
    if isinstance(value, Money):
        return value.major
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise NotDoneError("not a number")
    found = (
        _NUMBER.fullmatch(value.translate(_PLAIN_SIGNS).strip()) if len(value) <= _LONGEST_NUMBER else None
    )
    if found is None:
        raise NotDoneError("not a number")
    sign, digits = found[1], found[2].rstrip(".,' ")
    whole, _, decimals = digits.partition(decimal_sign or ".")
    grouped = _GROUPED.fullmatch(whole)
    if not (whole.isdecimal() or grouped) or not (decimals == "" or decimals.isdecimal()):
        raise NotDoneError(f'not a number with "{decimal_sign or "."}" before its decimals')
    plain = "".join(character for character in whole if character.isdecimal())
    return Decimal(f"{'-' if sign == '-' else ''}{plain}.{decimals or '0'}")


def _decimal_sign(argument: str) -> str | None:
    return None if argument in {".", ","} else "it takes the sign before the decimals: number:, or number:."


def _money(value: FactValue, form: str, unit: TextUnit) -> FactValue:  # noqa: ARG001 - one signature for all
    if not isinstance(value, Money):
        raise NotDoneError("not an amount of money with its currency")
    return str(value) if form else value.major


def _money_form(argument: str) -> str | None:
    return None if argument == "text" else "it is money (the number) or money:text (with the currency)"


def _truncate(value: FactValue, most: str, unit: TextUnit) -> FactValue:
    return cut(as_text(value), int(most), unit)


def _length(argument: str) -> str | None:
    fits = argument.isascii() and argument.isdecimal() and len(argument) <= 5 and 1 <= int(argument) <= _MOST
    return None if fits else f"it takes a length from 1 to {_MOST}, for example truncate:80"


def _join(value: FactValue, between: str, unit: TextUnit) -> FactValue:  # noqa: ARG001 - one signature for all
    return _between(between).join(value) if isinstance(value, tuple) else value


def _between(written: str) -> str:
    quoted = len(written) >= 2 and written[0] == written[-1] == '"'
    return written[1:-1] if quoted else written


def _separator(argument: str) -> str | None:
    return None if _between(argument) else 'it takes what stands between the parts, for example join:", "'


def _nothing(argument: str) -> str | None:
    return "it takes nothing after a colon" if argument else None


def _each(change: Callable[[str], str]) -> Work:
    def work(value: FactValue, argument: str, unit: TextUnit) -> FactValue:  # noqa: ARG001 - one signature
        if isinstance(value, tuple):
            return tuple(change(each) for each in value)
        return change(as_text(value))

    return work


def _titled(text: str) -> str:
    return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


TRANSFORMS: Mapping[str, Known] = MappingProxyType(
    {
        "date": Known(
            work=_date, wrong=_date_form, says="text or a time → the day; date:%d.%m.%Y → the day as text"
        ),
        "number": Known(
            work=_number,
            wrong=_decimal_sign,
            says='"1,234.50" → 1234.50; number:, where the decimals stand after a comma',
        ),
        "money": Known(
            work=_money, wrong=_money_form, says="an amount → its number; money:text → with its currency"
        ),
        "truncate": Known(
            work=_truncate, wrong=_length, needs_argument=True, says="at most so much text: truncate:80"
        ),
        "join": Known(
            work=_join, wrong=_separator, needs_argument=True, says='several lines → one text: join:", "'
        ),
        "title": Known(work=_each(_titled), wrong=_nothing, says="Each Word With A Capital"),
        "lower": Known(work=_each(str.lower), wrong=_nothing, says="small letters"),
        "upper": Known(work=_each(str.upper), wrong=_nothing, says="CAPITALS"),
    }
)
