"""HubSpot's webhook deliveries: the signature, and what the events mean in our words.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation:
`X-HubSpot-Signature-v3` is the base64 HMAC-SHA256 of method, URI, body and `X-HubSpot-Request-Timestamp`, with the
app's client secret. The older schemes, which any reader of one delivery could replay for ever, do not count.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.json_text import JsonError, parse_json
from batonpass_hubspot.wire import Notification

SIGNATURE = "x-hubspot-signature-v3"
TIMESTAMP = "x-hubspot-request-timestamp"
OLDER_SIGNATURES = ("x-hubspot-signature", "x-hubspot-signature-v2")
TOLERANCE = 300

_MILLISECONDS = re.compile("[0-9]{1,15}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The page's list; `%3F` is a question mark inside a value, so the `?` that starts the query is never touched.
_DECODED_IN_URI = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)

_CHANGES = ("creation", "propertyChange", "deletion", "merge", "restore", "associationChange")

KINDS: Mapping[str, EventKind] = MappingProxyType(
    {
        **{f"contact.{change}": EventKind.CONTACT_CHANGED for change in (*_CHANGES, "privacyDeletion")},
        **{f"company.{change}": EventKind.COMPANY_CHANGED for change in _CHANGES},
        **{f"deal.{change}": EventKind.DEAL_CHANGED for change in _CHANGES},
        "ticket.creation": EventKind.TICKET_OPENED,
    }
)
"""HubSpot's subscription type → ours; any other is UNKNOWN."""

TICKET_PROPERTIES: Mapping[str, EventKind] = MappingProxyType(
    {
        "hubspot_owner_id": EventKind.TICKET_ASSIGNED,
        "hs_pipeline_stage": EventKind.STATUS_CHANGED,
    }
)
"""Of `ticket.propertyChange`: the property that changed → ours. Which stage is a solved one only its pipeline tells."""

OBJECT_TYPES: Mapping[str, str] = MappingProxyType(
    {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket"}
)
"""The object type id of a generic `object.*` event → the word in the tables above."""


def receive(
    headers: Mapping[str, str],
    body: bytes,
    *,
    url: str,
    secrets: Sequence[str],
    now: datetime,
    method: str = "POST",
) -> tuple[Event, ...]:
    """The delivery's events, up to a hundred. Raises `RejectedDeliveryError` where it is not HubSpot's, and never
    anything else on account of what was sent.

    `headers` has its names in lower case. `url` is the public address that HubSpot called, as configured: it is
    part of what is signed, and what a proxy's headers say of it can be forged.
    """
    verify(headers, body, url=url, secrets=secrets, now=now, method=method)
    return translate(body, now=now)


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    url: str,
    secrets: Sequence[str],
    now: datetime,
    method: str = "POST",
) -> None:
    """Passes if the v3 signature is by one of `secrets` and its time is within 300 s of `now`, before or after.

    Raises `RejectedDeliveryError` with code `missing_header`, `older_scheme`, `malformed_header`, `no_match` or
    `too_old`, and `ConfigurationError` on a missing or empty secret.
    """
    if not secrets or not all(secret.strip() for secret in secrets):
        raise ConfigurationError(
            "no webhook secret for HubSpot; it needs the client secret of the app", code="no_secret"
        )
    given, timestamp = headers.get(SIGNATURE), headers.get(TIMESTAMP)
    if not given or not timestamp:
        raise _lacking(headers)
    if not _MILLISECONDS.fullmatch(timestamp):
        raise RejectedDeliveryError(
            "X-HubSpot-Request-Timestamp is no time in milliseconds", code="malformed_header"
        )
    theirs = given.encode("utf-8", "replace")
    expected = [_signature(secret, method, url, body, timestamp) for secret in secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected):
        raise RejectedDeliveryError(
            "the signature is not by this app's client secret for this URL; the body must be the raw bytes as they "
            "arrived, and the URL the one that HubSpot calls",
            code="no_match",
        )
    if abs(now.timestamp() * 1000 - int(timestamp)) > TOLERANCE * 1000:
        raise RejectedDeliveryError(
            f"signed more than {TOLERANCE} s from now: a replay, or a wrong clock", code="too_old"
        )


def sign(body: bytes, *, url: str, secret: str, now: datetime, method: str = "POST") -> dict[str, str]:
    """The headers for this body: what HubSpot sends."""
    timestamp = str(int(now.timestamp() * 1000))
    return {TIMESTAMP: timestamp, SIGNATURE: _signature(secret, method, url, body, timestamp).decode()}


def translate(body: bytes, *, now: datetime) -> tuple[Event, ...]:
    """The events in the body of a delivery. Raises `RejectedDeliveryError` with code `malformed_body` where it is
    no array.

    An element of a shape that we do not know is an UNKNOWN event of `now`: to refuse it would lose the others,
    for HubSpot does not repeat what was answered with a 4xx.
    """
    try:
        told = parse_json(body).value
    except JsonError as error:
        raise RejectedDeliveryError(f"the body is {error}", code="malformed_body") from None
    if not isinstance(told, list):
        raise RejectedDeliveryError("the body is no array of HubSpot events", code="malformed_body")
    digest = sha256(body).hexdigest()
    return tuple(_event(each, f"{digest}-{index}", now) for index, each in enumerate(told))


def _event(told: Any, place: str, now: datetime) -> Event:
    try:
        notification = Notification.model_validate(told)
    except ValidationError:
        return Event(kind=EventKind.UNKNOWN, id=place, subject_id=None, at=now, vendor_kind="")
    return Event(
        kind=_kind(notification),
        id=_id(notification),
        subject_id=None if notification.object_id is None else str(notification.object_id),
        at=_EPOCH + timedelta(milliseconds=notification.occurred_at),
        vendor_kind=notification.subscription_type,
    )


def _kind(told: Notification) -> EventKind:
    what, _, change = told.subscription_type.partition(".")
    if what == "object":
        what = OBJECT_TYPES.get(told.object_type_id or "", what)
    if (what, change) == ("ticket", "propertyChange"):
        return TICKET_PROPERTIES.get(told.property_name or "", EventKind.UNKNOWN)
    return KINDS.get(f"{what}.{change}", EventKind.UNKNOWN)


def _id(told: Notification) -> str:
    """HubSpot does not promise that `eventId` alone is unique. `attemptNumber` is left out: a repeat is the same."""
    parts = (told.portal_id, told.subscription_id, told.event_id, told.object_id, told.occurred_at)
    return "-".join("" if part is None else str(part) for part in parts)


def _lacking(headers: Mapping[str, str]) -> RejectedDeliveryError:
    if any(name in headers for name in OLDER_SIGNATURES) and SIGNATURE not in headers:
        return RejectedDeliveryError(
            "only a signature of an older scheme; the app must send X-HubSpot-Signature-v3",
            code="older_scheme",
        )
    return RejectedDeliveryError(
        "no X-HubSpot-Signature-v3 or no X-HubSpot-Request-Timestamp header", code="missing_header"
    )


def _signature(secret: str, method: str, url: str, body: bytes, timestamp: str) -> bytes:
    uri = _DECODED_IN_URI.sub(lambda found: chr(int(found[1], 16)), url)
    signed = method.upper().encode() + uri.encode() + body + timestamp.encode()
    return b64encode(hmac.new(secret.encode(), signed, sha256).digest())
