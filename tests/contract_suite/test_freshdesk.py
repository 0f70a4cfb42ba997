"""The contract suite over Freshdesk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import batonpass_freshdesk
from batonpass.domain.event import EventKind
from batonpass.testing.contract import ContractSuite
from batonpass_freshdesk.webhooks import SECRET_HEADER


class TestFreshdesk(ContractSuite):
    manifest = batonpass_freshdesk.manifest
    cannot_play: ClassVar[Mapping[EventKind, str]] = {
        EventKind.AGENT_PRESENCE_CHANGED: "automation rules are about tickets"
    }
    changes_untold: ClassVar[dict[str, str]] = {
        "satisfaction_ratings": "they can be asked for by their creation only"
    }

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        del body, url, at  # nothing is signed
        return {SECRET_HEADER: secret}
