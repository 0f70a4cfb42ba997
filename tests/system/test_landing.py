"""What becomes of the values for fields, as a whole service counts it."""

from __future__ import annotations

import json
from pathlib import Path

from batonpass.app.planning.preview import past_handoffs
from batonpass.store.past import PastHandoff
from cli_rig import emulated
from planning_rig import DOUBLE_CHARGE, Installation, installation

MAPPING = """
[ticket]
subject = "{issue.title}"

[fields]
"Conversation ID" = { from = "conversation.id" }
"Plan" = "Gold"
"Handoff reason" = "no such option"
"""


async def fates(made: Installation) -> dict[str, dict[str, int]]:
    told = await made.command("landing", "--json", "--config", made.desk.config)
    names = ("sent", "landed", "altered", "dropped", "refused", "unfit")
    return {
        each["field"]: {name: each[name] for name in names if each[name]}
        for each in json.loads(told.stdout)["fields"]
    }


async def test_a_field_that_the_helpdesk_drops_without_a_word_is_counted_as_dropped(tmp_path: Path) -> None:
    with emulated() as vendors:
        async with installation(tmp_path, vendors, mapping=MAPPING) as made:
            await made.hand_over(DOUBLE_CHARGE, "billing_dispute", 1)
            await made.settled()
            fields = vendors.emulators["zendesk"].account.fields  # type: ignore[attr-defined]
            next(each for each in fields.values() if each.title == "Plan").active = False
            await made.hand_over(DOUBLE_CHARGE, "billing_dispute", 2)
            await made.settled()

            found = await fates(made)
            past = await past_handoffs(made.service.journal, helpdesk="zendesk")

    assert found["Plan"] == {"sent": 2, "landed": 1, "dropped": 1}
    assert found["Conversation ID"] == {"sent": 2, "landed": 2}
    assert found["Handoff reason"] == {"unfit": 2}
    assert [each.id for each in past] == made.made[::-1]
    assert isinstance(past[0], PastHandoff)
    assert past[0].reason == "billing_dispute"
