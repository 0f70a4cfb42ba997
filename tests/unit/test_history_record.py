"""I9 and I10 of a history: what is over stays over, and the same is decided alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batonpass.domain.handoff import HandoffState
from batonpass.testing.history import History, StateSeen
from batonpass.testing.invariants import check
from histories import after, good, opened, record, step


def found(history: History) -> set[tuple[str, str]]:
    """(invariant, about)."""
    return {(each.invariant, each.about) for each in check(history)}


def with_record(number: int, **changes: object) -> History:
    history = good()
    return replace(history, kept={**history.kept, f"ho_{number}": record(number, **changes)})


# I9 ---------------------------------------------------------------------------------------------------------------


def seen(*states: HandoffState) -> tuple[StateSeen, ...]:
    return tuple(StateSeen(handoff_id="ho_1", state=state, at=after(at)) for at, state in enumerate(states))


@pytest.mark.parametrize("end", [HandoffState.RETURNED, HandoffState.ABANDONED], ids=str)
def test_a_state_that_is_never_left_was_left(end: HandoffState) -> None:
    over = record(1, state=end, parked_because="the AI agent took it back")
    history = replace(good(), kept={**good().kept, "ho_1": over}, kept_before={})

    assert found(replace(good(), states_seen=seen(end))) == {("I9", "ho_1")}
    assert found(replace(good(), states_seen=seen(end, HandoffState.ANNOUNCED))) == {("I9", "ho_1")}
    assert found(replace(good(), kept_before={"ho_1": over})) == {("I9", "ho_1")}
    assert check(replace(history, states_seen=seen(HandoffState.ANNOUNCED, end, end))) == ()
    assert check(replace(good(), states_seen=seen(HandoffState.RESOLVED, HandoffState.ACCEPTED))) == ()


def test_states_are_read_in_the_order_of_their_times() -> None:
    over = record(1, state=HandoffState.RETURNED, parked_because="taken back")
    history = replace(good(), kept={**good().kept, "ho_1": over}, kept_before={})
    shuffled = seen(HandoffState.ANNOUNCED, HandoffState.RETURNED)[::-1]

    assert check(replace(history, states_seen=shuffled)) == ()


@pytest.mark.parametrize(
    "before",
    [
        pytest.param((step("note_context", {"note": "another"}),), id="another result"),
        pytest.param((step("read_back", {"not_landed": []}),), id="a step that is gone"),
    ],
)
def test_the_result_of_a_step_that_was_done_does_not_change(before: tuple[object, ...]) -> None:
    history = good()
    same = record(1).steps
    waiting_then = (step("read_back", None), step("note_context", None))

    assert found(replace(history, kept_before={"ho_1": record(1, steps=before)})) == {("I9", "ho_1")}
    assert check(replace(history, kept_before={"ho_1": record(1, steps=same)})) == ()
    assert check(replace(history, kept_before={"ho_1": record(1, steps=(*same, waiting_then[1]))})) == ()


def test_a_step_that_was_done_is_not_done_anew() -> None:
    history = with_record(1, steps=(*record(1).steps, step("read_back", None)))
    done = record(1, steps=(step("read_back", {"not_landed": []}),))

    assert [each.what for each in check(replace(history, kept_before={"ho_1": done}))] == [
        "read_back was done and is ready"
    ]


def test_a_handoff_keeps_its_ticket() -> None:
    history = replace(good(), kept_before={"ho_1": record(1, ticket_id="555")})

    assert [each.what for each in check(history)] == ["its ticket was 555 and is 101"]


# I10 --------------------------------------------------------------------------------------------------------------


def decided(number: int, *, facts: dict[str, object] | None = None, **sent: str) -> History:
    """Handoff `number` was sent otherwise than the rest; `facts` is what was known of its customer."""
    report = {"source": "crm", "standing": "found", "seconds": 0.1, "facts": [facts]}
    gathered = {"reports": [] if facts is None else [report]}
    steps = (step("gather_facts", gathered), step("open_ticket", opened(str(100 + number), **sent)))
    history = with_record(number, steps=steps)
    return replace(history, kept_before={}, config_versions=("v1", "v2"))


def test_the_same_request_under_the_same_mapping_is_sent_with_the_same_values() -> None:
    assert found(decided(2, tier="silver")) == {("I10", "ho_2")}
    assert check(decided(2, tier="gold")) == ()
    assert check(decided(2, tier="silver", mapping="v2")) == ()
    assert check(decided(2, tier="silver", facts={"name": "account.tier", "value": "silver"})) == ()


def test_only_requests_that_are_known_to_be_the_same_are_compared() -> None:
    history = decided(2, tier="silver")
    unhashed = tuple(replace(each, request_hash="") for each in history.acknowledged)
    other = tuple(replace(each, request_hash=each.handoff_id) for each in history.acknowledged)

    assert check(replace(history, acknowledged=unhashed)) == ()
    assert check(replace(history, acknowledged=other)) == ()


def test_the_same_facts_at_another_time_are_the_same_inputs() -> None:
    facts = {"name": "account.tier", "kind": "plain"}
    silver = decided(2, tier="silver", facts={**facts, "value": "gold", "as_of": "2026-11-21T12:00:00+00:00"})
    gold = decided(1, facts={**facts, "value": "gold", "as_of": "2026-11-21T11:00:00+00:00"})

    assert found(replace(silver, kept={**silver.kept, "ho_1": gold.kept["ho_1"]})) == {("I10", "ho_2")}


def test_a_value_that_holds_the_handoffs_own_id_is_no_other_decision() -> None:
    history = good()
    named = {
        id_: replace(each, steps=(step("open_ticket", opened(each.ticket_id or "", tier=f"see {id_}")),))
        for id_, each in history.kept.items()
    }

    assert check(replace(history, kept=named)) == ()


def test_a_ticket_made_by_a_mapping_that_was_never_in_force_is_found() -> None:
    history = decided(2, mapping="v3")

    assert found(history) == {("I10", "ho_2")}
    assert check(replace(history, config_versions=())) == ()
