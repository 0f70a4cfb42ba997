"""Every state has an owner and a deadline, and what follows at it is decided without input or output."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batonpass.domain.alert import AlertKind
from batonpass.domain.handoff import HandoffState, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.domain.overdue import Overdue
from batonpass.engine.deadlines import (
    LOOK_TAKES,
    OWNERS,
    Deadlines,
    first_deadline,
    latest_deadline,
    on_overdue,
)
from fakes import NOON

SETTINGS = Deadlines(announced_to=frozenset({"told"}))
SWEEP = timedelta(seconds=60)
WITHOUT_TICKET = {HandoffState.REQUESTED, HandoffState.ENRICHED}
OVER = set(HandoffState) - set(OWNERS)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def overdue_in(state: HandoffState, *, ai_agent: str = "told", created_at=NOON, at=NOON) -> Overdue:
    deadline_at = first_deadline(state, at, created_at, SETTINGS)
    assert deadline_at is not None
    return Overdue(
        id=HandoffId("ho_1"),
        state=state,
        ai_agent=ai_agent,
        helpdesk="desk",
        created_at=created_at,
        updated_at=at,
        deadline_at=deadline_at,
        has_ticket=state not in WITHOUT_TICKET,
        warned=False,
    )


class Journal:
    """One handoff that nothing happens to, and what its deadlines brought."""

    def __init__(self, overdue: Overdue) -> None:
        self.overdue: Overdue | None = overdue
        self.alerts: list[tuple] = []
        self.looks: list = []
        self.steps: list = []

    def sweep(self, now) -> None:
        held = self.overdue
        if held is None:
            return
        latest = latest_deadline(held.state, now, SETTINGS, warned=held.warned)
        due = held.deadline_at <= now
        if not due and (latest is None or held.deadline_at <= latest):
            return
        verdict = on_overdue(held, now, settings=SETTINGS)
        if verdict.alert is not None:
            self.alerts.append((now, verdict.alert.kind, verdict.alert.about))
        if verdict.look:
            self.looks.append(now)
        self.steps += [step.kind for step in verdict.steps]
        if verdict.deadline_at is None:
            self.overdue = None
            return
        assert verdict.deadline_at > now
        self.overdue = replace(held, deadline_at=verdict.deadline_at, warned=held.warned or due)

    def until(self, end, *, start=NOON, every=SWEEP) -> Journal:
        now = start
        while now <= end:
            self.sweep(now)
            now += every
        return self


def test_each_state_has_an_owner_and_a_deadline_or_is_over():
    for state in HandoffState:
        assert (first_deadline(state, NOON, NOON, SETTINGS) is not None) is (state in OWNERS)
    assert {HandoffState.RESOLVED, HandoffState.RETURNED, HandoffState.ABANDONED} == OVER


def test_the_customers_waiting_counts_not_the_time_in_the_state():
    enriched_at = NOON + seconds(50)

    assert first_deadline(HandoffState.ENRICHED, enriched_at, NOON, SETTINGS) == NOON + seconds(120)
    assert first_deadline(HandoffState.ANNOUNCED, enriched_at, NOON, SETTINGS) == enriched_at + seconds(
        86_400
    )


def test_i6_after_two_minutes_without_a_ticket_the_customer_is_told_and_the_team_alerted():
    verdict = on_overdue(overdue_in(HandoffState.ENRICHED), NOON + seconds(121), settings=SETTINGS)

    assert [step.kind for step in verdict.steps] == [StepKind.TELL_DELAY]
    assert verdict.alert is not None
    assert (verdict.alert.kind, verdict.alert.about) == (AlertKind.HANDOFFS_LATE, "desk")
    assert verdict.deadline_at == NOON + timedelta(hours=72)


def test_nobody_is_told_that_no_ticket_stands_where_one_does():
    passed = replace(overdue_in(HandoffState.ENRICHED), has_ticket=True)

    verdict = on_overdue(passed, NOON + seconds(121), settings=SETTINGS)

    assert verdict.steps == ()
    assert verdict.alert is not None


def test_after_three_days_without_a_ticket_the_operator_hears_of_it_every_day():
    journal = Journal(overdue_in(HandoffState.REQUESTED)).until(NOON + timedelta(days=5, minutes=5))

    assert [kind for _, kind, _ in journal.alerts] == [
        AlertKind.HANDOFFS_LATE,
        *[AlertKind.HANDOFF_PARKED] * 3,
    ]
    assert journal.steps == [StepKind.TELL_DELAY]


def test_a_process_that_was_down_for_days_still_tells_the_customer():
    verdict = on_overdue(overdue_in(HandoffState.REQUESTED), NOON + timedelta(days=4), settings=SETTINGS)

    assert [step.kind for step in verdict.steps] == [StepKind.TELL_DELAY]
    assert verdict.alert is not None
    assert verdict.alert.kind is AlertKind.HANDOFF_PARKED


def test_an_ai_agent_that_does_not_take_the_news_is_named_after_a_quarter_of_an_hour():
    journal = Journal(overdue_in(HandoffState.TICKETED)).until(NOON + timedelta(hours=1))

    ((at, kind, about),) = journal.alerts
    assert (kind, about) == (AlertKind.AI_AGENT_NOT_TOLD, "told")
    assert at - NOON <= seconds(900) + SWEEP


@pytest.mark.parametrize(
    ("state", "ai_agent", "kind", "within"),
    [
        (HandoffState.ANNOUNCED, "told", AlertKind.NOT_ACCEPTED, 86_400),
        (HandoffState.TICKETED, "asks itself", AlertKind.NOT_ACCEPTED, 86_400),
        (HandoffState.ACCEPTED, "told", AlertKind.NOT_RESOLVED, 2_592_000),
    ],
    ids=["announced", "ticketed-with-nobody-to-tell", "accepted"],
)
def test_the_ticket_is_looked_at_once_before_anybody_is_alerted(state, ai_agent, kind, within):
    journal = Journal(overdue_in(state, ai_agent=ai_agent))

    journal.until(NOON + seconds(within) + timedelta(minutes=10))

    ((looked_at),) = journal.looks
    ((alerted_at, found, about),) = journal.alerts
    assert (found, about) == (kind, "desk")
    assert alerted_at - looked_at >= LOOK_TAKES
    assert alerted_at - NOON <= seconds(within) + timedelta(minutes=5)


def test_a_clock_that_went_back_makes_one_look_of_a_ticket_not_one_every_two_minutes():
    asked = replace(overdue_in(HandoffState.TICKETED, ai_agent="asks itself"), warned=True)
    journal = Journal(replace(asked, deadline_at=NOON + timedelta(hours=23)))

    journal.until(NOON + timedelta(hours=24, minutes=10), start=NOON + timedelta(hours=23))

    assert len(journal.looks) == 1
    ((alerted_at, *_),) = journal.alerts
    assert alerted_at <= NOON + timedelta(hours=24, minutes=5)


def test_a_ticket_that_nobody_takes_is_named_again_every_day_without_a_further_look():
    journal = Journal(overdue_in(HandoffState.ANNOUNCED)).until(NOON + timedelta(days=5, minutes=5))

    assert [round((at - NOON) / timedelta(days=1)) for at, *_ in journal.alerts] == [1, 2, 3, 4, 5]
    assert len(journal.looks) == 1


def test_what_is_still_so_is_said_again_within_the_time_that_it_was_given():
    short = replace(SETTINGS, accept_within=3600.0)
    looked = replace(overdue_in(HandoffState.ANNOUNCED), warned=True, deadline_at=NOON + seconds(3720))

    verdict = on_overdue(looked, NOON + seconds(3720), settings=short)

    assert verdict.alert is not None
    assert verdict.deadline_at == NOON + seconds(3720 + 3600)


def test_a_parked_handoff_is_named_at_once_and_every_day():
    journal = Journal(overdue_in(HandoffState.PARKED)).until(NOON + timedelta(days=2, minutes=5))

    assert journal.alerts[0][0] == NOON
    assert [kind for _, kind, _ in journal.alerts] == [AlertKind.HANDOFF_PARKED] * 3


def test_a_state_that_is_over_is_never_looked_at_again():
    for state in OVER:
        late = replace(overdue_in(HandoffState.PARKED), state=state)
        verdict = on_overdue(late, NOON + timedelta(days=400), settings=SETTINGS)
        assert (verdict.deadline_at, verdict.alert, verdict.look, verdict.steps) == (None, None, False, ())


STATES = st.sampled_from(sorted(OWNERS))
AGENTS = st.sampled_from(["told", "asks itself"])
REACH = timedelta(days=45)


def own_deadline(overdue: Overdue):
    """When, by the table, somebody must have heard of it within five minutes."""
    if overdue.state is HandoffState.TICKETED and overdue.ai_agent not in SETTINGS.announced_to:
        return overdue.updated_at + seconds(SETTINGS.accept_within)
    return overdue.deadline_at


@settings(max_examples=150, deadline=None)
@given(state=STATES, ai_agent=AGENTS, waited=st.timedeltas(timedelta(0), timedelta(days=4)))
def test_i7_nothing_is_older_than_its_deadline_without_an_alert_within_five_minutes(state, ai_agent, waited):
    overdue = overdue_in(state, ai_agent=ai_agent, created_at=NOON - waited)
    must_know_by = max(NOON, own_deadline(overdue)) + timedelta(minutes=5)
    journal = Journal(overdue)

    journal.until(NOON + seconds(1200))
    journal.until(must_know_by, start=max(NOON, must_know_by - timedelta(minutes=20)))

    assert journal.alerts
    assert journal.overdue is not None  # and it is not forgotten


@settings(max_examples=150, deadline=None)
@given(
    state=STATES,
    ai_agent=AGENTS,
    back=st.timedeltas(timedelta(0), timedelta(days=40)),
    jumps_after=st.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_i7_a_clock_that_goes_back_delays_the_first_deadline_by_no_more_than_its_own_length(
    state, ai_agent, back, jumps_after
):
    overdue = overdue_in(state, ai_agent=ai_agent)
    within = overdue.deadline_at - NOON
    journal = Journal(overdue)
    jumped_at = NOON + min(jumps_after, within)  # before anything was due
    now = jumped_at - back

    journal.sweep(now)
    journal.until(now + within + SWEEP, start=now + within)

    assert journal.alerts or journal.looks or journal.overdue.warned


@settings(max_examples=200, deadline=None)
@given(
    state=STATES,
    ai_agent=AGENTS,
    created=st.timedeltas(-REACH, REACH),
    updated=st.timedeltas(-REACH, REACH),
    deadline=st.timedeltas(-REACH, REACH),
    warned=st.booleans(),
)
def test_whatever_the_times_are_the_next_deadline_is_later_than_now_and_near(
    state, ai_agent, created, updated, deadline, warned
):
    overdue = replace(
        overdue_in(state, ai_agent=ai_agent),
        created_at=NOON + created,
        updated_at=NOON + updated,
        deadline_at=NOON + deadline,
        warned=warned,
    )

    verdict = on_overdue(overdue, NOON, settings=SETTINGS)

    assert verdict.deadline_at is not None
    assert NOON < verdict.deadline_at <= NOON + seconds(SETTINGS.resolve_within)
