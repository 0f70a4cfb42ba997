"""Stripe: billing facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batonpass.ports import Capability, Manifest
from batonpass_stripe.adapter import StripeSettings, connect
from batonpass_stripe.readable import READABLE

if TYPE_CHECKING:
    from batonpass_stripe.emulator import StripeEmulator

_WITH_METADATA = {"customer", "subscription"}


def _emulator(**options: Any) -> StripeEmulator:
    """Imported when asked for: only the demo and tests need it."""
    from batonpass_stripe.emulator import StripeEmulator  # noqa: PLC0415

    return StripeEmulator(**options)


manifest = Manifest(
    name="stripe",
    title="Stripe",
    capabilities=frozenset({Capability.BILLING_FACTS}),
    settings=StripeSettings,
    connect=connect,
    emulator=_emulator,
    readable={
        name: (*properties, "metadata.*") if name in _WITH_METADATA else tuple(properties)
        for name, properties in READABLE.items()
    },
)
