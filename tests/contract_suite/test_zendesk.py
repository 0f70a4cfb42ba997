"""The contract suite over Zendesk."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

import batonpass_zendesk
from batonpass.domain.event import EventKind
from batonpass.testing.contract import ContractSuite
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.syncing import A_WHILE, MemoryCopy
from batonpass.testing.emulator import Emulator, Fault
from batonpass_zendesk.emulator import ZendeskEmulator
from batonpass_zendesk.webhooks import SIGNATURE, TIMESTAMP

READ_IN_BULK = (
    "tickets.export", "users.export", "organizations.list", "groups.list", "users.list", "fields.list", "ratings.list",
)  # fmt: skip


class SmallExports(ZendeskEmulator):
    """Its exports have pages of a hundred, so that little is needed for three."""

    most_per_export = 100


class TestZendesk(ContractSuite):
    """With the keys of messaging, so that it passes conversations too."""

    manifest = replace(batonpass_zendesk.manifest, emulator=SmallExports)
    settings: ClassVar[Mapping[str, Any]] = ZendeskEmulator().messaging_login()
    changes_untold: ClassVar[dict[str, str]] = {
        "satisfaction_ratings": "its list begins with a rating's birth"
    }

    def a_chat(self, emulator: Emulator) -> str:
        assert isinstance(emulator, ZendeskEmulator)
        return emulator.add_conversation("I was charged twice.", "I will pass you on to a colleague.").id

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        del url
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        digest = hmac.digest(secret.encode(), stamp.encode() + body, sha256)
        return {SIGNATURE: b64encode(digest).decode(), TIMESTAMP: stamp}

    def lose_a_scope(self, emulator: Emulator) -> None:
        """Refused a token, it is the login itself that is wrong."""
        for operation in ("users.me", *READ_IN_BULK):
            emulator.next_call(Fault.SERVER_ERROR, status=403, operation=operation)

    async def copied(self, made: Opened) -> MemoryCopy:
        """The sample account knows nobody but its team."""
        await made.play(EventKind.TICKET_OPENED, email=self.known_person.email, text="Charged twice.")
        made.clock.go_on(A_WHILE.total_seconds())
        return await super().copied(made)
