"""Which handoffs an operator means, on both databases."""

from __future__ import annotations

from batonpass.domain.handoff import (
    HandoffState,
    StepKind,
    StepStatus,
)
from batonpass.domain.ids import HandoffId
from batonpass.store import Journal
from batonpass.store.selection import Action, Selection, candidates, listed, unknown
from queued import (
    LATER,
    NOW,
    attempt,
    handed_over,
    opening,
    parked,
)


async def meant(journal: Journal, chosen: Selection) -> list[HandoffId]:
    found = await journal.database.run(lambda tx: candidates(tx, chosen, after="", most=100))
    return [each.id for each in found]


async def test_every_filter_means_what_it_says(journal: Journal) -> None:
    waits = await parked(journal, agent="shop")
    asks = await handed_over(journal, agent="bot", at=LATER)

    async def finds(**said: object) -> list[HandoffId]:
        return await meant(journal, Selection(**said))  # type: ignore[arg-type]

    assert await finds() == [waits, asks]
    assert await finds(state=HandoffState.PARKED) == [waits]
    assert await finds(step=StepKind.OPEN_TICKET) == [waits]
    assert await finds(step=StepKind.GATHER_FACTS) == [asks]
    assert await finds(ai_agent="bot") == [asks]
    assert await finds(connection="zendesk") == [waits, asks]
    assert await finds(connection="hubspot") == []
    assert await finds(reason="NO SUCH group") == [waits]
    assert await finds(reason="refused") == [waits]
    assert await finds(reason="%") == []
    assert await finds(asked_before=LATER) == [waits]
    assert await finds(asked_since=LATER) == [asks]
    assert await finds(ids=(asks,), state=HandoffState.PARKED) == []
    assert await finds(doable=Action.RETRY) == [waits]
    assert await finds(doable=Action.PARK) == [asks]
    assert await finds(doable=Action.CANCEL) == [waits, asks]
    assert await journal.database.run(lambda tx: unknown(tx, [waits, "ho_none"])) == ["ho_none"]


async def test_the_list_says_who_waits_since_when_and_why(journal: Journal) -> None:
    waits = await parked(journal)
    _, step = await opening(journal)
    await journal.postpone(step, until=LATER, attempt=attempt(step, "rate_limited"), count_attempt=False)

    first, second = await journal.database.run(lambda tx: listed(tx, Selection(), most=10))

    assert (first.id, first.created_at, first.because) == (waits, NOW, "refused: no such group")
    assert [(each.name, each.because) for each in first.waiting] == [
        ("open_ticket", "refused: no such group")
    ]
    (again,) = second.waiting
    assert (again.status, again.due_at, again.last) == (StepStatus.READY, LATER, "rate_limited")
