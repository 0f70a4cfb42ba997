"""Zendesk's deliveries: rows W01 to W07 of the fault matrix, and what happened in our words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass_zendesk.webhooks import (
    KINDS,
    PUBLIC_TEST_SECRET,
    SIGNATURE,
    TIMESTAMP,
    receive,
    translate,
    verify,
)

NOW = datetime(2026, 11, 20, 5, 33, 20, tzinfo=UTC)
SIGNED_AT = "2026-11-20T05:33:18Z"
SECRET = SecretStr("signing-secret-of-a-test")
BODY = json.dumps(
    {
        "type": "zen:event-type:ticket.agent_assignment_changed",
        "account_id": 12514403,
        "id": "2b24ef10-1111",
        "time": SIGNED_AT,
        "zendesk_event_version": "2022-11-06",
        "subject": "zen:ticket:5158",
        "detail": {"id": "5158", "status": "OPEN"},
        "event": {"previous": None, "current": "8447388090494"},
    }
).encode()


def sign(body: bytes = BODY, at: str = SIGNED_AT, secret: SecretStr = SECRET) -> dict[str, str]:
    digest = hmac.digest(secret.get_secret_value().encode(), at.encode() + body, hashlib.sha256)
    return {"X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(), TIMESTAMP: at}


def rejection(headers: dict[str, str], body: bytes = BODY) -> str:
    with pytest.raises(RejectedDeliveryError) as rejected:
        verify(headers, body, secrets=[SECRET], now=NOW)
    return rejected.value.code


def test_a_signed_delivery_is_an_event():
    assert receive(sign(), BODY, secrets=[SECRET], now=NOW) == Event(
        kind=EventKind.TICKET_ASSIGNED,
        id="2b24ef10-1111",
        subject_id="5158",
        at=datetime(2026, 11, 20, 5, 33, 18, tzinfo=UTC),
        vendor_kind="zen:event-type:ticket.agent_assignment_changed",
    )


def test_a_known_signature_of_another_implementation_fits():
    # printf '2026-11-20T05:33:18Z{}' | openssl dgst -sha256 -hmac signing-secret-of-a-test -binary | base64
    headers = {SIGNATURE: "zrZAMvLHexHmH0YCykUz/QNq0DKT+YQU9IjHTrp8rik=", TIMESTAMP: SIGNED_AT}

    verify(headers, b"{}", secrets=[SECRET], now=NOW)


def test_an_empty_body_can_be_signed_and_is_then_malformed():
    verify(sign(b""), b"", secrets=[SECRET], now=NOW)

    with pytest.raises(RejectedDeliveryError) as rejected:
        receive(sign(b""), b"", secrets=[SECRET], now=NOW)
    assert rejected.value.code == "malformed"


@pytest.mark.parametrize("order", [1, -1], ids=["new first", "old first"])
def test_two_secrets_are_good_while_one_replaces_the_other(order: int):
    secrets = [SecretStr("the-new-one"), SECRET][::order]

    verify(sign(), BODY, secrets=secrets, now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY + b"\n", id="newline added"),
        pytest.param(BODY.replace(b"5158", b"5159"), id="one byte changed"),
        pytest.param(json.dumps(json.loads(BODY), indent=1).encode(), id="serialised again"),
        pytest.param(BODY.decode().encode("utf-16"), id="another charset"),
    ],
)
def test_a_changed_body_does_not_match(body: bytes):
    assert rejection(sign(), body) == "no_match"


def test_another_secret_does_not_match():
    assert rejection(sign(secret=SecretStr("another"))) == "no_match"


def test_a_changed_timestamp_does_not_match():
    assert rejection({**sign(), TIMESTAMP: "2026-11-20T05:33:19Z"}) == "no_match"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"X-Zendesk-Webhook-Signature": ""}, "missing_header", id="empty signature"),
        pytest.param({TIMESTAMP: ""}, "missing_header", id="empty timestamp"),
        pytest.param({"X-Zendesk-Webhook-Signature": "ü" * 44}, "wrong_kind", id="not ascii"),
        pytest.param({"X-Zendesk-Webhook-Signature": "sha1=" + "a" * 40}, "wrong_kind", id="sha-1 in hex"),
        pytest.param({"X-Zendesk-Webhook-Signature": "t=1,v1=" + "a" * 64}, "wrong_kind", id="stripe's"),
        pytest.param({"X-Zendesk-Webhook-Signature": "A" * 1_000_000}, "wrong_kind", id="1 MB"),
        pytest.param(
            {"X-Zendesk-Webhook-Signature": "A" * 43 + "=, " + "B" * 43 + "="}, "wrong_kind", id="two"
        ),
    ],
)
def test_a_strange_header_is_rejected_with_its_reason(changes: dict[str, str], code: str):
    assert rejection({**sign(), **changes}) == code


def test_missing_headers_are_named():
    assert rejection({}) == "missing_header"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        pytest.param((NOW - timedelta(seconds=301)).isoformat(), "too_old", id="too early"),
        pytest.param((NOW + timedelta(seconds=301)).isoformat(), "too_old", id="too late"),
        pytest.param("NaN", "malformed", id="nan"),
        pytest.param("1763616798.5", "malformed", id="unix time"),
        pytest.param("9" * 400, "malformed", id="400 digits"),
        pytest.param("2026-11-20T05:33:18", "malformed", id="without a zone"),
        pytest.param("0001-01-01T00:00:00+23:59", "too_old", id="year one"),
    ],
)
def test_a_timestamp_out_of_time_or_form_is_rejected_though_signed(at: str, code: str):
    assert rejection(sign(at=at)) == code


def test_five_minutes_are_still_in_time():
    at = (NOW - timedelta(seconds=300)).isoformat()

    verify(sign(at=at), BODY, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param([], id="none"),
        pytest.param([SecretStr("")], id="empty"),
        pytest.param([SECRET, SecretStr("")], id="one empty"),
        pytest.param([SecretStr(PUBLIC_TEST_SECRET)], id="the public one"),
    ],
)
def test_without_a_good_secret_nothing_is_accepted(secrets: list[SecretStr]):
    with pytest.raises(ConfigurationError):
        verify(sign(), BODY, secrets=secrets, now=NOW)


@given(signature=st.text(max_size=60), timestamp=st.text(max_size=60), body=st.binary(max_size=60))
def test_whatever_arrives_is_rejected_in_our_own_words(signature: str, timestamp: str, body: bytes):
    with pytest.raises(RejectedDeliveryError):
        receive({SIGNATURE: signature, TIMESTAMP: timestamp}, body, secrets=[SECRET], now=NOW)


def told(kind: str, event: Any = None, **changes: Any) -> Event:
    body = {"type": f"zen:event-type:{kind}", "id": "e-1", "time": SIGNED_AT, "subject": "zen:ticket:7"}
    return translate(json.dumps({**body, "event": event, **changes}).encode())


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
def test_what_happened_is_told_in_our_words(kind: str, event: Any, ours: EventKind):
    assert told(kind, event).kind is ours


def test_every_supported_type_is_zendesks():
    assert all(kind.startswith("zen:event-type:") for kind in KINDS)


def test_an_event_without_a_subject_has_none():
    assert told("ticket.created", subject=None).subject_id is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'{"type": "x"}', id="no id"),
        pytest.param(b'{"type": 1, "id": "a", "time": "2026-11-20T05:33:18Z"}', id="type is a number"),
        pytest.param(b'{"type": "x", "id": "a", "time": "soon"}', id="no time"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_a_body_that_is_no_event_is_malformed(body: bytes):
    with pytest.raises(RejectedDeliveryError) as rejected:
        translate(body)

    assert rejected.value.code == "malformed"
