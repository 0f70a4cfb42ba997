"""The journal at the height of the domain: every method is one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlite_utils

from batonpass.domain.errors import BatonpassError
from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    HandoffRecord,
    HandoffState,
    Plan,
    StepKind,
)
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import TicketRef
from batonpass.store import handoffs, idempotency_keys, inbox, steps
from batonpass.store.database import Writer
from batonpass.store.instants import from_ms, from_ms_or_none, to_ms

LEASE = timedelta(seconds=60)


class StaleClaimError(BatonpassError):
    """The step was claimed by another worker meanwhile: what we did for it is not written."""

    code = "stale_claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHandoff:
    """A delivery to be accepted."""

    id: HandoffId
    ai_agent: str
    conversation_id: str | None
    body: bytes
    """As it came."""
    request: bytes
    """As JSON, mended."""
    mended: bool
    idempotency_key: str | None
    body_sha256: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """It is on the disk."""

    handoff_id: HandoffId
    replayed: bool
    """Whether it was there before, under the same key and with the same body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The key was used before with another body."""

    handoff_id: HandoffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    body: bytes
    ai_agent: str
    created_at: datetime
    mended: bool


class Journal:
    """Handoffs and their steps on SQLite. Open one per file and process."""

    def __init__(self, path: Path) -> None:
        self._writer = Writer(path)

    def open(self) -> None:
        """Raises `StoreError` where the file is locked, damaged, unwritable or on a network file system."""
        self._writer.open()

    def close(self) -> None:
        self._writer.close()

    async def accept(self, new: NewHandoff, plan: Plan) -> Accepted | Conflict:
        """Keep the delivery, the handoff and its first steps in one transaction; returns once it is on the disk."""

        def work(db: sqlite_utils.Database) -> Accepted | Conflict:
            if new.idempotency_key is not None:
                known = idempotency_keys.find(db, ai_agent=new.ai_agent, key=new.idempotency_key)
                if known is not None:
                    handoff_id = HandoffId(known[1])
                    same = known[0] == new.body_sha256
                    return (
                        Accepted(handoff_id=handoff_id, replayed=True)
                        if same
                        else Conflict(handoff_id=handoff_id)
                    )
            _insert(db, new, plan)
            return Accepted(handoff_id=new.id, replayed=False)

        return await self._writer.run(work)

    async def claim(self, kinds: Sequence[StepKind], *, now: datetime, most: int) -> list[ClaimedStep]:
        """Take up to `most` steps that are due; each is ours for `LEASE`."""
        at = to_ms(now)
        return await self._writer.run(
            lambda db: steps.claim(db, kinds=kinds, now=at, lease_until=at + _LEASE_MS, most=most)
        )

    async def finish(
        self,
        step: ClaimedStep,
        *,
        result: Mapping[str, Any],
        plan: Plan,
        attempt: AttemptRecord,
        now: datetime,
        ticket: TicketRef | None = None,
    ) -> list[ClaimedStep]:
        """Write the step's result and what follows from it; gives the following steps that are due, claimed.

        Raises `StaleClaimError` where another worker has claimed the step since.
        """
        at = to_ms(now)
        text = json.dumps(result, separators=(",", ":"))

        def work(db: sqlite_utils.Database) -> list[ClaimedStep]:
            if not steps.finish(db, step, result=text, at=at):
                raise _stale(step)
            steps.add_attempt(db, step, attempt)
            if ticket is not None:
                handoffs.set_ticket(db, step.handoff_id, ticket_id=ticket.id, url=ticket.url)
            if plan.state is not None:
                handoffs.set_state(db, step.handoff_id, plan.state, at)
            return steps.add(db, step.handoff_id, plan.steps, at=at, lease_until=at + _LEASE_MS)

        return await self._writer.run(work)

    async def postpone(
        self, step: ClaimedStep, *, until: datetime, attempt: AttemptRecord, count_attempt: bool
    ) -> None:
        """Give the step back until a later time. Raises `StaleClaimError`."""

        def work(db: sqlite_utils.Database) -> None:
            if not steps.release(db, step, due_at=to_ms(until), count_attempt=count_attempt):
                raise _stale(step)
            steps.add_attempt(db, step, attempt)

        await self._writer.run(work)

    async def park(self, step: ClaimedStep, *, because: str, attempt: AttemptRecord, now: datetime) -> None:
        """Repeating cannot help: the step waits for a person; so does the handoff where it has no ticket yet."""
        at = to_ms(now)

        def work(db: sqlite_utils.Database) -> None:
            if not steps.park(db, step):
                raise _stale(step)
            steps.add_attempt(db, step, attempt)
            row = handoffs.row(db, step.handoff_id)
            if row is not None and row["ticket_id"] is None:
                handoffs.park(db, step.handoff_id, because, at)

        await self._writer.run(work)

    async def take_back(self, *, now: datetime, everything: bool, effects_wait: float) -> int:
        """Make running steps ready again: everything at start, else those whose lease is over. Gives their number.

        An effect is not repeated before `effects_wait` seconds after its claim have passed.
        """
        at = to_ms(now)
        return await self._writer.run(
            lambda db: steps.take_back(
                db, lease_before=None if everything else at, now=at, effects_wait=int(effects_wait * 1000)
            )
        )

    async def next_due(self, kinds: Sequence[StepKind]) -> datetime | None:
        """When the next ready step of these kinds is due; None where there is none."""
        return from_ms_or_none(await self._writer.run(lambda db: steps.next_due(db, kinds)))

    async def ping(self) -> None:
        """Return if a transaction can begin and end. Raises `StoreError`."""
        await self._writer.run(lambda _: None)

    async def result(self, handoff_id: HandoffId, name: str) -> dict[str, Any] | None:
        """The kept result of a step; None while it has none."""
        return await self._writer.run(lambda db: steps.result(db, handoff_id, name))

    async def request(self, handoff_id: HandoffId) -> StoredRequest | None:
        return await self._writer.run(lambda db: stored_request(db, handoff_id))

    async def handoff(self, handoff_id: HandoffId) -> HandoffRecord | None:
        """The handoff with every step and attempt."""
        return await self._writer.run(lambda db: handoff_record(db, handoff_id))

    async def counts(self) -> dict[str, int]:
        """How many handoffs stand in each state."""
        return await self._writer.run(handoffs.counts)

    async def forget_idempotency_keys(self, *, before: datetime) -> int:
        """Delete keys that were first used before then; gives their number."""
        return await self._writer.run(lambda db: idempotency_keys.forget_before(db, to_ms(before)))


_LEASE_MS = int(LEASE.total_seconds() * 1000)


def stored_request(db: sqlite_utils.Database, handoff_id: HandoffId) -> StoredRequest | None:
    found = handoffs.request(db, handoff_id)
    if found is None:
        return None
    body, ai_agent, created_at, mended = found
    return StoredRequest(body=body, ai_agent=ai_agent, created_at=from_ms(created_at), mended=mended)


def handoff_record(db: sqlite_utils.Database, handoff_id: HandoffId) -> HandoffRecord | None:
    row = handoffs.row(db, handoff_id)
    if row is None:
        return None
    return HandoffRecord(
        id=HandoffId(row["id"]),
        state=HandoffState(row["state"]),
        ai_agent=row["ai_agent"],
        conversation_id=row["conversation_id"],
        created_at=from_ms(row["created_at"]),
        updated_at=from_ms(row["updated_at"]),
        mended=bool(row["mended"]),
        parked_because=row["parked_because"],
        ticket_id=row["ticket_id"],
        ticket_url=row["ticket_url"],
        steps=steps.of_handoff(db, handoff_id),
        attempts=steps.attempts_of_handoff(db, handoff_id),
    )


def _insert(db: sqlite_utils.Database, new: NewHandoff, plan: Plan) -> None:
    at = to_ms(new.received_at)
    inbox.keep(db, source=new.ai_agent, received_at=at, body=new.body, handoff_id=new.id)
    handoffs.insert(
        db,
        id=new.id,
        state=plan.state or HandoffState.REQUESTED,
        ai_agent=new.ai_agent,
        conversation_id=new.conversation_id,
        at=at,
        mended=new.mended,
        request=new.request,
    )
    steps.add(db, new.id, plan.steps, at=at, lease_until=None)
    if new.idempotency_key is not None:
        idempotency_keys.keep(
            db,
            ai_agent=new.ai_agent,
            key=new.idempotency_key,
            body_sha256=new.body_sha256,
            handoff_id=new.id,
            created_at=at,
        )


def _stale(step: ClaimedStep) -> StaleClaimError:
    return StaleClaimError(f"{step.handoff_id} {step.name}: claim {step.fence} is no longer the newest")
