"""A person's earlier handoffs, over both databases."""

from __future__ import annotations

import hashlib
import json

from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.engine import decide
from batonpass.store import Installation, Journal, NewHandoff
from batonpass.store.earlier import LARGEST, earlier_handoffs
from batonpass.store.people import person
from filled_stores import NOW

ANNA, BEN = "anna@example.com", "ben@example.com"


async def hand_over(
    journal: Journal, email: str, *, text: str = "Hello", about: str | None = None
) -> HandoffId:
    pepper = await Installation(journal.database, node="n", name="n").pepper(NOW)
    turns = [{"role": "customer", "text": text}]
    request = json.dumps({"conversation": {"turns": turns}, "customer": {"email": email}}).encode()
    new = NewHandoff(
        id=new_handoff_id(), ai_agent="bot", conversation_id=None, body=request, request=request, mended=False,
        idempotency_key=None, body_sha256=hashlib.sha256(request).digest(), received_at=NOW, helpdesk="zendesk",
        person=person(pepper, email), asked_about=about,
    )  # fmt: skip
    await journal.accept(new, decide.on_request())
    return new.id


async def test_only_what_came_before_under_this_address_is_told_newest_first(journal: Journal) -> None:
    first = await hand_over(journal, ANNA, about="41")
    await hand_over(journal, BEN)
    second = await hand_over(journal, ANNA.upper())
    now = await hand_over(journal, ANNA)
    await hand_over(journal, ANNA)

    found = await earlier_handoffs(journal.database, ANNA, before=now, most=9)
    newest = await earlier_handoffs(journal.database, ANNA, before=now, most=1)

    assert [each.id for each in found] == [second, first]
    assert [each.id for each in newest] == [second]
    assert (found[1].helpdesk, found[1].ticket_id) == ("zendesk", "41")
    assert json.loads(found[1].request)["customer"]["email"] == ANNA


async def test_a_request_that_is_too_large_holds_nobody_up(journal: Journal) -> None:
    await hand_over(journal, ANNA, text="x" * LARGEST)
    now = await hand_over(journal, ANNA)

    assert await earlier_handoffs(journal.database, ANNA, before=now, most=9) == ()


async def test_a_store_that_has_noted_nobody_knows_nobody(journal: Journal) -> None:
    assert await earlier_handoffs(journal.database, ANNA, before=new_handoff_id(), most=9) == ()
