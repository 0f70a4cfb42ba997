"""The contract suite over HubSpot, in both its roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import batonpass_hubspot
from batonpass.domain.event import EventKind
from batonpass.domain.facts import FactRule
from batonpass.domain.ticket import FieldKind, TicketRef
from batonpass.testing.contract import ContractSuite
from batonpass.testing.contract.opened import Opened
from batonpass_hubspot.emulator import APP_ID, CLIENT_SECRET, DEVELOPER_KEY
from batonpass_hubspot.webhooks import sign


def batch_of(body: bytes) -> bytes:
    events = json.loads(body)
    again = [{**event, "eventId": event["eventId"] + 1000} for event in events]
    return json.dumps([*events, "junk", *again]).encode()


APP_SECRET = "0f8fad5b-d9cb-469f-a165-70867728950e"


class TestHubSpotFacts(ContractSuite):
    manifest = batonpass_hubspot.manifest
    webhook_secret = APP_SECRET
    rules = (
        FactRule(name="account.company", object="company", property="name"),
        FactRule(name="account.tier", object="company", property="tier"),
        FactRule(name="account.owner", object="company", property="owner"),
    )

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        return sign(body, url=url, secret=secret, now=at)

    def batch_with_one_bad(self, body: bytes) -> bytes:
        return batch_of(body)


class TestHubSpotTickets(ContractSuite):
    """With groups, and with webhooks that are registered by the API."""

    manifest = batonpass_hubspot.manifest
    settings: ClassVar[Mapping[str, Any]] = {
        "tickets": True,
        "reply_as": "7",
        "group_property": "support_group",
        "app_id": APP_ID,
        "developer_key": DEVELOPER_KEY,
        "webhook_secret": CLIENT_SECRET,
    }
    answerable_once_deleted = "HubSpot's threads live on without their ticket"
    start: ClassVar[Mapping[str, str]] = {"field": "Needs a person", "value": "true"}
    created_as: ClassVar[Mapping[FieldKind, FieldKind]] = {FieldKind.INTEGER: FieldKind.DECIMAL}

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        return sign(body, url=url, secret=secret, now=at)

    def batch_with_one_bad(self, body: bytes) -> bytes:
        return batch_of(body)

    def secret(self, opened: Opened) -> str:
        return CLIENT_SECRET

    async def an_answerable_ticket(self, made: Opened) -> TicketRef:
        """One with a thread: a ticket that was made by the API has none."""
        return made.helpdesk.ticket_ref(await made.play(EventKind.TICKET_OPENED, text="My parcel is lost."))
