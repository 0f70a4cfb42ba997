"""Card numbers: by length, brand, check digit, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from batonpass.context.redaction.checksums import luhn
from batonpass.context.redaction.digits import BETWEEN, Area, ascii_digits
from batonpass.context.redaction.finds import Find
from batonpass.context.redaction.labels import is_labelled

_RUN = re.compile(rf"\d(?:[{BETWEEN}]{{0,3}}\d){{12,}}+")
_GROUP = re.compile(r"\d+")

_BRANDS = re.compile(
    r"(?:4(?:\d{15}|\d{12}|\d{18})"
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}"
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}(?:\d{3})?"
    r"|35(?:2[89]|[3-8]\d)\d{12}(?:\d{3})?"
    r"|(?:30[0-5]\d|309[0-9]|36\d\d|3[89]\d\d)\d{10}(?:\d\d)?"
    r"|62\d{14,17}"
    r"|(?:5018|5020|5038|5893|6304|6390|67\d\d)\d{9,15}"
    r"|220[0-4]\d{12}(?:\d{3})?"
    r"|(?:508[0-9]|60(?!11)\d\d|8[12]\d\d|9792|5019|636[0-9]|1\d{3}(?=\d{11}\Z))\d{11,12})"
)
_EVERYDAY = frozenset({14, 15, 16})
"""Lengths of the cards that nearly everybody has; others count only where a word says card."""
_SHAPES = frozenset({(4, 6, 5), (4, 6, 4), (4, 5, 6), (3, 4, 4, 4), (8, 8), (6, 13), (5, 5, 5)})

_READ_BEFORE = 500
_CARD_WORD = re.compile(
    r"card|karte|carte\b|tarjeta|cart[a\u00e3]o|\bcarta|kaart|\bkort|karta|kart\u0131|\u043a\u0430\u0440\u0442|\u30ab\u30fc\u30c9|\u5361|\uce74\ub4dc|visa|master|amex|american express"
    r"|maestro|discover|diners|unionpay|debit|cvv|cvc|\bcc\b|\bpan\b",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_GOES_ON = re.compile(r"exp|cv|and|mm", re.IGNORECASE)
_EXPIRY = re.compile(r"(?:0[1-9]|1[0-2])[2-4]\d")


def says_card(text: str) -> bool:
    return bool(_CARD_WORD.search(text))


class _Around:
    """What is said around the numbers of a text, looked for once and only where there is a number."""

    def __init__(self, text: str, before: str) -> None:
        self._text, self._before = text, before

    @cached_property
    def names_card(self) -> bool:
        return says_card(self._text) or says_card(self._before[:_READ_BEFORE])

    @cached_property
    def is_numbers_only(self) -> bool:
        return _LETTER.search(self._text) is None


def cards(text: str, area: Area, *, before: str = "") -> Iterator[Find]:
    """`before`: what was said just before, which may have asked for a card."""
    around = _Around(text, before)
    for run in _RUN.finditer(text, *area):
        groups = [found.span() for found in _GROUP.finditer(text, run.start(), run.end())]
        first = 0
        while first < len(groups):
            size = _card_from(text, groups, first, around)
            if size:
                start, end = groups[first][0], groups[first + size - 1][1]
                yield Find(start, end, "card", ascii_digits(text[start:end])[-4:])
            first += size or 1


def _card_from(text: str, groups: list[Area], first: int, around: _Around) -> int:
    """How many groups from this one on are a card number; the most that are."""
    if _goes_on_before(groups, first):
        return 0
    sizes: list[int] = []
    digits, most = "", 0
    for start, end in groups[first : first + 19]:
        sizes.append(end - start)
        if sum(sizes) > 19:
            break
        digits += ascii_digits(text[start:end])
        is_number = len(digits) >= 13 and _BRANDS.fullmatch(digits) and luhn(digits)
        if is_number and _looks_like_card(text, groups, first, tuple(sizes), around):
            most = len(sizes)
    return most


def _goes_on_before(groups: list[Area], first: int) -> bool:
    """Whether a group as short as this one stands before: then it is no beginning, but part of a longer number."""
    start, end = groups[first]
    return first > 0 and end - start < 13 and groups[first - 1][1] - groups[first - 1][0] == end - start


def _looks_like_card(
    text: str, groups: list[Area], first: int, sizes: tuple[int, ...], around: _Around
) -> bool:
    count = len(sizes)
    start, end = groups[first][0], groups[first + count - 1][1]
    if _belongs_to_word(text, start, end, around):
        return False
    told = around.names_card or around.is_numbers_only
    if sum(sizes) not in _EVERYDAY and not told:
        return False
    if count == 1:
        own_word = _CARD_WORD.search(text, max(0, start - 40), start)
        return bool(own_word) or not (is_labelled(text, start) or text[start - 1 : start] in {"/", "_"})
    if _goes_on_after(text, groups, first, count):
        return False
    in_fours = set(sizes[:-1]) == {4} and sizes[-1] <= 4
    return in_fours or sizes in _SHAPES or (told and _evenly(text, groups, first, count))


def _belongs_to_word(text: str, start: int, end: int, around: _Around) -> bool:
    """Whether letters, or the sign of a telephone number, are part of the number."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == "+" or (before == "-" and text[start - 2 : start - 1].isalnum() and not around.names_card):
        return True
    if before.isalpha() and not _CARD_WORD.search(text, max(0, start - 12), start):
        return True
    return after.isalpha() and after.isascii() and not _GOES_ON.match(text, end)


def _goes_on_after(text: str, groups: list[Area], first: int, count: int) -> bool:
    """Whether a group of the same size follows: a parcel's number is longer. An expiry date may follow, or the next
    card."""
    if first + count >= len(groups):
        return False
    start, end = groups[first + count]
    if end - start != groups[first][1] - groups[first][0]:
        return False
    next_card = first + 2 * count <= len(groups)
    return not (next_card or _EXPIRY.fullmatch(ascii_digits(text[start:end])))


def _evenly(text: str, groups: list[Area], first: int, count: int) -> bool:
    """Whether the same stands between all groups."""
    pairs = zip(groups[first : first + count - 1], groups[first + 1 : first + count], strict=True)
    return len({text[left[1] : right[0]] for left, right in pairs}) == 1
