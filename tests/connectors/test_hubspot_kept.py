"""HubSpot's deliveries, kept since they were proven and read again: the same events as then."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from test_hubspot_webhooks import CHANGE, received, settings

from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass_hubspot import manifest
from batonpass_hubspot.events import KINDS, OBJECT_TYPES
from fakes import NOON

LINK = {"fromObjectId": 123, "fromObjectTypeId": "0-5", "toObjectId": 9, "toObjectTypeId": "0-46"}
PROPERTIES = [
    ("hs_pipeline_stage", "4"),
    ("hubspot_owner_id", "77"),
    ("closed_date", "1765043528476"),
    ("closed_date", None),
    ("batonpass_tags", "vip;person"),
]


def read_again(body: bytes, **start: str) -> tuple[Event, ...]:
    assert manifest.webhooks is not None
    assert manifest.webhooks.read is not None
    more = {"start": start} if start else {}
    return manifest.webhooks.read(body, settings=settings(**more), received_at=NOON)


def every_sample() -> list[dict[str, Any]]:
    samples = [
        {**CHANGE, "subscriptionType": word, "objectTypeId": kind, "eventId": number, **LINK}
        for number, (word, kind) in enumerate((word, kind) for word in KINDS for kind in OBJECT_TYPES)
    ]
    changes = [
        {**CHANGE, "subscriptionType": "ticket.propertyChange", "propertyName": name, "propertyValue": value}
        for name, value in PROPERTIES
    ]
    return [*samples, *changes, {**CHANGE, "subscriptionType": "ticket.somethingNew"}]


@pytest.mark.parametrize("start", [{}, {"tag": "person"}], ids=["no rule", "tag"])
def test_a_kept_delivery_tells_what_it_told_then(start: dict[str, str]):
    samples = every_sample()
    for batch in [samples[place : place + 100] for place in range(0, len(samples), 100)]:
        body = json.dumps(batch).encode()

        read = read_again(body, **start)

        assert read == received(body, **start)
        assert len(read) == len(batch)


def test_of_a_kept_batch_one_bad_item_keeps_its_id_and_harms_no_other():
    body = json.dumps([CHANGE, "junk", {"eventId": 1}]).encode()

    read = read_again(body)

    assert read == received(body)
    assert [event.kind for event in read] == [
        EventKind.CONTACT_CHANGED,
        EventKind.UNKNOWN,
        EventKind.UNKNOWN,
    ]


@pytest.mark.parametrize("body", [b"", b"\xff", b"null", b"{}", b'"text"', b"[" * 100_000, b'[{"a": NaN}]'])
def test_w17_a_kept_body_that_is_none_of_hubspots_is_malformed(body: bytes):
    with pytest.raises(RejectedDeliveryError) as rejected:
        read_again(body)

    assert rejected.value.code == "malformed_body"


def test_w17_junk_in_every_place_is_read_as_it_would_be_received():
    chance = random.Random(9)
    junk: tuple[Any, ...] = (None, 0, -1, 10**30, True, "", "é", [], {}, [[]], {"id": {}}, 1.5)
    for _ in range(500):
        told = {**CHANGE, **LINK, "subscriptionType": chance.choice(list(KINDS))}
        told[chance.choice(list(told))] = chance.choice(junk)
        body = json.dumps([told]).encode()

        assert read_again(body) == received(body)
