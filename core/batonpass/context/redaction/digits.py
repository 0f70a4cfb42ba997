"""Digits of every script, and what people, forms and copying put between them."""

from __future__ import annotations

import re

# Spaces of all widths, zero-width characters, dots, dashes: the inside of a character class.
BETWEEN = r"\s\u00ad\u200b-\u200f\u2060\ufeff.\u00b7\uff0e\u2010-\u2015\u2212\ufe58\ufe63\uff0d-"

Area = tuple[int, int]
"""From where to where a text is looked at."""

_MANY = re.compile(r"\d(?:\D{0,4}\d){5,}")
"""Nothing with fewer digits close together is a number that is masked, but for the code of a card."""
_ASCII_DIGITS, _FEWEST = b"0123456789", 6
_BEFORE, _AFTER = 16, 40


def areas(text: str) -> list[Area]:
    """Where digits stand close together, with what may belong to them: all else need not be looked at."""
    size = len(text)
    # Counting digits takes a tenth of the time of looking for them, and most texts have fewer.
    if text.isascii() and size - len(text.encode().translate(None, _ASCII_DIGITS)) < _FEWEST:
        return []
    return [
        (max(0, found.start() - _BEFORE), min(size, found.end() + _AFTER))
        for found in _MANY.finditer(text)
        if not _is_order_number(text, *found.span())
    ]


_NO_NUMBER_OF_ANYBODY = frozenset({6, 7, 10})
_LETTERS_AROUND = re.compile(r"[A-Za-z]{2}$"), re.compile(r"[- ]?[A-Za-z](?![A-Za-z])|\w")


def _is_order_number(text: str, start: int, end: int) -> bool:
    """The most frequent case, told at a glance: digits in one piece, as many as nothing has that is masked."""
    if end - start not in _NO_NUMBER_OF_ANYBODY or not text[start:end].isdecimal():
        return False
    before, after = _LETTERS_AROUND
    return not (before.search(text[max(0, start - 2) : start]) or after.match(text, end))


def ascii_digits(text: str) -> str:
    """The digits alone, of whatever script, as 0 to 9."""
    return "".join(str(int(each)) for each in text if each.isdecimal())
