"""I3 and I4 of a history: who reads of whom, and what stands in our own outputs."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from urllib.parse import quote

import pytest

from batonpass.domain.handoff import HandoffState
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.testing.history import History, Reply
from batonpass.testing.invariants import check, describe
from batonpass.testing.invariants.canaries import Canaries
from fakes import NOON
from histories import acknowledged, good, record, ticket


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
    again = acknowledged(9, conversation_id="c-1", canary="", request_hash="")
    later = replace(
        history,
        acknowledged=(*history.acknowledged, again),
        kept={**history.kept, "ho_9": record(9, steps=())},
        tickets=(*history.tickets, ticket(9, internal_notes=("canary1x",))),
    )
    of_another_ai_agent = replace(again, ai_agent="bank-bot")

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


@pytest.mark.parametrize("told_by", ["the ticket", "the ledger"])
def test_a_ticket_is_ones_own_by_its_key_before_the_store_knows_it(told_by: str) -> None:
    history = with_record(1, ticket_id=None, state=HandoffState.PARKED, parked_because="x", steps=())
    history = replace(history, told=history.told[2:])
    by_ticket = replace(history, ledger=())
    by_ledger = replace(history, tickets=(ticket(1, key=None), *history.tickets[1:]))

    spoilt = by_ticket if told_by == "the ticket" else by_ledger

    assert check(spoilt) == ()
    assert ("I3", "101") in found(replace(by_ledger, ledger=()))


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
