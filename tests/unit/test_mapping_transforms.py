from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batonpass.domain.facts import FactValue, Money
from batonpass.domain.ticket import TextUnit
from batonpass.mapping.transforms import NotDoneError, Transform, TransformError, done
from batonpass.mapping.wording import cut, size

FAMILY = "👨‍👩‍👧‍👦"
EUROS = Money(amount=4900, currency="eur")


@pytest.mark.parametrize(
    ("transforms", "value", "expected"),
    [
        pytest.param(["date"], "2026-11-30T23:30:00Z", date(2026, 11, 30), id="day of an instant as text"),
        pytest.param(["date"], datetime(2026, 11, 30, 9, tzinfo=UTC), date(2026, 11, 30), id="day of an instant"),
        pytest.param(["date:%d.%m.%Y"], date(2026, 11, 30), "30.11.2026", id="day as Germans write it"),
        pytest.param(["date:%m/%d/%y"], " 2026-11-30 ", "11/30/26", id="day as Americans write it"),
        pytest.param(["number:,"], "1.234,50 €", Decimal("1234.50"), id="German amount"),
        pytest.param(["number"], "1,234.50", Decimal("1234.50"), id="English amount"),
        pytest.param(["number:."], "$1,234", Decimal(1234), id="currency in front"),
        pytest.param(["number"], "USD -12.5", Decimal("-12.5"), id="code in front and a sign"),
        pytest.param(["number:,"], "\N{MINUS SIGN}3,5 %", Decimal("-3.5"), id="true minus and a percent sign"),
        pytest.param(["number:,"], "1\u202f234\u202f567,8", Decimal("1234567.8"), id="French spaces"),
        pytest.param(["number"], "1'234.5 CHF", Decimal("1234.5"), id="Swiss apostrophes"),
        pytest.param(["number"], "12,34,567.8", Decimal("1234567.8"), id="Indian groups"),
        pytest.param(["number:,"], "1.234", Decimal(1234), id="groups without decimals"),
        pytest.param(["number"], "42", Decimal(42), id="plain"),
        pytest.param(["number"], 7, 7, id="a number already"),
        pytest.param(["number"], EUROS, Decimal("49.00"), id="number of an amount"),
        pytest.param(["money"], EUROS, Decimal("49.00"), id="euros of an amount"),
        pytest.param(["money"], Money(amount=4900, currency="jpy"), Decimal(4900), id="yen of an amount"),
        pytest.param(["money:text"], EUROS, "49.00 EUR", id="amount with its currency"),
        pytest.param(["truncate:5"], "abcdefgh", "abcd…", id="cut"),
        pytest.param(["truncate:8"], "abcdefgh", "abcdefgh", id="nothing to cut"),
        pytest.param(["truncate:8"], FAMILY * 3, f"{FAMILY}…", id="cut on a grapheme border"),
        pytest.param(['join:", "'], ("Pro", "Seats"), "Pro, Seats", id="joined"),
        pytest.param(["join: + "], ("Pro", "Seats"), "Pro + Seats", id="joined without quotes"),
        pytest.param(['join:", "'], "Pro", "Pro", id="text needs no joining"),
        pytest.param(["title"], "JEAN-luc o'neill", "Jean-luc O'neill", id="words with capitals"),
        pytest.param(["lower"], "VIP", "vip", id="small letters"),
        pytest.param(["upper"], ("a", "b"), ("A", "B"), id="capitals of each line"),
        pytest.param(['join:"/"', "upper", "truncate:4"], ("ab", "cd"), "AB/…", id="in the order written"),
        pytest.param(["truncate:4", "upper"], "straße", "STR…", id="cut first, then capitals"),
    ],
)  # fmt: skip
def test_transform(transforms: list[str], value: FactValue, expected: FactValue):
    read = tuple(Transform.read(each) for each in transforms)

    made = done(read, value, TextUnit.CHARACTERS)

    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("transform", "value", "why"),
    [
        pytest.param("date", "next week", "not a date (2026-11-30)", id="words are no date"),
        pytest.param("date", 5, "not a date (2026-11-30)", id="a number is no date"),
        pytest.param("number", "1,5", 'not a number with "." before its decimals', id="other decimal sign"),
        pytest.param("number:,", "1,234.50", 'not a number with "," before its decimals', id="English in German"),
        pytest.param("number", "1,2345", 'not a number with "." before its decimals', id="groups of four"),
        pytest.param("number", "10-20", "not a number", id="a range is no number"),
        pytest.param("number", "1.5 or 2", "not a number", id="two numbers"),
        pytest.param("number", "EUR", "not a number", id="no digit"),
        pytest.param("number", "5.00-", "not a number", id="a minus behind, which some mean as less than nothing"),
        pytest.param("number", "(5.00)", "not a number", id="parentheses, which some mean as less than nothing"),
        pytest.param("number", "١٢", "not a number", id="other digits"),
        pytest.param("number", "9" * 100, "not a number", id="too long for a number"),
        pytest.param("number", True, "not a number", id="true is no number"),
        pytest.param("money", "49 EUR", "not an amount of money with its currency", id="text is no amount"),
        pytest.param("money:text", 49, "not an amount of money with its currency", id="number without currency"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_why_and_never_the_value(transform: str, value: FactValue, why: str):
    with pytest.raises(NotDoneError) as caught:
        Transform.read(transform).done(value, TextUnit.CHARACTERS)

    assert str(caught.value) == why


@pytest.mark.parametrize(
    "text",
    ["capitalise", "date:", "date:%H", "date:tomorrow", "number:;", "money:eur", "truncate", "truncate:0",
     "truncate:many", "truncate:99999", "join", "join:", 'join:""', "lower:x", ""],
)  # fmt: skip
def test_transform_that_cannot_be_is_refused(text: str):
    with pytest.raises(TransformError):
        Transform.read(text)


@pytest.mark.parametrize("unit", TextUnit)
@given(text=st.text(max_size=60), limit=st.integers(1, 40))
def test_x04_cut_keeps_to_the_limit_in_the_vendors_unit_and_never_splits_a_grapheme(
    unit: TextUnit, text: str, limit: int
):
    made = cut(text, limit, unit)

    assert size(made, unit) <= limit
    assert made == text or text.startswith(made.removesuffix("…").rstrip())
    assert (made == text) == (size(text, unit) <= limit) or made == ""


@pytest.mark.parametrize(
    ("unit", "length"), [(TextUnit.CHARACTERS, 7), (TextUnit.UTF16, 11), (TextUnit.BYTES, 25)]
)
def test_x04_a_family_is_as_long_as_each_vendor_counts_it(unit: TextUnit, length: int):
    assert size(FAMILY, unit) == length
    assert cut(FAMILY + "abc", length, unit) in {"…", ""}
    assert cut(FAMILY + "abcdefgh", length + 3, unit).startswith(FAMILY)


@given(text=st.text(alphabet="0123456789.,'+- €$%EUR\u202f\u00a0", max_size=80))
def test_number_is_read_or_refused_whatever_it_is(text: str):
    for transform in ("number", "number:,"):
        try:
            made = Transform.read(transform).done(text, TextUnit.CHARACTERS)
        except NotDoneError:
            continue
        assert isinstance(made, Decimal)
        assert made.is_finite()
