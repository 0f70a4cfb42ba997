"""What customers type is no formula in the spreadsheet that a helpdesk's tickets are exported to."""

from __future__ import annotations

import pytest

from batonpass.domain.facts import FactValue
from batonpass.domain.ticket import FieldDefinition, FieldId, FieldKind
from batonpass.mapping.convert import Target
from batonpass.mapping.wording import as_line

FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\x00=1+1",
    '  =HYPERLINK("https://evil.example")',
    "\N{FULLWIDTH EQUALS SIGN}1+1",
    "\N{FULLWIDTH COMMERCIAL AT}SUM(A1)",
)  # fmt: skip


def field(kind: FieldKind) -> Target:
    return Target(FieldDefinition(id=FieldId("1"), name="About", kind=kind))


@pytest.mark.parametrize("text", FORMULAS, ids=map(ascii, FORMULAS))
@pytest.mark.parametrize("kind", [FieldKind.TEXT, FieldKind.LONG_TEXT])
def test_x07_a_formula_is_text_in_a_field_and_in_the_subject(kind: FieldKind, text: str) -> None:
    content = field(kind).convert(text).content

    assert isinstance(content, str)
    assert content.startswith("'")
    assert as_line(text).startswith("'")


@pytest.mark.parametrize(
    "value",
    [
        "-12.50",
        "+49 30 123456",
        "-5 %",
        "(030) 123-456",
        "2026-11-30",
        "Order = 7",
        "a-b",
        "me@example.com",
        "",
    ],
)
@pytest.mark.parametrize("kind", [FieldKind.TEXT, FieldKind.LONG_TEXT])
def test_x07_numbers_phones_and_ordinary_words_stay_as_they_are(kind: FieldKind, value: FactValue) -> None:
    assert field(kind).convert(value).content == (value or None)
