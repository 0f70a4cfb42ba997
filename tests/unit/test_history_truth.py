"""I5 to I8 of a history: what is bounded, what is told, and what is watched."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from batonpass.domain.handoff import HandoffState
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.testing.history import Bound, Expired, History
from batonpass.testing.invariants import check
from fakes import NOON
from histories import acknowledged, after, effects, good, record, ticket, told, unfinished


def found(history: History) -> set[tuple[str, str]]:
    """(invariant, about)."""
    return {(each.invariant, each.about) for each in check(history)}


def with_ticket(number: int, **changes: object) -> History:
    history = good()
    changed = tuple(
        ticket(number, **changes) if each.key == f"ho_{number}" else each for each in history.tickets
    )
    return replace(history, tickets=changed)


def with_record(number: int, **changes: object) -> History:
    history = good()
    return replace(history, kept={**history.kept, f"ho_{number}": record(number, **changes)})


# I5, I8 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [101, float("nan"), float("inf")])
def test_what_outgrows_its_bound_is_found(seen: float) -> None:
    assert found(replace(good(), bounds=(Bound(name="queue", most=100, seen=seen),))) == {("I5", "queue")}
    assert check(replace(good(), bounds=(Bound(name="queue", most=100, seen=100),))) == ()


def test_one_request_that_failed_by_a_reload_is_found() -> None:
    assert found(replace(good(), failed_by_reload={"config.toml": 1, "desk.toml": 0})) == {
        ("I8", "config.toml")
    }


# I6 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ticketed", "handoff.ticketed"])
def test_a_ticket_that_was_told_before_it_stood_is_found(kind: str) -> None:
    rest = good().told[2:]

    early = replace(good(), told=(told(1, at=0.999, kind=kind), *rest))
    at_once = replace(good(), told=(told(1, at=1, kind=kind), *rest))

    assert [each.what for each in check(early)] == ["told of ticket 101 0.001 s before it was opened"]
    assert check(at_once) == ()


def test_the_ledger_knows_better_than_the_ticket_when_it_was_opened() -> None:
    early = with_ticket(1, opened_at=after(-5))
    late = with_ticket(1, opened_at=after(500))
    no_ledger = replace(late, ledger=())

    assert check(early) == ()
    assert check(late) == ()
    assert found(no_ledger) == {("I6", "ho_1")}


def test_a_ticket_that_was_told_and_does_not_exist_is_found_unless_people_took_it_away() -> None:
    history = with_record(1, ticket_id="666")
    history = replace(history, told=(told(1, ticket_id="666"), *history.told[2:]))
    gone = LifeEvent(kind=LifeKind.TICKET_GONE, at=NOON)
    deleted = record(1, ticket_id="666", state=HandoffState.ABANDONED, life=(gone,))

    assert found(history) == {("I1", "ho_1"), ("I6", "ho_1")}
    assert check(replace(history, kept={**history.kept, "ho_1": deleted})) == ()


def test_a_ticket_that_was_told_and_is_anothers_is_found() -> None:
    history = good()
    wrong = told(1, ticket_id="102")
    nameless = told(1, ticket_id=None)

    assert found(replace(history, told=(wrong, *history.told[2:]))) == {("I6", "ho_1")}
    assert found(replace(history, told=(nameless, *history.told[2:]))) == {("I6", "ho_1")}


def waiting(*, said: float | None = None, ended: float = 600, broken: bool = False) -> History:
    """Handoff 9 has no ticket yet; that was `said` to its AI agent."""
    history = good()
    return replace(
        history,
        acknowledged=(*history.acknowledged, acknowledged(9)),
        kept={**history.kept, "ho_9": unfinished(9, HandoffState.PARKED, parked_because="refused")},
        told=history.told if said is None else (*history.told, told(9, "delayed", at=said)),
        ended_at=after(ended),
        still_broken=broken,
    )


def test_whoever_has_no_ticket_in_time_is_told_so_in_time() -> None:
    assert found(waiting()) == {("I6", "ho_9")}
    assert found(waiting(said=130.5)) == {("I6", "ho_9")}
    assert found(waiting(said=130.5, broken=True)) == {("I6", "ho_9")}
    assert check(waiting(said=130)) == ()
    assert check(waiting(said=20)) == ()


def test_nobody_is_told_of_a_delay_before_its_time_or_while_faults_go_on() -> None:
    assert check(waiting(ended=129)) == ()
    assert found(waiting(ended=130)) == {("I6", "ho_9")}
    assert check(waiting(broken=True)) == ()
    assert check(replace(waiting(), ticket_within=timedelta(hours=1))) == ()
    assert check(replace(waiting(said=400), told_tolerance=timedelta(minutes=5))) == ()


def test_a_late_ticket_makes_the_silence_before_it_no_better() -> None:
    history = good()
    late = replace(effects(1)[0], at=after(125))
    ledger = (late, *history.ledger[1:])
    ticketed = (told(1, at=126), *history.told[2:])

    assert found(replace(history, ledger=ledger, told=ticketed)) == {("I6", "ho_1")}
    assert check(replace(history, ledger=ledger, told=(*ticketed, told(1, "delayed", at=121)))) == ()
    assert check(replace(history, ledger=(replace(late, at=after(120)), *ledger[1:]), told=ticketed)) == ()


def test_a_ticket_that_stood_before_the_handoff_is_in_time() -> None:
    history = good()
    named = record(9, ticket_id="900", steps=())
    stood = ticket(9, id="900", key=None, opened_at=after(-9000), internal_notes=())
    history = replace(
        history,
        acknowledged=(*history.acknowledged, acknowledged(9)),
        kept={**history.kept, "ho_9": named},
        tickets=(*history.tickets, stood),
    )

    assert check(history) == ()


def test_what_the_store_calls_told_was_heard_where_anybody_hears() -> None:
    history = replace(good(), told=good().told[2:])

    assert found(history) == {("I6", "ho_1")}
    assert check(replace(history, hears=False)) == ()


# I7 ---------------------------------------------------------------------------------------------------------------


def test_a_deadline_that_passed_unseen_is_found() -> None:
    late = Expired(handoff_id="ho_1", state=HandoffState.TICKETED, deadline_at=NOON, alerted_at=None)

    def over(**changes: object) -> History:
        return replace(good(), expired=(replace(late, **changes),))

    assert found(over()) == {("I7", "ho_1")}
    assert found(over(alerted_at=after(301))) == {("I7", "ho_1")}
    assert found(over(left_at=after(301))) == {("I7", "ho_1")}
    assert check(over(alerted_at=after(300))) == ()
    assert check(over(left_at=after(300))) == ()
    assert check(over(deadline_at=after(300))) == ()
    assert check(replace(over(), still_broken=True)) == ()
    assert check(replace(over(), alert_within=timedelta(hours=1))) == ()
