"""What HubSpot's events about tickets mean."""

from __future__ import annotations

from typing import Any

import pytest
from test_hubspot_webhooks import CHANGE, delivery, received

from batonpass.domain.event import EventKind


def of_ticket(name: str, value: str | None) -> dict[str, Any]:
    return {
        **CHANGE,
        "subscriptionType": "ticket.propertyChange",
        "propertyName": name,
        "propertyValue": value,
    }


@pytest.mark.parametrize(
    ("start", "name", "value", "asked"),
    [
        pytest.param(
            {"field": "Needs a person", "value": "true"}, "needs_a_person", "true", True, id="ticked"
        ),
        pytest.param(
            {"field": "Needs a person", "value": "true"}, "needs_a_person", "false", False, id="unticked"
        ),
        pytest.param({"field": "Reason", "value": "By hand"}, "reason", "by_hand", True, id="option"),
        pytest.param({"field": "Reason", "value": "By hand"}, "reason", "", False, id="emptied"),
        pytest.param({"field": "Reason", "value": "By hand"}, "plan", "by_hand", False, id="another"),
        pytest.param({"tag": "person"}, "batonpass_tags", "vip; person", True, id="tag"),
        pytest.param({"tag": "person"}, "batonpass_tags", "personal", False, id="longer tag"),
        pytest.param({"group": "5001"}, "hubspot_team_id", "5001", True, id="team"),
    ],
)
def test_the_start_rule_decides_which_change_asks_for_a_handoff(
    start: dict[str, str], name: str, value: str, asked: bool
):
    (event,) = received(delivery(of_ticket(name, value)), **start)

    assert (event.kind is EventKind.HANDOFF_ASKED) is asked
    assert event.subject_id == "123"


def test_a_close_date_says_solved_and_its_absence_reopened():
    told = delivery(of_ticket("closed_date", "1765043528476"), of_ticket("closed_date", None))

    assert [event.kind for event in received(told)] == [EventKind.TICKET_SOLVED, EventKind.TICKET_REOPENED]


def test_a_link_to_a_note_or_a_survey_answer_is_told_of_its_ticket():
    link = {
        **{key: value for key, value in CHANGE.items() if key != "objectId"},
        "subscriptionType": "object.associationChange",
        "fromObjectId": 77,
        "fromObjectTypeId": "0-5",
        "toObjectId": 5,
    }
    told = delivery(
        {**link, "toObjectTypeId": "0-46"},
        {**link, "toObjectTypeId": "0-19"},
        {**link, "toObjectTypeId": "0-46", "associationRemoved": True},
    )

    events = received(told)

    assert [event.kind for event in events] == [
        EventKind.NOTE_ADDED,
        EventKind.TICKET_RATED,
        EventKind.UNKNOWN,
    ]
    assert {event.subject_id for event in events} == {"77"}


def test_w12_of_a_hundred_events_one_bad_one_loses_only_itself():
    events = received(delivery(*[{**CHANGE, "eventId": n} for n in range(99)], {"eventId": [[]]}))

    assert [event.kind for event in events].count(EventKind.CONTACT_CHANGED) == 99
    assert events[-1].kind is EventKind.UNKNOWN
    assert len({event.id for event in events}) == 100


def test_the_apps_own_writes_are_known_by_the_apps_id():
    (event,) = received(delivery({**CHANGE, "changeSource": "INTEGRATION", "sourceId": "3456789"}))

    assert event.actor_id == "3456789"
