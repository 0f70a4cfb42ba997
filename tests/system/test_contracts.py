"""Whole handoffs, every call of which is held to the vendors' published contracts.

HubSpot publishes none that may be used here; its official SDK is the oracle (`test_hubspot_sdk.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.types import ASGIApp

from batonpass.testing.emulator import Fault
from contract import ContractChecked
from fakes import FakeClock
from scene import body, playing
from shared import shared_file

PEOPLE = ("mia.keller@example.com", "elena.rossi@example.com", "nobody@example.com", None)


@pytest.mark.parametrize("email", PEOPLE, ids=["charged twice", "enterprise", "unknown", "anonymous"])
async def test_every_call_of_a_handoff_is_valid_under_the_contracts(
    tmp_path: Path, email: str | None
) -> None:
    doors: dict[str, ContractChecked] = {}

    def checked(name: str, app: ASGIApp) -> ASGIApp:
        if name == "hubspot":
            return app
        doors[name] = ContractChecked(app, shared_file("contracts", f"{name}.openapi.yaml"))
        return doors[name]

    async with playing(tmp_path, through=checked, clock=FakeClock()) as scene:
        scene.vendors.zendesk.next_call(Fault.ANSWER_LOST, operation="tickets.create")
        scene.vendors.field("Plan").drops = True
        scene.vendors.hubspot.next_call(Fault.SERVER_ERROR, status=503, times=20)

        handoff_id = await scene.hand_over(body(email=email))
        await scene.settled()
        scene.vendors.hubspot.heal()
        await scene.later(70)
        await scene.later(70)

        assert scene.opened == [handoff_id]
    assert {name: door.violations for name, door in doors.items()} == {"zendesk": [], "stripe": []}
    assert doors["zendesk"].checked >= 5
    assert (doors["stripe"].checked > 0) is (email is not None)
