"""How many steps may be under way at once."""

from __future__ import annotations

from batonpass.engine.pace import LEAST, TOLERATED_LAG, Pace


def test_a_quiet_loop_lets_the_pace_grow_to_its_most_and_no_further() -> None:
    pace = Pace(100)

    for _ in range(200):
        pace.seen(0.0)

    assert pace.limit == 100


def test_a_lagging_loop_slows_it_down_but_never_to_a_stop() -> None:
    pace = Pace(100)
    for _ in range(200):
        pace.seen(0.0)

    pace.seen(TOLERATED_LAG * 2)
    assert pace.limit == 75

    for _ in range(50):
        pace.seen(TOLERATED_LAG * 2)
    assert pace.limit == LEAST


def test_a_most_below_the_least_is_kept() -> None:
    pace = Pace(3)

    pace.seen(TOLERATED_LAG * 2)

    assert pace.limit == 3
