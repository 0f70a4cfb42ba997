"""What happens in a run of the crash test follows from its name alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batonpass.testing.crash_plan import STORES, Case, planned
from batonpass.testing.crash_points import crash_points
from batonpass.testing.failpoints import ACTIONS

CASE = Case(point="step.open_ticket.called", action="kill", helpdesk="toy", store="sqlite", seed=7)


def test_the_same_case_goes_the_same_way_and_another_seed_another() -> None:
    plans = [planned(replace(CASE, seed=seed)) for seed in range(25)]

    assert planned(CASE) == plans[7]
    assert len({repr(plan) for plan in plans}) == 25


def test_over_the_seeds_everything_happens_that_may_happen() -> None:
    plans = [planned(replace(CASE, store="postgres", seed=seed)) for seed in range(25)]

    for name in ("twice", "shuffled", "late_facts", "left_dead"):
        assert {getattr(plan, name) for plan in plans} == {True, False}
    assert len({each.fault for plan in plans for each in plan.faults}) > 3
    assert any(len({each.conversation for each in plan.askings}) < len(plan.askings) for plan in plans)
    assert {plan.failpoints[0] for plan in plans} == {f"{CASE.point}:kill:{n}" for n in (1, 2)}


@pytest.mark.parametrize("point", crash_points())
def test_a_failpoint_is_the_one_that_the_case_names(point: str) -> None:
    for action in ACTIONS:
        for store in STORES:
            plan = planned(replace(CASE, point=point, action=action, store=store))

            assert any(each.startswith(f"{point}:{action}:") for each in plan.failpoints)
            assert 3 <= len(plan.askings) + plan.tickets <= 5


def test_what_a_point_needs_is_there() -> None:
    assert planned(replace(CASE, point="step.pass_conversation.called")).passes
    assert planned(replace(CASE, point="step.note_not_landed.called")).drops
    assert planned(replace(CASE, point="step.late_facts.called")).late_facts
    assert planned(replace(CASE, point="step.tell_delay.called")).deadlines is not None
    assert planned(replace(CASE, point="failure.kept")).faults
    assert planned(replace(CASE, point="recovery.taken")).failpoints[0].endswith(":kill:1")
