"""I1 and I2 of a history: what is lost, what is there twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffState
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.testing.history import Delivered, History
from batonpass.testing.invariants import check, describe
from fakes import NOON
from histories import acknowledged, after, effects, good, note, record, step, ticket, told, unfinished

Spoil = Callable[[History], History]


def found(history: History) -> set[tuple[str, str]]:
    """(invariant, about)."""
    return {(each.invariant, each.about) for each in check(history)}


def kept(*records: object) -> Spoil:
    return lambda history: replace(history, kept={**history.kept, **{each.id: each for each in records}})


def lived(kind: LifeKind, detail: str = "") -> tuple[LifeEvent, ...]:
    return (LifeEvent(kind=kind, at=NOON, detail=detail),)


def without(history: History, *, ticket: str) -> History:
    return replace(history, tickets=tuple(each for each in history.tickets if each.id != ticket))


def asked_by_ticket(history: History) -> History:
    """Ticket 900, opened by somebody else, asks for a person, and we have answered its webhook."""
    asking = ticket(1, id="900", key=None, internal_notes=(), asks=True)
    delivered = Delivered(ticket_id="900", kind=EventKind.HANDOFF_ASKED, at=NOON)
    return replace(history, tickets=(*history.tickets, asking), delivered=(delivered,))


def test_a_run_that_went_well_has_no_violation() -> None:
    history = good()

    violations = check(history)

    assert violations == ()
    assert describe(violations) == "No violation: every invariant holds."


# I1 ---------------------------------------------------------------------------------------------------------------


def test_an_acknowledged_handoff_that_is_not_in_the_store_is_lost_even_while_faults_go_on() -> None:
    history = replace(good(), still_broken=True, kept_before={})
    history = replace(history, acknowledged=(*history.acknowledged, acknowledged(9, request_hash="")))

    violations = check(history)

    assert [(each.about, each.what) for each in violations] == [
        ("ho_9", "acknowledged, but not in the store")
    ]


def test_a_handoff_that_was_in_the_store_before_is_lost_though_nobody_was_answered() -> None:
    assert found(replace(good(), kept_before={"ho_9": unfinished(9)})) == {("I1", "ho_9")}


def test_a_ticket_with_our_key_that_the_store_does_not_know_tells_of_a_lost_handoff() -> None:
    strange, foreign = ticket(9, internal_notes=()), ticket(8, key="their-own-key", internal_notes=())

    history = replace(good(), tickets=(*good().tickets, strange, foreign))

    assert found(history) == {("I1", "ho_9")}


@pytest.mark.parametrize("state", [HandoffState.REQUESTED, HandoffState.ENRICHED], ids=str)
def test_an_unfinished_handoff_is_a_violation_only_once_faults_have_stopped(state: HandoffState) -> None:
    told_so = told(9, "delayed", at=121)
    history = kept(unfinished(9, state))(good())
    history = replace(
        history, acknowledged=(*history.acknowledged, acknowledged(9)), told=(*history.told, told_so)
    )

    assert found(history) == {("I1", "ho_9")}
    assert check(replace(history, still_broken=True)) == ()


def test_a_handoff_whose_ticket_does_not_stand_is_lost_unless_people_took_it_away() -> None:
    history = without(good(), ticket="101")

    assert found(history) == {("I1", "ho_1")}
    assert (
        check(kept(record(1, state=HandoffState.ABANDONED, life=lived(LifeKind.TICKET_GONE)))(history)) == ()
    )
    assert (
        check(kept(record(1, state=HandoffState.RESOLVED, life=lived(LifeKind.MERGED, "102")))(history)) == ()
    )


@pytest.mark.parametrize(
    ("bad", "near_miss"),
    [
        pytest.param(
            unfinished(9, HandoffState.PARKED),
            unfinished(9, HandoffState.PARKED, parked_because="refused"),
            id="parked",
        ),
        pytest.param(
            unfinished(9, HandoffState.ABANDONED),
            unfinished(9, HandoffState.ABANDONED, life=lived(LifeKind.WITHDRAWN)),
            id="abandoned",
        ),
        pytest.param(
            unfinished(9, HandoffState.RETURNED, life=lived(LifeKind.RATED)),
            unfinished(9, HandoffState.RETURNED, parked_because="the AI agent took it back"),
            id="returned",
        ),
        pytest.param(
            unfinished(9, HandoffState.TICKETED),
            record(9, ticket_id="103", steps=()),
            id="ticketed",
        ),
    ],
)
def test_whatever_ended_without_a_ticket_says_why(bad: object, near_miss: object) -> None:
    assert found(kept(bad)(good())) == {("I1", "ho_9")}
    assert check(kept(near_miss)(good())) == ()


def test_a_note_that_the_store_calls_written_stands_at_the_helpdesk() -> None:
    history = good()
    lost = replace(history, ledger=tuple(each for each in history.ledger if each.id != "n1"))

    assert found(lost) == {("I1", "ho_1")}


def test_a_missing_note_is_not_judged_where_the_helpdesk_tells_no_keys() -> None:
    history = good()
    silent = tuple(
        replace(each, key=None) if each.kind == "note.appended" else each for each in history.ledger
    )

    assert check(replace(history, ledger=silent)) == ()


def test_a_ticket_whose_webhook_was_answered_has_a_handoff() -> None:
    history = asked_by_ticket(good())
    mine = record(9, ticket_id="900", started_by="zendesk", steps=())
    parked = unfinished(9, HandoffState.PARKED, parked_because="refused", started_by="zendesk")

    assert found(history) == {("I1", "900")}
    assert check(kept(mine)(history)) == ()
    assert check(kept(parked)(history)) == ()
    assert found(replace(kept(parked)(history), asked_about={"ho_9": "777"})) == {("I1", "900")}


def test_a_ticket_that_asks_no_more_or_of_which_nothing_was_delivered_needs_no_handoff() -> None:
    history = asked_by_ticket(good())
    quiet = tuple(replace(each, asks=False) for each in history.tickets)

    assert check(replace(history, tickets=quiet)) == ()
    assert check(replace(history, delivered=())) == ()


# I2 ---------------------------------------------------------------------------------------------------------------


def test_two_tickets_of_one_key_are_found_in_the_ledger_though_one_is_gone() -> None:
    history = good()
    twice = replace(effects(1)[0], id="999")

    violations = check(replace(history, ledger=(*history.ledger, twice)))

    assert [(each.invariant, each.what) for each in violations] == [
        ("I2", "one key has opened 2 tickets: 101, 999")
    ]


def test_two_tickets_of_one_key_are_found_at_the_helpdesk_though_the_ledger_is_silent() -> None:
    history = good()
    twice = ticket(1, id="999", internal_notes=())

    assert found(replace(history, tickets=(*history.tickets, twice))) == {("I2", "101")}


def test_tickets_without_a_key_are_nobodys_duplicates() -> None:
    history = good()
    foreign = (ticket(7, key=None, internal_notes=()), ticket(8, key=None, internal_notes=()))
    opened = tuple(replace(effects(n)[0], key=None) for n in (7, 8))

    assert (
        check(replace(history, tickets=(*history.tickets, *foreign), ledger=(*history.ledger, *opened))) == ()
    )


def test_one_key_makes_one_handoff_for_one_ai_agent() -> None:
    history = good()
    same_key = tuple(replace(each, key="k1") for each in history.acknowledged[:3])
    of_others = tuple(replace(each, ai_agent=each.handoff_id) for each in same_key)
    without_key = tuple(replace(each, key="") for each in history.acknowledged)

    (violation,) = check(replace(history, acknowledged=(*same_key, *history.acknowledged[4:])))

    assert (violation.invariant, violation.about) == ("I2", "ho_1")
    assert check(replace(history, acknowledged=of_others)) == ()
    assert check(replace(history, acknowledged=without_key)) == ()


@pytest.mark.parametrize("place", [1, 2], ids=["a note", "a reply"])
def test_what_was_written_twice_is_found_by_its_key(place: int) -> None:
    history = good()
    again = replace(effects(1)[place], id="again")

    assert found(replace(history, ledger=(*history.ledger, again))) == {("I2", "ho_1")}


def test_a_note_that_stands_twice_is_found_where_the_ledger_tells_no_keys() -> None:
    history = good()
    silent = tuple(
        replace(each, key=None) if each.kind == "note.appended" else each for each in history.ledger
    )
    twice = ticket(1, internal_notes=(note(1), note(1)))
    copied = replace(history, tickets=(twice, *history.tickets[1:]))
    quoted = ticket(1, internal_notes=(note(1), note(1) + "<p>I agree.</p>"))

    def on_ticket(first: object) -> History:
        return replace(history, ledger=silent, tickets=(first, *history.tickets[1:]))

    assert found(on_ticket(twice)) == {("I2", "ho_1")}
    assert check(copied) == ()
    assert check(on_ticket(quoted)) == ()


def test_a_ticket_that_asks_has_one_handoff_at_work() -> None:
    history = asked_by_ticket(good())
    first, second = (record(n, ticket_id="900", started_by="zendesk", steps=()) for n in (8, 9))
    over = replace(first, state=HandoffState.ABANDONED, life=lived(LifeKind.WITHDRAWN))

    assert found(kept(first, second)(history)) == {("I2", "900")}
    assert check(kept(over, second)(history)) == ()
    assert check(kept(replace(first, state=HandoffState.PARKED, parked_because="x"), second)(history)) == ()
    assert check(kept(replace(first, started_by=None), second)(history)) == ()


@pytest.mark.parametrize("kind", ["ticketed", "delayed", "handoff.delayed"])
def test_one_thing_is_told_in_one_event_however_often_it_is_repeated(kind: str) -> None:
    history = good()
    first = told(1, kind, at=130, event_id="evt_a", ticket_id="101")
    rest = (*history.told[2:], told(1, event_id="evt_a"))

    assert found(replace(history, told=(*rest, first, replace(first, event_id="evt_b")))) == {("I2", "ho_1")}
    assert check(replace(history, told=(*rest, first, first))) == ()


# Whatever the size of the run -------------------------------------------------------------------------------------


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[History, str, History]:
    """(a good history, what is done to it, the spoilt one)."""
    history = good(draw(st.integers(2, 6)))
    number = draw(st.integers(1, len(history.tickets)))
    what = draw(
        st.sampled_from(["a ticket dropped", "an effect doubled", "notes swapped", "a handoff forgotten"])
    )
    tickets = list(history.tickets)
    match what:
        case "a ticket dropped":
            del tickets[number - 1]
            return history, what, replace(history, tickets=tuple(tickets))
        case "an effect doubled":
            effect = effects(number)[draw(st.integers(0, 2))]
            again = replace(effect, id=f"{effect.id}0", at=after(draw(st.integers(1, 500))))
            ledger = list(history.ledger)
            ledger.insert(draw(st.integers(0, len(ledger))), again)
            return history, what, replace(history, ledger=tuple(ledger))
        case "notes swapped":
            other = draw(st.integers(1, len(tickets)).filter(lambda each: each != number))
            for here, there in ((number, other), (other, number)):
                tickets[here - 1] = ticket(here, internal_notes=("<p>batonpass</p>", note(there)))
            return history, what, replace(history, tickets=tuple(tickets))
        case _:
            left = {id_: each for id_, each in history.kept.items() if id_ != f"ho_{number}"}
            return history, what, replace(history, kept=left)


_FOUND_BY = {
    "a ticket dropped": "I1",
    "an effect doubled": "I2",
    "notes swapped": "I3",
    "a handoff forgotten": "I1",
}


@given(spoilt=spoilt(), broken=st.booleans())
def test_whatever_is_spoilt_is_found_and_nothing_else_is(
    spoilt: tuple[History, str, History], broken: bool
) -> None:
    good_one, what, bad_one = spoilt

    assert check(replace(good_one, still_broken=broken)) == ()
    assert {each.invariant for each in check(replace(bad_one, still_broken=broken))} == {_FOUND_BY[what]}


# For people -------------------------------------------------------------------------------------------------------


def test_a_description_names_each_invariant_once_and_says_how_many_more_there_are() -> None:
    history = good(30)
    history = replace(history, tickets=history.tickets[1:2], failed_by_reload={"config.toml": 3})

    lines = describe(check(history)).splitlines()

    assert lines[0] == "I1 Nothing acknowledged is lost: 29 violations"
    assert lines[1] == "  ho_1: its ticket 101 does not stand at the helpdesk"
    assert lines[21:] == [
        "  and 9 more",
        "I8 A change of the configuration breaks nothing: 1 violation",
        "  config.toml: 3 requests failed by it",
    ]


def test_a_description_shows_twenty_violations_whole() -> None:
    twenty = check(replace(good(20), tickets=()))

    assert describe(twenty).splitlines()[-1] == "  ho_20: its ticket 120 does not stand at the helpdesk"


def test_steps_that_are_not_done_are_no_promise() -> None:
    waiting = record(1, steps=(step("note_context", None), step("announce", None)))

    assert check(replace(kept(waiting)(good()), told=good().told[2:], ledger=good().ledger[5:])) == ()
