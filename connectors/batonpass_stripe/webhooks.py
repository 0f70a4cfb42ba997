"""Stripe's webhook deliveries: the signature, and what the events mean in our words.

https://docs.stripe.com/webhooks/signature: `Stripe-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with
several `v1` while a secret is being rolled.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

from pydantic import SecretStr, ValidationError

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.json_text import JsonError, parse_json
from batonpass_stripe.settings import StripeSettings
from batonpass_stripe.wire import EventBody

HEADER = "stripe-signature"
TOLERANCE = 300
LONGEST_HEADER = 8192
_SECRET = "whsec_"  # noqa: S105 - how secrets begin
_SECONDS = re.compile("[0-9]{1,12}")
_SCHEME = re.compile("v[0-9]+")
_UNKNOWN = (EventKind.UNKNOWN,)

KINDS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        "customer.created": (EventKind.CONTACT_CHANGED,),
        "customer.updated": (EventKind.CONTACT_CHANGED,),
        "customer.deleted": (EventKind.CONTACT_CHANGED,),
        "customer.subscription.created": (EventKind.SUBSCRIPTION_CHANGED,),
        "customer.subscription.updated": (EventKind.SUBSCRIPTION_CHANGED,),
        "customer.subscription.deleted": (EventKind.SUBSCRIPTION_CHANGED,),
        "customer.subscription.paused": (EventKind.SUBSCRIPTION_CHANGED,),
        "customer.subscription.resumed": (EventKind.SUBSCRIPTION_CHANGED,),
        "customer.subscription.trial_will_end": (EventKind.SUBSCRIPTION_CHANGED,),
        "invoice.created": (EventKind.INVOICE_CHANGED,),
        "invoice.finalized": (EventKind.INVOICE_CHANGED,),
        "invoice.paid": (EventKind.INVOICE_CHANGED,),
        "invoice.payment_failed": (EventKind.INVOICE_CHANGED,),
        "invoice.marked_uncollectible": (EventKind.INVOICE_CHANGED,),
        "invoice.voided": (EventKind.INVOICE_CHANGED,),
        "charge.succeeded": (EventKind.CHARGE_CHANGED,),
        "charge.failed": (EventKind.CHARGE_CHANGED,),
        "charge.refunded": (EventKind.CHARGE_CHANGED,),
        "refund.created": (EventKind.CHARGE_CHANGED,),
        "charge.dispute.created": (EventKind.DISPUTE_CHANGED,),
        "charge.dispute.updated": (EventKind.DISPUTE_CHANGED,),
        "charge.dispute.closed": (EventKind.DISPUTE_CHANGED,),
    }
)
"""Stripe's event type → ours; any other is UNKNOWN: https://docs.stripe.com/api/events/types"""


def receive(
    delivery: Delivery, *, secrets: Sequence[SecretStr], settings: StripeSettings, now: datetime
) -> tuple[Event, ...]:
    """As `batonpass.ports.webhooks.Receive` promises: the one event of a delivery that is Stripe's.

    An event of test mode at a connection of live mode is `test`. One of live mode at a connection of test mode, and
    one of another account (Connect), is about nothing that this connection can read: `UNKNOWN`.
    """
    verify(delivery.header(HEADER), delivery.body, secrets=secrets, now=now)
    return (translate(delivery.body, settings),)


def read(body: bytes, *, settings: StripeSettings, received_at: datetime) -> tuple[Event, ...]:
    """As `batonpass.ports.webhooks.Read` promises; a Stripe event tells its own time."""
    del received_at
    return (translate(body, settings),)


