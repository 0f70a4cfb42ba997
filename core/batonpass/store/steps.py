"""The tables `steps` and `attempts`: what is to be done, who does it, what came of it.

A step that is `ready` waits until it is due (`queued` 0), then for its turn (`queued` 1): lanes first, then ranks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    Lane,
    NewStep,
    StepKind,
    StepRecord,
    StepStatus,
)
from batonpass.domain.ids import HandoffId
from batonpass.store.instants import from_ms, from_ms_or_none, to_ms
from batonpass.store.transaction import Transaction, row, value

CLAIMED = "handoff_id, name, kind, about, fence, attempts, first_claimed_at, lease_until, lane"
"""What `claimed_from` takes, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Where a handoff's steps stand among others."""

    lane: Lane
    rank: int


FIRST_OF_ALL = Order(lane=Lane.URGENT, rank=-1)
"""For what a customer must hear in time, however long the line is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who claims, until when."""

    owner: str
    at: int
    lease_until: int


async def add(
    tx: Transaction, handoff_id: str, steps: Sequence[NewStep], *, at: int, order: Order, mine: Claim | None
) -> list[ClaimedStep]:
    """Insert the steps; those that are due are ours at once where `mine` is given. Known names stay."""
    if not steps:
        return []
    ours = [mine if step.delay <= 0 else None for step in steps]
    lanes = [max(order.lane, step.kind.lane) for step in steps]
    values = list[Any]()
    for step, claim, lane in zip(steps, ours, lanes, strict=True):
        at_once = int(claim is not None)
        values += (
            handoff_id, step.name, step.kind.value, step.about,
            StepStatus.RUNNING.value if claim else StepStatus.READY.value,
            at + int(step.delay * 1000), at_once, at_once,
            claim.at if claim else None, claim.at if claim else None, claim.lease_until if claim else None,
            at, claim.owner if claim else None, int(step.delay <= 0 and claim is None), int(lane), order.rank,
        )  # fmt: skip
    rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(steps))
    inserted = await tx.rows(
        "INSERT INTO steps (handoff_id, name, kind, about, status, due_at, attempts, fence, claimed_at,"
        f" first_claimed_at, lease_until, created_at, owner, queued, lane, rank) VALUES {rows}"
        " ON CONFLICT DO NOTHING RETURNING name",
        values,
    )
    names = {each[0] for each in inserted}
    return [
        claimed_from((handoff_id, step.name, step.kind.value, step.about, 1, 1, at, claim.lease_until, lane))
        for step, claim, lane in zip(steps, ours, lanes, strict=True)
        if claim is not None and step.name in names
    ]


async def follow(tx: Transaction, handoff_id: str, *, at: int, due_at: int) -> bool:
    """See to it that the ticket is read again, from `due_at` on; whether that is new.

    One reading at a time: one that waits is only brought forward, and one under way is asked when it ends (`finish`).
    """
    found = await row(
        tx,
        "SELECT name, status, due_at FROM steps WHERE handoff_id = ? AND kind = ? AND status IN ('ready', 'running')",
        (handoff_id, StepKind.FOLLOW_TICKET.value),
    )
    if found is not None and found[1] == StepStatus.READY and found[2] > due_at:
        await bring_forward(tx, handoff_id, found[0], due_at=due_at, now=at)
        return True
    if found is not None:
        return False
    counted: int = await value(
        tx,
        "SELECT count(*) FROM steps WHERE handoff_id = ? AND kind = ?",
        (handoff_id, StepKind.FOLLOW_TICKET.value),
    )
    step = NewStep(kind=StepKind.FOLLOW_TICKET, about=str(counted + 1), delay=(due_at - at) / 1000)
    await add(tx, handoff_id, [step], at=at, order=Order(lane=Lane.BACKGROUND, rank=at), mine=None)
    return True


async def bring_forward(tx: Transaction, handoff_id: str, name: str, *, due_at: int, now: int) -> None:
    await tx.execute(
        "UPDATE steps SET due_at = ?, queued = ? WHERE handoff_id = ? AND name = ? AND status = 'ready'",
        (due_at, int(due_at <= now), handoff_id, name),
    )


async def begin(tx: Transaction, handoff_id: str, now: int) -> None:
    """Its steps that nobody has touched yet need not wait any more."""
    await tx.execute(
        "UPDATE steps SET due_at = ?, queued = 1 WHERE handoff_id = ? AND status = 'ready' AND fence = 0 AND due_at > ?",
        (now, handoff_id, now),
    )


async def finish(tx: Transaction, step: ClaimedStep, *, result: str, at: int) -> bool:
    """Write the result, once; False where the claim is no longer ours."""
    return await _guarded(tx, step, "status = 'done', result = ?, done_at = ?", (result, at))


async def release(tx: Transaction, step: ClaimedStep, *, due_at: int, count_attempt: bool) -> bool:
    """Give the step back, to be claimed again from `due_at` on."""
    spared = 0 if count_attempt else 1
    change = "status = 'ready', queued = 0, owner = NULL, due_at = ?, attempts = attempts - ?"
    return await _guarded(tx, step, change, (due_at, spared))


