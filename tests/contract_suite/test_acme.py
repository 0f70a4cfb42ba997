"""The contract suite over the made-up connector of somebody else."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "sixth_connector"))

import batonpass_acme
from batonpass_acme.emulator import AcmeEmulator
from batonpass_acme.webhooks import sign

from batonpass.domain.facts import Person
from batonpass.testing.contract import ContractSuite
from batonpass.testing.emulator import Emulator


class TestAcme(ContractSuite):
    manifest = batonpass_acme.manifest
    three_pages_of_changes = 45

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str]:
        return sign(body, secret=secret, at=at)

    def batch_with_one_bad(self, body: bytes) -> bytes:
        events = json.loads(body)["events"]
        again = [{**event, "id": f"{event['id']}-again"} for event in events]
        return json.dumps({"events": [*events, "junk", *again]}).encode()

    def somebody_twice(self, emulator: Emulator) -> Person:
        assert isinstance(emulator, AcmeEmulator)
        for name in ("Mia Keller", "Mia K."):
            emulator.add_ticket_of(emulator.account.add_person(name, "twice@example.com"))
        return Person(email="twice@example.com")
