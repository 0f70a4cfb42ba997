"""What is looked for first, so that little is looked for at all, must not hide what a pattern finds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batonpass.context import machine_talk, signals
from batonpass.context.cues import Cues, Vocabulary
from batonpass.context.redaction import codes, credentials, digits

RISKS = [
    pytest.param(sign, id=f"{risk}{number}")
    for risk, signs in signals._WORDS_OF_RISK.items()
    for number, sign in enumerate(signs)
    if isinstance(sign, Cues)
]
PATTERNS = [pytest.param(cues, id=f"{number}") for number, cues in enumerate(machine_talk._PATTERNS)]
SIGNS = [
    pytest.param(machine_talk._RULE, id="rule"),
    pytest.param(machine_talk._MACHINE, id="machine"),
    pytest.param(machine_talk._ONLY_WITH, id="only_with"),
    pytest.param(codes._NAMED, id="code"),
]
_LOOSE = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("cues", [*RISKS, *PATTERNS, *SIGNS])
@_LOOSE
@given(data=st.data())
def test_plain_strings_never_hide_what_a_pattern_finds(cues, data):
    text = data.draw(st.from_regex(cues.pattern)).lower()

    assert cues.may_be_in(text) or cues.pattern.search(text) is None


@pytest.mark.parametrize("pattern", [credentials._PASSWORD, credentials._NAMED, credentials._BESIDE])
@_LOOSE
@given(data=st.data())
def test_no_word_for_a_password_is_passed_over(pattern, data):
    text = data.draw(st.from_regex(pattern))

    assert credentials._may_name_password(text.casefold()) or pattern.search(text.casefold()) is None


@given(st.text("0123456789 -.abc\u0663\u2019", max_size=60))
def test_few_digits_are_told_at_a_glance_and_the_rest_is_read(text):
    found = [place.span() for place in digits._MANY.finditer(text)]

    areas = digits.areas(text)

    assert len(areas) <= len(found)
    assert bool(areas) == any(not digits._is_order_number(text, *span) for span in found)


def test_a_vocabulary_has_the_words_of_all_texts_whatever_their_case_or_script():
    said = Vocabulary(["My PASSWORD is", "mein Schl\u00fcssel \u2019s"])

    assert said.present(("password", "schl\u00fcssel", "token", "\u2019s")) == (
        "password",
        "schl\u00fcssel",
        "\u2019s",
    )
    assert not said.has("token")
