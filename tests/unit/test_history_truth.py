"""I3 to I10 of a history: what is told and to whom, what is bounded, and what stays as it was."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from batonpass.domain.handoff import HandoffState
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.testing.history import Bound, Expired, History, Reply, StateSeen
from batonpass.testing.invariants import check, describe
from batonpass.testing.invariants.canaries import Canaries
from fakes import NOON
from histories import acknowledged, after, effects, good, opened, record, step, ticket, told, unfinished


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


# I3 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        {"internal_notes": ("<p>Canary2X</p>",)},
        {"public_replies": (Reply(text="as you said: canary2x.", at=NOON),)},
        {"other_texts": ("chat_canary2x_1",)},
    ],
    ids=lambda place: next(iter(place)),
)
def test_another_conversations_canary_is_found_wherever_it_can_be_read(place: dict[str, object]) -> None:
    history = with_ticket(1, **place)

    assert found(history) == {("I3", "101")}
    assert "canary" not in describe(check(history))


def test_part_of_a_longer_word_is_no_canary_and_ones_own_may_stand_everywhere() -> None:
    texts = ("canary2xy", "acanary2x", "canary1x")

    assert check(with_ticket(1, internal_notes=texts, other_texts=texts)) == ()


def test_a_canary_on_a_ticket_of_nobody_is_found() -> None:
    history = good()
    foreign = ticket(7, key=None, internal_notes=("canary1x",))

    assert found(replace(history, tickets=(*history.tickets, foreign))) == {("I3", "107")}


def test_a_second_handoff_of_the_same_conversation_may_say_the_same() -> None:
    history = good()
    again = acknowledged(9, conversation_id="c-1", canary="canary1x", request_hash="")
    later = replace(
        history,
        acknowledged=(*history.acknowledged, again),
        kept={**history.kept, "ho_9": record(9, steps=())},
        tickets=(*history.tickets, ticket(9, internal_notes=("canary1x",))),
    )
    of_another_ai_agent = replace(again, ai_agent="bank-bot", canary="")

    assert check(later) == ()
    assert found(replace(later, acknowledged=(*history.acknowledged, of_another_ai_agent))) == {("I3", "109")}


def test_a_ticket_that_another_was_merged_into_and_one_that_two_conversations_name_say_both() -> None:
    merged = LifeEvent(kind=LifeKind.MERGED, at=NOON, detail="102")
    notes = ("canary1x", "canary2x")
    history = with_ticket(2, internal_notes=notes)
    into = replace(history, kept={**history.kept, "ho_1": record(1, life=(merged,))})
    named = replace(history, kept={**history.kept, "ho_1": record(1, ticket_id="102", steps=())})
    named = replace(named, told=named.told[2:])

    assert found(history) == {("I3", "102")}
    assert check(into) == ()
    assert check(named) == ()


def test_a_handoff_that_has_taken_the_ticket_opened_for_another_is_found() -> None:
    history = replace(with_record(1, ticket_id="102"), told=good().told[2:], hears=False)

    assert [(each.invariant, each.what) for each in check(history)] == [
        ("I3", "its ticket 102 was opened for another handoff")
    ]


def test_what_an_ai_agent_is_told_has_no_words_of_another_conversation() -> None:
    history = good()
    first, *rest = history.told

    assert found(replace(history, told=(replace(first, say="canary2x"), *rest))) == {("I3", "ho_1")}
    assert check(replace(history, told=(replace(first, say="canary1x"), *rest))) == ()


def test_canaries_that_begin_alike_are_told_apart() -> None:
    canaries = Canaries(f"canary-{number:04}" for number in range(2000))

    assert canaries.standing_in("<b>Canary-0007</b>, canary-17, canary-19990") == ["canary-0007"]


def test_a_canary_that_could_never_be_found_is_refused() -> None:
    with pytest.raises(ValueError, match="ho_1: a canary without letters and digits would never be found"):
        acknowledged(1, canary="--")


# I4 ---------------------------------------------------------------------------------------------------------------

_SECRET = good().secrets[0]


@pytest.mark.parametrize(
    "leak",
    [
        pytest.param(_SECRET, id="a secret"),
        pytest.param(f"?token={quote(_SECRET, safe='')}", id="a secret in a URL"),
        pytest.param(
            "Basic " + b64encode(f"{_SECRET}:X".encode()).decode(), id="a secret in Basic credentials"
        ),
        pytest.param("said=CANARY1X.", id="a canary"),
        pytest.param("<ada@example.com>", id="an e-mail address"),
        pytest.param("ada%40shop.example.com", id="an e-mail address in a URL"),
        pytest.param(r"ada\u0040example.com", id="an e-mail address in JSON"),
        pytest.param("https://ada:pw@example.com", id="a password in a URL"),
    ],
)
def test_what_is_private_is_found_in_an_output_and_not_repeated(leak: str) -> None:
    history = replace(good(), outputs={"log": "one\ntwo\n", "error page": f"one\ntwo {leak}\n"})

    (violation,) = check(history)

    assert (violation.invariant, violation.about) == ("I4", "error page")
    assert violation.what.endswith("in line 2")
    assert leak not in violation.what


@pytest.mark.parametrize(
    "harmless",
    [
        "s3cr3t",
        "canary1xx",
        "postgresql://batonpass@db.example.com/x",
        "@app.get",
        "1@2",
        "ada @ example.com",
    ],
)
def test_what_only_looks_private_is_no_violation(harmless: str) -> None:
    assert check(replace(good(), outputs={"log": harmless})) == ()


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
