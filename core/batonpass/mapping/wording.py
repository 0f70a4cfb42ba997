"""Values as text, and text as a subject, a field and a tag can hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from string import Formatter

import regex

from batonpass.domain.facts import FactValue
from batonpass.domain.text import mend, one_line, reveal
from batonpass.domain.ticket import TextUnit

ELLIPSIS = "…"
LONGEST_TAG = 80

# `{{` and `{%` start a placeholder or a command in the templates of helpdesks: in a customer's words they would
# put what an agent sees into a message.
_FOREIGN_TEMPLATE = re.compile(r"\{(?=[{%])")
# What a spreadsheet takes for a formula; an apostrophe before it makes it text
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = re.compile(r"[\s\ufffd]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER_OR_PHONE = re.compile(r"[+-]?[\d\s().,:/%\u20ac$\u00a3-]*")
_NOT_IN_A_TAG = re.compile(r"[^\w\-/:]+")
_GRAPHEME = regex.compile(r"\X")


class TemplateError(ValueError):
    """A template that cannot be read; the message says what is wrong, for the person who wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Text with named places for our values: `reason_{handoff.reason}`. `{{` stands for a brace."""

    parts: tuple[tuple[str, str | None], ...]
    """(text, the path of the value that comes after it)."""

    @classmethod
    def read(cls, text: str) -> Template:
        try:
            parts = tuple(Formatter().parse(text))
        except ValueError:
            raise TemplateError(
                "a { or } without its other half; write {{ or }} for a brace itself"
            ) from None
        for _, path, form, conversion in parts:
            if path == "":
                raise TemplateError("{} names no value")
            if form or conversion:
                raise TemplateError(f"only a name stands between braces: {{{path}}}")
        return cls(parts=tuple((literal, path) for literal, path, _, _ in parts))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for _, path in self.parts if path is not None)

    def fill(self, values: Mapping[str, FactValue], *, whole: bool = False) -> str | None:
        """The text with the values; None where none of the values is known (`whole`: where one is not)."""
        pieces: list[str] = []
        wanted = known = 0
        for literal, path in self.parts:
            pieces.append(literal)
            if path is None:
                continue
            wanted += 1
            value = values.get(path)
            text = "" if value is None else as_text(value)
            known += bool(text)
            pieces.append(text)
        if wanted and known < (wanted if whole else 1):
            return None
        return "".join(pieces)


def as_text(value: FactValue, *, between: str = "; ") -> str:
    """The value as people read it."""
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case Decimal():
            # 1E+1000 written out would be a thousand zeros.
            return format(value, "f") if value.is_finite() and abs(value.adjusted()) <= 30 else str(value)
        case date():
            return value.isoformat()
        case tuple():
            return between.join(value)
        case _:
            return str(value)


def as_key(value: FactValue) -> str:
    """The value as it is written on the left side of `values`."""
    return str(value).lower() if isinstance(value, bool) else as_text(value)


def inert(text: str) -> str:
    """The text with nothing in it that a helpdesk, or the spreadsheet that its tickets are exported to, could run, and
    with nothing hidden."""
    shown = _FOREIGN_TEMPLATE.sub("{ ", reveal(mend(text)))
    return f"'{shown}" if is_formula(shown) else shown


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run it."""
    return _FORMULA.match(text) is not None and not _NUMBER_OR_PHONE.fullmatch(text.strip())


def size(text: str, unit: TextUnit = TextUnit.CHARACTERS) -> int:
    """How long the text is for who counts so."""
    match unit:
        case TextUnit.CHARACTERS:
            return len(text)
        case TextUnit.UTF16:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case TextUnit.BYTES:
            return len(text.encode("utf-8", "surrogatepass"))


def fits(text: str, limit: int, unit: TextUnit = TextUnit.CHARACTERS) -> bool:
    # No character is more than four of anything: most texts need not be counted.
    return len(text) * 4 <= limit or (len(text) <= limit and size(text, unit) <= limit)


def cut(text: str, limit: int, unit: TextUnit = TextUnit.CHARACTERS) -> str:
    """The text in at most `limit` of the unit, cut between graphemes and marked with an ellipsis; without the mark
    where not even that has room."""
    if fits(text, limit, unit):
        return text
    mark = ELLIPSIS if size(ELLIPSIS, unit) <= limit else ""
    room = limit - size(mark, unit)
    end = used = 0
    for grapheme in _GRAPHEME.finditer(text):
        used += size(grapheme[0], unit)
        if used > room:
            break
        end = grapheme.end()
    return text[:end].rstrip() + mark


def as_line(text: str) -> str:
    return one_line(inert(text))


def as_tag(text: str) -> str:
    """The text as a tag: lower case, no spaces, only signs that tags can have; empty where nothing is left."""
    return _NOT_IN_A_TAG.sub("_", text.strip().lower())[:LONGEST_TAG].strip("_")
