"""HubSpot's webhook deliveries: is it HubSpot. Pure functions.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation:
`X-HubSpot-Signature-v3` is the base64 HMAC-SHA256 of method, URI, body and `X-HubSpot-Request-Timestamp`, with the
app's client secret. The older schemes, which any reader of one delivery could replay for ever, do not count.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event
from batonpass_hubspot.events import translate
from batonpass_hubspot.tokens import wrong_client_secret

SIGNATURE = "x-hubspot-signature-v3"
TIMESTAMP = "x-hubspot-request-timestamp"
OLDER_SIGNATURES = ("x-hubspot-signature", "x-hubspot-signature-v2")
TOLERANCE = 300

_MILLISECONDS = re.compile("[0-9]{1,15}")
# The page's list; `%3F` is a question mark inside a value, so the `?` that starts the query is never touched.
_DECODED_IN_URI = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def receive(
    delivery: Delivery, *, secrets: Sequence[SecretStr], settings: Any, now: datetime
) -> tuple[Event, ...]:
    """As `batonpass.ports.webhooks.Receive`; up to a hundred events. `delivery.url` is part of what is signed."""
    verify(delivery, secrets=secrets, now=now)
    return translate(delivery.body, settings=settings, now=now)


def read(body: bytes, *, settings: Any, received_at: datetime) -> tuple[Event, ...]:
    """As `batonpass.ports.Read`."""
    return translate(body, settings=settings, now=received_at)


def verify(delivery: Delivery, *, secrets: Sequence[SecretStr], now: datetime) -> None:
    """Passes if the v3 signature is by one of `secrets` and its time is within 300 s of `now`, before or after.

    Raises `RejectedDeliveryError` with code `missing_header`, `wrong_kind` (an older scheme), `malformed_header`,
    `no_match` or `too_old`, and `ConfigurationError` on a secret that is missing, empty or of another kind.
    """
    keys = [_usable(secret) for secret in secrets]
    if not keys:
        raise ConfigurationError(
            "no webhook secret for HubSpot; it needs the client secret of the app", code="no_webhook_secret"
        )
    given, timestamp = delivery.header(SIGNATURE), delivery.header(TIMESTAMP)
    if not given or not timestamp:
        raise _lacking(delivery)
    if not _MILLISECONDS.fullmatch(timestamp):
        raise RejectedDeliveryError(
            "X-HubSpot-Request-Timestamp is no time in milliseconds", code="malformed_header"
        )
    theirs = given.encode("utf-8", "replace")
    expected = [_signature(key, delivery.method, delivery.url, delivery.body, timestamp) for key in keys]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected]
    if not any(matches):
        raise RejectedDeliveryError(
            "the signature is not by this app's client secret for this URL; the body must be the raw bytes as they "
            "arrived, and the URL the one that HubSpot calls",
            code="no_match",
        )
    if abs(now.timestamp() * 1000 - int(timestamp)) > TOLERANCE * 1000:
        raise RejectedDeliveryError(
            f"signed more than {TOLERANCE} s from now: a replay, or a wrong clock", code="too_old"
        )


def _usable(secret: SecretStr) -> str:
    value = secret.get_secret_value()
    other = wrong_client_secret(value)
    if other:
        raise ConfigurationError(
            f"HubSpot's webhook secret is {other}; it must be the client secret of the app that sends them",
            code="bad_webhook_secret",
        )
    return value


def sign(body: bytes, *, url: str, secret: str, now: datetime, method: str = "POST") -> dict[str, str]:
    """The headers for this body: what HubSpot sends."""
    timestamp = str(int(now.timestamp() * 1000))
    return {TIMESTAMP: timestamp, SIGNATURE: _signature(secret, method, url, body, timestamp).decode()}


def _lacking(delivery: Delivery) -> RejectedDeliveryError:
    names = {name for name, _ in delivery.headers}
    if SIGNATURE not in names and names.intersection(OLDER_SIGNATURES):
        return RejectedDeliveryError(
            "only a signature of an older scheme; the app must send X-HubSpot-Signature-v3",
            code="wrong_kind",
        )
    return RejectedDeliveryError(
        "no X-HubSpot-Signature-v3 or no X-HubSpot-Request-Timestamp header", code="missing_header"
    )


def _signature(secret: str, method: str, url: str, body: bytes, timestamp: str) -> bytes:
    uri = _DECODED_IN_URI.sub(lambda found: chr(int(found[1], 16)), url)
    signed = method.encode(errors="replace") + uri.encode(errors="replace") + body + timestamp.encode()
    return b64encode(hmac.new(secret.encode(), signed, sha256).digest())
