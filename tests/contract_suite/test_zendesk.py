"""The contract suite over Zendesk."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

import batonpass_zendesk
from batonpass.testing.contract import ContractSuite
from batonpass.testing.emulator import Emulator, Fault
from batonpass_zendesk.emulator import ZendeskEmulator
from batonpass_zendesk.webhooks import SIGNATURE, TIMESTAMP


class TestZendesk(ContractSuite):
    """With the keys of messaging, so that it passes conversations too."""

    manifest = batonpass_zendesk.manifest
    settings: ClassVar[Mapping[str, Any]] = ZendeskEmulator().messaging_login()

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
        emulator.next_call(Fault.SERVER_ERROR, status=403, operation="users.me")
