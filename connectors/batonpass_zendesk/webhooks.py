"""Zendesk's deliveries: is it Zendesk, and what happened. Pure functions.

Two shapes come in: Zendesk's own events (`event_bodies`), and the bodies of our own triggers (`trigger_bodies`) where
an account has no ticket events or a person has made the trigger by hand. Both are signed in the same way.

https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event
from batonpass.domain.json_text import JsonError, parse_json
from batonpass_zendesk import ZendeskSettings
from batonpass_zendesk.event_bodies import read_event
from batonpass_zendesk.trigger_bodies import MARK, read_trigger

SIGNATURE = "x-zendesk-webhook-signature"
TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
TOLERANCE = timedelta(minutes=5)
"""Zendesk names none; this is Stripe's and that of Standard Webhooks."""

PUBLIC_TEST_SECRET = base64.b64encode(b"this_secret_is_for_testing_only").decode()
"""What Zendesk signs tests with before a webhook exists; everybody knows it."""

_LONGEST_TIMESTAMP = 40
_OUR_KIND_OF_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=")


def receive(
    delivery: Delivery, *, secrets: Sequence[SecretStr], settings: ZendeskSettings, now: datetime
) -> tuple[Event, ...]:
    """`batonpass.ports.Receive`. An event of a known type that tells nothing for us (a tag that starts no handoff)
    gives no event at all; a type that is not known gives one of kind `UNKNOWN`."""
    verify(delivery, secrets=secrets, now=now)
    return read(delivery.body, settings=settings, received_at=now)


def read(body: bytes, *, settings: ZendeskSettings, received_at: datetime) -> tuple[Event, ...]:
    """`batonpass.ports.Read`."""
    try:
        told = parse_json(body).value
    except JsonError:
        raise _malformed() from None
    if not isinstance(told, dict):
        raise _malformed()
    if MARK in told:
        events = read_trigger(told, received_at=received_at, starts=settings.start is not None)
    else:
        events = read_event(told, start=settings.start)
    if events is None:
        raise _malformed()
    return events


def _malformed() -> RejectedDeliveryError:
    return RejectedDeliveryError("the body is no Zendesk event", code="malformed_body")


def verify(delivery: Delivery, *, secrets: Sequence[SecretStr], now: datetime) -> None:
    """Base64 of HMAC-SHA256 over the timestamp's text and the raw body."""
    keys = [_usable(secret) for secret in secrets]
    if not keys:
        raise ConfigurationError("no signing secret is set for this webhook", code="no_webhook_secret")
    signature, timestamp = delivery.header(SIGNATURE), delivery.header(TIMESTAMP)
    if not signature or not timestamp:
        missing = TIMESTAMP if signature else SIGNATURE
        raise RejectedDeliveryError(f"the header {missing} is missing", code="missing_header")
    signed_at = _time(timestamp)
    if abs(signed_at - now) > TOLERANCE:
        raise RejectedDeliveryError(
            "the delivery was signed more than 5 minutes away from now", code="too_old"
        )
    if not _OUR_KIND_OF_SIGNATURE.fullmatch(signature):
        raise RejectedDeliveryError("the signature is not base64 of SHA-256", code="wrong_kind")
    signed = timestamp.encode(errors="replace") + delivery.body
    expected = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    matches = [hmac.compare_digest(one, signature.encode()) for one in expected]
    if not any(matches):
        raise RejectedDeliveryError("the signature fits neither secret nor body", code="no_match")


def _usable(secret: SecretStr) -> bytes:
    value = secret.get_secret_value()
    if not value or value == PUBLIC_TEST_SECRET:
        what = "Zendesk's public test secret" if value else "empty"
        raise ConfigurationError(
            f"the webhook's signing secret is {what}; set the one that Admin Center shows for this webhook",
            code="bad_webhook_secret",
        )
    return value.encode()


def _time(timestamp: str) -> datetime:
    """RFC 3339 with a zone."""
    try:
        time = datetime.fromisoformat(timestamp[:_LONGEST_TIMESTAMP])
    except ValueError:
        raise RejectedDeliveryError("the timestamp is no RFC 3339 time", code="malformed_header") from None
    if time.tzinfo is None:
        raise RejectedDeliveryError("the timestamp has no zone", code="malformed_header")
    return time
