"""Intercom's deliveries, kept since they were proven and read again: the same events as then."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from intercom_rig import received, settings, sha256, told

from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass_intercom import manifest
from batonpass_intercom.notifications import KINDS
from fakes import NOON

ITEM: dict[str, Any] = {
    "type": "conversation",
    "id": "1895",
    "team_assignee_id": 7,
    "ticket_attributes": {"Needs a person": True},
    "tags_added": {"tags": [{"name": "person"}]},
    "conversation_parts": {"conversation_parts": [{"author": {"type": "admin", "id": "9"}}]},
}
STARTS: list[dict[str, str]] = [
    {},
    {"tag": "person"},
    {"group": "7"},
    {"field": "Needs a person", "value": "true"},
]


def read_again(body: bytes, **start: str) -> tuple[Event, ...]:
    assert manifest.webhooks is not None
    assert manifest.webhooks.read is not None
    return manifest.webhooks.read(body, settings=settings(**start), received_at=NOON)


@pytest.mark.parametrize("start", STARTS, ids=["no rule", "tag", "group", "field"])
@pytest.mark.parametrize("topic", [*KINDS, "ticket.merged"])
def test_a_kept_notification_tells_what_it_told_then(topic: str, start: dict[str, str]):
    body = json.dumps(told(topic, ITEM)).encode()

    assert read_again(body, **start) == received(body, made=settings(**start))


def test_a_kept_notification_is_judged_by_todays_start_rule():
    body = json.dumps(told("ticket.team.assigned", ITEM)).encode()

    kinds = {event.kind for event in read_again(body, group="7")}

    assert EventKind.HANDOFF_ASKED in kinds
    assert EventKind.HANDOFF_ASKED not in {event.kind for event in read_again(body)}


def test_a_kept_call_about_the_app_keeps_its_id_and_the_time_at_which_it_came():
    body = b'{"workspace_id": "abc"}'

    assert read_again(body) == received(body, [("x-body-signature", sha256(body))])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b'"text"',
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"type": "notification_event"}',
        b'{"topic": "ping"}',
        json.dumps(told("ping", id="")).encode(),
        json.dumps(told("ping", created_at=10**20)).encode(),
    ],
)
def test_w17_a_kept_body_that_is_none_of_intercoms_is_malformed(body: bytes):
    with pytest.raises(RejectedDeliveryError) as rejected:
        read_again(body)

    assert rejected.value.code == "malformed_body"


def test_w17_junk_in_every_place_is_an_event_or_malformed():
    chance = random.Random(9)
    junk: tuple[Any, ...] = (None, 0, -1, 10**400, True, "", "é", [], {}, [[]], {"id": {}}, 1.5)
    codes: set[str] = set()
    for _ in range(2000):
        whole = told(chance.choice(list(KINDS)), json.loads(json.dumps(ITEM)))
        place: Any = chance.choice([whole, whole["data"], whole["data"]["item"]])
        place[chance.choice(list(place))] = chance.choice(junk)
        body = json.dumps(whole).encode()
        try:
            assert read_again(body, **chance.choice(STARTS))
        except RejectedDeliveryError as rejected:
            codes.add(rejected.code)

    assert codes == {"malformed_body"}
