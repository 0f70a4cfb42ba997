"""Numbers that states give to people, by country: their shape, their check digits, the words they go by."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from batonpass.context.redaction import checksums
from batonpass.context.redaction.digits import Area
from batonpass.context.redaction.finds import Find
from batonpass.context.redaction.labels import is_labelled

_NEAR = 80
"""Characters before a number in which a word names it."""


def _always(found: re.Match[str]) -> bool:
    del found
    return True


def _never(found: re.Match[str]) -> bool:
    del found
    return False


@dataclass(frozen=True, slots=True)
class Shape:
    pattern: re.Pattern[str]
    check: Callable[[str], bool]
    """Whether the number, in ASCII capitals without anything between, can be one."""
    words: re.Pattern[str]
    digits: int
    """How many it has in a row; 0: letters stand among them."""
    is_plain: Callable[[re.Match[str]], bool] = _always
    """Whether it is one without a word that names it."""


def _shape(
    pattern: str,
    check: Callable[[str], bool],
    words: str,
    digits: int,
    is_plain: Callable[[re.Match[str]], bool] = _always,
) -> Shape:
    whole = rf"(?<![\w+])(?<![\d][-.])(?:{pattern})(?![\w]|[-.]\d)"
    return Shape(
        re.compile(whole, re.IGNORECASE | re.ASCII), check, re.compile(words, re.IGNORECASE), digits, is_plain
    )


_SHAPES = {
    "US": (
        _shape(
            r"\d{3}(?P<gap>[- ]?)\d\d(?P=gap)\d{4}",
            checksums.us_ssn,
            r"\bssn\b|social security|\bitin\b|tax(?:payer)? id", 9,
            lambda found: found["gap"] == "-",
        ),
    ),
    "DE": (
        _shape(
            r"\d\d ?\d{3} ?\d{3} ?\d{3}",
            checksums.de_tax_id,
            r"steuer|\bidnr|\btin\b|tax", 11,
        ),
    ),
    "GB": (
        _shape(
            r"[a-ceghj-prstw-z][a-ceghj-nprstw-z](?P<gap> ?)\d\d ?\d\d ?\d\d ?[a-d]",
            checksums.gb_nino,
            r"national insurance|\bnino?\b|\bni number", 0,
            lambda found: found["gap"] == " ",
        ),
    ),
    "ES": (
        _shape(r"\d\d\.?\d{3}\.?\d{3}[- ]?[a-z]", checksums.es_dni, r"\bdni\b|\bnif\b", 8),
        _shape(r"[xyz][- ]?\d{7}[- ]?[a-z]", checksums.es_dni, r"\bnie\b|\bnif\b", 0),
    ),
    "FR": (
        _shape(
            r"[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[ab]) ?\d{3} ?\d{3} ?\d\d",
            checksums.fr_nir,
            r"s[e\u00e9]curit[e\u00e9] sociale|\bnir\b|\bsecu\b", 0,
        ),
    ),
    "IT": (
        _shape(
            r"[a-z]{6} ?\d\d[abcdehlmprst]\d\d ?[a-z]\d{3}[a-z]",
            checksums.it_fiscal_code,
            r"codice fiscale", 0,
        ),
    ),
    "NL": (_shape(r"\d{9}|\d{4}[. ]\d\d[. ]\d{3}", checksums.nl_bsn, r"\bbsn\b|burgerservice|sofi", 9, _never),),
    "BR": (
        _shape(
            r"\d{3}(?P<dot>\.?)\d{3}(?P=dot)\d{3}-?\d\d",
            checksums.br_cpf,
            r"\bcpf\b|cadastro", 11,
            lambda found: found["dot"] == ".",
        ),
    ),
    "IN": (
        _shape(r"[2-9]\d{3}(?P<gap>[- ]?)\d{4}(?P=gap)\d{4}", checksums.in_aadhaar, r"aadha?ar|uidai|\buid\b|\u0906\u0927\u093e\u0930", 12, _never),
    ),
}  # fmt: skip

COUNTRIES = tuple(_SHAPES)


_ROW = re.compile(r"\d(?<![\w+]\d)(?:[ .-]?\d){7,}")
# All begin with a digit: that is what makes looking for them cheap.
_AMONG_LETTERS = re.compile(
    r"\d(?:\d ?\d\d ?\d\d ?[a-dA-D]\b|\d{6}[- ]?[A-Za-z]\b|\d[A-Za-z]\d\d ?[A-Za-z]\d{3}[A-Za-z]\b|(?: ?\d){4}[ \d]{0,3}[ABab][ \d]{8,12}|(?: ?\d){14})"
)


def national_ids(text: str, area: Area, countries: Collection[str]) -> Iterator[Find]:
    if not countries:
        return
    rows = {_row(found[0]) for found in _ROW.finditer(text, *area)}
    lettered = _AMONG_LETTERS.search(text, *area) is not None
    if not (rows or lettered):
        return
    for shape in (shape for country in countries for shape in _SHAPES[country]):
        if not (_fits(shape.digits, rows) if shape.digits else lettered):
            continue
        for found in shape.pattern.finditer(text, *area):
            number = "".join(filter(str.isalnum, found[0])).upper()
            if shape.check(number) and _is_meant(text, found, shape):
                yield Find(*found.span(), "national_id", number[-4:])


def _row(digits: str) -> tuple[int, bool]:
    """How many digits there are, and whether they stand in one piece."""
    return sum(map(str.isdigit, digits)), digits.isdigit()


def _fits(size: int, rows: Collection[tuple[int, bool]]) -> bool:
    return any(count == size or (count > size and not whole) for count, whole in rows)


def _is_meant(text: str, found: re.Match[str], shape: Shape) -> bool:
    start = found.start()
    if shape.words.search(text, max(0, start - _NEAR), found.end() + _NEAR // 2):
        return True
    return shape.is_plain(found) and not is_labelled(text, start)
