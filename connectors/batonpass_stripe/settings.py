"""What a `[connections.<name>]` table of Stripe takes."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from batonpass.ports import ConnectionSettings


class StripeSettings(ConnectionSettings):
    """One Stripe account."""

    api_key: SecretStr
    """A restricted key that can read customers, subscriptions, invoices, charges and disputes (and products, for
    the plan's name, and events, for a sync that reads only what has changed); to have webhooks registered by us, it can write webhook endpoints too."""
    mode: Literal["live", "test"] = "live"
    account: str | None = None
    """For Connect: the connected account to read (`acct_…`)."""
