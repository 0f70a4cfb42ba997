"""Zendesk's event webhooks: is it Zendesk, and what happened. Pure functions.

Ready to be registered at a door; this release has none, so no delivery reaches them yet.

https://developer.zendesk.com/documentation/webhooks/verifying/
https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr, ValidationError

from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.json_text import JsonError, parse_json

SIGNATURE = "x-zendesk-webhook-signature"
TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
TOLERANCE = timedelta(minutes=5)
"""Zendesk names none; this is Stripe's and that of Standard Webhooks."""

PUBLIC_TEST_SECRET = base64.b64encode(b"this_secret_is_for_testing_only").decode()
"""What Zendesk signs tests with before a webhook exists; everybody knows it."""

_LONGEST_TIMESTAMP = 40
_OUR_KIND_OF_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=")


def receive(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[SecretStr], now: datetime) -> Event:
    """The event in a delivery that is Zendesk's. Raises `RejectedDeliveryError`.

    Two secrets are both good while one replaces the other. Raises `ConfigurationError` where there is none.
    """
    verify(headers, body, secrets=secrets, now=now)
    return translate(body)


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[SecretStr], now: datetime) -> None:
    """Base64 of HMAC-SHA256 over the timestamp's text and the raw body."""
    keys = [_usable(secret) for secret in secrets]
    if not keys:
        raise ConfigurationError("no signing secret is set for this webhook", code="no_webhook_secret")
    told = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = told.get(SIGNATURE), told.get(TIMESTAMP)
    if not signature or not timestamp:
        missing = TIMESTAMP if signature else SIGNATURE
        raise RejectedDeliveryError(f"the header {missing} is missing", code="missing_header")
    if abs(_time(timestamp) - now) > TOLERANCE:
        raise RejectedDeliveryError(
            "the delivery was signed more than 5 minutes away from now", code="too_old"
        )
    if not _OUR_KIND_OF_SIGNATURE.fullmatch(signature):
        raise RejectedDeliveryError("the signature is not base64 of SHA-256", code="wrong_kind")
    signed = timestamp.encode(errors="replace") + body
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
        raise RejectedDeliveryError("the timestamp is no RFC 3339 time", code="malformed") from None
    if time.tzinfo is None:
        raise RejectedDeliveryError("the timestamp has no zone", code="malformed")
    return time


# What happened ------------------------------------------------------------------------------------------------


class _Delivery(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    type: str
    id: str
    time: AwareDatetime
    subject: str | None = None
    event: dict[str, Any] | None = None


def translate(body: bytes) -> Event:
    """The event in a delivery's body; a type that we do not know is `UNKNOWN`. Raises `RejectedDeliveryError`."""
    try:
        delivery = _Delivery.model_validate(parse_json(body).value)
    except (JsonError, ValidationError):
        raise RejectedDeliveryError("the body is no Zendesk event", code="malformed") from None
    kind = KINDS.get(delivery.type, EventKind.UNKNOWN)
    return Event(
        kind=kind if isinstance(kind, EventKind) else kind(delivery.event or {}),
        id=delivery.id,
        subject_id=(delivery.subject or "").rpartition(":")[2] or None,
        at=delivery.time,
        vendor_kind=delivery.type,
    )


def _comment(event: Mapping[str, Any]) -> EventKind:
    match event:
        case {"comment": {"is_public": False}}:
            return EventKind.NOTE_ADDED
        case {"comment": {"is_public": True, "author": {"is_staff": True}}}:
            return EventKind.AGENT_REPLIED
        case {"comment": {"is_public": True, "author": {"is_staff": False}}}:
            return EventKind.CUSTOMER_REPLIED
        case _:
            return EventKind.UNKNOWN


_DONE = ("SOLVED", "CLOSED")


def _status(event: Mapping[str, Any]) -> EventKind:
    was_done, is_done = event.get("previous") in _DONE, event.get("current") in _DONE
    if is_done == was_done:
        return EventKind.STATUS_CHANGED
    return EventKind.TICKET_SOLVED if is_done else EventKind.TICKET_REOPENED


KINDS: Mapping[str, EventKind | Callable[[Mapping[str, Any]], EventKind]] = {
    "zen:event-type:ticket.created": EventKind.TICKET_OPENED,
    "zen:event-type:ticket.agent_assignment_changed": EventKind.TICKET_ASSIGNED,
    "zen:event-type:ticket.group_assignment_changed": EventKind.TICKET_ASSIGNED,
    "zen:event-type:ticket.comment_added": _comment,
    "zen:event-type:ticket.status_changed": _status,
    "zen:event-type:agent.state_changed": EventKind.AGENT_PRESENCE_CHANGED,
    "zen:event-type:agent.unified_state_changed": EventKind.AGENT_PRESENCE_CHANGED,
}
"""The supported types. Zendesk has none for ratings: those are read, not delivered."""
