"""Intercom's notifications: what proves them, and that nothing else is believed."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from intercom_rig import OTHER, SECRET, received, settings, sha1, sha256, told

from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import EventKind
from batonpass_intercom.notifications import KINDS
from fakes import NOON

BODY = json.dumps(told("conversation.user.replied")).encode()


def test_w01_a_signed_notification_is_accepted():
    (event,) = received(BODY)

    assert (event.kind, event.id, event.subject_id) == (
        EventKind.CUSTOMER_REPLIED,
        "notif_1",
        "conversation-1895",
    )
    assert (event.at.isoformat(), event.vendor_kind) == (
        "2024-11-21T00:00:00+00:00",
        "conversation.user.replied",
    )


def test_w01_the_published_vector_of_hmac_sha1_holds():
    """RFC 2202 §3, case 2: signed by somebody else's code, so the refusal is about the body."""
    headers = [("x-hub-signature", "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")]

    with pytest.raises(RejectedDeliveryError) as rejected:
        received(b"what do ya want for nothing?", headers, secrets=("Jefe",))

    assert rejected.value.code == "malformed_body"


def test_w01_while_the_secret_changes_both_are_good():
    assert received(BODY, secrets=(OTHER, SECRET))[0].id == "notif_1"


@pytest.mark.parametrize(
    "changed",
    [
        BODY + b"\n",
        BODY[:-1],
        BODY.replace(b"1895", b"1896"),
        json.dumps(json.loads(BODY), indent=1).encode(),
    ],
)
def test_w02_a_body_that_was_changed_is_refused(changed: bytes):
    with pytest.raises(RejectedDeliveryError) as rejected:
        received(changed, [("x-hub-signature", sha1(BODY))])

    assert rejected.value.code == "no_match"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param([], "missing_header", id="none"),
        pytest.param([("x-hub-signature", "")], "malformed_header", id="empty"),
        pytest.param([("x-hub-signature", sha1(BODY))] * 2, "malformed_header", id="twice"),
        pytest.param([("x-hub-signature", "sha1=é" + "a" * 39)], "malformed_header", id="not ascii"),
        pytest.param([("x-hub-signature", "sha1=" + "a" * 1_000_000)], "malformed_header", id="long"),
        pytest.param([("x-hub-signature", sha1(BODY)[5:])], "wrong_kind", id="without its name"),
        pytest.param([("x-hub-signature", "sha256=" + sha256(BODY))], "wrong_kind", id="another kind"),
        pytest.param([("x-body-signature", sha256(BODY))], "wrong_kind", id="w05 a notification by sha256"),
        pytest.param([("x-body-signature", sha256(BODY, OTHER))], "no_match", id="another secret, sha256"),
        pytest.param([("x-hub-signature", sha1(BODY, OTHER))], "no_match", id="w13 another app"),
        pytest.param(
            [("x-hub-signature", sha1(BODY, OTHER)), ("x-body-signature", sha256(BODY))],
            "no_match",
            id="one good",
        ),
    ],
)
def test_w03_w05_w13_what_proves_nothing_is_refused(headers: list[tuple[str, str]], code: str):
    with pytest.raises(RejectedDeliveryError) as rejected:
        received(BODY, headers)

    assert rejected.value.code == code


@pytest.mark.parametrize("secrets", [(), ("",), ("  ",), ("dG9rOmVtdWxhdGVkX3Rva2Vu",), (SECRET, "")])
def test_w04_no_secret_an_empty_one_or_an_access_token_is_a_configuration_error(secrets: tuple[str, ...]):
    with pytest.raises(ConfigurationError):
        received(BODY, secrets=secrets)


def test_w07_nothing_signed_tells_the_time_so_an_old_delivery_keeps_its_id():
    old = json.dumps(told("conversation.user.replied", created_at=1)).encode()

    assert received(old)[0].id == received(old)[0].id == "notif_1"


def test_a_call_about_the_app_itself_is_kept_and_means_nothing():
    body = b'{"workspace_id": "abc"}'

    (event,) = received(body, [("x-body-signature", sha256(body))])

    assert (event.kind, event.subject_id, event.at) == (EventKind.UNKNOWN, None, NOON)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"type": "notification_event"}',
        b"[" * 100_000,
        b'{"a": NaN}',
        json.dumps(told("ping", id="")).encode(),
        json.dumps(told("ping", id=7)).encode(),
        json.dumps(told("ping", created_at=-1)).encode(),
        json.dumps(told("ping", created_at=10**20)).encode(),
        json.dumps(told("ping", type="other")).encode(),
    ],
)
def test_a_signed_body_that_is_no_notification_is_malformed(body: bytes):
    with pytest.raises(RejectedDeliveryError) as rejected:
        received(body)

    assert rejected.value.code == "malformed_body"


def test_w02_of_ten_thousand_mutations_none_is_accepted_and_none_breaks():
    chance = random.Random(7)
    junk = (b"\x00", b"\xff", b"NaN", b"1e999", b"9" * 5000, b"{" * 2000, "é".encode())
    for _ in range(10_000):
        body = bytearray(BODY)
        place = chance.randrange(len(body))
        signature = sha1(BODY)
        match chance.randrange(4):
            case 0:
                body[place] ^= 1 << chance.randrange(8)
            case 1:
                body[place:place] = chance.choice(junk)
            case 2:
                del body[place:]
            case _:
                at = chance.randrange(len(signature))
                signature = signature[:at] + chance.choice("gé \x7f\ud800") + signature[at + 1 :]
        headers = [("x-hub-signature", signature)] * chance.choice((1, 1, 1, 2))
        with pytest.raises(RejectedDeliveryError):
            received(bytes(body), headers)


def test_signed_junk_in_every_place_is_an_event_or_malformed():
    chance = random.Random(8)
    junk: tuple[Any, ...] = (None, 0, -1, 10**400, True, "", "é", [], {}, [[]], {"id": {}}, 1.5)
    item = {
        "type": "conversation",
        "id": "1",
        "ticket": {"id": 5},
        "tags_added": {"tags": [{"name": "x"}]},
        "conversation_parts": {"conversation_parts": [{"author": {"type": "admin", "id": "9"}}]},
    }
    codes: set[str] = set()
    for _ in range(2000):
        whole = told(chance.choice(list(KINDS)), json.loads(json.dumps(item)))
        place: Any = chance.choice(
            [whole, whole["data"], whole["data"]["item"], whole["data"]["item"]["ticket"]]
        )
        place[chance.choice(list(place))] = chance.choice(junk)
        rule = chance.choice([{"tag": "x"}, {"group": "Support"}, {"field": "a", "value": "b"}])
        try:
            received(json.dumps(whole).encode(), made=settings(**rule))
        except RejectedDeliveryError as rejected:
            codes.add(rejected.code)

    assert codes == {"malformed_body"}
