"""The journal's promises, on a real file."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from dataclasses import replace
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
    Accepted,
    Conflict,
    Journal,
    NewHandoff,
    Recovery,
    Retention,
    StaleClaimError,
    StoreAddress,
    StoreError,
    database_at,
)
from stores import Query

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FIRST = Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))
NEXT = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))
ALL = tuple(StepKind)


def new_handoff(*, key: str | None = None, body: bytes = b'{"a": 1}') -> NewHandoff:
    return NewHandoff(
        id=new_handoff_id(),
        ai_agent="shop-bot",
        conversation_id=None,
        body=body,
        request=body,
        mended=False,
        idempotency_key=key,
        body_sha256=hashlib.sha256(body).digest(),
        received_at=NOW,
        helpdesk="zendesk",
    )


def attempt(step: ClaimedStep) -> AttemptRecord:
    return AttemptRecord(step=step.name, number=step.fence, started_at=NOW, seconds=0.1, outcome="done")


async def claimed(journal: Journal, *, now: datetime = NOW) -> ClaimedStep:
    (step,) = await journal.claim(ALL, now=now, most=10)
    return step


async def test_same_key_and_body_give_the_same_handoff(journal: Journal) -> None:
    first = await journal.accept(new_handoff(key="k"), FIRST)

    again = await journal.accept(new_handoff(key="k"), FIRST)

    assert isinstance(first, Accepted)
    assert again == Accepted(handoff_id=first.handoff_id, replayed=True)
    assert await journal.counts() == {"requested": 1}


async def test_same_key_with_another_body_conflicts(journal: Journal) -> None:
    await journal.accept(new_handoff(key="k"), FIRST)

    assert isinstance(await journal.accept(new_handoff(key="k", body=b"{}"), FIRST), Conflict)


async def test_fifty_at_once_under_one_key_make_one_handoff(journal: Journal) -> None:
    outcomes = await asyncio.gather(*(journal.accept(new_handoff(key="k"), FIRST) for _ in range(50)))

    assert len({outcome.handoff_id for outcome in outcomes}) == 1
    assert await journal.counts() == {"requested": 1}


async def test_a_key_can_be_used_again_once_it_is_forgotten(journal: Journal, retention: Retention) -> None:
    await journal.accept(new_handoff(key="k"), FIRST)

    forgotten = await retention.forget_idempotency_keys(before=NOW + timedelta(seconds=1))

    assert forgotten == 1
    assert isinstance(await journal.accept(new_handoff(key="k", body=b"{}"), FIRST), Accepted)


async def test_a_step_is_claimed_by_one_caller_only(journal: Journal) -> None:
    for _ in range(20):
        await journal.accept(new_handoff(), FIRST)

    claims = await asyncio.gather(*(journal.claim(ALL, now=NOW, most=5) for _ in range(10)))

    names = [(step.handoff_id, step.name) for claim in claims for step in claim]
    assert len(names) == len(set(names)) == 20


async def test_finishing_a_step_gives_the_next_one_claimed(journal: Journal) -> None:
    await journal.accept(new_handoff(), FIRST)
    step = await claimed(journal)

    following = await journal.finish(step, result={"x": 1}, plan=NEXT, attempt=attempt(step), now=NOW)

    assert [(each.kind, each.fence) for each in following] == [(StepKind.OPEN_TICKET, 1)]
    record = await journal.handoff(step.handoff_id)
    assert record is not None
    assert record.state is HandoffState.ENRICHED
    assert record.result_of("gather_facts") == {"x": 1}


async def test_a_stale_claim_writes_nothing(journal: Journal, recovery: Recovery) -> None:
    await journal.accept(new_handoff(), FIRST)
    paused = await claimed(journal)
    await recovery.take_back(now=NOW, owners=["me"])
    newer = await claimed(journal)

    with pytest.raises(StaleClaimError):
        await journal.finish(paused, result={"from": "paused"}, plan=NEXT, attempt=attempt(paused), now=NOW)

    await journal.finish(newer, result={"from": "newer"}, plan=NEXT, attempt=attempt(newer), now=NOW)
    assert await journal.result(newer.handoff_id, "gather_facts") == {"from": "newer"}


async def test_a_result_is_written_once_whoever_asks(journal: Journal, query: Query) -> None:
    await journal.accept(new_handoff(), FIRST)
    step = await claimed(journal)
    await journal.finish(step, result={}, plan=NEXT, attempt=attempt(step), now=NOW)

    with pytest.raises(StoreError, match="does not change"):
        await query("UPDATE steps SET result = '{}x' WHERE name = 'gather_facts' RETURNING name")


async def test_a_handoff_keeps_its_one_ticket(journal: Journal) -> None:
    await journal.accept(new_handoff(), FIRST)
    step = await claimed(journal)
    ref = TicketRef(id="1", url="https://desk/1")
    (opening,) = await journal.finish(step, result={}, plan=NEXT, attempt=attempt(step), now=NOW, ticket=ref)

    with pytest.raises(StoreError, match="one ticket"):
        await journal.finish(
            opening, result={}, plan=Plan(), attempt=attempt(opening), now=NOW, ticket=replace(ref, id="2")
        )


async def test_an_effect_waits_for_the_call_that_may_be_under_way(
    journal: Journal, recovery: Recovery
) -> None:
    await journal.accept(new_handoff(), FIRST)
    step = await claimed(journal)
    await journal.finish(step, result={}, plan=NEXT, attempt=attempt(step), now=NOW)

    await recovery.take_back(now=NOW + timedelta(seconds=1), owners=["me"], waits={StepKind.OPEN_TICKET: 10})

    assert await journal.claim(ALL, now=NOW + timedelta(seconds=9), most=1) == []
    again = await claimed(journal, now=NOW + timedelta(seconds=10))
    assert again.kind is StepKind.OPEN_TICKET
    assert again.may_have_happened


async def test_only_expired_leases_are_taken_back_while_running(journal: Journal, recovery: Recovery) -> None:
    await journal.accept(new_handoff(), FIRST)
    await claimed(journal)

    assert await recovery.take_back(now=NOW + timedelta(seconds=30)) == 0
    assert await recovery.take_back(now=NOW + timedelta(seconds=61)) == 1


async def test_a_postponed_step_spares_its_attempt_when_told(journal: Journal) -> None:
    await journal.accept(new_handoff(), FIRST)
    step = await claimed(journal)

    await journal.postpone(step, until=NOW + timedelta(seconds=7), attempt=attempt(step), count_attempt=False)

    assert await journal.claim(ALL, now=NOW + timedelta(seconds=6), most=1) == []
    assert await journal.next_due() == NOW + timedelta(seconds=7)
    again = await claimed(journal, now=NOW + timedelta(seconds=7))
    assert (again.attempts, again.fence) == (1, 2)


async def test_a_parked_first_step_parks_the_handoff_with_its_reason(journal: Journal) -> None:
    await journal.accept(new_handoff(), FIRST)
    step = await claimed(journal)

    await journal.park(step, because="a person must look", attempt=attempt(step), now=NOW)

    record = await journal.handoff(step.handoff_id)
    assert record is not None
    assert (record.state, record.parked_because) == (HandoffState.PARKED, "a person must look")
    assert record.steps[0].status is StepStatus.PARKED


async def test_steps_of_kinds_that_this_release_does_not_know_stay(journal: Journal) -> None:
    await journal.accept(new_handoff(), FIRST)

    assert await journal.claim((StepKind.ANNOUNCE,), now=NOW, most=5) == []


async def test_one_failing_piece_of_a_group_leaves_its_neighbours_unharmed(journal: Journal) -> None:
    same = new_handoff()
    others = [new_handoff() for _ in range(10)]

    outcomes = await asyncio.gather(
        *(journal.accept(each, FIRST) for each in [*others[:5], same, same, *others[5:]]),
        return_exceptions=True,
    )

    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(failed) == 1
    assert isinstance(failed[0], StoreError)
    assert await journal.counts() == {"requested": 11}


async def test_unknown_handoff_is_none(journal: Journal) -> None:
    assert await journal.handoff(HandoffId("ho_none")) is None
    assert await journal.request(HandoffId("ho_none")) is None


async def test_p16_a_second_process_is_refused_within_a_second(sqlite_address: StoreAddress) -> None:
    opened = database_at(sqlite_address)
    await opened.open()
    script = (
        "import asyncio, sys, pathlib\nfrom batonpass.store import StoreAddress, StoreError, database_at\n"
        "async def main(): await database_at(StoreAddress.file(pathlib.Path(sys.argv[1]))).open()\n"
        "try: asyncio.run(main())\nexcept StoreError as error: print(error.code)"
    )

    said = subprocess.run(
        [sys.executable, "-c", script, str(sqlite_address.path)],
        capture_output=True,
        text=True,
        check=True,
    )

    await opened.close()
    assert said.stdout.strip() == "store_locked"


async def test_a_damaged_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)

    with pytest.raises(StoreError, match=r"journal\.db"):
        await database_at(StoreAddress.file(path)).open()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"store\.url"):
        await database_at(StoreAddress.file(tmp_path / "nowhere" / "journal.db")).open()
