"""The engine's decisions: what follows from what, and when to try again."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from batonpass.domain.errors import (
    BatonpassError,
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RefusedError,
    RetryLaterError,
)
from batonpass.domain.facts import Fact, Gathered, SourceReport, Standing
from batonpass.domain.handoff import ClaimedStep, HandoffState, NewStep, Plan, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import NotLanded
from batonpass.engine import decide
from batonpass.engine.decide import Way
from batonpass.engine.retry import SCHEDULE, Park, Postpone, after_failure, inside_a_step
from fakes import NOON

FACT = Fact(name="billing.plan", value="Pro", source="stripe", as_of=NOON)


# What follows from what -------------------------------------------------------------------------------------------


def test_a_request_leads_to_gathering_and_gathering_to_the_ticket() -> None:
    assert decide.on_request() == Plan(
        state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),)
    )
    assert decide.on_gathered(Way()) == Plan(
        state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),)
    )


def test_a_ticket_that_stands_is_enriched_and_a_conversation_to_be_passed_is_passed() -> None:
    assert [step.kind for step in decide.on_gathered(Way(stands=True)).steps] == [StepKind.ENRICH_TICKET]
    assert [step.kind for step in decide.on_gathered(Way(passes=True)).steps] == [StepKind.PASS_CONVERSATION]
    assert [step.kind for step in decide.on_passed().steps] == [StepKind.ENRICH_TICKET]


def test_nobody_is_told_before_the_note_that_people_will_read_stands() -> None:
    way = Way(note_apart=True, announces=True, tells_customer=True)

    assert [step.kind for step in decide.on_ticket(Gathered(), way).steps] == [StepKind.NOTE_CONTEXT]
    assert [step.kind for step in decide.on_context_noted(way).steps] == [
        StepKind.ANNOUNCE,
        StepKind.TELL_CUSTOMER,
    ]


def test_a_ticket_leads_to_telling_reading_back_and_the_late_sources_a_second_later() -> None:
    gathered = Gathered(
        reports=(
            SourceReport(source="zendesk", standing=Standing.FOUND, facts=(FACT,)),
            SourceReport(source="hubspot", standing=Standing.LATE),
            SourceReport(source="stripe", standing=Standing.DOWN),
        )
    )

    plan = decide.on_ticket(gathered, Way(reads_back=True, announces=True))

    assert plan == Plan(
        state=HandoffState.TICKETED,
        steps=(
            NewStep(kind=StepKind.ANNOUNCE),
            NewStep(kind=StepKind.READ_BACK),
            NewStep(kind=StepKind.LATE_FACTS, about="hubspot", delay=1.0),
            NewStep(kind=StepKind.LATE_FACTS, about="stripe", delay=1.0),
        ),
    )


def test_what_a_connection_cannot_do_is_not_planned() -> None:
    plan = decide.on_ticket(Gathered(), Way())

    assert plan == Plan(state=HandoffState.TICKETED)


@pytest.mark.parametrize("standing", Standing, ids=str)
def test_only_what_may_come_later_is_asked_for_again(standing: Standing) -> None:
    gathered = Gathered(reports=(SourceReport(source="stripe", standing=standing),))

    steps = decide.on_ticket(gathered, Way()).steps

    later = standing in {Standing.LATE, Standing.DOWN, Standing.CREDENTIALS_REFUSED, Standing.COPIED}
    assert bool(steps) is later


def test_what_did_not_land_is_noted_and_nothing_else() -> None:
    lost = NotLanded(field="Plan", value="Pro", why="not kept")

    assert decide.on_read_back([lost]) == Plan(steps=(NewStep(kind=StepKind.NOTE_NOT_LANDED),))
    assert decide.on_read_back([]) == Plan()


def test_late_facts_are_noted_and_a_late_answer_without_facts_is_not() -> None:
    told = SourceReport(source="stripe", standing=Standing.FOUND, facts=(FACT,))

    assert decide.on_late_answer(told) == Plan(
        steps=(NewStep(kind=StepKind.NOTE_LATE_FACTS, about="stripe"),)
    )
    for standing in Standing:
        assert decide.on_late_answer(SourceReport(source="stripe", standing=standing)) == Plan()


def test_telling_ends_the_first_part_of_a_handoffs_life_and_a_note_changes_nothing() -> None:
    assert decide.on_announced() == Plan(state=HandoffState.ANNOUNCED)
    assert decide.on_noted() == Plan()


# When to try again ------------------------------------------------------------------------------------------------


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)


def claimed(*, attempts: int = 1, hours: float = 0) -> ClaimedStep:
    """A step that was first claimed so long before noon."""
    return ClaimedStep(
        handoff_id=HandoffId("ho_1"),
        name="open_ticket",
        kind=StepKind.OPEN_TICKET,
        about="",
        fence=attempts,
        attempts=attempts,
        first_claimed_at=NOON - timedelta(hours=hours),
        lease_until=NOON + timedelta(seconds=60),
    )


def after(step: ClaimedStep, error: Exception, *, unknown_wait: float = 0.0) -> Postpone | Park:
    return after_failure(step, error, now=NOON, unknown_wait=unknown_wait)


def in_seconds(seconds: float, *, counts: bool = True) -> Postpone:
    return Postpone(until=NOON + timedelta(seconds=seconds), count_attempt=counts)


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 1), (2, 3), (5, 60), (10, 3600), (14, 43200), (15, 43200), (99, 43200)]
)
def test_v06_the_waits_grow_and_the_last_one_repeats(attempts: int, seconds: int) -> None:
    assert after(claimed(attempts=attempts), RetryLaterError("down")) == in_seconds(seconds)


def test_v06_every_wait_is_spread_by_a_tenth() -> None:
    waits = [after(claimed(attempts=5), RetryLaterError("down")) for _ in range(200)]

    seconds = [(wait.until - NOON).total_seconds() for wait in waits if isinstance(wait, Postpone)]
    assert len(seconds) == 200
    assert 54 <= min(seconds) < 58
    assert 62 < max(seconds) <= 66


@pytest.mark.parametrize("jitter", [0.9, 1.0, 1.1], ids=["early", "even", "late"])
def test_v06_the_schedule_goes_on_for_72_hours_and_then_a_person_must_look(
    monkeypatch: pytest.MonkeyPatch, jitter: float
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: jitter)
    first = NOON
    now, attempts, verdict = first, 0, None
    while not isinstance(verdict, Park):
        attempts += 1
        last_attempt = now
        step = claimed(attempts=attempts)
        verdict = after_failure(step, RetryLaterError("HTTP 503"), now=now, unknown_wait=0)
        now = verdict.until if isinstance(verdict, Postpone) else now

    assert last_attempt - first >= timedelta(hours=72)
    assert len(SCHEDULE) < attempts < 30
    assert verdict == Park(because="gave up after 72 h; last: HTTP 503")


@pytest.mark.usefixtures("no_jitter")
def test_v01_what_the_vendor_asks_for_wins_over_the_schedule() -> None:
    limited = RetryLaterError("limited", retry_after=7, consumes_attempt=False)

    assert after(claimed(attempts=14), limited) == in_seconds(7, counts=False)


@pytest.mark.usefixtures("no_jitter")
def test_v01_a_vendor_that_asks_for_years_is_asked_again_tomorrow() -> None:
    assert after(claimed(), RetryLaterError("HTTP 503", retry_after=999_999_999)) == in_seconds(86400)


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("hours", [0, 77, 1000])
def test_v17_what_consumes_no_attempt_never_gives_up(hours: float) -> None:
    refused = CredentialsRefusedError("renew them", retry_after=60, consumes_attempt=False)

    assert after(claimed(hours=hours), refused) == in_seconds(60, counts=False)


@pytest.mark.usefixtures("no_jitter")
def test_v08_an_unknown_outcome_waits_until_the_lost_call_can_have_no_effect_any_more() -> None:
    unknown = OutcomeUnknownError("no answer")

    assert after(claimed(), unknown, unknown_wait=10) == in_seconds(10)
    assert after(claimed(attempts=5), unknown, unknown_wait=10) == in_seconds(60)
    assert after(claimed(), RetryLaterError("HTTP 503"), unknown_wait=10) == in_seconds(1)


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("tickets.create: HTTP 403", status=403),
        ConfigurationError("no such group"),
    ],
    ids=["refused", "configuration"],
)
def test_what_repeating_cannot_help_waits_for_a_person(error: BatonpassError) -> None:
    assert after(claimed(), error) == Park(because=str(error))


SHORT: dict[str, tuple[BatonpassError, int]] = {
    "nothing happened there": (RetryLaterError("HTTP 503"), 3),
    "told to wait for a moment": (RetryLaterError("HTTP 503", retry_after=0.01), 3),
    "told to wait for longer": (RetryLaterError("HTTP 503", retry_after=2.1), 1),
    "the gate is closed": (RetryLaterError("limited", retry_after=0.01, consumes_attempt=False), 1),
    "the outcome is unknown": (OutcomeUnknownError("no answer"), 1),
    "refused": (RefusedError("HTTP 422"), 1),
}


@pytest.mark.parametrize(("error", "tries"), SHORT.values(), ids=SHORT)
async def test_within_a_step_only_a_short_failure_without_effect_is_repeated(
    error: BatonpassError, tries: int
) -> None:
    tried = 0

    with suppress(BatonpassError):
        async for attempt in inside_a_step():
            with attempt:
                tried += 1
                raise error

    assert tried == tries


@pytest.mark.usefixtures("no_jitter")
def test_an_open_breaker_is_asked_less_and_less_and_given_up_with_the_rest() -> None:
    resting = RetryLaterError("resting", retry_after=30, consumes_attempt=False, code="breaker_open")

    assert after(claimed(), resting) == in_seconds(30, counts=False)
    assert after(claimed(hours=10), resting) == in_seconds(300, counts=False)
    assert after(claimed(hours=73), resting) == in_seconds(300, counts=False)
    assert after(claimed(hours=97), resting) == Park(because="gave up after 96 h; last: resting")


@pytest.mark.usefixtures("no_jitter")
def test_v13_an_answer_that_is_not_the_vendors_is_asked_for_three_times() -> None:
    garbled = RefusedError("fields.list: the answer was text/html, no JSON", code="unexpected_content")

    assert after(claimed(attempts=1), garbled) == in_seconds(1)
    assert after(claimed(attempts=2), garbled) == in_seconds(3)
    assert after(claimed(attempts=3), garbled) == Park(because=str(garbled))
