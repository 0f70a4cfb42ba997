"""What a helpdesk does not tell is said to be not known, with the reason, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from batonpass.insight import Audit, By, Columns, Window, audit_of
from batonpass.insight.asked import AskedLooks
from batonpass.testing.past_desk import Gaps, PastDesk
from pasts_of_desks import audited

SINCE, UNTIL = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 10, 30, tzinfo=UTC)


def without(*columns: str) -> Audit:
    return audited(PastDesk(2, tickets=600, gaps=Gaps(untold=frozenset(columns))))


def small(*tickets: dict[str, Any], **more: Any) -> Audit:
    columns = Columns(window=Window(since=SINCE, until=UNTIL, zone=ZoneInfo("UTC")))
    for each in tickets:
        columns.add({"created_at": "2026-09-01T10:00:00Z", "status": "open", **each}, read_at=0)
    return audit_of(columns, connection="support", helpdesk="Helpdesk", **more)


@pytest.mark.parametrize(
    ("untold", "figures", "why"),
    [
        (
            ("first_reply_at",),
            ("first_answer_median", "first_answer_p90"),
            "when a ticket was first answered",
        ),
        (("solved_at",), ("resolution_median", "resolution_p75"), "when a ticket was solved"),
        (("ai_took_part", "handed_over"), ("ai_share", "handoff_rate"), "whether an AI agent took part"),
        (("handed_over",), ("handoff_rate",), "whether it went to a person"),
        (("customer_id",), ("repeat_rate", "doubled_rate", "first_contact"), "whose the tickets are"),
        (("agent_replies",), ("first_contact",), "how many answers a ticket took"),
        (("agents", "groups"), ("escalation_rate",), "how many agents or groups had a ticket"),
        (("reopens",), ("reopen_rate",), "whether a ticket was reopened"),
        (("score",), ("csat", "rated_share"), "no ticket has a rating"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_no_ticket_tells_is_not_known_and_why(
    untold: tuple[str, ...], figures: tuple[str, ...], why: str
) -> None:
    audit = without(*untold)

    for name in figures:
        figure = audit.figure(name)
        assert (figure.value, figure.low, figure.high) == (None, None, None), name
        assert why in (figure.not_known or ""), name


def test_without_a_category_the_words_of_the_subject_say_what_tickets_are_about() -> None:
    audit = without("category")

    category = next(each for each in audit.breakdowns if each.name == "category")
    assert category.not_known == "the helpdesk does not tell it of any of these tickets"
    assert audit.by is By.TOPIC
    assert "filled for 0%" in audit.by_because
    assert {"order_status", "account_login", "other"} <= {each.name for each in audit.automation.categories}


def test_types_of_work_are_no_categories() -> None:
    audit = small(*({"category": kind, "subject": "Refund"} for kind in ("incident", "question", "problem")))

    assert audit.by is By.TOPIC
    assert [each.name for each in audit.automation.categories] == ["refund"]


def test_without_the_number_of_answers_nobody_can_say_what_could_be_automated() -> None:
    audit = without("agent_replies")

    assert audit.automation.all.fully is None
    assert audit.automation.all.efforts["unjudged"] == audit.tickets
    assert "What could be automated is not known" in [each.says for each in audit.advice]


def test_a_condition_that_is_never_told_is_left_out_of_the_rule_and_named() -> None:
    audit = without("reopens", "agents", "groups")

    assert audit.automation.rule.left_out == ("reopenings", "how many agents or groups had it")
    assert "never reopened" not in " ".join(audit.automation.rule.says)
    assert audit.automation.all.fully is not None


def test_where_only_tickets_with_an_ai_agent_say_so_its_share_is_not_known_but_the_handoff_rate_is() -> None:
    told = [{"ai_took_part": True, "handed_over": False}] * 3 + [{"handed_over": True}] + [{}] * 6

    audit = small(*told)

    assert (
        audit.figure("ai_share").not_known
        == "this helpdesk tells where an AI agent took part, not where none did"
    )
    rate = audit.figure("handoff_rate")
    assert (rate.value, rate.cases) == (0.25, 4)


def test_what_is_solved_less_than_a_week_ago_is_not_judged_yet() -> None:
    ticket = {"created_at": "2026-10-25T10:00:00Z", "status": "solved", "solved_at": "2026-10-26T10:00:00Z"}

    audit = small({**ticket, "customer_id": "c", "agent_replies": 1})

    assert audit.automation.all.efforts["unjudged"] == 1
    assert audit.figure("repeat_rate").value is None


def test_fewer_than_half_solved_leaves_the_median_open() -> None:
    solved = {"status": "solved", "solved_at": "2026-09-01T11:00:00Z"}

    audit = small(solved, {}, {}, {})

    assert audit.figure("resolution_median").value is None
    assert "fewer than half" in (audit.figure("resolution_median").not_known or "")


def test_without_a_conversation_nothing_is_said_of_asking_again() -> None:
    audit = small({})

    assert "no conversation was read" in (audit.figure("asked_again").not_known or "")


def test_conversations_that_were_read_give_the_rate_and_its_error() -> None:
    looks = AskedLooks(
        of="the tickets", read=60, could=40, again=10, kinds={"order_number": 8, "email": 3}, unread=2
    )

    audit = small({}, looks=[looks])

    rate = audit.figure("asked_again")
    assert (rate.value, rate.cases, rate.left_out) == (0.25, 40, 20)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < 0.25 < rate.high
    assert [(kind, n) for kind, n, _ in audit.asked.kinds] == [("order_number", 8), ("email", 3)]
    assert audit.asked.unread == 2


def test_a_ticket_without_the_time_of_its_opening_is_left_out_and_said_to_be() -> None:
    audit = small({}, {"created_at": None}, {"created_at": "yesterday"})

    assert audit.tickets == 1
    assert audit.warnings == ("2 tickets are left out: the helpdesk does not tell when they were opened",)


def test_no_ticket_at_all_says_so_everywhere() -> None:
    audit = small()

    assert audit.tickets == 0
    assert all(each.value is None or each.is_exact for each in audit.figures)
