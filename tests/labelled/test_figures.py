"""The context package against 40 labelled conversations."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from batonpass.context.package import ContextPackage
from labelled.figures import agreement, measured, packages, report, whole
from labelled.labels import LABELLINGS, labels
from shared import shared_file

MOST_WORDS = 60


@pytest.fixture(scope="module")
def built() -> Mapping[str, ContextPackage]:
    return packages(shared_file("data", "retail_conversations.jsonl"))


def test_two_labellings_of_the_same_40_conversations_agree():
    facts, tried = agreement()

    assert [len(labels(name)) for name in LABELLINGS] == [40, 40]
    assert facts >= 0.9
    assert tried >= 0.9


@pytest.mark.parametrize("name", LABELLINGS)
def test_what_the_customer_gave_and_what_was_tried_are_found(built, name):
    figures = measured(built, name)

    assert figures.fact_recall.value >= 0.93
    assert figures.fact_precision.value >= 0.93
    assert figures.tried_recall.value >= 0.93
    assert figures.with_right_result.value >= 0.9
    assert figures.tried_precision.value >= 0.8
    assert figures.ask.value >= 0.75


def test_no_sentence_of_a_summary_is_without_support_and_no_brief_is_too_long(built):
    print(*report(built), sep="\n")
    figures = whole(built)

    assert figures.conversations == 69
    assert figures.sentences >= 3 * 69
    assert figures.unsupported == 0
    assert figures.longest_brief <= MOST_WORDS