async def park(tx: Transaction, step: ClaimedStep, because: str) -> bool:
    return await _guarded(tx, step, "status = 'parked', because = ?", (because,))


async def _guarded(tx: Transaction, step: ClaimedStep, change: str, values: tuple[Any, ...]) -> bool:
    """Change the step only while our claim is its newest: a paused worker that wakes up changes nothing."""
    changed = await tx.execute(
        f"UPDATE steps SET {change} WHERE handoff_id = ? AND name = ? AND fence = ? AND status = 'running'",
        (*values, step.handoff_id, step.name, step.fence),
    )
    return changed == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A step that is not done, held."""

    name: str
    kind: StepKind
    status: StepStatus
    fence: int
    claimed_at: int | None
    because: str | None


async def unfinished(tx: Transaction, handoff_id: str) -> list[Unfinished]:
    """Those of the handoff that are not done; nobody claims one of them until this transaction ends."""
    found = await tx.rows(
        "SELECT name, kind, status, fence, claimed_at, because FROM steps"
        f" WHERE handoff_id = ? AND status <> 'done' ORDER BY created_at, name{tx.for_update}",
        (handoff_id,),
    )
    return [
        Unfinished(
            name=each[0], kind=StepKind(each[1]), status=StepStatus(each[2]), fence=each[3], claimed_at=each[4],
            because=each[5],
        )
        for each in found
    ]  # fmt: skip


async def begin_anew(
    tx: Transaction, handoff_id: str, name: str, *, order: Order, due_at: int, now: int
) -> None:
    """A parked one is ready again, as if it had never been tried: but its fence stays, so that an effect is looked for
    before it is repeated."""
    await tx.execute(
        "UPDATE steps SET status = 'ready', due_at = ?, queued = ?, lane = ?, rank = ?, attempts = 0, crashes = 0,"
        " first_claimed_at = NULL, owner = NULL, because = NULL"
        " WHERE handoff_id = ? AND name = ? AND status = 'parked'",
        (due_at, int(due_at <= now), int(order.lane), order.rank, handoff_id, name),
    )


async def set_aside(tx: Transaction, handoff_id: str, name: str, because: str) -> None:
    """Park one that waits or is under way: whoever has claimed it writes nothing more."""
    await tx.execute(
        "UPDATE steps SET status = 'parked', queued = 0, owner = NULL, because = ?"
        " WHERE handoff_id = ? AND name = ? AND status IN ('ready', 'running')",
        (because, handoff_id, name),
    )


async def add_attempt(tx: Transaction, step: ClaimedStep, attempt: AttemptRecord) -> None:
    await tx.execute(
        "INSERT INTO attempts (handoff_id, step, number, started_at, seconds, outcome, detail, request_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            step.handoff_id,
            step.name,
            step.fence,
            to_ms(attempt.started_at),
            attempt.seconds,
            attempt.outcome,
            attempt.detail,
            attempt.request_id,
        ),
    )


async def result(tx: Transaction, handoff_id: str, name: str) -> dict[str, Any] | None:
    found = await row(
        tx,
        "SELECT result FROM steps WHERE handoff_id = ? AND name = ? AND status = 'done'",
        (handoff_id, name),
    )
    return None if found is None else json.loads(found[0])


async def of_handoff(tx: Transaction, handoff_id: str) -> tuple[StepRecord, ...]:
    found = await tx.records(
        "SELECT * FROM steps WHERE handoff_id = ? ORDER BY created_at, due_at, name", (handoff_id,)
    )
    return tuple(
        StepRecord(
            name=each["name"],
            kind=StepKind(each["kind"]),
            status=StepStatus(each["status"]),
            attempts=each["attempts"],
            due_at=from_ms(each["due_at"]),
            created_at=from_ms(each["created_at"]),
            done_at=from_ms_or_none(each["done_at"]),
            result=None if each["result"] is None else json.loads(each["result"]),
            because=each["because"],
        )
        for each in found
    )


async def attempts_of_handoff(tx: Transaction, handoff_id: str) -> tuple[AttemptRecord, ...]:
    found = await tx.records(
        "SELECT * FROM attempts WHERE handoff_id = ? ORDER BY started_at, step, number", (handoff_id,)
    )
    return tuple(
        AttemptRecord(
            step=each["step"],
            number=each["number"],
            started_at=from_ms(each["started_at"]),
            seconds=each["seconds"],
            outcome=each["outcome"],
            detail=each["detail"],
            request_id=each["request_id"],
        )
        for each in found
    )


def claimed_from(found: Sequence[Any]) -> ClaimedStep:
    return ClaimedStep(
        handoff_id=HandoffId(found[0]),
        name=found[1],
        kind=StepKind(found[2]),
        about=found[3],
        fence=found[4],
        attempts=found[5],
        first_claimed_at=from_ms(found[6]),
        lease_until=from_ms(found[7]),
        lane=Lane(found[8]),
    )
