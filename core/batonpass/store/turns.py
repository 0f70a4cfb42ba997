"""Whose turn it is: the claiming half of the table `steps`.

A step that is `ready` waits until it is due (`queued` 0), then for its turn (`queued` 1): lanes first, then ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batonpass.domain.handoff import ClaimedStep, Lane, StepKind
from batonpass.store.steps import CLAIMED, Claim, claimed_from
from batonpass.store.transaction import Transaction, row, value

ISOLATED_FROM = 3
"""Crashes of its process after which a step runs only while no other such step does: so its own guilt shows."""
_MOST_WOKEN = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """What there may be to claim: each a look at the first entry of an index."""

    asleep_until: int | None
    """When the next step that is asleep is due."""
    suspects: bool
    """Whether a step that may have killed its process waits."""
    last_lane: int | None
    """The last lane in which a step waits; None: nowhere."""


async def turn(tx: Transaction) -> Turn:
    found = await row(
        tx,
        "SELECT (SELECT due_at FROM steps WHERE status = 'ready' AND queued = 0 ORDER BY due_at LIMIT 1),"
        " (SELECT max(crashes) FROM steps WHERE crashes > 0 AND status IN ('ready', 'running')),"
        " (SELECT lane FROM steps WHERE status = 'ready' AND queued = 1 ORDER BY lane DESC LIMIT 1)",
    )
    assert found is not None
    return Turn(found[0], (found[1] or 0) >= ISOLATED_FROM, found[2])


async def wake(tx: Transaction, now: int) -> None:
    """Let the steps whose time has come wait for their turn."""
    await tx.execute(
        "UPDATE steps SET queued = 1 WHERE (handoff_id, name) IN (SELECT handoff_id, name FROM steps"
        f" WHERE status = 'ready' AND queued = 0 AND due_at <= ? ORDER BY due_at LIMIT ?{tx.skip_locked})",
        (now, _MOST_WOKEN),
    )


async def claim(
    tx: Transaction,
    *,
    kinds: Sequence[StepKind],
    by: Claim,
    most: int,
    last_lane: Lane = Lane.REPLAY,
) -> list[ClaimedStep]:
    """Take steps whose turn it is, only of kinds that this release knows, in lanes up to `last_lane`."""
    marks = ",".join("?" * len(kinds))
    found = await tx.rows(
        f"WITH picked AS MATERIALIZED (SELECT handoff_id, name FROM steps WHERE status = 'ready' AND queued = 1"
        f" AND lane <= ? AND crashes < {ISOLATED_FROM} AND kind IN ({marks}) ORDER BY lane, rank LIMIT ?{tx.skip_locked})"
        f" UPDATE steps SET {_TAKEN} WHERE (handoff_id, name) IN (SELECT handoff_id, name FROM picked)"
        f" RETURNING {CLAIMED}, rank",
        (
            int(last_lane), *(kind.value for kind in kinds), most,
            by.at, by.at, by.lease_until, by.owner,
        ),
    )  # fmt: skip
    return [claimed_from(each[:-1]) for each in sorted(found, key=lambda each: (each[-2], each[-1]))]


async def claim_suspect(tx: Transaction, *, kinds: Sequence[StepKind], by: Claim) -> list[ClaimedStep]:
    """Take one step that may have killed its process, where no other such one is under way."""
    await tx.lock("suspects")
    if await value(
        tx,
        "SELECT count(*) FROM steps WHERE crashes > 0 AND status = 'running' AND crashes >= ?",
        (ISOLATED_FROM,),
    ):
        return []
    marks = ",".join("?" * len(kinds))
    found = await tx.rows(
        f"WITH picked AS MATERIALIZED (SELECT handoff_id, name FROM steps WHERE status = 'ready' AND queued = 1"
        f" AND crashes > 0 AND crashes >= ? AND kind IN ({marks}) ORDER BY lane, rank LIMIT 1{tx.skip_locked})"
        f" UPDATE steps SET {_TAKEN} WHERE (handoff_id, name) IN (SELECT handoff_id, name FROM picked)"
        f" RETURNING {CLAIMED}",
        (ISOLATED_FROM, *(kind.value for kind in kinds), by.at, by.at, by.lease_until, by.owner),
    )
    return [claimed_from(each) for each in found]


_TAKEN = (
    "status = 'running', queued = 0, fence = fence + 1, attempts = attempts + 1, claimed_at = ?,"
    " first_claimed_at = coalesce(first_claimed_at, ?), lease_until = ?, owner = ?"
)


async def next_due(tx: Transaction) -> int | None:
    """When the next step that is asleep is due."""
    found: int | None = await value(
        tx, "SELECT due_at FROM steps WHERE status = 'ready' AND queued = 0 ORDER BY due_at LIMIT 1"
    )
    return found


async def queued(tx: Transaction, *, most: int) -> int:
    """How many wait for their turn, counted up to `most`."""
    found: int = await value(
        tx,
        "SELECT count(*) FROM (SELECT 1 AS one FROM steps WHERE status = 'ready' AND queued = 1 LIMIT ?) AS waiting",
        (most,),
    )
    return found


async def fronts(tx: Transaction) -> dict[Lane, int]:
    """The lowest rank that waits for its turn in each lane."""
    found = {}
    for lane in Lane:
        lowest = await value(
            tx,
            "SELECT rank FROM steps WHERE status = 'ready' AND queued = 1 AND lane = ? ORDER BY lane, rank LIMIT 1",
            (int(lane),),
        )
        if lowest is not None:
            found[lane] = lowest
    return found