def verify(header: str | None, body: bytes, *, secrets: Sequence[SecretStr], now: datetime) -> None:
    """Passes if one `v1` signature is by one of `secrets` and its time is within 300 s of `now`, before or after.

    Raises `RejectedDeliveryError` with code `missing_header`, `malformed_header`, `wrong_kind`, `no_match` or
    `too_old`, and `ConfigurationError` on a missing secret or one of another kind.
    """
    keys = _checked(secrets)
    if not header:
        raise RejectedDeliveryError("no Stripe-Signature header", code="missing_header")
    time, signatures = _parts(header)
    expected = [_signature(key, time, body) for key in keys]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures]
    if not any(matches):
        raise RejectedDeliveryError(
            "no v1 signature is by this endpoint's secret; the body must be the raw bytes as they arrived",
            code="no_match",
        )
    if abs(now.timestamp() - int(time)) > TOLERANCE:
        raise RejectedDeliveryError(
            f"signed more than {TOLERANCE} s from now: a replay, or a wrong clock", code="too_old"
        )


def sign(body: bytes, *, secret: SecretStr, now: datetime, older: Sequence[SecretStr] = ()) -> str:
    """The header's value for this body: what Stripe sends, with one more `v1` for each `older` secret that is good
    still while the endpoint's is being rolled."""
    time = str(int(now.timestamp()))
    keys = [each.get_secret_value() for each in (secret, *older)]
    return ",".join([f"t={time}", *(f"v1={_signature(key, time, body).decode()}" for key in keys)])


def translate(body: bytes, settings: StripeSettings) -> Event:
    """The event in the body of a delivery. Raises `RejectedDeliveryError` with code `malformed_body`."""
    try:
        told = EventBody.model_validate(parse_json(body).value)
    except JsonError as error:
        raise RejectedDeliveryError(f"the body: {error}", code="malformed_body") from None
    except ValidationError:
        raise RejectedDeliveryError("the body is no Stripe event", code="malformed_body") from None
    readable = told.account in {None, settings.account} and (settings.mode == "live" or not told.livemode)
    return Event(
        kind=KINDS.get(told.type, _UNKNOWN)[0] if readable else EventKind.UNKNOWN,
        id=told.id,
        subject_id=_subject(told),
        at=told.created,
        vendor_kind=told.type,
        test=told.livemode is False and settings.mode == "live",
    )


def _subject(told: EventBody) -> str | None:
    subject = told.data.object if told.data else None
    if subject is None:
        return None
    if told.type == "refund.created":
        return subject.charge if isinstance(subject.charge, str) else None
    return subject.id


def _checked(secrets: Sequence[SecretStr]) -> list[str]:
    if not secrets:
        raise ConfigurationError(
            "no signing secret is set for this webhook; it needs the endpoint's whsec_…",
            code="no_webhook_secret",
        )
    keys = [secret.get_secret_value() for secret in secrets]
    if not all(key.startswith(_SECRET) and len(key) > len(_SECRET) for key in keys):
        raise ConfigurationError(
            "the webhook's signing secret is empty or of another kind; it needs the endpoint's whsec_…, no API key",
            code="bad_webhook_secret",
        )
    return keys


def _parts(header: str) -> tuple[str, list[bytes]]:
    """The time and the `v1` signatures. Other schemes do not count: `v0` is for tests, and a downgrade."""
    if len(header) > LONGEST_HEADER:
        raise RejectedDeliveryError("the Stripe-Signature header is too long", code="malformed_header")
    pairs = [item.strip().partition("=") for item in header.split(",")]
    times = {value for name, _, value in pairs if name == "t"}
    signatures = [value.encode("utf-8", "replace") for name, _, value in pairs if name == "v1"]
    if times and not signatures and any(_SCHEME.fullmatch(name) for name, _, _ in pairs):
        raise RejectedDeliveryError(
            "the Stripe-Signature header has no v1 signature; no other scheme counts", code="wrong_kind"
        )
    if len(times) != 1 or not signatures or not _SECONDS.fullmatch(time := times.pop()):
        raise RejectedDeliveryError(
            "the Stripe-Signature header needs one t and at least one v1", code="malformed_header"
        )
    return time, signatures


def _signature(key: str, time: str, body: bytes) -> bytes:
    return hmac.new(key.encode(), time.encode() + b"." + body, sha256).hexdigest().encode()
