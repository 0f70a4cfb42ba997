"""The contract suite over Stripe."""

from __future__ import annotations

import batonpass_stripe
from batonpass.domain.facts import FactRule
from batonpass.testing.contract import ContractSuite


class TestStripe(ContractSuite):
    manifest = batonpass_stripe.manifest
    webhook_secret = "whsec_contractsuite0123456789abcdefgh"
    rules = (FactRule(name="billing.plan", object="subscription", property="plan"),)
