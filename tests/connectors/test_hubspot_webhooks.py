"""Deliveries: who signed them, when, and what they say. The official SDK signs and checks beside us."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hubspot.utils.signature import Signature
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass_hubspot import HubSpotSettings
from batonpass_hubspot.events import KINDS, translate
from batonpass_hubspot.webhooks import SIGNATURE, TIMESTAMP, receive, sign, verify
from fakes import NOON

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://support.example.com/v1/webhooks/hubspot"
CHANGE = {
    "eventId": 1,
    "subscriptionId": 2,
    "portalId": 33,
    "appId": 4,
    "occurredAt": 1765043528476,
    "subscriptionType": "contact.propertyChange",
    "attemptNumber": 0,
    "objectId": 123,
    "propertyName": "email",
    "propertyValue": "x",
    "changeSource": "CRM_UI",
    "sourceId": "userId:1",
}


def delivery(*events: Any) -> bytes:
    return json.dumps(list(events) or [CHANGE]).encode()


def signed(body: bytes, *, url: str = URL, secret: str = SECRET, at: datetime = NOON) -> dict[str, str]:
    """The headers by HubSpot's own code."""
    timestamp = str(int(at.timestamp() * 1000))
    value = Signature.get_signature(secret, body.decode(), "v3", url, "POST", timestamp)
    return {TIMESTAMP: timestamp, SIGNATURE: value}


def came(headers: dict[str, str], body: bytes, *, url: str = URL, method: str = "POST") -> Delivery:
    return Delivery(method=method, url=url, headers=tuple(headers.items()), body=body)


def secrets_of(*values: str) -> list[SecretStr]:
    return [SecretStr(value) for value in values]


def settings(**more: Any) -> HubSpotSettings:
    return HubSpotSettings.model_validate(
        {"connector": "hubspot", "access_token": "x", "tickets": True, **more}
    )


def received(body: bytes, **start: Any) -> tuple[Event, ...]:
    told = settings(**({"start": start} if start else {}))
    return receive(came(signed(body), body), secrets=secrets_of(SECRET), settings=told, now=NOON)


def refusal(
    headers: dict[str, str],
    body: bytes,
    *,
    secret: str = SECRET,
    url: str = URL,
    method: str = "POST",
) -> str:
    delivery = came(headers, body, url=url, method=method)
    with pytest.raises(RejectedDeliveryError) as refused:
        receive(delivery, secrets=secrets_of(secret), settings=settings(), now=NOON)
    assert SECRET not in str(refused.value)
    return refused.value.code


def test_a_delivery_signed_by_the_official_sdk_is_translated():
    body = delivery()

    events = received(body)

    assert events == (
        Event(
            kind=EventKind.CONTACT_CHANGED,
            id="33-2-1-123-1765043528476",
            subject_id="123",
            at=datetime(2025, 12, 6, 17, 52, 8, 476000, tzinfo=UTC),
            vendor_kind="contact.propertyChange",
            actor_id="userId:1",
        ),
    )


def test_what_we_sign_the_official_sdk_accepts():
    body = delivery()
    headers = sign(body, url=URL, secret=SECRET, now=datetime.now(UTC))

    assert Signature.is_valid(
        headers[SIGNATURE],
        SECRET,
        body.decode(),
        http_uri=URL,
        signature_version="v3",
        timestamp=headers[TIMESTAMP],
    )


@given(text=st.text(st.characters(codec="utf-8")), seconds=st.integers(0, 4_000_000_000))
def test_any_body_that_the_sdk_signs_passes(text: str, seconds: int):
    body, now = text.encode(), datetime.fromtimestamp(seconds, UTC)

    verify(came(signed(body, at=now), body), secrets=secrets_of(SECRET), now=now)


def test_while_a_secret_is_rolled_both_are_good():
    body = delivery()

    for secret in ("old", "new"):
        verify(came(signed(body, secret=secret), body), secrets=secrets_of("new", "old"), now=NOON)


def test_the_uri_is_decoded_as_hubspot_does_it():
    called = "https://support.example.com/hooks/a%2Fb?to=a%40b.example%2C%3F%21%24%27%28%29%2a%3b%3A&space=%20&plus=%2B"
    hashed = "https://support.example.com/hooks/a/b?to=a@b.example,?!$'()*;:&space=%20&plus=%2B"
    body = delivery()

    verify(came(signed(body, url=hashed), body, url=called), secrets=secrets_of(SECRET), now=NOON)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({SIGNATURE: None}, "missing_header", id="no signature"),
        pytest.param({SIGNATURE: ""}, "missing_header", id="empty signature"),
        pytest.param({TIMESTAMP: None}, "missing_header", id="no time"),
        pytest.param({SIGNATURE: "AAAA"}, "no_match", id="junk"),
        pytest.param({SIGNATURE: "ü€\udc80"}, "no_match", id="not ascii"),
        pytest.param({SIGNATURE: "A" * 1_000_000}, "no_match", id="a megabyte"),
        pytest.param({TIMESTAMP: "NaN"}, "malformed_header", id="time is no number"),
        pytest.param({TIMESTAMP: "1795262400000.0"}, "malformed_header", id="time with a fraction"),
        pytest.param({TIMESTAMP: "1" * 400}, "malformed_header", id="time of 400 digits"),
        pytest.param({TIMESTAMP: "١٧٩٥"}, "malformed_header", id="time in other digits"),
        pytest.param({TIMESTAMP: "-1"}, "malformed_header", id="negative time"),
    ],
)
def test_a_broken_header_is_refused(changed: dict[str, str | None], code: str):
    body = delivery()
    headers = {name: value for name, value in {**signed(body), **changed}.items() if value is not None}

    assert refusal(headers, body) == code


