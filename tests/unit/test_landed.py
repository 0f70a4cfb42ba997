"""Whether a field holds what was sent, in whatever dress the helpdesk gives it back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from batonpass.domain.ticket import FieldContent, landed


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param("Gold", "Gold", id="text"),
        pytest.param(" Gold\r\nyearly ", "Gold\nyearly", id="white space"),
        pytest.param("", None, id="empty text"),
        pytest.param(Decimal("12.50"), "12.5", id="decimal as text"),
        pytest.param(Decimal("12.50"), Decimal("12.5"), id="decimal"),
        pytest.param("12.50", Decimal("12.5"), id="text as decimal"),
        pytest.param(42, "42", id="integer as text"),
        pytest.param(42, Decimal("42.0"), id="integer as decimal"),
        pytest.param(date(2027, 1, 31), "2027-01-31", id="date as text"),
        pytest.param(date(2027, 1, 31), "2027-01-31T00:00:00Z", id="date as time"),
        pytest.param(True, True, id="ticked"),
        pytest.param(True, "true", id="ticked as text"),
        pytest.param(False, None, id="unticked"),
        pytest.param(("a", "b"), ("b", "a"), id="options in another order"),
        pytest.param(("a",), "a", id="one option"),
        pytest.param((), None, id="no option"),
    ],
)
def test_it_landed(sent: FieldContent, stored: FieldContent | None):
    assert landed(sent, stored)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param("Gold", None, id="dropped"),
        pytest.param("Gold", "Go", id="cut"),
        pytest.param("007", "7", id="text that looks like a number"),
        pytest.param(Decimal("12.5"), "12.50 EUR", id="no number"),
        pytest.param(42, None, id="number dropped"),
        pytest.param(0, None, id="zero dropped"),
        pytest.param(1, True, id="one is not ticked"),
        pytest.param(date(2027, 1, 31), "2027-02-01", id="another day"),
        pytest.param(date(2027, 1, 31), None, id="date dropped"),
        pytest.param(True, None, id="unticked"),
        pytest.param(True, False, id="ticked against unticked"),
        pytest.param(("a", "b"), ("a",), id="an option dropped"),
        pytest.param(("a",), None, id="options dropped"),
    ],
)
def test_it_did_not_land(sent: FieldContent, stored: FieldContent | None):
    assert not landed(sent, stored)
