"""Surges, fair shares, and what customers in line are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batonpass.domain.conversation import ReasonCode
from batonpass.domain.handoff import Lane
from batonpass.engine.expectations import expectation
from batonpass.engine.fair import MOST_AHEAD, MOST_SHARES, Fair
from batonpass.engine.storms import CALM, HARD, MOST_CAUSES, Cause, Storms, lane_of, share_of, waits_in_line

CAUSE = Cause("bot", ReasonCode.TECHNICAL_FAILURE)
OTHER = Cause("bot", ReasonCode.BILLING_DISPUTE)


def pour(storms: Storms, cause: Cause, *, start: float, seconds: float, per_minute: float) -> list[float]:
    """When storms began while so many came."""
    began = []
    for number in range(int(seconds * per_minute / 60)):
        at = start + number * 60 / per_minute
        if storms.seen(cause, at).just_began:
            began.append(at)
    return began


def test_l01_five_thousand_in_a_minute_are_one_storm_from_the_sixty_first_on():
    storms = Storms()

    weather = [storms.seen(CAUSE, 1000 + number * 0.012) for number in range(5000)]

    assert [each.storm for each in weather[:60]] == [False] * 60
    assert all(each.storm for each in weather[60:])
    assert sum(each.just_began for each in weather) == 1
    assert storms.under_way() == (CAUSE,)


def test_sixty_a_minute_are_no_storm():
    assert pour(Storms(), CAUSE, start=0, seconds=3600, per_minute=59) == []


def test_what_a_cause_always_has_is_no_storm_however_much_it_is():
    storms = Storms()
    for minute in range(60):
        pour(storms, CAUSE, start=minute * 60, seconds=60, per_minute=5 + minute * 5)

    assert pour(storms, CAUSE, start=3600, seconds=1200, per_minute=310) == []


def test_a_storm_of_one_cause_is_none_of_another():
    storms = Storms()
    pour(storms, CAUSE, start=0, seconds=60, per_minute=600)

    assert storms.seen(OTHER, 60).storm is False


def test_a_storm_is_over_after_five_calm_minutes_and_is_told_once():
    storms = Storms()
    pour(storms, CAUSE, start=0, seconds=60, per_minute=600)

    told = {now: storms.over(float(now)) for now in range(60, 1200, 10)}

    over_at = [now for now, causes in told.items() if causes]
    assert len(over_at) == 1
    assert 60 + CALM < over_at[0] <= 120 + CALM + 10
    assert storms.seen(CAUSE, 1200.0).storm is False


def test_a_lull_of_four_minutes_does_not_end_a_storm():
    storms = Storms()
    began = pour(storms, CAUSE, start=0, seconds=60, per_minute=600)
    for now in range(60, 300, 10):
        assert storms.over(float(now)) == ()

    began += pour(storms, CAUSE, start=300, seconds=60, per_minute=600)

    assert len(began) == 1


def test_a_storm_that_lasts_is_one_storm_for_an_hour_and_then_the_causes_own_rate():
    storms = Storms()
    began, over_at = [], []

    for second in range(2 * 3600):
        began += [second for _ in range(2) if storms.seen(CAUSE, float(second)).just_began]
        if storms.over(second + 0.9):
            over_at.append(second)

    assert len(began) == 1
    assert len(over_at) == 1
    assert 3600 <= over_at[0] <= 3600 + CALM + 60


def test_memory_is_bounded_whatever_the_number_of_causes():
    storms = Storms()

    for number in range(3 * MOST_CAUSES):
        storms.seen(Cause(f"bot-{number}", ReasonCode.OTHER), number / 100)

    assert len(storms._causes) == MOST_CAUSES


def test_a_cause_that_is_silent_for_an_hour_is_forgotten():
    storms = Storms()
    storms.seen(CAUSE, 0.0)

    storms.over(3700.0)

    assert not storms._causes


@pytest.mark.parametrize("reason", list(ReasonCode), ids=[str(reason) for reason in ReasonCode])
def test_hard_reasons_are_urgent_and_are_not_told_to_wait(reason):
    assert lane_of(reason, storm=False) is (Lane.URGENT if reason in HARD else Lane.LIVE)
    assert waits_in_line(reason, storm=False) is False
    assert waits_in_line(reason, storm=True) is (lane_of(reason, storm=True) is Lane.LIVE)


def test_danger_is_urgent_in_any_storm_but_everybodys_wish_for_a_person_is_not():
    assert lane_of(ReasonCode.LEGAL_OR_SAFETY, storm=True) is Lane.URGENT
    assert lane_of(ReasonCode.SECURITY, storm=True) is Lane.URGENT
    assert lane_of(ReasonCode.KEY_ACCOUNT, storm=True) is Lane.URGENT
    assert lane_of(ReasonCode.CUSTOMER_ASKED, storm=False) is Lane.URGENT
    assert lane_of(ReasonCode.CUSTOMER_ASKED, storm=True) is Lane.LIVE


# Fair shares


@dataclass(slots=True)
class Waiting:
    rank: int
    number: int
    share: str
    own_before: int
    """How many of the same share waited when it came."""
    overtaken: int = 0
    """How many of other shares were done first since it came."""


class Queue:
    """One lane: the lowest rank first, of equal ones the oldest."""

    def __init__(self, nodes: int = 1) -> None:
        self.fair = [Fair() for _ in range(nodes)]
        self.waiting: list[Waiting] = []
        self.number = 0

    def arrive(self, share: str, now_ms: int, *, node: int = 0) -> None:
        front = min((each.rank for each in self.waiting), default=None)
        rank = self.fair[node].place(share, now_ms, front)
        self.number += 1
        own = sum(each.share == share for each in self.waiting)
        self.waiting.append(Waiting(rank, self.number, share, own))

    def serve(self) -> Waiting | None:
        if not self.waiting:
            return None
        done = min(self.waiting, key=lambda each: (each.rank, each.number))
        self.waiting.remove(done)
        for each in self.waiting:
            each.overtaken += each.share != done.share
        return done


@pytest.mark.parametrize("nodes", [1, 3])
def test_l02_one_agent_with_a_hundred_times_the_load_delays_another_by_a_few_handoffs(nodes):
    queue = Queue(nodes)
    waited = []

    for tick in range(
        1500
    ):  # noisy: 1 a tick; quiet: 1 in 100 ticks; served: 1 in 2 ticks, so the backlog grows
        now_ms = 1_800_000_000_000 + tick * 100
        queue.arrive("noisy", now_ms, node=tick % nodes)
        if tick % 100 == 50:
            queue.arrive("quiet", now_ms, node=tick % nodes)
        if tick % 2 == 0 and (done := queue.serve()) and done.share == "quiet":
            waited.append(done.overtaken)

    assert len(queue.waiting) > 500
    assert len(waited) >= 14
    assert max(waited) <= 2 * nodes


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("noisy"), st.integers(1, 40)),
            st.tuples(st.just("quiet"), st.just(1)),
            st.tuples(st.just("serve"), st.integers(1, 25)),
            st.tuples(st.just("pass"), st.integers(1, 10_000)),
        ),
        max_size=60,
    )
)
def test_a_quiet_agents_handoff_is_behind_one_of_the_noisy_ones_for_each_of_its_own_and_two_more(story):
    queue, now_ms = Queue(), 1_800_000_000_000

    for what, number in story:
        if what == "pass":
            now_ms += number
            continue
        for _ in range(number):
            now_ms += 1
            if what != "serve":
                queue.arrive(what, now_ms)
                continue
            done = queue.serve()
            if done is not None and done.share == "quiet":
                assert done.overtaken <= done.own_before + 2


def test_what_an_agent_had_in_quiet_times_is_not_held_against_it():
    queue = Queue()
    for second in range(5000):
        queue.arrive("busy", 1_800_000_000_000 + second * 10)
        queue.serve()

    queue.arrive("new", 1_800_000_060_000)
    queue.arrive("new", 1_800_000_060_000)
    queue.arrive("busy", 1_800_000_060_000)

    assert [queue.serve().share for _ in range(3)] == ["new", "busy", "new"]


def test_a_restart_with_a_backlog_places_a_quiet_agent_in_front_of_it():
    before, after = Fair(), Fair()
    ranks = [before.place("noisy", 1_800_000_000_000, None)]
    ranks += [before.place("noisy", 1_800_000_000_000 + number, ranks[0]) for number in range(500)]

    quiet = after.place("quiet", 1_800_000_900_000, ranks[100])

    assert sum(rank <= quiet for rank in ranks[100:]) <= 2


def test_a_clock_that_was_ahead_puts_an_agent_back_for_no_longer_than_a_moment():
    fair = Fair()
    fair.place("hasty", 2_500_000_000_000, None)

    rank = fair.place("hasty", 1_800_000_000_000, None)

    assert rank <= 1_800_000_000_000 + MOST_AHEAD


def test_shares_are_bounded_in_memory():
    fair = Fair()

    for number in range(3 * MOST_SHARES):
        fair.place(f"bot-{number}", 1_800_000_000_000 + number, None)

    assert len(fair._last) == MOST_SHARES


def test_a_storm_does_not_stand_in_the_way_of_the_same_agents_other_customers():
    queue = Queue()
    for number in range(1000):
        queue.arrive(share_of(CAUSE, storm=True), 1_800_000_000_000 + number)

    queue.arrive(share_of(OTHER, storm=False), 1_800_000_001_000)

    served = [queue.serve().share for _ in range(3)]
    assert Counter(served)["bot"] == 1


# What customers are told


@pytest.mark.parametrize(
    ("ahead", "per_minute", "people", "minutes"),
    [(0, 60.0, 5, 2), (37, 12.0, 40, 5), (412, 80.0, 500, 10), (4999, 80.0, 5000, 80)],
    ids=["none-ahead", "some", "many", "thousands"],
)
def test_what_is_told_is_rounded_up(ahead, per_minute, people, minutes):
    said = expectation(ahead, per_minute)

    assert (said.ahead, said.seconds) == (people, minutes * 60)


@pytest.mark.parametrize(
    "per_minute",
    [0.0, -1.0, float("nan"), float("inf"), 0.5],
    ids=["none", "negative", "nan", "inf", "for-days"],
)
def test_no_time_is_told_where_nobody_knows_it(per_minute):
    said = expectation(1000, per_minute)

    assert said.seconds is None
    assert "minutes" not in said.say({}, {}, None)
    assert "about 1000 are ahead" in said.say({}, {}, None)


def test_the_sentence_is_in_the_customers_language_and_says_no_more_than_is_known():
    say = {"de": "Vor Ihnen {ahead}, etwa {minutes} Minuten.", "fr": "{ahead} devant vous."}
    without = {"de": "Vor Ihnen {ahead}."}
    known, unknown = expectation(40, 10.0), expectation(40, 0.0)

    assert known.say(say, without, "de-AT") == "Vor Ihnen 40, etwa 5 Minuten."
    assert unknown.say(say, without, "de") == "Vor Ihnen 40."
    assert known.say(say, without, "FR") == unknown.say(say, without, "fr") == "40 devant vous."
    assert known.say(say, without, "sv").startswith("Many people are asking")
    assert "{" not in known.say({}, {}, None) + unknown.say({}, {}, None)


@given(st.integers(0, 10**9), st.floats(0.001, 1e6))
def test_less_is_never_told_than_is_expected(ahead, per_minute):
    said = expectation(ahead, per_minute)

    assert said.ahead >= ahead
    assert said.seconds is None or said.seconds >= ahead / per_minute * 60 - 1e-6
