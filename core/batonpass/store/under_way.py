"""Steps that are under way, and what becomes of those whose process has died: of the table `steps`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batonpass.domain.handoff import StepKind
from batonpass.domain.ids import HandoffId
from batonpass.store.transaction import Transaction

MOST_CRASHES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A step that is under way somewhere, or was when its node died."""

    handoff_id: HandoffId
    name: str
    kind: StepKind
    fence: int
    claimed_at: int
    crashes: int


async def running(
    tx: Transaction, *, owners: Sequence[str] | None = None, lease_before: int | None = None
) -> list[Running]:
    """All that are under way; of these owners only; only those whose lease is over."""
    where, values = "status = 'running'", list[Any]()
    if owners is not None:
        where += f" AND (owner IS NULL OR owner IN ({','.join('?' * len(owners))}))"
        values += owners
    if lease_before is not None:
        where += " AND lease_until < ?"
        values.append(lease_before)
    found = await tx.rows(
        f"SELECT handoff_id, name, kind, fence, claimed_at, crashes FROM steps WHERE {where}",
        values,
    )
    return [
        Running(
            handoff_id=HandoffId(each[0]), name=each[1], kind=StepKind(each[2]), fence=each[3],
            claimed_at=each[4], crashes=each[5],
        )
        for each in found
    ]  # fmt: skip


async def take_back(tx: Transaction, step: Running, *, due_at: int, now: int, crashed: bool) -> None:
    """Make it ready again: to be claimed anew from `due_at` on."""
    await tx.execute(
        "UPDATE steps SET status = 'ready', owner = NULL, due_at = ?, queued = ?, crashes = crashes + ?"
        " WHERE handoff_id = ? AND name = ? AND fence = ? AND status = 'running'",
        (due_at, int(due_at <= now), int(crashed), step.handoff_id, step.name, step.fence),
    )


async def park_crashed(tx: Transaction, step: Running, because: str) -> bool:
    changed = await tx.execute(
        "UPDATE steps SET status = 'parked', because = ?, crashes = crashes + 1"
        " WHERE handoff_id = ? AND name = ? AND fence = ? AND status = 'running'",
        (because, step.handoff_id, step.name, step.fence),
    )
    return changed == 1
