"""The contract suite over Freshdesk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import batonpass_freshdesk
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import TicketRef
from batonpass.testing.contract import ContractSuite


class TestFreshdesk(ContractSuite):
    manifest = batonpass_freshdesk.manifest
    cannot_play: ClassVar[Mapping[EventKind, str]] = {
        EventKind.AGENT_PRESENCE_CHANGED: "automation rules are about tickets"
    }

    def delete_ticket(self, emulator: Any, ref: TicketRef) -> None:
        emulator.delete_ticket(int(ref.id))
