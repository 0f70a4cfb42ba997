"""The contract suite over HubSpot, in both its roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import batonpass_hubspot
from batonpass.domain.facts import FactRule
from batonpass.testing.contract import ContractSuite

APP_SECRET = "0f8fad5b-d9cb-469f-a165-70867728950e"


class TestHubSpotFacts(ContractSuite):
    manifest = batonpass_hubspot.manifest
    webhook_secret = APP_SECRET
    rules = (FactRule(name="account.company", object="company", property="name"),)


class TestHubSpotTickets(ContractSuite):
    manifest = batonpass_hubspot.manifest
    webhook_secret = APP_SECRET
    settings: ClassVar[Mapping[str, Any]] = {"tickets": True}
    start: ClassVar[Mapping[str, str]] = {"field": "Needs a person", "value": "true"}
    cannot_write: ClassVar[Mapping[str, str]] = {"group": "HubSpot tickets belong to owners, not to groups"}
    cannot_create: ClassVar[Mapping[str, str]] = {"integer": "HubSpot's numbers are decimals"}
