"""Everything that is kept about one person, as one document."""

from __future__ import annotations

import json

from batonpass.app.forgetting import Forgetter
from batonpass.store import Installation, Journal, StoreAddress
from batonpass.store.personal import exported
from batonpass.store.reading import look
from fakes import FakeClock
from kept_people import ANNA, BOB, HERS, NOW, peopled


async def test_d11_export_has_everything_about_a_person_and_nothing_of_others(
    journal: Journal, address: StoreAddress
) -> None:
    noted, unnoted, bobs = await peopled(journal)

    found = look(address, lambda tx: exported(tx, ANNA))

    text = json.dumps(found)
    assert {each["id"] for each in found["handoffs"]} == {noted, unnoted}
    assert [word for word in HERS if word not in text] == []
    assert [word for word in BOB if word in text] == []
    assert {"table": "handoffs", "key": [bobs]} in found["mentioned_elsewhere"]
    assert {each["table"] for each in found["mentioned_elsewhere"]} >= {"deliveries", "alerts", "checkpoints"}
    mine = next(each for each in found["handoffs"] if each["id"] == noted)
    assert mine["request"]["customer"]["name"] == "Zyxanna Lang"
    assert mine["deliveries"][0]["body"] == {"about": "zebradelivery"}
    assert [each["name"] for each in mine["steps"] if each["status"] == "done"] == [
        "gather_facts",
        "open_ticket",
    ]


async def test_d11_export_after_an_erasure_has_only_that(journal: Journal, address: StoreAddress) -> None:
    await peopled(journal)
    installation = Installation(journal.database, node="me", name="me")
    forgetter = Forgetter(journal.database, installation, FakeClock(NOW), legal_hold=False)
    await forgetter.erase(ANNA, cancel_open=False)

    found = look(address, lambda tx: exported(tx, ANNA))

    assert found == {"handoffs": [], "records": [], "mentioned_elsewhere": [], "erased_before": True}
