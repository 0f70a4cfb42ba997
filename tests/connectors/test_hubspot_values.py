"""HubSpot's strings as our values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batonpass.domain.facts import FactValue, Money
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.directory import Known
from batonpass_hubspot.refusals import explain
from batonpass_hubspot.values import fact_value
from batonpass_hubspot.wire import Option, Property, Record

OPTIONS = (Option(value="a", label="First"), Option(value="b", label="Second"))


def value_of(
    stored: str | None, type_: str | None, *, ours: dict[str, str] | None = None, **more: object
) -> FactValue | None:
    its = {} if type_ is None else {(ObjectType.DEALS, "x"): Property(name="x", type=type_, **more)}
    record = Record(id="1", properties={"x": stored, "deal_currency_code": "EUR"})
    return fact_value(record, ObjectType.DEALS, "x", ours=ours or {}, known=Known(properties=its))


@pytest.mark.parametrize(
    ("stored", "type_", "value"),
    [
        pytest.param("2026-12-15", "date", date(2026, 12, 15), id="day"),
        pytest.param("1797292800000", "date", date(2026, 12, 15), id="day in milliseconds"),
        pytest.param("2026-12-15T23:30:00.5Z", "datetime", date(2026, 12, 15), id="instant"),
        pytest.param("2026-12-15T23:30:00-05:00", "datetime", date(2026, 12, 16), id="instant elsewhere"),
        pytest.param("soon", "date", "soon", id="no day"),
        pytest.param("99999999999999", "datetime", date(5138, 11, 16), id="far future"),
        pytest.param("12.50", "number", Decimal("12.50"), id="number"),
        pytest.param("1e9999999", "number", "1e9999999", id="number with an exponent"),
        pytest.param("٣", "number", "٣", id="other digits"),
        pytest.param("true", "bool", True, id="true"),
        pytest.param("FALSE", "bool", False, id="false"),
        pytest.param("maybe", "bool", "maybe", id="no truth value"),
        pytest.param("+49 30", "phone_number", "+49 30", id="phone"),
        pytest.param("{}", "json", "{}", id="unknown type"),
        pytest.param("007", None, "007", id="no definition"),
        pytest.param("", "string", None, id="empty"),
        pytest.param("  ", "string", None, id="blank"),
        pytest.param(None, "number", None, id="none"),
    ],
)
def test_a_value_is_read_by_its_type(stored: str | None, type_: str | None, value: FactValue | None):
    assert value_of(stored, type_) == value
    assert type(value_of(stored, type_)) is type(value)


@pytest.mark.parametrize(
    ("stored", "ours", "value"),
    [
        pytest.param("a", {}, "First", id="label"),
        pytest.param("a", {"a": "one"}, "one", id="our word"),
        pytest.param("c", {}, "c", id="unknown option"),
        pytest.param("a;b;c", {"b": "two"}, "First, two, c", id="several"),
        pytest.param("a;b", {"a;b": "both"}, "both", id="several as one"),
        pytest.param(";", {}, None, id="nothing chosen"),
    ],
)
def test_an_enumeration_shows_its_label_unless_we_have_a_word(
    stored: str, ours: dict[str, str], value: str | None
):
    assert value_of(stored, "enumeration", ours=ours, options=OPTIONS) == value


def test_a_yes_no_list_is_a_truth_value():
    assert value_of("true", "enumeration", field_type="booleancheckbox") is True
    assert value_of("true", "enumeration", field_type="booleancheckbox", ours={"true": "yes"}) == "yes"


def test_an_amount_is_money_in_the_deals_currency():
    assert value_of("12000.5", "number", show_currency_symbol=True) == Money(amount=1_200_050, currency="eur")
    assert value_of("lots", "number", show_currency_symbol=True) == "lots"


@given(
    stored=st.text(), type_=st.sampled_from(["date", "datetime", "number", "bool", "enumeration", "string"])
)
def test_no_text_breaks_the_reading(stored: str, type_: str):
    value = value_of(stored, type_, options=OPTIONS, show_currency_symbol=True)

    assert value is None or str(value)


def test_an_explanation_has_codes_and_names_and_no_free_text():
    said = explain(
        {
            "status": "error",
            "message": "mia@example.com was not valid",
            "category": "VALIDATION_ERROR",
            "errors": [
                {
                    "code": "INVALID_EMAIL",
                    "context": {"propertyName": ["email"], "value": ["mia@example.com"]},
                },
                {"code": "not a code: mia@example.com", "context": {"propertyName": ["mia@example.com"]}},
            ],
        }
    )

    assert said.reasons == ("VALIDATION_ERROR", "INVALID_EMAIL")
    assert said.fields == ("email",)
