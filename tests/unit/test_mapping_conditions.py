from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import count

import pytest

from batonpass.domain.facts import FactValue, Money
from batonpass.mapping.conditions import MOST_LINES, Asking, Condition, ConditionError

VALUES: dict[str, FactValue] = {
    "handoff.reason": "security",
    "handoff.confidence": 31,
    "account.tier": "enterprise",
    "account.vip": True,
    "billing.mrr": Money(amount=4900, currency="eur"),
    "billing.score": Decimal("1.5"),
    "billing.renewal_date": date(2026, 12, 1),
    "billing.plans": ("Pro", "Extra seats"),
    "customer.name": "Zoë \ud83d",
    "big.number": 10**40,
}


def asked(
    text: str, values: Mapping[str, FactValue] = VALUES, spent: Callable[[], float] = lambda: 0.0
) -> tuple[bool, str]:
    condition = Condition.read(text)
    asking = Asking([condition], spent=spent)
    return asking.holds(condition, asking.about(values))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('handoff.reason == "security" && account.tier == "enterprise"', True),
        ("handoff.confidence > 30 && handoff.confidence < 31.5", True),
        ("billing.mrr >= 49 && billing.score == 1.5", True),
        ('billing.renewal_date < "2026-12-31"', True),
        ("account.vip", True),
        ("!account.vip", False),
        ('"Pro" in billing.plans && size(billing.plans) == 2', True),
        ('billing.plans.exists(plan, plan.contains("seats"))', True),
        ('billing.plans.all(plan, plan.startsWith("P"))', False),
        ('handoff.reason in ["billing_dispute", "security"]', True),
        ('customer.name.startsWith("Zoë")', True),
        ("big.number > 5", True),
        ("has(account.tier)", True),
        ("has(account.owner)", False),
        ("has(nobody.knows)", False),
        ('account.owner == "x"', False),
        ('account.owner != "x"', False),
        ('!(account.owner == "x")', False),
        ('account.owner == "x" || handoff.reason == "security"', True),
        ('!has(account.owner) || account.owner == "x"', True),
        ('nobody.knows == "x"', False),
    ],
)
def test_condition(text: str, holds: bool):
    assert asked(text) == (holds, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("handoff.reason < 5", "values of different kinds"),
        ("handoff.confidence / 0 == 1", "divides by zero"),
        ('billing.plans[7] == "x"', "a line that is not there"),
        ("handoff.confidence + 9223372036854775807 > 0", "too large"),
        ("int(handoff.reason) > 3", "cannot be worked out"),
        ("handoff.reason", "neither true nor false"),
    ],
)
def test_condition_that_fails_is_false_and_says_why(text: str, why: str):
    holds, said = asked(text)

    assert not holds
    assert why in said
    assert "security" not in said


def test_x14_condition_that_is_slow_is_false_and_after_three_times_not_asked_any_more():
    condition = Condition.read("account.vip")
    seconds = count(step=1)
    asking = Asking([condition], spent=lambda: float(next(seconds)))
    answers = [asking.holds(condition, asking.about(VALUES)) for _ in range(5)]

    assert answers == [(False, "its condition takes too long")] * 5
    assert next(seconds) == 6  # two looks at the clock each, for three of them


def test_long_lists_and_texts_are_bounded():
    lines = tuple(str(number) for number in range(MOST_LINES * 2))

    assert asked(f"size(a.lines) == {MOST_LINES}", {"a.lines": lines}) == (True, "")
    assert asked("size(a.text) == 100000", {"a.text": "x" * 1_000_000}) == (True, "")


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ('account.tier = "pro"', 14, "write == to compare"),
        ('account.tier == "pro" and account.vip', 23, "write && for and"),
        ("account.vip or has(a.b)", 13, "write || for or"),
        ("account.vip & a.b", 13, "write && for and"),
        ('account.tier == "pro', 17, "the closing quote is missing"),
        ('account.tier == "pro" &&', 25, "something is missing at the end"),
        ("account.tier == ”pro”", 17, "this sign means nothing here"),
        ("(account.vip", 13, "something is missing at the end"),
        ("", 1, "something is missing at the end"),
    ],
)
def test_condition_that_cannot_be_read_says_where_and_what_was_meant(text: str, column: int, hint: str):
    with pytest.raises(ConditionError) as caught:
        Condition.read(text)

    assert (caught.value.line, caught.value.column, caught.value.hint) == (1, column, hint)
    assert caught.value.allowed


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('issue.title.matches("(a+)+$")', id="a pattern"),
        pytest.param("a.b.map(x, x) == []", id="map"),
        pytest.param("a.b.exists(x, a.b.exists(y, x == y))", id="a loop in a loop"),
        pytest.param(f'a.b == "{"x" * 1000}"', id="too long"),
        pytest.param("a.b.nothing()", id="unknown function"),
    ],
)
def test_x13_condition_that_could_take_long_is_refused(text: str):
    with pytest.raises(ConditionError) as caught:
        Condition.read(text)

    assert not caught.value.allowed


@pytest.mark.parametrize(
    ("text", "paths", "words"),
    [
        ('account.tier == "billing.plan" && has(handoff.reason)', ("account.tier", "handoff.reason"), ()),
        ('billing.plans.exists(plan, plan.contains("a.b"))', ("billing.plans",), ()),
        ('reason == "x"', (), ("reason",)),
        ("account.vip == True", ("account.vip",), ("True",)),
        ("account . tier == 'a\\'b.c'", ("account.tier",), ()),
    ],
)
def test_condition_knows_what_it_asks_for(text: str, paths: tuple[str, ...], words: tuple[str, ...]):
    condition = Condition.read(text)

    assert (condition.paths, condition.words) == (paths, words)
