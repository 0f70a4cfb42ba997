"""Declared loss: a note never exceeds its limit, and says what was left out and where the whole is."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batonpass.context.clipping import clip_end, clip_middle, cost, shown
from batonpass.context.package import build_package
from batonpass.context.render import render_late_facts, render_not_landed, render_note
from batonpass.domain.conversation import HandoffRequest, Turn
from batonpass.domain.facts import Fact, Gathered, SourceReport, Standing
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import NotLanded

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
LIMIT = 65_000


def package_of(turns, *, url=None, reports=(), **more):
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=HandoffRequest.model_validate({"conversation": {"turns": turns}, **more}),
        gathered=Gathered(reports=reports),
        url=url,
    )


def customer(text):
    return Turn.model_validate({"role": "customer", "text": text})


def test_a_note_that_fits_is_whole():
    turns = [customer(f"message number {number}") for number in range(200)]

    note = render_note(package_of(turns), limit=LIMIT)

    assert all(f"message number {number}" in note.text for number in range(200))
    assert "omitted" not in note.text
    assert "Shortened" not in note.text


def test_a_message_of_a_megabyte_keeps_head_and_tail_and_says_what_is_missing():
    text = "START " + "word " * 200_000 + "END"

    note = render_note(package_of([customer(text), customer("The next one.")]), limit=LIMIT)

    [found] = re.findall(
        r"\N{HORIZONTAL ELLIPSIS} ([\d,]+) characters omitted \N{HORIZONTAL ELLIPSIS}", note.text
    )
    assert len(note.html) <= LIMIT
    assert "START" in note.text
    assert "END" in note.text
    assert "The next one." in note.text
    assert 900_000 < int(found.replace(",", "")) < 1_000_009
    assert "Shortened: 1 long turn cut. The whole: batonpass trace ho_1" in note.text


def test_two_thousand_turns_lose_their_middle_and_the_note_says_which():
    turns = [customer(f"This is message number {number} of many.") for number in range(1, 2001)]

    note = render_note(package_of(turns, url="https://pass.example/h/ho_1"), limit=LIMIT)

    [(count, first, last)] = re.findall(
        r"([\d,]+) turns omitted \(turns ([\d,]+)\N{EN DASH}([\d,]+)\)", note.text
    )
    first, last = int(first.replace(",", "")), int(last.replace(",", ""))
    kept = {
        int(number)
        for number in re.findall(r"message number (\d+) of many", note.text.partition("History")[2])
    }
    assert len(note.html) <= LIMIT
    assert int(count.replace(",", "")) == last - first + 1
    assert kept == set(range(1, first)) | set(range(last + 1, 2001))
    assert f"{count} turns left out. The whole: https://pass.example/h/ho_1" in note.text
    assert len(note.html) > 0.9 * LIMIT


def test_long_turns_are_cut_before_turns_are_left_out():
    turns = [customer("short"), customer("x " * 60_000), customer("also short"), customer("y " * 60_000)]

    note = render_note(package_of(turns), limit=LIMIT)

    assert "turns omitted" not in note.text
    assert note.text.count("characters omitted") == 2
    assert "2 long turns cut" in note.text
    assert "also short" in note.text


@pytest.mark.parametrize("size", [100_000, 2_000], ids=["100,000_turns", "2,000_long_turns"])
def test_the_cost_grows_with_the_limit_not_with_the_conversation(size):
    turn = customer("word <b> {{x}} & " * (1 if size > 10_000 else 2000))
    conversation = package_of([turn]).request.conversation
    package = package_of([turn])
    request = package.request.model_copy(
        update={"conversation": conversation.model_copy(update={"turns": (turn,) * size})}
    )
    started = time.perf_counter()

    package = build_package(
        handoff_id=HandoffId("ho_1"), asked_at=NOW, agent_name="a", request=request, gathered=Gathered()
    )
    note = render_note(package, limit=LIMIT)

    assert len(note.html) <= LIMIT
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "unit", ["Z\u0301\u0301\u0301", "\u0301", "\U0001f1e9", "{", "&", "\u00a0", "\u202e", "\n", "\t"]
)
def test_a_megabyte_of_one_nasty_character_stays_quick_and_within_the_limit(unit):
    package = package_of([customer(unit * (1_000_000 // len(unit)))], summary=unit * 100_000)
    started = time.perf_counter()

    note = render_note(package, limit=LIMIT)

    assert max(len(note.html), len(note.text)) <= LIMIT
    assert time.perf_counter() - started < 1


def test_many_of_everything_is_counted_where_it_is_not_shown():
    facts = tuple(Fact(name=f"a.fact_{number}", value="v", source="s", as_of=NOW) for number in range(500))
    package = package_of(
        [customer("Hello, I want help with my refund.")],
        reports=(SourceReport(source="s", standing=Standing.FOUND, facts=facts),),
        attempts=[{"action": f"attempt {number}"} for number in range(300)],
        pages=[{"url": f"https://x.example/{number}"} for number in range(300)],
        technical={"errors": ["boom"] * 300},
    )

    note = render_note(package, limit=LIMIT)

    assert "440 more facts not shown here" in note.text
    assert "280 more attempts not shown here" in note.text
    assert "280 more earlier pages not shown here" in note.text
    assert "280 more error messages not shown here" in note.text


@pytest.mark.parametrize("limit", [*range(60), 100, 200, 300, 500, 1000, 3000])
def test_no_limit_is_too_small(limit):
    package = package_of(
        [customer("I want {{x}} <refund> & more. " * 30), customer("z" * 3000)],
        reports=(SourceReport(source="s", standing=Standing.LATE),),
    )
    items = [NotLanded(field="F" * 50, value="{" * 50, why="why")] * 3

    for note in (
        render_note(package, not_landed=items, limit=limit),
        render_late_facts(package.gathered.reports, titles={}, limit=limit),
        render_not_landed(items, limit=limit),
    ):
        assert len(note.html) <= limit
        assert len(note.text) <= limit


TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(), st.sampled_from("{{{%<>&\n\r\t \u00a0\u202e\u0301\u200d\U0001f468\U0001f1e9#*")
    ),
    max_size=400,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    texts=st.lists(st.tuples(TEXTS, st.sampled_from([1, 1, 7, 50])), min_size=1, max_size=8),
    repeat=st.sampled_from([1, 1, 20]),
    summary=st.none() | TEXTS,
    value=TEXTS,
    limit=st.integers(min_value=0, max_value=9000) | st.just(LIMIT),
)
def test_no_note_exceeds_its_limit(*, texts, repeat, summary, value, limit):
    turns = [{"role": "customer", "text": text * times} for text, times in texts] * repeat
    fact = Fact(name="a.plan", value=value, source="s", as_of=NOW)
    report = SourceReport(source="s", standing=Standing.FOUND, facts=(fact,))
    package = package_of(turns, summary=summary, reports=(report,))

    note = render_note(package, not_landed=[NotLanded(field=value, value=value, why=value)], limit=limit)

    assert len(note.html) <= limit
    assert len(note.text) <= limit
    assert "{{" not in note.html + note.text
    note.html.encode()


@given(TEXTS, st.integers(min_value=-5, max_value=500))
def test_a_clipped_text_costs_at_most_its_room(text, room):
    for clip in (clip_end, clip_middle):
        assert cost(clip(text * 3, room)) <= max(room, 0)


@given(TEXTS)
def test_what_fits_is_not_clipped(text):
    assert clip_middle(text, cost(shown(text)) + len(text)) == shown(text)
