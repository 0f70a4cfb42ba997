"""What an event leads to, and what a ticket's life means for its handoff."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from batonpass.domain.event import Event, EventKind
from batonpass.domain.handoff import HandoffState, NewStep, Plan, Reaction, StepKind
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.domain.ticket import (
    Agent,
    AgentReply,
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    Group,
    Rating,
    StoredTicket,
    TicketLife,
    TicketLimits,
    TicketRef,
    TicketStatus,
)
from batonpass.engine import decide, living
from batonpass.engine.asking import asks_for_person
from batonpass.ports import StartRule
from fakes import NOON

ADA = Agent(id="7", name="Ada")
BOB = Agent(id="8", name="Bob")


def event(kind: EventKind, *, minutes: int = 0, test: bool = False, subject: str | None = "1") -> Event:
    at = NOON + timedelta(minutes=minutes)
    return Event(kind=kind, id=f"{kind}-{minutes}", subject_id=subject, at=at, vendor_kind="x", test=test)


def life(status: TicketStatus = TicketStatus.OPEN, *, minutes: int = 0, **more: object) -> TicketLife:
    return TicketLife(status=status, as_of=NOON + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]


def kinds(plan: Plan) -> list[LifeKind]:
    return [each.kind for each in plan.life]


def after(*plans: Plan) -> tuple[LifeEvent, ...]:
    return tuple(each for plan in plans for each in plan.life)


# What an event leads to -------------------------------------------------------------------------------------------


def test_only_an_ask_on_a_ticket_without_a_handoff_starts_one_and_only_where_that_is_wanted() -> None:
    ask = event(EventKind.HANDOFF_ASKED)

    assert decide.on_event(ask, starts=True, known=None) is Reaction.START
    assert decide.on_event(ask, starts=False, known=None) is Reaction.NONE
    assert decide.on_event(ask, starts=True, known=HandoffState.ABANDONED) is Reaction.START
    assert decide.on_event(ask, starts=True, known=HandoffState.RESOLVED) is Reaction.FOLLOW
    assert decide.on_event(ask, starts=True, known=HandoffState.ANNOUNCED) is Reaction.FOLLOW
    assert decide.on_event(event(EventKind.TICKET_OPENED), starts=True, known=None) is Reaction.NONE


def test_a_handoff_that_is_over_is_not_followed() -> None:
    solved = event(EventKind.TICKET_SOLVED)

    assert decide.on_event(solved, starts=True, known=HandoffState.ABANDONED) is Reaction.NONE
    assert decide.on_event(solved, starts=True, known=HandoffState.RESOLVED) is Reaction.FOLLOW


@pytest.mark.parametrize("kind", EventKind, ids=str)
def test_tests_and_what_has_no_ticket_lead_to_nothing(kind: EventKind) -> None:
    known = HandoffState.TICKETED

    assert decide.on_event(event(kind, test=True), starts=True, known=known) is Reaction.NONE
    assert decide.on_event(event(kind, subject=None), starts=True, known=known) is Reaction.NONE


def test_w19_an_unknown_kind_is_kept_and_leads_to_nothing() -> None:
    assert (
        decide.on_event(event(EventKind.UNKNOWN), starts=True, known=HandoffState.TICKETED) is Reaction.NONE
    )


# What a ticket's life means ---------------------------------------------------------------------------------------


def test_an_assigned_ticket_is_accepted_at_the_time_of_the_assignment() -> None:
    events = [event(EventKind.TICKET_ASSIGNED, minutes=3)]

    plan = living.on_followed((), life(assignee=ADA, minutes=5), events, announces=True)

    assert plan == Plan(
        state=HandoffState.ACCEPTED,
        life=(
            LifeEvent(kind=LifeKind.ACCEPTED, at=NOON + timedelta(minutes=3), person=ADA, detail="assigned"),
        ),
        steps=(NewStep(kind=StepKind.ANNOUNCE, about="0"),),
    )


def test_whoever_answers_first_has_accepted_though_another_is_assigned_later() -> None:
    reply = AgentReply(agent=BOB, at=NOON + timedelta(minutes=1))
    events = [event(EventKind.TICKET_ASSIGNED, minutes=3)]

    plan = living.on_followed((), life(assignee=ADA, first_reply=reply), events, announces=False)

    assert (plan.life[0].person, plan.life[0].at, plan.steps) == (BOB, reply.at, ())


def test_solved_reopened_and_solved_again_are_three_events_and_accepted_is_one() -> None:
    solved = living.on_followed((), life(TicketStatus.SOLVED, assignee=ADA), (), announces=False)
    again = living.on_followed(after(solved), life(assignee=ADA, minutes=9), (), announces=False)
    done = living.on_followed(
        after(solved, again), life(TicketStatus.CLOSED, assignee=ADA), (), announces=False
    )

    assert kinds(solved) == [LifeKind.ACCEPTED, LifeKind.RESOLVED]
    assert (kinds(again), again.state) == ([LifeKind.REOPENED], HandoffState.ACCEPTED)
    assert (kinds(done), done.state) == ([LifeKind.RESOLVED], HandoffState.RESOLVED)


def test_the_same_life_seen_again_is_nothing_new() -> None:
    seen = life(TicketStatus.SOLVED, assignee=ADA, rating=Rating(score=1.0, said="good"))
    first = living.on_followed((), seen, (), announces=True)

    assert living.on_followed(after(first), seen, (), announces=True) == Plan()


def test_another_rating_counts_and_the_customers_words_stay_in_the_helpdesk() -> None:
    good = living.on_followed(
        (), life(rating=Rating(score=1.0, said="good", comment="thanks")), (), announces=False
    )
    bad = living.on_followed(after(good), life(rating=Rating(score=0.0, said="bad")), (), announces=False)

    assert [(each.score, each.detail) for each in after(good, bad)] == [(1.0, "good"), (0.0, "bad")]


def test_v21_a_deleted_ticket_ends_the_handoff_once() -> None:
    plan = living.on_gone((), NOON, announces=True)

    assert (plan.state, kinds(plan)) == (HandoffState.ABANDONED, [LifeKind.TICKET_GONE])
    assert living.on_gone(after(plan), NOON, announces=True) == Plan()


def test_v21_a_merged_ticket_is_over_and_names_the_one_that_took_its_place() -> None:
    merged = life(TicketStatus.CLOSED, merged_into="99")
    plan = living.on_followed((), merged, (), announces=True)

    assert (plan.state, [each.detail for each in plan.life]) == (HandoffState.RESOLVED, ["99"])
    assert living.on_followed(after(plan), merged, (), announces=True) == Plan()


def test_a_rating_that_nobody_tells_of_is_looked_for_less_and_less_often_for_a_week() -> None:
    solved = living.on_followed((), life(TicketStatus.SOLVED), (), announces=False).life
    now, looks = NOON, []
    while (then := living.look_for_rating_at(solved, now)) is not None:
        looks.append((then - NOON) / timedelta(hours=1))
        now = then

    assert looks == [1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_once_rated_or_reopened_nobody_looks_any_more() -> None:
    solved = living.on_followed((), life(TicketStatus.SOLVED), (), announces=False)
    rated = living.on_followed(
        after(solved), life(TicketStatus.SOLVED, rating=Rating(score=1.0, said="good")), (), announces=False
    )
    again = living.on_followed(after(solved), life(minutes=5), (), announces=False)

    assert living.look_for_rating_at(after(solved, rated), NOON) is None
    assert living.look_for_rating_at(after(solved, again), NOON) is None
    assert living.look_for_rating_at((), NOON) is None


# Whether a ticket asks --------------------------------------------------------------------------------------------

SCHEMA = FieldSchema(
    fields=(
        FieldDefinition(id=FieldId("11"), name="Needs a person", kind=FieldKind.CHECKBOX),
        FieldDefinition(
            id=FieldId("12"),
            name="Next",
            kind=FieldKind.DROPDOWN,
            options=(FieldOption(value="next_human", label="A human"),),
        ),
    ),
    groups=(Group(id="5", name="Billing"),),
    limits=TicketLimits(subject=150, note=60_000),
    as_of=NOON,
)


def ticket(**more: object) -> StoredTicket:
    return StoredTicket(ref=TicketRef(id="1", url="https://x.example/1"), subject="Help", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "asks", "does_not"),
    [
        (
            StartRule(tag="Needs_Person"),
            {"tags": frozenset({"needs_person"})},
            {"tags": frozenset({"other"})},
        ),
        (StartRule(group="billing"), {"group_id": "5"}, {"group_id": "6"}),
        (StartRule(group="5"), {"group_id": "5"}, {"group_id": None}),
        (
            StartRule(field="needs a person", value="true"),
            {"fields": {"11": True}},
            {"fields": {"11": False}},
        ),
        (StartRule(field="Next", value="a human"), {"fields": {"12": "next_human"}}, {"fields": {"12": "x"}}),
        (StartRule(field="12", value="next_human"), {"fields": {"12": ("next_human",)}}, {"fields": {}}),
    ],
    ids=["tag", "group by name", "group by id", "ticked box", "option by label", "field and option by id"],
)
def test_a_rule_reads_the_ticket_as_it_stands(
    rule: StartRule, asks: dict[str, object], does_not: dict[str, object]
) -> None:
    assert asks_for_person(rule, ticket(**asks), SCHEMA)
    assert not asks_for_person(rule, ticket(**does_not), SCHEMA)
    assert not asks_for_person(rule, ticket(status=TicketStatus.SOLVED, **asks), SCHEMA)
    assert not asks_for_person(None, ticket(**asks), SCHEMA)


def test_w11_events_in_any_order_lead_to_the_same_life() -> None:
    """What counts is the reading: the events only say when the assignment was."""
    at = [event(EventKind.TICKET_SOLVED, minutes=9), event(EventKind.TICKET_ASSIGNED, minutes=2)]
    seen = life(TicketStatus.SOLVED, assignee=ADA, solved_at=NOON + timedelta(minutes=9))

    one = living.on_followed((), seen, at, announces=False)
    other = living.on_followed((), seen, at[::-1], announces=False)

    assert one == other
    assert [each.at for each in one.life] == [at[1].at, at[0].at]
    assert isinstance(one.life[0].at, datetime)
