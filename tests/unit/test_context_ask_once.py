"""Asked once: what the customer gave stands in the brief within its 60 words, in the note and at its paths."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batonpass.context.cues import Cues
from batonpass.context.package import ContextPackage, build_package
from batonpass.context.render import render_note
from batonpass.context.words import count_words
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Gathered
from batonpass.domain.ids import HandoffId
from batonpass.domain.paths import PACKAGE_PATHS

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
URL = "https://batonpass.example/handoffs/ho_1"
ROLES = {"c": "customer", "a": "ai"}


def a_package(*lines: str, url: str | None = URL, **more) -> ContextPackage:
    turns = [{"role": ROLES[line[0]], "text": line[3:]} for line in lines]
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=HandoffRequest.model_validate({"conversation": {"turns": turns}, **more}),
        gathered=Gathered(),
        url=url,
    )


TALK = (
    'c: I want to return the blue lamp of order #W1234567. The app says "Payment declined".',
    "a: Please try to restart the app. Is your iPhone up to date?",
    "c: It still does not work on my iPhone 14.",
    "a: I'm sorry, I cannot refund more than $50.",
    "c: Refund it to my PayPal account, please.",
)


def test_the_tried_line_says_what_was_tried_and_what_must_not_be_asked_again():
    brief = a_package(*TALK).brief

    lines = dict(brief.lines)
    assert lines["Tried"].endswith(
        "Do not ask again: order #W1234567, error \N{LEFT DOUBLE QUOTATION MARK}Payment declined"
        "\N{RIGHT DOUBLE QUOTATION MARK}, iPhone 14"
    )
    assert "Failed: please try" in lines["Tried"]
    assert brief.text.endswith(f"Whole: {URL}")
    assert count_words(brief.text) <= 60


def test_a_brief_without_facts_and_without_a_link_has_neither_line():
    brief = a_package("c: Give me a person!", url=None).brief

    assert "Do not ask again" not in brief.text
    assert "Whole" not in brief.text


def test_the_note_lists_each_fact_with_the_turn_that_proves_it():
    note = render_note(a_package(*TALK), limit=20_000)

    section = note.text.partition("== Already given: do not ask again ==")[2].partition("==")[0]
    assert section.strip().splitlines() == [
        "- Order number: #W1234567 [turn 1]",
        "- Error message: Payment declined [turn 1]",
        "- Product: blue lamp [turn 1]",
        "- Device: iPhone 14 [turn 3]",
        "- Payment: PayPal account [turn 5]",
    ]


def test_the_note_shows_attempts_with_their_results_and_turns():
    note = render_note(a_package(*TALK), limit=20_000)

    section = note.text.partition("== AI Attempted Solutions ==")[2].partition("==")[0]
    assert section.strip().splitlines() == [
        "- Please try to restart the app. \N{EM DASH} failed [turns 2, 3]",
        "- Cannot refund more than $50. \N{EM DASH} refused [turn 4]",
    ]


def test_mapping_files_can_name_what_was_given():
    values = a_package(*TALK).values()

    assert values["given.order_number"] == "#W1234567"
    assert values["given.error"] == "Payment declined"
    assert values["given.device"] == "iPhone 14"
    assert values["given.products"] == ("blue lamp",)
    assert {path for path in values if path.startswith(("given.", "tried."))} <= set(PACKAGE_PATHS)


def test_a_small_note_says_how_many_facts_it_leaves_out():
    many = [f"c: My order number is W{number}." for number in range(1_000_000, 1_000_050)]

    note = render_note(a_package(*many), limit=4000)

    assert "more facts not shown here" in note.text


PIECES = [
    "I want to return the blue lamp", "order #W1234567.", "order #W7654321", 'error "Payment declined by the bank for no reason at all"', "my iPhone 14 Pro Max with iOS 18.2",
    "Yes, that's correct.", "call me tomorrow after six in the afternoon, please, not earlier", "I have refunded it.", "I cannot do that.", "still does not work", "Please try again.",
    "refund it to my PayPal account", "within 3 days", "on 3 March 2026", "$1,095.55", "我在2026年3月5日订单 4455667", "ขอคืนเงิน", "😀😀😀", "x" * 90, "a b c d e f g h i j k l m n o p",
]  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    turns=st.lists(
        st.tuples(st.sampled_from("ca"), st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=6).map(" ".join)),
        min_size=1, max_size=8,
    ),
    url=st.none() | st.just(URL) | st.just("https://x.example/" + "y" * 300),
    attempts=st.lists(st.sampled_from(PIECES).map(lambda text: {"action": text, "result": text[:40]}), max_size=3),
    reason=st.none() | st.sampled_from(PIECES),
)  # fmt: skip
def test_a_brief_never_has_more_than_60_words(turns, url, attempts, reason):
    package = a_package(
        *(f"{who}: {text}" for who, text in turns),
        url=url,
        attempts=attempts,
        reason={"code": "not_allowed", "text": reason},
        customer={"name": "Maria del Carmen Fernández de la Cruz Sánchez", "identity": "claimed"},
    )

    assert count_words(package.brief.text) <= 60
    assert package.brief.ask


CUES = [
    pytest.param(cues, id=f"{room}{name}")
    for room in ("reading", "tried", "answers")
    for name, cues in vars(importlib.import_module(f"batonpass.context.{room}")).items()
    if isinstance(cues, Cues)
]


@pytest.mark.parametrize("cues", CUES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(data=st.data())
def test_plain_strings_never_hide_what_a_pattern_finds(cues, data):
    text = data.draw(st.from_regex(cues.pattern)).lower()

    assert (cues.search(text) is None) == (cues.pattern.search(text) is None)
