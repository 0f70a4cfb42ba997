"""Intervals: against published values, and where the data end."""

from __future__ import annotations

import pytest

from batonpass.insight.estimates import difference, survival, wilson
from batonpass.insight.topics import NAMES, topic_of

# The lengths of remission of Freireich et al. (1963), the sixth column of every textbook on survival.
REMISSION = [
    (6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True), (10, False), (11, False),
    (13, True), (16, True), (17, False), (19, False), (20, False), (22, True), (23, True), (25, False), (32, False),
    (32, False), (34, False), (35, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_rate_is_the_published_one(hits: int, cases: int, low: float, high: float) -> None:
    assert wilson(hits, cases) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_the_interval_of_a_difference_is_the_published_one() -> None:
    gap, low, high = difference((56, 48), (70, 80))

    assert (gap, low, high) == (
        pytest.approx(0.2),
        pytest.approx(0.0524, abs=1e-4),
        pytest.approx(0.3339, abs=1e-4),
    )


def test_the_curve_of_what_still_waits_is_the_published_one() -> None:
    curve = survival(REMISSION)

    assert [(at, round(share, 3)) for at, share, _, _ in curve.steps] == [
        (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448),
    ]  # fmt: skip
    assert (curve.cases, curve.ended) == (21, 9)
    median = curve.quantile(0.5)
    assert median is not None
    assert (median.value, median.low, median.high) == (23, 13, None)


def test_a_part_that_has_not_ended_yet_has_no_length() -> None:
    assert survival([(5, True), (9, False), (9, False)]).quantile(0.9) is None
    assert survival([]).quantile(0.5) is None


def test_where_everything_has_ended_the_parts_are_those_of_the_sorted_lengths() -> None:
    curve = survival((n, True) for n in range(1, 1001))

    found = curve.quantile(0.9)

    assert found is not None
    assert found.value == 900
    assert found.high is not None
    assert 875 <= found.low < 900 < found.high <= 925


@pytest.mark.parametrize(
    ("category", "tags", "subject", "topic"),
    [
        (None, (), "Where is my order?", "order_status"),
        (None, (), "Passwort vergessen", "account_login"),
        (None, (), "Remboursement svp", "refund"),
        (None, (), "My account was hacked", "security"),
        (None, (), "Quiero cancelar mi suscripci\u00f3n", "cancellation"),
        (None, (), "What about Tuesday?", "other"),
        (None, ("vip", "billing_question"), "Hello", "billing"),
        ("Refund", ("billing",), "Where is it", "refund"),
        ("Sales", (), "Invoice 12", "billing"),
        ("Question", (), "Refund for order 12", "refund"),
        (None, (), "I cannot log in", "account_login"),
        (None, (), "The login number is on the blog in order", "account_login"),
        (None, (), None, "other"),
    ],
)
def test_a_topic_is_what_a_word_of_the_table_names(
    category: str | None, tags: tuple[str, ...], subject: str | None, topic: str
) -> None:
    assert NAMES[topic_of(category, tags, subject)] == topic
