"""The contract suite over Intercom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import batonpass_intercom
from batonpass.domain.event import EventKind
from batonpass.testing.contract import ContractSuite


class TestIntercom(ContractSuite):
    manifest = batonpass_intercom.manifest
    cannot_create: ClassVar[Mapping[str, str]] = {
        "multiselect": "Intercom's ticket attributes have no such type"
    }
    cannot_write: ClassVar[Mapping[str, str]] = {"priority": "Intercom's API writes none"}
    cannot_play: ClassVar[Mapping[EventKind, str]] = {
        EventKind.CONTACT_CHANGED: "the emulator's contacts stand still",
        EventKind.COMPANY_CHANGED: "the emulator keeps no companies",
    }
