"""The contract suite over HubSpot as a helpdesk with groups, whose webhooks are registered by its API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import batonpass_hubspot
from batonpass.domain.ticket import FieldKind
from batonpass.testing.contract import ContractSuite
from batonpass.testing.contract.opened import Opened
from batonpass_hubspot.emulator import APP_ID, CLIENT_SECRET, DEVELOPER_KEY
from batonpass_hubspot.webhooks import sign


class TestHubSpotTickets(ContractSuite):
    """Without `reply_as`: HubSpot lets nobody reply on a ticket that has no conversation, as one opened by the API
    has none. `test_hubspot_conversations` has the replies."""

    manifest = batonpass_hubspot.manifest
    settings: ClassVar[Mapping[str, Any]] = {
        "tickets": True,
        "group_property": "support_group",
        "app_id": APP_ID,
        "developer_key": DEVELOPER_KEY,
        "webhook_secret": CLIENT_SECRET,
    }
    created_as: ClassVar[Mapping[FieldKind, FieldKind]] = {FieldKind.INTEGER: FieldKind.DECIMAL}
    mutated_answers = 100
    mutated_deliveries = 10_000

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        return sign(body, url=url, secret=secret, now=at)

    def secret(self, opened: Opened) -> str:
        return CLIENT_SECRET
