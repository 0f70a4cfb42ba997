"""Stripe: billing facts, events that say that they have changed, and its records in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batonpass.ports import Capability, Manifest, SecretKind, WebhookDoor
from batonpass_stripe.adapter import connect
from batonpass_stripe.readable import READABLE
from batonpass_stripe.registering import by_hand
from batonpass_stripe.settings import StripeSettings
from batonpass_stripe.webhooks import KINDS, read, receive

if TYPE_CHECKING:
    from batonpass_stripe.emulator import StripeEmulator

# https://docs.stripe.com/keys
_API_KEY = SecretKind(
    what="a restricted Stripe API key (rk_live_… or rk_test_…)",
    pattern=r"(rk|sk)_(live|test)_[A-Za-z0-9_]+",
)
_SECRET_KEY = SecretKind(what="a Stripe secret API key (sk_…)", pattern=r"sk_(live|test)_[A-Za-z0-9_]+")
_PUBLISHABLE_KEY = SecretKind(
    what="a publishable Stripe key, for browsers (pk_…)", pattern=r"pk_(live|test)_[A-Za-z0-9_]+"
)
_WEBHOOK_SECRET = SecretKind(
    what="the signing secret of a Stripe webhook endpoint (whsec_…)", pattern=r"whsec_[A-Za-z0-9_+/=-]+"
)
_WITH_METADATA = {"customer", "subscription"}


def _emulator(**options: Any) -> StripeEmulator:
    """Imported when asked for: only the demo and tests need it."""
    from batonpass_stripe.emulator import StripeEmulator  # noqa: PLC0415

    return StripeEmulator(**options)


manifest = Manifest(
    name="stripe",
    title="Stripe",
    capabilities=frozenset({Capability.BILLING_FACTS, Capability.REGISTER_WEBHOOKS, Capability.SYNC}),
    settings=StripeSettings,
    connect=connect,
    emulator=_emulator,
    webhooks=WebhookDoor(
        receive=receive,
        read=read,
        kinds=KINDS,
        scheme="Stripe-Signature: hex HMAC-SHA256 of time, full stop and body (scheme v1), at most 300 s old",
        by_hand=by_hand,
    ),
    secrets={
        "api_key": _API_KEY,
        "webhook_secret": _WEBHOOK_SECRET,
        "webhook_secret_previous": _WEBHOOK_SECRET,
    },
    other_secrets=(_SECRET_KEY, _PUBLISHABLE_KEY),
    readable={
        name: (*properties, "metadata.*") if name in _WITH_METADATA else tuple(properties)
        for name, properties in READABLE.items()
    },
)
