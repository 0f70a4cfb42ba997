"""What an operator does with handoffs, on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from batonpass.domain.handoff import (
    HandoffRecord,
    HandoffState,
    Lane,
    Plan,
    StepKind,
    StepStatus,
)
from batonpass.domain.ids import HandoffId
from batonpass.domain.life import LifeKind
from batonpass.store import Journal, Recovery, StaleClaimError
from batonpass.store.queue import BATCH, Batch, Manner, Queue, Why
from batonpass.store.selection import Action, Selection, counted
from queued import (
    ALL,
    LATER,
    NOW,
    OPEN,
    attempt,
    claimed,
    handed_over,
    opening,
    parked,
    with_ticket,
)
from stores import Query


def in_a_minute(state: HandoffState, *, at: datetime, created_at: datetime) -> datetime:
    del state, at
    return created_at + timedelta(minutes=1)


@pytest.fixture
def queue(journal: Journal) -> Queue:
    manner = Manner(
        first_deadline=in_a_minute, announced_to=frozenset({"told-bot"}), waits={StepKind.OPEN_TICKET: 30.0}
    )
    return Queue(journal.database, manner)


async def record(journal: Journal, handoff_id: HandoffId) -> HandoffRecord:
    found = await journal.handoff(handoff_id)
    assert found is not None
    return found


async def statuses(journal: Journal, handoff_id: HandoffId) -> dict[str, StepStatus]:
    return {step.name: step.status for step in (await record(journal, handoff_id)).steps}


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
    tell = await claimed(journal)
    nobody = await journal.claim(ALL, now=LATER, most=1)
    found = await record(journal, handoff_id)
    back = await queue.act(Action.RETRY, Selection(reason="by an operator"), now=LATER)

    assert (aside.changed, nobody, back.changed) == (1, [], 1)
    assert tell.kind is StepKind.TELL_DELAY
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

    found = await journal.claim([StepKind.GATHER_FACTS], now=NOW, most=2)
    assert [each.handoff_id for each in found] == [second]


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
    (again,) = await journal.claim([StepKind.OPEN_TICKET], now=LATER, most=1)
    assert (again.attempts, again.fence) == (1, 2)
    assert await query("SELECT crashes FROM steps WHERE name = 'open_ticket'") == [(0,)]
