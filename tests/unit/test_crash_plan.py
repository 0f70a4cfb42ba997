"""What happens in a run of the crash test follows from its name alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from batonpass.testing.crash_plan import STORES, Case, Shot, planned, together
from batonpass.testing.crash_points import crash_points
from batonpass.testing.failpoints import ACTIONS

CASE = Case(shots=(Shot("step.open_ticket.called", "kill"),), helpdesk="toy", store="sqlite", seed=7)


def at(point: str, action: str = "kill") -> Case:
    return replace(CASE, shots=(Shot(point, action),))


def test_a_case_is_found_by_its_name() -> None:
    for case in (CASE, *together(crash_points(), helpdesk="toy", store="postgres", seed=3)):
        assert Case.named(case.name) == case


@pytest.mark.parametrize("number", [4, 9, 55])
def test_the_runs_of_a_seed_together_do_everything_everywhere_once(number: int) -> None:
    points = [f"point.{n}" for n in range(number)]

    cases = list(together(points, helpdesk="toy", store="sqlite", seed=1))
    other = list(together(points, helpdesk="toy", store="sqlite", seed=2))

    met = Counter(shot for case in cases for shot in case.shots)
    assert met == Counter(Shot(point, action) for point in points for action in ACTIONS)
    assert all(len({shot.point for shot in case.shots}) == len(ACTIONS) for case in cases)
    assert {case.shots for case in cases} != {case.shots for case in other}


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
    assert {plan.failpoints[0] for plan in plans} == {f"{CASE.shots[0]}:{n}" for n in (1, 2)}


@pytest.mark.parametrize("point", crash_points())
def test_a_failpoint_is_the_one_that_the_case_names(point: str) -> None:
    for action in ACTIONS:
        for store in STORES:
            plan = planned(replace(at(point, action), store=store))

            assert plan.failpoints[0].startswith(f"{point}:{action}:")
            assert 3 <= len(plan.askings) + plan.tickets <= 5


def test_what_a_point_needs_is_there() -> None:
    assert planned(at("step.pass_conversation.called")).passes
    assert planned(at("step.note_not_landed.called")).drops
    assert planned(at("step.late_facts.called")).late_facts
    assert planned(at("step.tell_delay.called")).deadlines is not None
    assert planned(at("failure.kept")).faults
    assert planned(at("recovery.taken", "exception")).failpoints[1].endswith(":kill:1")
