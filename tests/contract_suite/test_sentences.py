"""No sentence of the ports' docstrings is without a test that holds it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from batonpass.testing.contract import ContractSuite
from batonpass.testing.contract.holding import HELD, sentences

HELD_ELSEWHERE: Mapping[str, str] = {}
"""The beginning of a sentence → why no test without a vendor's name can hold it."""


@pytest.mark.parametrize(("promise", "sentence"), list(sentences()))
def test_every_sentence_is_held_by_a_test(promise: str, sentence: str) -> None:
    tests = [
        test
        for beginning, marked in HELD[promise].items()
        if sentence.startswith(beginning)
        for test in marked
    ]

    assert tests or any(sentence.startswith(beginning) for beginning in HELD_ELSEWHERE)


def test_every_mark_quotes_a_sentence_that_still_stands_and_a_test_that_runs() -> None:
    written = list(sentences())

    lost = [
        (promise, beginning)
        for promise, held in HELD.items()
        for beginning in held
        if not any(known == promise and sentence.startswith(beginning) for known, sentence in written)
    ]
    marked = {test.rpartition(".")[2] for held in HELD.values() for tests in held.values() for test in tests}

    assert lost == []
    assert [name for name in marked if not hasattr(ContractSuite, name)] == []
