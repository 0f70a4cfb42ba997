"""The contract suite over Intercom."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import batonpass_intercom
from batonpass.domain.event import EventKind
from batonpass.testing.contract import ContractSuite
from batonpass_intercom.webhooks import SIGNATURE


class TestIntercom(ContractSuite):
    """With the ticket type named: some tests let there be another one."""

    manifest = batonpass_intercom.manifest
    settings: ClassVar[Mapping[str, Any]] = {"ticket_type": "Support request"}
    three_pages_of: ClassVar[int] = 305

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        del url, at
        return {SIGNATURE: f"sha1={hmac.digest(secret.encode(), body, 'sha1').hex()}"}

    cannot_create: ClassVar[Mapping[str, str]] = {
        "multiselect": "Intercom's ticket attributes have no such type"
    }
    cannot_write: ClassVar[Mapping[str, str]] = {"priority": "Intercom's API writes none"}
    cannot_play: ClassVar[Mapping[EventKind, str]] = {
        EventKind.CONTACT_CHANGED: "the emulator's contacts stand still",
        EventKind.COMPANY_CHANGED: "the emulator keeps no companies",
    }