@pytest.mark.parametrize(
    ("scheme", "header"), [("v1", "x-hubspot-signature"), ("v2", "x-hubspot-signature")], ids=["v1", "v2"]
)
def test_a_signature_of_an_older_scheme_alone_is_refused(scheme: str, header: str):
    body = delivery()
    older = Signature.get_signature(SECRET, body.decode(), scheme, URL, "POST")

    assert refusal({header: older, "x-hubspot-signature-version": scheme}, body) == "wrong_kind"
    assert refusal({SIGNATURE: older, TIMESTAMP: signed(body)[TIMESTAMP]}, body) == "no_match"


@pytest.mark.parametrize("seconds", [-301, 301], ids=["old", "future"])
def test_a_delivery_from_another_time_is_refused(seconds: int):
    body = delivery()

    assert refusal(signed(body, at=NOON + timedelta(seconds=seconds)), body) == "too_old"


@pytest.mark.parametrize("seconds", [-299, 299], ids=["past", "future"])
def test_five_minutes_are_tolerated(seconds: int):
    body = delivery()

    verify(
        came(signed(body, at=NOON + timedelta(seconds=seconds)), body), secrets=secrets_of(SECRET), now=NOON
    )


def test_a_changed_body_url_method_or_secret_is_refused():
    body = delivery()
    headers = signed(body)

    assert refusal(headers, body + b"\n") == "no_match"
    assert refusal(headers, body, url=URL.replace("https", "http")) == "no_match"
    assert refusal(headers, body, method="PUT") == "no_match"
    assert refusal(headers, body, secret="another") == "no_match"


@pytest.mark.parametrize(
    "secrets",
    [[], [""], [SECRET, " "], ["pat-na1-x"], ["whsec_x"]],
    ids=["none", "empty", "one blank", "token", "stripe"],
)
def test_w04_a_secret_that_is_none_or_of_another_kind_is_never_used(secrets: list[str]):
    body = delivery()

    with pytest.raises(ConfigurationError):
        verify(came(signed(body, secret="".join(secrets[-1:])), body), secrets=secrets_of(*secrets), now=NOON)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[", b"[NaN]", b"\xff", b"[" * 100_000], ids=range(7))
def test_a_body_that_is_no_array_is_refused(body: bytes):
    with pytest.raises(RejectedDeliveryError) as refused:
        translate(body, settings=settings(), now=NOON)

    assert refused.value.code == "malformed_body"


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        pytest.param(
            {"subscriptionType": "contact.privacyDeletion"}, EventKind.CONTACT_CHANGED, id="privacy"
        ),
        pytest.param({"subscriptionType": "company.creation"}, EventKind.COMPANY_CHANGED, id="company"),
        pytest.param({"subscriptionType": "deal.deletion"}, EventKind.DEAL_CHANGED, id="deal"),
        pytest.param({"subscriptionType": "ticket.creation"}, EventKind.TICKET_OPENED, id="ticket"),
        pytest.param(
            {"subscriptionType": "ticket.propertyChange", "propertyName": "hubspot_owner_id"},
            EventKind.TICKET_ASSIGNED,
            id="ticket's owner",
        ),
        pytest.param(
            {"subscriptionType": "ticket.propertyChange", "propertyName": "hs_pipeline_stage"},
            EventKind.STATUS_CHANGED,
            id="ticket's stage",
        ),
        pytest.param(
            {"subscriptionType": "ticket.propertyChange", "propertyName": "subject"},
            EventKind.UNKNOWN,
            id="ticket's subject",
        ),
        pytest.param(
            {"subscriptionType": "object.propertyChange", "objectTypeId": "0-2"},
            EventKind.COMPANY_CHANGED,
            id="generic company",
        ),
        pytest.param(
            {"subscriptionType": "object.creation", "objectTypeId": "2-77"},
            EventKind.UNKNOWN,
            id="custom object",
        ),
        pytest.param({"subscriptionType": "conversation.newMessage"}, EventKind.UNKNOWN, id="conversation"),
    ],
)
def test_the_vendors_word_becomes_ours(changed: dict[str, Any], kind: EventKind):
    (event,) = translate(delivery({**CHANGE, **changed}), settings=settings(), now=NOON)

    assert event.kind is kind
    assert event.vendor_kind == changed["subscriptionType"]


def test_a_repeat_has_the_same_id_and_other_events_have_others():
    again = {**CHANGE, "attemptNumber": 3}
    others = [
        {**CHANGE, key: 99} for key in ("eventId", "subscriptionId", "objectId", "occurredAt", "portalId")
    ]

    events = translate(delivery(CHANGE, again, *others), settings=settings(), now=NOON)

    assert events[0].id == events[1].id
    assert len({event.id for event in events}) == 6


@pytest.mark.parametrize(
    "odd",
    [
        7,
        None,
        {},
        [CHANGE],
        {**CHANGE, "eventId": True},
        {**CHANGE, "occurredAt": 10**30},
        {**CHANGE, "eventId": "x"},
    ],
    ids=["number", "null", "empty", "list", "truth value", "far future", "text"],
)
def test_an_element_of_unknown_shape_does_not_lose_the_others(odd: Any):
    events = translate(delivery(odd, CHANGE), settings=settings(), now=NOON)

    assert [event.kind for event in events] == [EventKind.UNKNOWN, EventKind.CONTACT_CHANGED]
    assert (events[0].at, events[0].subject_id) == (NOON, None)


def test_the_table_of_kinds_holds_no_unknown():
    assert EventKind.UNKNOWN not in {kind for kinds in KINDS.values() for kind in kinds}
