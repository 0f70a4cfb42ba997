"""Is it Zendesk? The fault matrix's rows on proofs (W…)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from pydantic import SecretStr
from zendesk_signed import BODY, NOW, SECRET, SIGNED_AT, Headers, events, sign

from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass_zendesk.webhooks import PUBLIC_TEST_SECRET, SIGNATURE, TIMESTAMP


def rejection(headers: Headers, body: bytes = BODY) -> str:
    with pytest.raises(RejectedDeliveryError) as rejected:
        events(headers, body)
    return rejected.value.code


def test_w01_a_signed_delivery_is_an_event():
    assert events(sign()) == (
        Event(
            kind=EventKind.TICKET_ASSIGNED,
            id="2b24ef10-1111",
            subject_id="5158",
            at=datetime(2026, 11, 20, 5, 33, 18, tzinfo=UTC),
            vendor_kind="zen:event-type:ticket.agent_assignment_changed",
            actor_id="77",
        ),
    )


def test_w01_a_known_signature_of_another_implementation_fits():
    # printf '2026-11-20T05:33:18Z{}' | openssl dgst -sha256 -hmac signing-secret-of-a-test -binary | base64
    headers = {SIGNATURE: "zrZAMvLHexHmH0YCykUz/QNq0DKT+YQU9IjHTrp8rik=", TIMESTAMP: SIGNED_AT}

    assert rejection(headers, b"{}") == "malformed_body"  # it fits: only then is the body looked at
    assert rejection(headers, b"{ }") == "no_match"


def test_an_empty_body_can_be_signed_and_is_then_malformed():
    assert rejection(sign(b""), b"") == "malformed_body"


@pytest.mark.parametrize("order", [1, -1], ids=["new first", "old first"])
def test_two_secrets_are_good_while_one_replaces_the_other(order: int):
    secrets = [SecretStr("the-new-one"), SECRET][::order]

    assert events(sign(), secrets=secrets)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY + b"\n", id="newline added"),
        pytest.param(BODY.replace(b"5158", b"5159"), id="one byte changed"),
        pytest.param(json.dumps(json.loads(BODY), indent=1).encode(), id="serialised again"),
        pytest.param(BODY.decode().encode("utf-16"), id="another charset"),
    ],
)
def test_w02_a_changed_body_does_not_match(body: bytes):
    assert rejection(sign(), body) == "no_match"


def test_w13_another_tenants_secret_does_not_match():
    assert rejection(sign(secret=SecretStr("another"))) == "no_match"


def test_a_changed_timestamp_does_not_match():
    assert rejection({**sign(), TIMESTAMP: "2026-11-20T05:33:19Z"}) == "no_match"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({SIGNATURE: ""}, "missing_header", id="empty signature"),
        pytest.param({TIMESTAMP: ""}, "missing_header", id="empty timestamp"),
        pytest.param({SIGNATURE: "ü" * 44}, "wrong_kind", id="not ascii"),
        pytest.param({SIGNATURE: "sha1=" + "a" * 40}, "wrong_kind", id="sha-1 in hex"),
        pytest.param({SIGNATURE: "t=1,v1=" + "a" * 64}, "wrong_kind", id="stripe's"),
        pytest.param({SIGNATURE: "A" * 1_000_000}, "wrong_kind", id="1 MB"),
        pytest.param({SIGNATURE: "A" * 43 + "=, " + "B" * 43 + "="}, "wrong_kind", id="two"),
    ],
)
def test_w03_a_strange_header_is_rejected_with_its_reason(changes: dict[str, str], code: str):
    assert rejection({**sign(), **changes}) == code


def test_missing_headers_are_named():
    assert rejection({}) == "missing_header"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        pytest.param((NOW - timedelta(seconds=301)).isoformat(), "too_old", id="too early"),
        pytest.param((NOW + timedelta(seconds=301)).isoformat(), "too_old", id="too late"),
        pytest.param("NaN", "malformed_header", id="nan"),
        pytest.param("1763616798.5", "malformed_header", id="unix time"),
        pytest.param("9" * 400, "malformed_header", id="400 digits"),
        pytest.param("2026-11-20T05:33:18", "malformed_header", id="without a zone"),
        pytest.param("0001-01-01T00:00:00+23:59", "too_old", id="year one"),
    ],
)
def test_w07_a_timestamp_out_of_time_or_form_is_rejected_though_signed(at: str, code: str):
    assert rejection(sign(at=at)) == code


def test_five_minutes_are_still_in_time():
    at = (NOW - timedelta(seconds=300)).isoformat()

    assert events(sign(at=at))


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param([], id="none"),
        pytest.param([SecretStr("")], id="empty"),
        pytest.param([SECRET, SecretStr("")], id="one empty"),
        pytest.param([SecretStr(PUBLIC_TEST_SECRET)], id="the public one"),
    ],
)
def test_w04_w06_without_a_good_secret_nothing_is_accepted(secrets: list[SecretStr]):
    with pytest.raises(ConfigurationError):
        events(sign(), secrets=secrets)


def test_w03_a_header_that_came_twice_is_rejected():
    good = sign()

    doubled = [*good.items(), (SIGNATURE, good[SIGNATURE])]
    stamped = [*good.items(), (TIMESTAMP, good[TIMESTAMP])]

    assert (rejection(doubled), rejection(stamped)) == ("wrong_kind", "malformed_header")


def test_w05_a_signature_of_a_weaker_scheme_is_no_signature():
    digest = hmac.digest(SECRET.get_secret_value().encode(), SIGNED_AT.encode() + BODY, hashlib.sha1)

    assert rejection({**sign(), SIGNATURE: base64.b64encode(digest).decode()}) == "wrong_kind"


def test_w25_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch):
    compared: list[bytes] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append(one) or one == other)

    events(sign(), secrets=[SECRET, SecretStr("another")])

    assert len(compared) == 2


def test_w02_w03_of_ten_thousand_mutated_deliveries_none_is_accepted_and_none_raises_anything_else():
    chance = Random(7)

    accepted = 0
    for _ in range(10_000):
        headers, body = list(sign().items()), bytearray(BODY)
        _mutate(chance, headers, body)
        if dict(headers) == sign() and len(headers) == 2 and bytes(body) == BODY:
            continue
        try:
            accepted += bool(events(headers, bytes(body)))
        except (RejectedDeliveryError, ConfigurationError):
            continue

    assert accepted == 0


JUNK = ("", "é" * 44, "NaN", "9" * 400, "\x00", "A" * 43 + "=", "2026-11-20T05:33:18Z, x", "\ud800")


def _mutate(chance: Random, headers: list[tuple[str, str]], body: bytearray) -> None:
    for _ in range(chance.randint(1, 3)):
        which = chance.randrange(len(headers)) if headers else 0
        match chance.randrange(6):
            case 0:
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            case 1 if headers:
                del headers[which]
            case 2 if headers:
                headers.append((headers[which][0], chance.choice(JUNK)))
            case 3 if headers:
                headers[which] = (headers[which][0], chance.choice(JUNK))
            case 4:
                body += chance.choice((b"\n", b" ", b"[" * 2000, b"NaN", b"9" * 5000))
            case _:
                del body[max(1, len(body) // 2) :]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="array"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"type": "x"}', id="no id"),
        pytest.param(b'{"type": "x", "id": "", "time": "2026-11-20T05:33:18Z"}', id="empty id"),
        pytest.param(b'{"type": 1, "id": "a", "time": "2026-11-20T05:33:18Z"}', id="type is a number"),
        pytest.param(b'{"type": "x", "id": "a", "time": "soon"}', id="no time"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"a": NaN}', id="nan"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="5000 digits"),
        pytest.param(b'{"batonpass": "handoff_asked"}', id="trigger without a ticket"),
        pytest.param(b'{"batonpass": "handoff_asked", "ticket_id": "1; drop"}', id="trigger with another id"),
        pytest.param(b'{"batonpass": 1, "ticket_id": "1"}', id="trigger without a word"),
        pytest.param(b'{"batonpass": "x", "ticket_id": true}', id="ticket is a truth"),
    ],
)
def test_a_signed_body_that_is_no_event_is_malformed(body: bytes):
    assert rejection(sign(body), body) == "malformed_body"
