"""The tables `steps` and `attempts`: what is to be done, who does it, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlite_utils

from batonpass.domain.handoff import AttemptRecord, ClaimedStep, NewStep, StepKind, StepRecord, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.store.instants import from_ms, from_ms_or_none, to_ms

_CLAIMED = "handoff_id, name, kind, about, fence, attempts, first_claimed_at, lease_until"


def add(
    db: sqlite_utils.Database, handoff_id: str, steps: Sequence[NewStep], *, at: int, lease_until: int | None
) -> list[ClaimedStep]:
    """Insert the steps; those that are due are ours at once where `lease_until` is given. Known names stay."""
    claimed = []
    for step in steps:
        mine = lease_until is not None and step.delay == 0
        inserted = db.conn.execute(
            "INSERT INTO steps (handoff_id, name, kind, about, status, due_at, attempts, fence, claimed_at,"
            " first_claimed_at, lease_until, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (
                handoff_id,
                step.name,
                step.kind.value,
                step.about,
                StepStatus.RUNNING.value if mine else StepStatus.READY.value,
                at + int(step.delay * 1000),
                int(mine),
                int(mine),
                at if mine else None,
                at if mine else None,
                lease_until if mine else None,
                at,
            ),
        ).rowcount
        if mine and inserted:
            row = (handoff_id, step.name, step.kind.value, step.about, 1, 1, at, lease_until)
            claimed.append(_claimed(row))
    return claimed


def claim(
    db: sqlite_utils.Database, *, kinds: Sequence[StepKind], now: int, lease_until: int, most: int
) -> list[ClaimedStep]:
    """Take steps that are due, only of kinds that this release knows: oldest first, but late facts and
    what became of older tickets last of all, for which no customer waits."""
    marks = ",".join("?" * len(kinds))
    rows = db.conn.execute(
        f"UPDATE steps SET status = 'running', fence = fence + 1, attempts = attempts + 1, claimed_at = ?,"  # noqa: S608 - marks only
        f" first_claimed_at = coalesce(first_claimed_at, ?), lease_until = ?"
        f" WHERE (handoff_id, name) IN (SELECT handoff_id, name FROM steps WHERE status = 'ready' AND due_at <= ?"
        f" AND kind IN ({marks}) ORDER BY kind IN ('late_facts', 'follow_ticket'), due_at LIMIT ?) RETURNING {_CLAIMED}",
        (now, now, lease_until, now, *(kind.value for kind in kinds), most),
    ).fetchall()
    return [_claimed(row) for row in rows]


def follow(db: sqlite_utils.Database, handoff_id: str, *, at: int, due_at: int) -> bool:
    """See to it that the ticket is read again, from `due_at` on; whether that is new.

    One reading at a time: one that waits is only brought forward, and one under way is asked when it ends (`finish`).
    """
    row = db.conn.execute(
        "SELECT name, status, due_at FROM steps WHERE handoff_id = ? AND kind = ? AND status IN ('ready', 'running')",
        (handoff_id, StepKind.FOLLOW_TICKET.value),
    ).fetchone()
    if row is not None and row[1] == StepStatus.READY and row[2] > due_at:
        db.conn.execute(
            "UPDATE steps SET due_at = ? WHERE handoff_id = ? AND name = ?", (due_at, handoff_id, row[0])
        )
        return True
    if row is not None:
        return False
    counted: int = db.conn.execute(
        "SELECT count(*) FROM steps WHERE handoff_id = ? AND kind = ?",
        (handoff_id, StepKind.FOLLOW_TICKET.value),
    ).fetchone()[0]
    step = NewStep(kind=StepKind.FOLLOW_TICKET, about=str(counted + 1), delay=(due_at - at) / 1000)
    add(db, handoff_id, [step], at=at, lease_until=None)
    return True


def finish(db: sqlite_utils.Database, step: ClaimedStep, *, result: str, at: int) -> bool:
    """Write the result, once; False where the claim is no longer ours."""
    return _guarded(db, step, "status = 'done', result = ?, done_at = ?", (result, at))


def release(db: sqlite_utils.Database, step: ClaimedStep, *, due_at: int, count_attempt: bool) -> bool:
    """Give the step back, to be claimed again from `due_at` on."""
    spared = 0 if count_attempt else 1
    return _guarded(db, step, "status = 'ready', due_at = ?, attempts = attempts - ?", (due_at, spared))


def park(db: sqlite_utils.Database, step: ClaimedStep) -> bool:
    return _guarded(db, step, "status = 'parked'", ())


def _guarded(db: sqlite_utils.Database, step: ClaimedStep, change: str, values: tuple[Any, ...]) -> bool:
    """Change the step only while our claim is its newest: a paused worker that wakes up changes nothing."""
    changed = db.conn.execute(
        f"UPDATE steps SET {change} WHERE handoff_id = ? AND name = ? AND fence = ? AND status = 'running'",  # noqa: S608 - from above
        (*values, step.handoff_id, step.name, step.fence),
    ).rowcount
    return changed == 1


def take_back(
    db: sqlite_utils.Database, *, lease_before: int | None, now: int, waits: Mapping[StepKind, int]
) -> int:
    """Running steps become ready again: all of them (None: at start they are ours), or those whose lease is over.

    A step of a kind in `waits` is due so many milliseconds after its claim at the earliest: the call that may still be
    under way must have ended before it is looked for.
    """
    cases = "".join(f" WHEN '{kind.value}' THEN max(?, claimed_at + ?)" for kind in waits)
    due = f"CASE kind{cases} ELSE ? END" if waits else "?"
    values = [value for wait in waits.values() for value in (now, wait)]
    return db.conn.execute(
        f"UPDATE steps SET status = 'ready', due_at = {due}"  # noqa: S608 - our own words
        " WHERE status = 'running' AND (? IS NULL OR lease_until < ?)",
        (*values, now, lease_before, lease_before),
    ).rowcount


def next_due(db: sqlite_utils.Database, kinds: Sequence[StepKind]) -> int | None:
    """When the next ready step of these kinds is due."""
    marks = ",".join("?" * len(kinds))
    found: int | None = db.conn.execute(
        f"SELECT min(due_at) FROM steps WHERE status = 'ready' AND kind IN ({marks})",  # noqa: S608 - marks only
        [kind.value for kind in kinds],
    ).fetchone()[0]
    return found


def add_attempt(db: sqlite_utils.Database, step: ClaimedStep, attempt: AttemptRecord) -> None:
    db.conn.execute(
        "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
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


def result(db: sqlite_utils.Database, handoff_id: str, name: str) -> dict[str, Any] | None:
    row = db.conn.execute(
        "SELECT result FROM steps WHERE handoff_id = ? AND name = ? AND status = 'done'", (handoff_id, name)
    ).fetchone()
    return None if row is None else json.loads(row[0])


def of_handoff(db: sqlite_utils.Database, handoff_id: str) -> tuple[StepRecord, ...]:
    rows = db.query(
        "SELECT * FROM steps WHERE handoff_id = ? ORDER BY created_at, due_at, name", (handoff_id,)
    )
    return tuple(
        StepRecord(
            name=row["name"],
            kind=StepKind(row["kind"]),
            status=StepStatus(row["status"]),
            attempts=row["attempts"],
            due_at=from_ms(row["due_at"]),
            created_at=from_ms(row["created_at"]),
            done_at=from_ms_or_none(row["done_at"]),
            result=None if row["result"] is None else json.loads(row["result"]),
        )
        for row in rows
    )


def attempts_of_handoff(db: sqlite_utils.Database, handoff_id: str) -> tuple[AttemptRecord, ...]:
    rows = db.query(
        "SELECT * FROM attempts WHERE handoff_id = ? ORDER BY started_at, step, number", (handoff_id,)
    )
    return tuple(
        AttemptRecord(
            step=row["step"],
            number=row["number"],
            started_at=from_ms(row["started_at"]),
            seconds=row["seconds"],
            outcome=row["outcome"],
            detail=row["detail"],
            request_id=row["request_id"],
        )
        for row in rows
    )


def _claimed(row: Sequence[Any]) -> ClaimedStep:
    return ClaimedStep(
        handoff_id=HandoffId(row[0]),
        name=row[1],
        kind=StepKind(row[2]),
        about=row[3],
        fence=row[4],
        attempts=row[5],
        first_claimed_at=from_ms(row[6]),
        lease_until=from_ms(row[7]),
    )
