"""The contract suite over Stripe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import SecretStr

import batonpass_stripe
from batonpass.domain.facts import FactRule
from batonpass.testing.contract import ContractSuite
from batonpass_stripe.webhooks import sign


class TestStripe(ContractSuite):
    manifest = batonpass_stripe.manifest
    webhook_secret = "whsec_contractsuite0123456789abcdefgh"
    rules = tuple(
        FactRule(name=f"billing.{name}", object=its_object, property=name)
        for its_object, name in (
            ("customer", "name"),
            ("subscription", "plan"),
            ("subscription", "mrr"),
            ("subscription", "renewal_date"),
        )
    )
    """None that needs payments or invoices: those are not kept, and of these Mia has none."""

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        del url
        return {"Stripe-Signature": sign(body, secret=SecretStr(secret), now=at)}
