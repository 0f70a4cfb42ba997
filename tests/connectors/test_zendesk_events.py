"""What a delivery of Zendesk's says, in our words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from zendesk_signed import SIGNED_AT, events, sign

from batonpass.domain.event import Event, EventKind
from batonpass_zendesk import manifest
from batonpass_zendesk.trigger_bodies import KINDS as TRIGGER_WORDS
from batonpass_zendesk.trigger_bodies import body_for


def told_all(
    kind: str, event: Any = None, *, start: dict[str, str] | None = None, **changes: Any
) -> tuple[Event, ...]:
    plain = {"type": f"zen:event-type:{kind}", "id": "e-1", "time": SIGNED_AT, "subject": "zen:ticket:7"}
    body = json.dumps({**plain, "event": event, **changes}).encode()
    return events(sign(body), body, start=start)


def told(kind: str, event: Any = None, **changes: Any) -> Event:
    (only,) = told_all(kind, event, **changes)
    return only


@pytest.mark.parametrize(
    ("kind", "event", "ours"),
    [
        pytest.param("ticket.created", {}, EventKind.TICKET_OPENED, id="created"),
        pytest.param("ticket.group_assignment_changed", {}, EventKind.TICKET_ASSIGNED, id="group"),
        pytest.param(
            "ticket.comment_added",
            {"comment": {"is_public": True, "author": {"is_staff": True}}},
            EventKind.AGENT_REPLIED,
            id="agent replied",
        ),
        pytest.param(
            "ticket.comment_added",
            {"comment": {"is_public": True, "author": {"is_staff": False}}},
            EventKind.CUSTOMER_REPLIED,
            id="customer replied",
        ),
        pytest.param(
            "ticket.comment_added", {"comment": {"is_public": False}}, EventKind.NOTE_ADDED, id="note"
        ),
        pytest.param("ticket.comment_added", {"comment": None}, EventKind.UNKNOWN, id="comment unlike any"),
        pytest.param(
            "ticket.status_changed",
            {"previous": "OPEN", "current": "SOLVED"},
            EventKind.TICKET_SOLVED,
            id="solved",
        ),
        pytest.param(
            "ticket.status_changed",
            {"previous": "SOLVED", "current": "OPEN"},
            EventKind.TICKET_REOPENED,
            id="reopened",
        ),
        pytest.param(
            "ticket.status_changed",
            {"previous": "SOLVED", "current": "CLOSED"},
            EventKind.STATUS_CHANGED,
            id="closed after solved",
        ),
        pytest.param(
            "ticket.status_changed",
            {"previous": [], "current": {}},
            EventKind.STATUS_CHANGED,
            id="status unlike any",
        ),
        pytest.param("agent.unified_state_changed", None, EventKind.AGENT_PRESENCE_CHANGED, id="presence"),
        pytest.param("ticket.of_next_year", {}, EventKind.UNKNOWN, id="unknown"),
    ],
)
def test_w12_w19_what_happened_is_told_in_our_words(kind: str, event: Any, ours: EventKind):
    assert told(kind, event).kind is ours


def test_every_supported_word_is_listed_with_what_it_can_mean():
    assert manifest.webhooks is not None
    kinds = manifest.webhooks.kinds

    assert all(word.startswith(("zen:event-type:", "batonpass:")) for word in kinds)
    assert kinds["zen:event-type:ticket.tags_changed"] == (EventKind.HANDOFF_ASKED,)
    assert {kind for meanings in kinds.values() for kind in meanings} >= {
        EventKind.TICKET_OPENED, EventKind.TICKET_RATED, EventKind.AGENT_PRESENCE_CHANGED,
    }  # fmt: skip


def test_an_event_without_a_subject_has_none():
    assert told("ticket.created", subject=None).subject_id is None


def test_presence_is_of_the_agent_that_the_detail_names():
    assert (
        told("agent.state_changed", subject="zen:agent:1", detail={"agent_id": "10011"}).subject_id == "10011"
    )


@pytest.mark.parametrize(
    ("detail", "event", "actor"),
    [
        pytest.param({"actor_id": "12"}, {}, "12", id="told"),
        pytest.param({"actor_id": 12}, {}, "12", id="a number"),
        pytest.param({"actor_id": "-1"}, {}, None, id="zendesk itself"),
        pytest.param({}, {"comment": {"is_public": False, "author": {"id": "5"}}}, "5", id="the author"),
        pytest.param({}, {"comment": {"author": {"id": {}}}}, None, id="an author unlike any"),
    ],
)
def test_who_did_it_is_told(detail: Any, event: Any, actor: str | None):
    assert told("ticket.comment_added", event, detail=detail).actor_id == actor


TAG, GROUP, NAMED = {"tag": "needs_person"}, {"group": "360"}, {"group": "Billing"}
FIELD = {"field": "Needs a person", "value": "Yes"}


@pytest.mark.parametrize(
    ("kind", "event", "detail", "start", "ours"),
    [
        pytest.param("tags_changed", {"tags_added": ["needs_person"]}, {}, TAG, ["handoff_asked"], id="tag"),
        pytest.param("tags_changed", {"tags_added": ["x"]}, {}, TAG, [], id="another tag"),
        pytest.param(
            "tags_changed", {"tags_removed": ["a"]}, {"tags": ["needs_person"]}, TAG, ["handoff_asked"],
            id="the ticket has it",
        ),
        pytest.param("tags_changed", {"tags_added": ["needs_person"]}, {}, {}, [], id="no rule"),
        pytest.param(
            "created", {}, {"tags": ["needs_person"]}, TAG, ["ticket_opened", "handoff_asked"], id="from the start"
        ),
        pytest.param(
            "group_assignment_changed", {"current": "360"}, {}, GROUP, ["ticket_assigned", "handoff_asked"],
            id="group",
        ),
        pytest.param(
            "group_assignment_changed", {"current": "361"}, {}, GROUP, ["ticket_assigned"], id="another group"
        ),
        pytest.param(
            "group_assignment_changed", {"current": "361"}, {}, NAMED, ["ticket_assigned", "handoff_asked"],
            id="a named group may be any",
        ),
        pytest.param(
            "custom_field_changed", {"custom_field": {"id": "9", "title": "needs a Person"}}, {}, FIELD,
            ["handoff_asked"], id="field",
        ),
        pytest.param("custom_field_changed", {"custom_field": {"title": "Plan"}}, {}, FIELD, [], id="other field"),
    ],
)  # fmt: skip
def test_what_may_meet_the_start_rule_asks_for_a_handoff(
    kind: str, event: Any, detail: Any, start: dict[str, str], ours: list[str]
):
    found = told_all(f"ticket.{kind}", event, detail=detail, start=start)

    assert [each.kind.value for each in found] == ours
    assert len({each.id for each in found}) == len(found)


# The bodies of triggers ---------------------------------------------------------------------------------------


STARTS = {"tag": "needs_person"}


def triggered(*, start: dict[str, str] | None = STARTS, **told: Any) -> Event:
    body = json.dumps({"ticket_id": "7", **told}).encode()
    (event,) = events(sign(body), body, start=start)
    return event


@pytest.mark.parametrize("word", [word for word in TRIGGER_WORDS if word != "commented"])
def test_our_own_trigger_says_what_happened(word: str):
    event = triggered(batonpass=word, at="2026-11-20T05:33:10Z", by="12")

    assert event.kind.value == word
    assert (event.subject_id, event.actor_id, event.vendor_kind) == ("7", "12", f"batonpass:{word}")
    assert event.at == datetime(2026, 11, 20, 5, 33, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("role", "ours"),
    [
        ("Agent", EventKind.AGENT_REPLIED),
        ("Admin", EventKind.AGENT_REPLIED),
        ("End user", EventKind.CUSTOMER_REPLIED),
        ("end-user", EventKind.CUSTOMER_REPLIED),
        ("", EventKind.UNKNOWN),
        (None, EventKind.UNKNOWN),
    ],
)
def test_who_commented_is_told_by_the_role(role: str | None, ours: EventKind):
    assert triggered(batonpass="commented", role=role).kind is ours


def test_a_triggers_event_has_one_id_in_every_delivery_and_another_for_another_change():
    at = {"at": "2026-11-20T05:33:10Z"}
    once, again = triggered(batonpass="handoff_asked", **at), triggered(batonpass="handoff_asked", **at)
    later = triggered(batonpass="handoff_asked", at="2026-11-20T05:33:11Z")

    assert once.id == again.id
    assert later.id != once.id


def test_a_trigger_that_is_left_over_from_an_earlier_start_rule_asks_for_nothing():
    assert triggered(batonpass="handoff_asked", start=None).kind is EventKind.UNKNOWN


def test_a_body_written_by_hand_without_a_time_is_known_by_its_arrival():
    event = triggered(batonpass="handoff_asked")

    assert (event.kind, event.subject_id) == (EventKind.HANDOFF_ASKED, "7")
    assert event.id == f"batonpass:handoff_asked:7:{event.at.isoformat()}"


def test_placeholders_that_were_not_filled_in_do_no_harm():
    body = body_for("handoff_asked").replace("{{ticket.id}}", "7").encode()

    (event,) = events(sign(body), body, start=STARTS)

    assert (event.kind, event.actor_id, event.at.isoformat()) == (
        EventKind.HANDOFF_ASKED, None, "2026-11-20T05:33:20+00:00",
    )  # fmt: skip


def test_a_word_of_next_year_is_unknown():
    assert triggered(batonpass="teleported").kind is EventKind.UNKNOWN
