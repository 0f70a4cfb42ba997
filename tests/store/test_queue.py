"""What an operator does with handoffs, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    HandoffRecord,
    HandoffState,
    Lane,
    NewStep,
    Plan,
    StepKind,
    StepStatus,
)
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.life import LifeKind
from batonpass.domain.ticket import TicketRef
from batonpass.store import Accepted, Journal, NewHandoff, Recovery, StaleClaimError
from batonpass.store.queue import BATCH, Batch, Manner, Queue, Why
from batonpass.store.selection import Action, Selection, candidates, counted, listed, unknown
from stores import Query

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ALL = tuple(StepKind)
FIRST = Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))
OPEN = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))
TICKETED = Plan(
    state=HandoffState.TICKETED,
    steps=(NewStep(kind=StepKind.ANNOUNCE), NewStep(kind=StepKind.LATE_FACTS, about="crm", delay=1.0)),
)


def in_a_minute(state: HandoffState, *, at: datetime, created_at: datetime) -> datetime:
    del state, at
    return created_at + timedelta(minutes=1)


@pytest.fixture
def queue(journal: Journal) -> Queue:
    manner = Manner(
        first_deadline=in_a_minute, announced_to=frozenset({"told-bot"}), waits={StepKind.OPEN_TICKET: 30.0}
    )
    return Queue(journal.database, manner)


def attempt(step: ClaimedStep, outcome: str = "done") -> AttemptRecord:
    return AttemptRecord(step=step.name, number=step.fence, started_at=NOW, seconds=0.1, outcome=outcome)


async def handed_over(
    journal: Journal, *, agent: str = "bot", conversation: str | None = None, about: str | None = None,
    at: datetime = NOW,
) -> HandoffId:  # fmt: skip
    new = NewHandoff(
        id=new_handoff_id(), ai_agent=agent, conversation_id=conversation, body=b"{}", request=b"{}", mended=False,
        idempotency_key=None, body_sha256=b"", received_at=at, helpdesk="zendesk", asked_about=about,
    )  # fmt: skip
    accepted = await journal.accept(new, FIRST)
    assert isinstance(accepted, Accepted)
    return accepted.handoff_id


async def claimed(journal: Journal, now: datetime = NOW) -> ClaimedStep:
    (step,) = await journal.claim(ALL, now=now, most=1)
    return step


async def opening(journal: Journal, **asked: object) -> tuple[HandoffId, ClaimedStep]:
    """A handoff whose ticket is being opened."""
    handoff_id = await handed_over(journal, **asked)  # type: ignore[arg-type]
    gather = await claimed(journal)
    (step,) = await journal.finish(gather, result={}, plan=OPEN, attempt=attempt(gather), now=NOW)
    return handoff_id, step


async def parked(journal: Journal, **asked: object) -> HandoffId:
    handoff_id, step = await opening(journal, **asked)
    await journal.park(step, because="refused: no such group", attempt=attempt(step, "refused"), now=NOW)
    return handoff_id


async def with_ticket(journal: Journal) -> tuple[HandoffId, list[ClaimedStep]]:
    """A handoff with its ticket; its announcement is under way, its late facts wait."""
    handoff_id, step = await opening(journal)
    following = await journal.finish(
        step, result={"ticket": {}}, plan=TICKETED, attempt=attempt(step), now=NOW,
        ticket=TicketRef(id=handoff_id[-6:], url="u"),
    )  # fmt: skip
    return handoff_id, following


async def record(journal: Journal, handoff_id: HandoffId) -> HandoffRecord:
    found = await journal.handoff(handoff_id)
    assert found is not None
    return found


async def statuses(journal: Journal, handoff_id: HandoffId) -> dict[str, StepStatus]:
    return {step.name: step.status for step in (await record(journal, handoff_id)).steps}


async def meant(journal: Journal, chosen: Selection) -> list[HandoffId]:
    found = await journal.database.run(lambda tx: candidates(tx, chosen, after="", most=100))
    return [each.id for each in found]


async def test_what_is_parked_begins_anew_and_is_looked_for_before_it_is_repeated(
    journal: Journal, queue: Queue, query: Query
) -> None:
    handoff_id = await parked(journal)

    done = await queue.act(Action.RETRY, Selection(ids=(handoff_id,)), now=LATER)

    again = await claimed(journal, LATER)
    found = await record(journal, handoff_id)
    assert done == Batch(changed=1)
    assert (found.state, found.parked_because) == (HandoffState.ENRICHED, None)
    assert found.deadline_at == LATER + timedelta(minutes=1)
    assert (again.name, again.fence, again.attempts, again.may_have_happened) == ("open_ticket", 2, 1, True)
    assert again.first_claimed_at == LATER
    assert again.lane is Lane.REPLAY
    assert await query("SELECT lane FROM handoffs") == [(Lane.REPLAY,)]


async def test_a_call_that_may_still_take_effect_is_waited_for(journal: Journal, queue: Queue) -> None:
    await parked(journal)

    await queue.act(Action.RETRY, Selection(), now=NOW + timedelta(seconds=1))

    assert await journal.claim(ALL, now=NOW + timedelta(seconds=29), most=1) == []
    assert (await claimed(journal, NOW + timedelta(seconds=31))).name == "open_ticket"


async def test_l06_what_is_retried_comes_after_those_for_whom_a_customer_waits(
    journal: Journal, queue: Queue
) -> None:
    old = [await parked(journal) for _ in range(3)]
    await queue.act(Action.RETRY, Selection(), now=LATER)
    new = [await handed_over(journal, at=LATER) for _ in range(3)]

    order = [(await claimed(journal, LATER)).handoff_id for _ in range(6)]

    assert sorted(order[:3]) == sorted(new)
    assert sorted(order[3:]) == sorted(old)


async def test_l06_a_bulk_retry_goes_in_batches_and_goes_on_where_it_was_interrupted(
    journal: Journal, queue: Queue, query: Query
) -> None:
    await parked(journal)
    columns = "ai_agent, state, created_at, updated_at, mended, request, helpdesk, parked_because"
    await query(
        "INSERT INTO handoffs (id, "
        + columns
        + ") WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 450) SELECT 'ho_x' || (1000 + i), " + columns + " FROM n, handoffs RETURNING id"
    )
    await query(
        "INSERT INTO steps (handoff_id, name, kind, about, status, due_at, created_at, fence) SELECT id, 'open_ticket',"
        " 'open_ticket', '', 'parked', 1, 1, 1 FROM handoffs WHERE id LIKE ? RETURNING name",
        "ho_x%",
    )
    chosen = Selection(doable=Action.RETRY)

    interrupted = await queue.act(Action.RETRY, chosen, now=LATER)
    left = sum((await journal.database.run(lambda tx: counted(tx, chosen))).values())
    after, changed = "", 0
    while True:
        batch = await queue.act(Action.RETRY, chosen, now=LATER, after=after)
        changed += batch.changed
        if batch.next is None:
            break
        after = batch.next

    assert (interrupted.changed, left, changed) == (BATCH, 451 - BATCH, 451 - BATCH)
    assert await journal.counts() == {"requested": 450, "enriched": 1}


async def test_what_is_done_or_over_is_never_done_again(journal: Journal, queue: Queue) -> None:
    handoff_id = await parked(journal)
    await queue.act(Action.CANCEL, Selection(ids=(handoff_id,)), now=LATER)

    over = await queue.act(Action.RETRY, Selection(ids=(handoff_id,)), now=LATER)
    live, _ = await with_ticket(journal)
    nothing = await queue.act(Action.RETRY, Selection(ids=(live,)), now=LATER)

    assert over == Batch(left={Why.OVER: 1})
    assert nothing == Batch(left={Why.NOTHING_TO_DO: 1})
    assert (await record(journal, handoff_id)).state is HandoffState.ABANDONED


async def test_one_whose_ticket_was_asked_for_again_is_not_retried_beside_it(
    journal: Journal, queue: Queue
) -> None:
    first = await parked(journal, about="77")
    second = await handed_over(journal, about="77")

    done = await queue.act(Action.RETRY, Selection(ids=(first,)), now=LATER)
    await queue.act(Action.CANCEL, Selection(ids=(second,)), now=LATER)
    afterwards = await queue.act(Action.RETRY, Selection(ids=(first,)), now=LATER)

    assert done == Batch(left={Why.SUPERSEDED: 1})
    assert afterwards == Batch(changed=1)


async def test_only_the_named_kind_of_step_is_retried(journal: Journal, queue: Queue) -> None:
    handoff_id, (announce,) = await with_ticket(journal)
    await journal.park(announce, because="410", attempt=attempt(announce, "refused"), now=NOW)
    (late,) = await journal.claim(ALL, now=LATER, most=1)
    await journal.park(late, because="403", attempt=attempt(late, "forbidden"), now=LATER)

    await queue.act(Action.RETRY, Selection(step=StepKind.ANNOUNCE), now=LATER)

    found = await statuses(journal, handoff_id)
    assert (found["announce"], found["late_facts:crm"]) == (StepStatus.READY, StepStatus.PARKED)


async def test_cancelled_without_a_ticket_is_over_and_its_ai_agent_is_told(
    journal: Journal, queue: Queue
) -> None:
    handoff_id = await handed_over(journal, agent="told-bot")
    quiet = await handed_over(journal)

    done = await queue.act(Action.CANCEL, Selection(ids=(handoff_id, quiet)), now=LATER)

    found = await record(journal, handoff_id)
    assert done == Batch(changed=2)
    assert (found.state, [each.kind for each in found.life]) == (HandoffState.ABANDONED, [LifeKind.CANCELLED])
    assert await statuses(journal, handoff_id) == {
        "announce:0": StepStatus.READY,
        "gather_facts": StepStatus.PARKED,
    }
    assert await statuses(journal, quiet) == {"gather_facts": StepStatus.PARKED}
    assert await journal.counts() == {"abandoned": 2}


async def test_cancelled_with_a_ticket_keeps_it_and_leaves_out_the_rest(
    journal: Journal, queue: Queue
) -> None:
    handoff_id, (announce,) = await with_ticket(journal)
    await journal.finish(
        announce, result={}, plan=Plan(state=HandoffState.ANNOUNCED), attempt=attempt(announce), now=NOW
    )

    done = await queue.act(Action.CANCEL, Selection(ids=(handoff_id,)), now=LATER)
    by_filter = await queue.act(Action.RETRY, Selection(connection="zendesk"), now=LATER)
    by_reason = await queue.act(Action.RETRY, Selection(reason="Cancelled"), now=LATER)

    assert (await record(journal, handoff_id)).state is HandoffState.ANNOUNCED
    assert done == by_reason == Batch(changed=1)
    assert by_filter == Batch(left={Why.NOTHING_TO_DO: 1})


async def test_while_something_is_being_written_cancel_and_park_are_refused(
    journal: Journal, queue: Queue
) -> None:
    handoff_id, _ = await opening(journal)

    refused = [
        await queue.act(action, Selection(ids=(handoff_id,)), now=LATER)
        for action in (Action.CANCEL, Action.PARK)
    ]

    assert refused == [Batch(left={Why.UNDER_WAY: 1})] * 2
    assert (await record(journal, handoff_id)).state is HandoffState.ENRICHED


async def test_a_reading_under_way_when_its_handoff_is_cancelled_writes_nothing(
    journal: Journal, queue: Queue
) -> None:
    handoff_id = await handed_over(journal)
    gather = await claimed(journal)

    await queue.act(Action.CANCEL, Selection(ids=(handoff_id,)), now=LATER)

    with pytest.raises(StaleClaimError):
        await journal.finish(gather, result={}, plan=OPEN, attempt=attempt(gather), now=LATER)
    assert "open_ticket" not in await statuses(journal, handoff_id)


async def test_a_ticket_that_may_have_been_opened_is_told_when_its_handoff_is_cancelled(
    journal: Journal, queue: Queue
) -> None:
    handoff_id, step = await opening(journal)
    await journal.postpone(step, until=LATER, attempt=attempt(step, "timeout"), count_attempt=True)

    done = await queue.act(Action.CANCEL, Selection(ids=(handoff_id,)), now=LATER)

    assert done == Batch(changed=1, may_have_ticket=1)
    assert "had been made" in (await record(journal, handoff_id)).life[0].detail


async def test_what_an_operator_parks_waits_until_it_is_retried(journal: Journal, queue: Queue) -> None:
    handoff_id = await handed_over(journal)

    aside = await queue.act(Action.PARK, Selection(ids=(handoff_id,)), now=NOW)
    nobody = await journal.claim(ALL, now=LATER, most=1)
    found = await record(journal, handoff_id)
    back = await queue.act(Action.RETRY, Selection(reason="by an operator"), now=LATER)

    assert (aside.changed, nobody, back.changed) == (1, [], 1)
    assert (found.state, found.parked_because) == (HandoffState.PARKED, "parked by an operator")
    assert (await record(journal, handoff_id)).state is HandoffState.REQUESTED
    assert (await claimed(journal, LATER)).name == "gather_facts"


@pytest.mark.parametrize("action", [Action.CANCEL, Action.PARK])
async def test_the_next_of_its_conversation_need_not_wait_for_one_that_is_put_aside(
    journal: Journal, queue: Queue, action: Action
) -> None:
    first = await handed_over(journal, conversation="c")
    second = await handed_over(journal, conversation="c")

    await queue.act(action, Selection(ids=(first,)), now=NOW)

    assert (await claimed(journal)).handoff_id == second


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


async def test_two_operators_at_once_retry_each_handoff_once(journal: Journal, queue: Queue) -> None:
    for _ in range(5):
        await parked(journal)

    done = await asyncio.gather(*(queue.act(Action.RETRY, Selection(), now=LATER) for _ in range(4)))

    assert sum(batch.changed for batch in done) == 5
    assert await journal.counts() == {"enriched": 5}


async def test_a_step_whose_process_died_four_times_is_retried_with_a_clean_slate(
    journal: Journal, queue: Queue, recovery: Recovery, query: Query
) -> None:
    handoff_id, _ = await opening(journal)
    await query("UPDATE steps SET crashes = 3 WHERE name = 'open_ticket' RETURNING name")
    await recovery.take_back(now=NOW, owners=["me"])
    died = await record(journal, handoff_id)

    await queue.act(Action.RETRY, Selection(ids=(handoff_id,)), now=LATER)

    assert died.state is HandoffState.PARKED
    assert replace(await claimed(journal, LATER), fence=0).attempts == 1
    assert await query("SELECT crashes FROM steps WHERE name = 'open_ticket'") == [(0,)]
