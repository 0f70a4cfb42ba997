"""The journal beside the helpdesk, as values: what differs, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batonpass.domain.alert import AlertKind
from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffState, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.engine.comparing import (
    Difference,
    DifferenceKind,
    SeenTicket,
    of_handoffs,
    of_tickets,
    perhaps_gone,
)
from batonpass.engine.reconciling import (
    ON_ITS_WAY,
    OVERLAP,
    SILENT_FOR,
    Progress,
    alarming,
    are_silent,
    repair,
    still_unheard,
)
from batonpass.store.comparing import KnownHandoff
from fakes import NOON

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SINCE = NOON - HOUR
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def key(number: int = 1, *, at: datetime = NOON) -> HandoffId:
    """As `new_handoff_id` makes them, at that time."""
    bits = int(at.timestamp() * 1000) << 80 | number
    return HandoffId("ho_" + "".join(_LETTERS[(bits >> shift) & 31] for shift in range(125, -1, -5)))


OURS = KnownHandoff(
    id=key(),
    state=HandoffState.ANNOUNCED,
    created_at=NOON,
    updated_at=NOON + 5 * SECOND,
    ticket_id="7",
    wrote=((NOON + 2 * SECOND, NOON + 3 * SECOND),),
    opening=StepStatus.DONE,
)
QUIET = SeenTicket(id="7", changed_at=NOON + 3 * SECOND, key=key(), is_done=False)


def kinds(tickets: Sequence[SeenTicket], *known: KnownHandoff) -> list[str]:
    return [each.kind.value for each in of_tickets(tickets, known, since=SINCE)]


def changed(**more: object) -> SeenTicket:
    """Later than all that we have done or heard."""
    return replace(QUIET, **{"changed_at": NOON + HOUR, **more})


# What differs ---------------------------------------------------------------------------------------------------------


def test_a_ticket_that_only_we_have_touched_differs_in_nothing():
    assert kinds([QUIET], OURS) == []


@pytest.mark.parametrize(
    "heard",
    [
        replace(OURS, heard_at=NOON + HOUR),
        replace(OURS, heard_at=NOON + HOUR - SECOND),
        replace(OURS, read_as_of=NOON + HOUR),
        replace(OURS, wrote=((NOON + HOUR - SECOND, NOON + HOUR),)),
        replace(OURS, is_writing=True),
        replace(OURS, state=HandoffState.ABANDONED),
        replace(OURS, state=HandoffState.RETURNED),
    ],
    ids=["told", "told to the second", "read", "written by us", "under way", "abandoned", "returned"],
)
def test_a_change_that_we_know_of_is_no_difference(heard: KnownHandoff):
    assert kinds([changed()], heard) == []


def test_a_change_that_nobody_told_is_unheard():
    (difference,) = of_tickets([changed()], [OURS], since=SINCE)

    assert difference == Difference(
        kind=DifferenceKind.UNHEARD, handoff_id=OURS.id, tickets=("7",), at=NOON + HOUR, is_plain=False
    )


@pytest.mark.parametrize(
    ("ticket", "state", "is_plain"),
    [
        (changed(is_done=True), HandoffState.ANNOUNCED, True),
        (changed(is_done=True), HandoffState.RESOLVED, False),
        (changed(is_done=False), HandoffState.RESOLVED, True),
        (changed(is_assigned=True), HandoffState.TICKETED, True),
        (changed(is_assigned=True), HandoffState.ACCEPTED, False),
        (changed(is_done=None), HandoffState.RESOLVED, False),
    ],
    ids=["solved", "solved as known", "reopened", "taken", "taken as known", "status not told"],
)
def test_a_change_is_plain_where_the_ticket_is_not_as_the_journal_has_it(
    ticket: SeenTicket, state: HandoffState, is_plain: bool
):
    (difference,) = of_tickets([ticket], [replace(OURS, state=state)], since=SINCE)

    assert difference.is_plain is is_plain


def test_what_we_wrote_after_somebody_elses_change_does_not_hide_it():
    ours_last = replace(OURS, wrote=((NOON + HOUR - SECOND, NOON + HOUR),))

    assert kinds([changed(is_done=True)], ours_last) == ["unheard"]


def test_two_tickets_with_one_key_are_doubled_also_where_only_one_has_changed_lately():
    second = replace(QUIET, id="8")

    both = of_tickets([QUIET, second], [OURS], since=SINCE)
    one = of_tickets([second], [OURS], since=SINCE)

    assert [(each.kind, each.handoff_id) for each in both] == [(DifferenceKind.DOUBLED, OURS.id)]
    assert set(both[0].tickets) == set(one[0].tickets) == {"7", "8"}


def test_p10_a_key_that_the_journal_does_not_know_is_an_orphan():
    (difference,) = of_tickets([QUIET], [], since=SINCE)

    assert (difference.kind, difference.handoff_id, difference.tickets) == ("orphaned", key(), ("7",))


@pytest.mark.parametrize(
    "foreign",
    [None, "ORDER-1", "ho_1", "ho_" + "i" * 26, key(at=SINCE - HOUR), "ho_" + "z" * 26],
    ids=["none", "another's", "too short", "another alphabet", "forgotten long ago", "no time at all"],
)
def test_what_is_no_key_of_a_handoff_of_that_time_is_no_orphan(foreign: str | None):
    assert kinds([replace(QUIET, key=foreign)]) == []


@pytest.mark.parametrize("opening", [StepStatus.READY, StepStatus.PARKED])
def test_a_ticket_whose_handoff_still_waits_for_one_is_to_be_adopted(opening: StepStatus):
    waiting = replace(OURS, ticket_id=None, state=HandoffState.ENRICHED, opening=opening)

    assert kinds([QUIET], waiting) == ["unadopted"]


@pytest.mark.parametrize("opening", [StepStatus.RUNNING, None])
def test_a_ticket_that_is_being_opened_is_no_difference(opening: StepStatus | None):
    opens = replace(OURS, ticket_id=None, state=HandoffState.ENRICHED, opening=opening)

    assert kinds([QUIET], opens) == []


ASKS = SeenTicket(id="9", changed_at=NOON, asks=True)


def test_a_ticket_that_asks_and_has_no_handoff_is_found():
    assert kinds([ASKS]) == ["asking"]


@pytest.mark.parametrize(
    "handoff",
    [
        replace(OURS, ticket_id="9", heard_at=NOON),
        replace(OURS, ticket_id=None, asked_about="9", state=HandoffState.REQUESTED),
        replace(OURS, ticket_id=None, asked_about="9", state=HandoffState.PARKED),
        replace(OURS, ticket_id="9", state=HandoffState.ABANDONED, updated_at=NOON),
    ],
    ids=["ticketed", "requested", "parked", "over since"],
)
def test_a_ticket_that_asks_and_has_a_handoff_needs_none(handoff: KnownHandoff):
    assert kinds([ASKS], handoff) == []


def test_a_ticket_that_asks_again_after_its_handoff_was_over_is_found():
    over = replace(OURS, ticket_id="9", state=HandoffState.ABANDONED, updated_at=NOON - HOUR)

    assert kinds([ASKS], over) == ["asking"]


def test_of_several_handoffs_of_a_ticket_the_one_that_is_not_over_counts():
    over = replace(OURS, id=key(2), ticket_id="9", state=HandoffState.ABANDONED, updated_at=NOON - HOUR)
    lives = replace(OURS, id=key(1), ticket_id="9", heard_at=NOON)

    assert kinds([ASKS], over, lives) == kinds([ASKS], lives, over) == []


def test_what_batonpass_has_opened_itself_asks_for_nobody():
    assert kinds([replace(QUIET, asks=True)], OURS) == []
    assert kinds([replace(QUIET, asks=True)]) == ["orphaned"]


@pytest.mark.parametrize(
    ("handoff", "is_lost"),
    [
        (replace(OURS, ticket_id=None, state=HandoffState.REQUESTED), True),
        (replace(OURS, ticket_id=None, state=HandoffState.ENRICHED), True),
        (replace(OURS, ticket_id=None, state=HandoffState.ENRICHED, created_at=NOON + HOUR), False),
        (replace(OURS, ticket_id=None, state=HandoffState.PARKED), False),
        (replace(OURS, ticket_id=None, state=HandoffState.ABANDONED), False),
        (OURS, False),
    ],
    ids=["requested", "enriched", "just now", "parked", "abandoned", "ticketed"],
)
def test_a_handoff_without_a_ticket_is_lost_unless_somebody_knows(handoff: KnownHandoff, is_lost: bool):
    found = of_handoffs([handoff], now=NOON + HOUR, grace=timedelta(minutes=15))

    assert [each.kind for each in found] == (["lost"] if is_lost else [])


def test_a_ticket_that_should_be_listed_and_is_not_is_looked_for():
    old = replace(OURS, id=key(2), ticket_id="8", wrote=((SINCE - HOUR, SINCE - HOUR),))
    over = replace(OURS, id=key(3), ticket_id="9", state=HandoffState.ABANDONED)

    assert perhaps_gone([OURS, old, over], {"1"}, since=SINCE) == [OURS]
    assert perhaps_gone([OURS], {"7"}, since=SINCE) == []


# What follows ---------------------------------------------------------------------------------------------------------


def asking(number: int, *, at: datetime = NOON) -> list[Difference]:
    return [
        Difference(kind=DifferenceKind.ASKING, tickets=(str(each),), at=at) for each in range(1, number + 1)
    ]


def test_the_same_change_found_twice_is_one_event():
    first = repair(asking(1), read=1, most_started=20, now=NOON + HOUR)
    again = repair(asking(1), read=9, most_started=20, now=NOON + 2 * HOUR)

    assert first.start == again.start
    assert (first.start[0].kind, first.start[0].subject_id) == (EventKind.HANDOFF_ASKED, "1")
    assert first.start[0].id == f"reconcile:1:{int(NOON.timestamp() * 1000)}"


def test_a_ticket_that_asks_since_a_moment_ago_waits_no_longer_than_by_its_webhook():
    late = repair(asking(1), read=1, most_started=20, now=NOON + ON_ITS_WAY)
    just_now = repair(asking(1), read=1, most_started=20, now=NOON + ON_ITS_WAY - SECOND)

    assert (len(late.start), len(late.start_live), late.made_up) == (1, 0, 1)
    assert (len(just_now.start), len(just_now.start_live), just_now.made_up) == (0, 1, 0)


@pytest.mark.parametrize(
    ("number", "read", "held"),
    [(20, 20, 0), (21, 21, 21), (21, 105, 0), (22, 105, 22), (300, 10_000, 0)],
    ids=["few", "all", "a fifth", "more than a fifth", "many of very many"],
)
def test_very_many_handoffs_at_once_are_held_all_of_them(number: int, read: int, held: int):
    todo = repair(asking(number), read=read, most_started=20, now=NOON + HOUR)

    assert (todo.held, len(todo.start)) == (held, 0 if held else number)
    assert todo.made_up == len(todo.start)


def test_what_is_held_does_not_hold_what_is_followed():
    unheard = Difference(kind=DifferenceKind.UNHEARD, handoff_id=key(), tickets=("99",), at=NOON)

    todo = repair([*asking(30), unheard], read=40, most_started=20, now=NOON + HOUR)

    assert (todo.held, len(todo.start), [each.subject_id for each in todo.follow]) == (30, 0, ["99"])
    assert todo.made_up == 1


def test_a_change_that_no_webhook_need_tell_is_followed_without_a_word():
    unheard = Difference(
        kind=DifferenceKind.UNHEARD, handoff_id=key(), tickets=("7",), at=NOON, is_plain=False
    )

    todo = repair([unheard], read=1, most_started=20, now=NOON + HOUR)

    assert (len(todo.follow), todo.made_up, todo.unheard_since) == (1, 0, None)


def test_what_nobody_can_repair_is_told_with_its_number():
    doubled = Difference(kind=DifferenceKind.DOUBLED, handoff_id=key(), tickets=("7", "8"), at=NOON)
    orphans = [
        Difference(kind=DifferenceKind.ORPHANED, handoff_id=key(each), tickets=("1",), at=NOON)
        for each in (2, 3)
    ]

    told = dict(alarming([doubled, *orphans, *asking(3)]))

    assert set(told) == {AlertKind.DOUBLED, AlertKind.ORPHANED}
    assert told[AlertKind.ORPHANED].startswith("2 tickets")


# How far --------------------------------------------------------------------------------------------------------------


def test_progress_goes_by_the_helpdesks_clock_and_never_past_ours_nor_back():
    before = Progress(read_to=NOON)

    slow = before.read_on([replace(QUIET, changed_at=NOON + SECOND)], began=NOON + HOUR)
    fast = before.read_on([replace(QUIET, changed_at=NOON + 2 * HOUR)], began=NOON + HOUR)
    older = before.read_on([replace(QUIET, changed_at=NOON - SECOND)], began=NOON + HOUR)
    nothing = before.read_on([], began=NOON + HOUR)

    assert (slow, fast, older, nothing) == (NOON + SECOND, NOON + HOUR, NOON, NOON)


changes = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 9), st.sampled_from([0, 0, 0, 240])), min_size=1, max_size=30
)
"""(Minutes since the one before, minutes until the list has it, minutes by which it is stamped too late)."""


@given(made=changes, skew=st.integers(-30, 30))
def test_v33_no_change_falls_between_two_readings_whatever_the_helpdesks_clock_says(
    made: list[tuple[int, int, int]], skew: int
):
    """Too late stamps come from a clock that is ahead; one that is behind makes none."""
    minute = timedelta(minutes=1)
    times = [NOON + minute * sum(pause for pause, _, _ in made[: place + 1]) for place in range(len(made))]
    stamps = [
        at + minute * (skew + (fast if skew >= 0 else 0))
        for at, (_, _, fast) in zip(times, made, strict=True)
    ]
    progress = Progress.at_first(NOON)
    found: set[str] = set()

    for now in (NOON + 5 * minute * number for number in range(50)):
        read = [
            replace(QUIET, id=str(place), changed_at=stamp)
            for place, (at, stamp, (_, lag, _)) in enumerate(zip(times, stamps, made, strict=True))
            if at + minute * lag <= now and stamp >= progress.since
        ]
        found |= {each.id for each in read}
        progress = Progress(read_to=progress.read_on(read, began=now))

    assert found == {str(place) for place in range(len(made))}


def test_progress_survives_being_written():
    for progress in (
        Progress(read_to=NOON),
        Progress(read_to=NOON, read_at=NOON + HOUR, unheard_since=NOON - HOUR),
    ):
        assert Progress.from_text(progress.to_text()) == progress
    assert Progress(read_to=NOON).since == NOON - OVERLAP


@pytest.mark.parametrize(
    ("read_at", "every", "away"),
    [
        (None, 300, True),
        (NOON - timedelta(minutes=15), 300, False),
        (NOON - timedelta(minutes=16), 300, True),
        (NOON - 3 * HOUR, 3600, False),
    ],
    ids=["never read", "two missed", "a quarter of an hour", "seldom read"],
)
def test_who_was_away_knows_of_no_silence(read_at: datetime | None, every: int, away: bool):
    progress = Progress(read_to=NOON, read_at=read_at)

    assert progress.was_away(NOON, every=timedelta(seconds=every)) is away


@pytest.mark.parametrize(
    ("before", "found", "last", "since"),
    [
        (None, None, None, None),
        (None, NOON, None, NOON),
        (NOON, None, None, NOON),
        (NOON, NOON + HOUR, None, NOON),
        (None, NOON, NOON + SECOND, None),
        (NOON, NOON + HOUR, NOON + SECOND, NOON + HOUR),
        (NOON, None, NOON - SECOND, NOON),
        (None, NOON + 3 * HOUR, None, NOON + 2 * HOUR),
    ],
    ids=[
        "nothing", "first", "still", "more", "one lost of many", "silent again", "one before it",
        "a clock that is fast",
    ],
)  # fmt: skip
def test_v34_changes_are_untold_until_a_delivery_comes(
    before: datetime | None, found: datetime | None, last: datetime | None, since: datetime | None
):
    assert still_unheard(before, found, now=NOON + 2 * HOUR, last_delivery=last) == since


def test_v34_silence_counts_after_a_while_so_that_the_alert_comes_within_fifteen_minutes():
    assert not are_silent(None, now=NOON)
    assert not are_silent(NOON, now=NOON + SILENT_FOR - SECOND)
    assert are_silent(NOON, now=NOON + SILENT_FOR)
    longest_wait = timedelta(minutes=5)  # until the reading after the one that found it not yet silent
    assert SILENT_FOR + longest_wait < timedelta(minutes=15)
