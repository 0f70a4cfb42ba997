"""Several processes on one store: who is alive, who may write, whose turn a tick is; over both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    HandoffState,
    NewStep,
    Plan,
    StepKind,
    StepStatus,
)
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.ticket import TicketRef
from batonpass.store import (
    Installation,
    Journal,
    NewHandoff,
    Recovery,
    StaleClaimError,
    StoreAddress,
    database_at,
)
from batonpass.store.installation import DEAD_AFTER
from batonpass.store.journal import BEHIND_FOR, LEASE
from batonpass.store.turns import ISOLATED_FROM
from batonpass.store.under_way import MOST_CRASHES

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FIRST = Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))
OPENS = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))
ALL = tuple(StepKind)


def new_handoff(conversation: str | None = None) -> NewHandoff:
    return NewHandoff(
        id=new_handoff_id(),
        ai_agent="shop-bot",
        conversation_id=conversation,
        body=b"{}",
        request=b"{}",
        mended=False,
        idempotency_key=None,
        body_sha256=b"",
        received_at=NOW,
        helpdesk="zendesk",
    )


async def accepted(journal: Journal, conversation: str | None = None) -> HandoffId:
    new = new_handoff(conversation)
    await journal.accept(new, FIRST)
    return new.id


def attempt(step: ClaimedStep) -> AttemptRecord:
    return AttemptRecord(step=step.name, number=step.fence, started_at=NOW, seconds=0.1, outcome="done")


async def done(
    journal: Journal, step: ClaimedStep, plan: Plan, ticket: str | None = None, now: datetime = NOW
) -> list[ClaimedStep]:
    ref = None if ticket is None else TicketRef(id=ticket, url="")
    return await journal.finish(step, result={}, plan=plan, attempt=attempt(step), now=now, ticket=ref)


class Nodes:
    """Processes on one store; what only one process can open, all of them share."""

    def __init__(self, address: StoreAddress) -> None:
        self._address = address
        self._databases = [database_at(address)]
        self.installations: dict[str, Installation] = {}

    async def join(self, name: str) -> Journal:
        database = self._databases[0]
        if database.is_shared and self.installations:
            database = database_at(self._address)
            self._databases.append(database)
        journal = Journal(database, node=name)
        if database is not self._databases[0] or not self.installations:
            await journal.open()
        self.installations[name] = Installation(database, node=name, name=name)
        await self.installations[name].beat(NOW)
        return journal

    async def close(self) -> None:
        for database in self._databases:
            await database.close()


@pytest.fixture
async def nodes(address: StoreAddress) -> AsyncIterator[Nodes]:
    made = Nodes(address)
    yield made
    await made.close()


@pytest.fixture
async def shared(postgres_url: str, tmp_path: Path) -> AsyncIterator[Nodes]:
    """On PostgreSQL, where nodes can know each other."""
    made = Nodes(StoreAddress.parse(postgres_url, folder=tmp_path))
    yield made
    await made.close()


async def test_p03_what_a_paused_process_writes_after_another_took_over_is_refused(nodes: Nodes) -> None:
    paused, other = await nodes.join("paused"), await nodes.join("other")
    await accepted(paused)
    (stale,) = await paused.claim(ALL, now=NOW, most=1)

    taken = await Recovery(other).take_back(now=NOW, owners=["paused"])
    (fresh,) = await other.claim(ALL, now=NOW, most=1)
    for write in (
        done(paused, stale, OPENS),
        paused.postpone(stale, until=NOW, attempt=attempt(stale), count_attempt=True),
        paused.park(stale, because="late", attempt=attempt(stale), now=NOW),
    ):
        with pytest.raises(StaleClaimError):
            await write
    (following,) = await done(other, fresh, OPENS)

    assert (taken, fresh.fence) == (1, stale.fence + 1)
    assert following.kind is StepKind.OPEN_TICKET
    record = await other.handoff(stale.handoff_id)
    assert record is not None
    assert record.state is HandoffState.ENRICHED
    assert [each.number for each in record.attempts] == [fresh.fence]


async def test_p03_what_was_taken_back_and_not_claimed_again_is_refused_too(nodes: Nodes) -> None:
    paused, other = await nodes.join("paused"), await nodes.join("other")
    await accepted(paused)
    (stale,) = await paused.claim(ALL, now=NOW, most=1)
    await Recovery(other).take_back(now=NOW, owners=["paused"])

    with pytest.raises(StaleClaimError):
        await done(paused, stale, OPENS)

    (again,) = await other.claim(ALL, now=NOW, most=1)
    assert again.fence == stale.fence + 1


async def test_p03_a_node_is_dead_only_after_it_has_been_silent_for_so_long(shared: Nodes) -> None:
    await shared.join("silent")
    await shared.join("looks")
    looks = shared.installations["looks"]

    first, last = 100.0, 100 + DEAD_AFTER
    seen = [await looks.dead(monotonic) for monotonic in (first, first + 7, last - 0.1, last)]
    await shared.installations["silent"].beat(NOW)
    alive_again = await looks.dead(last + 5)

    assert seen == [[], [], [], ["silent"]]
    assert alive_again == []


async def test_p09_nobody_is_dead_because_nobody_could_listen(shared: Nodes) -> None:
    await shared.join("silent")
    await shared.join("looks")
    looks = shared.installations["looks"]
    await looks.dead(100.0)

    after_an_outage = await looks.dead(100 + 4 * DEAD_AFTER)
    later = [await looks.dead(100 + 4 * DEAD_AFTER + seconds) for seconds in (5, 10, DEAD_AFTER)]

    assert after_an_outage == []
    assert later == [[], [], ["silent"]]


async def test_p11_who_is_dead_does_not_hang_on_what_any_clock_says(shared: Nodes) -> None:
    await shared.join("an hour ahead")
    await shared.join("looks")
    looks, ahead = shared.installations["looks"], shared.installations["an hour ahead"]

    found = []
    for round_ in range(4):
        await ahead.beat(NOW + timedelta(hours=1 - round_))  # its clock is set back again and again
        found.append(await looks.dead(100 + round_ * (DEAD_AFTER - 1)))

    assert found == [[], [], [], []]


async def test_p03_released_steps_are_due_at_once_for_others(nodes: Nodes) -> None:
    leaving, other = await nodes.join("leaving"), await nodes.join("other")
    for _ in range(50):
        await accepted(leaving)
    claimed = await leaving.claim(ALL, now=NOW, most=50)

    released = await Recovery(leaving).let_go(now=NOW)
    taken = await other.claim(ALL, now=NOW, most=50)

    assert (len(claimed), released, len(taken)) == (50, 50, 50)


async def test_p03_an_effect_of_the_dead_waits_for_the_call_that_may_be_under_way(nodes: Nodes) -> None:
    dead, other = await nodes.join("dead"), await nodes.join("other")
    await accepted(dead)
    (first,) = await dead.claim(ALL, now=NOW, most=1)
    await done(dead, first, OPENS)

    await Recovery(other).take_back(
        now=NOW, owners=["dead"], waits={StepKind.OPEN_TICKET: 10.0}, from_claim=False
    )

    assert await other.claim(ALL, now=NOW + timedelta(seconds=9.9), most=1) == []
    (again,) = await other.claim(ALL, now=NOW + timedelta(seconds=10), most=1)
    assert again.fence == 2


async def test_p18_a_step_that_kills_its_process_is_run_alone_and_then_parked(nodes: Nodes) -> None:
    journal = await nodes.join("survivor")
    recovery = Recovery(journal)
    poison = await accepted(journal)
    for crash in range(ISOLATED_FROM):
        await Journal(journal.database, node=f"dies-{crash}").claim(ALL, now=NOW, most=1)
        await recovery.take_back(now=NOW, owners=[f"dies-{crash}"])
    others = [await accepted(journal) for _ in range(5)]

    last = await Journal(journal.database, node="dies-last").claim(ALL, now=NOW, most=10)
    meanwhile = await journal.claim(ALL, now=NOW, most=10)
    await recovery.take_back(now=NOW, owners=["dies-last"])

    assert last[0].handoff_id == poison
    assert {each.handoff_id for each in (*last[1:], *meanwhile)} == set(others)
    record = await journal.handoff(poison)
    assert record is not None
    assert record.state is HandoffState.PARKED
    assert (
        record.parked_because == f"gather_facts: its process died {MOST_CRASHES} times while it was under way"
    )
    assert record.steps[0].status is StepStatus.PARKED


async def test_p18_only_one_suspect_runs_at_a_time(nodes: Nodes) -> None:
    journal = await nodes.join("survivor")
    ids = {await accepted(journal) for _ in range(3)}
    for crash in range(ISOLATED_FROM):
        await Journal(journal.database, node=f"dies-{crash}").claim(ALL, now=NOW, most=10)
        await Recovery(journal).take_back(now=NOW, owners=[f"dies-{crash}"])

    ran = []
    while claimed := await journal.claim(ALL, now=NOW, most=10):
        assert await journal.claim(ALL, now=NOW, most=10) == []
        assert len(claimed) == 1
        ran.append(claimed[0].handoff_id)
        await done(journal, claimed[0], Plan(state=HandoffState.ENRICHED))

    assert set(ran) == ids


async def test_a_tick_belongs_to_the_first_of_all_nodes_that_asks(nodes: Nodes) -> None:
    for name in ("a", "b", "c"):
        await nodes.join(name)
    ticks = [NOW + timedelta(seconds=5 * n) for n in range(10)]

    taken = await asyncio.gather(
        *(each.take_tick("overdue", at) for at in ticks for each in nodes.installations.values())
    )

    assert sum(taken) == len(ticks)
    assert [await each.take_tick("overdue", ticks[0]) for each in nodes.installations.values()] == [False] * 3


async def test_p11_a_tick_that_a_clock_set_back_asks_for_again_is_not_run_twice(nodes: Nodes) -> None:
    await nodes.join("a")
    node = nodes.installations["a"]

    asked = [await node.take_tick("retention", at) for at in (NOW, NOW + timedelta(hours=1), NOW)]

    assert asked == [True, True, False]


async def test_the_second_handoff_of_a_conversation_begins_once_the_first_has_its_ticket(
    nodes: Nodes,
) -> None:
    journals = [await nodes.join(name) for name in ("a", "b", "c")]
    first = await accepted(journals[0], "talk")
    await accepted(journals[1], "talk")
    await accepted(journals[2], "another")

    begun = [step for each in journals for step in await each.claim(ALL, now=NOW, most=10)]
    (gathered,) = [step for step in begun if step.handoff_id == first]
    (opening,) = await done(journals[0], gathered, OPENS)
    nothing = await journals[1].claim(ALL, now=NOW + BEHIND_FOR / 2, most=10)
    await done(journals[0], opening, Plan(state=HandoffState.TICKETED), ticket="1")
    (second,) = await journals[1].claim(ALL, now=NOW, most=10)

    assert len(begun) == 2
    assert nothing == []
    assert second.handoff_id not in {each.handoff_id for each in begun}


async def test_a_lease_ends_although_its_node_seems_alive(nodes: Nodes) -> None:
    journal = await nodes.join("forgetful")
    await accepted(journal)
    await journal.claim(ALL, now=NOW, most=1)

    early = await Recovery(journal).take_back(now=NOW + LEASE)
    late = await Recovery(journal).take_back(now=NOW + LEASE + timedelta(milliseconds=1))

    assert (early, late) == (0, 1)
