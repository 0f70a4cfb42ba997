"""The journal at the height of the domain: every method is one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlite_utils

from batonpass.domain.event import Event
from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    HandoffRecord,
    HandoffState,
    Plan,
    Reaction,
    StepKind,
)
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import TicketRef
from batonpass.store import deliveries, events, handoffs, idempotency_keys, inbox, life, steps
from batonpass.store.database import Writer
from batonpass.store.instants import from_ms, from_ms_or_none, to_ms
from batonpass.store.values import (
    Accepted,
    Conflict,
    NewDelivery,
    NewHandoff,
    Reacts,
    Received,
    StaleClaimError,
    Started,
    StoredRequest,
)

LEASE = timedelta(seconds=60)


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
            if new.asked_about is not None:
                asking = handoffs.asking(
                    db, helpdesk=new.helpdesk, ticket_id=new.asked_about, ai_agent=new.ai_agent
                )
                if asking is not None:
                    _keep_key(db, new, asking)
                    return Accepted(handoff_id=asking, replayed=True)
            _insert(db, new, plan)
            return Accepted(handoff_id=new.id, replayed=False)

        return await self._writer.run(work)

    async def receive(self, new: NewDelivery, *, reacts: Reacts, started: Started) -> Received:
        """Keep a delivery, its new events and what follows from them in one transaction; returns once it is on the
        disk. An event that was there before changes nothing."""
        at = to_ms(new.received_at)

        def work(db: sqlite_utils.Database) -> Received:
            delivery = deliveries.keep(db, connection=new.connection, received_at=at, body=new.body)
            fresh, begun, followed = 0, [], 0
            for event in new.events:
                number = events.keep(
                    db, event, connection=new.connection, delivery_id=delivery, received_at=at
                )
                if number is None:
                    continue
                fresh += 1
                known = None
                if event.subject_id is not None:
                    known = handoffs.of_ticket(db, helpdesk=new.connection, ticket_id=event.subject_id)
                match reacts(event, known[1] if known else None):
                    case Reaction.START:
                        begun.append(_start(db, new, event, started, at))
                        events.belongs(db, number, begun[-1])
                    case Reaction.FOLLOW if known is not None:
                        events.belongs(db, number, known[0])
                        # one that has no ticket yet looks for itself once it has
                        followed += known[2] and steps.follow(db, known[0], at=at, due_at=at)
                    case _:
                        pass
            return Received(new=fresh, seen=len(new.events) - fresh, started=tuple(begun), followed=followed)

        return await self._writer.run(work)

    async def has_handoff_besides(self, handoff_id: HandoffId, ticket_id: str) -> bool:
        """Whether another handoff that is not over is about this ticket of the same helpdesk."""

        def work(db: sqlite_utils.Database) -> bool:
            row = handoffs.row(db, handoff_id)
            return row is not None and handoffs.is_live_besides(
                db, handoff_id, helpdesk=row["helpdesk"], ticket_id=ticket_id
            )

        return await self._writer.run(work)

    async def events_after(self, handoff_id: HandoffId, number: int) -> list[events.KeptEvent]:
        """The events of its ticket that came after the event with this number, oldest first."""
        return await self._writer.run(lambda db: events.after(db, handoff_id, number))

    async def forget_deliveries(self, *, before: datetime) -> int:
        """Delete deliveries and events that were received before then; gives the number of deliveries."""
        at = to_ms(before)

        def work(db: sqlite_utils.Database) -> int:
            events.forget_before(db, at)
            return deliveries.forget_before(db, at)

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
        request: bytes | None = None,
        followed_to: int | None = None,
        look_again_at: datetime | None = None,
    ) -> list[ClaimedStep]:
        """Write the step's result and what follows from it; gives the following steps that are due, claimed.

        `request`: what the helpdesk's conversation says, where it has been read. `followed_to`: the number of the last
        event that the step has taken into account; the ticket is read again where more have come, and
        at `look_again_at` at the latest.

        Raises `StaleClaimError` where another worker has claimed the step since.
        """
        at = to_ms(now)
        text = json.dumps(result, separators=(",", ":"))

        def work(db: sqlite_utils.Database) -> list[ClaimedStep]:
            if not steps.finish(db, step, result=text, at=at):
                raise _stale(step)
            steps.add_attempt(db, step, attempt)
            if ticket is not None:
                _has_ticket(db, step.handoff_id, ticket)
            if request is not None:
                handoffs.set_request(db, step.handoff_id, request)
            if plan.state is not None:
                handoffs.set_state(db, step.handoff_id, plan.state, at)
            life.add(db, step.handoff_id, plan.life)
            seen = 0 if ticket is not None else followed_to
            if seen is not None and events.newest(db, step.handoff_id) > seen:
                steps.follow(db, step.handoff_id, at=at, due_at=at)
            elif look_again_at is not None:
                steps.follow(db, step.handoff_id, at=at, due_at=to_ms(look_again_at))
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

    async def take_back(
        self, *, now: datetime, everything: bool, waits: Mapping[StepKind, float] = MappingProxyType({})
    ) -> int:
        """Make running steps ready again: everything at start, else those whose lease is over. Gives their number.

        `waits`: kind of an effect → seconds from its claim before which it is not looked for.
        """
        at = to_ms(now)
        return await self._writer.run(
            lambda db: steps.take_back(
                db,
                lease_before=None if everything else at,
                now=at,
                waits={kind: int(seconds * 1000) for kind, seconds in waits.items()},
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
    return StoredRequest(
        body=found["request"],
        ai_agent=found["ai_agent"],
        created_at=from_ms(found["created_at"]),
        mended=bool(found["mended"]),
        started_by=found["started_by"],
        asked_about=found["asked_about"],
    )


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
        started_by=row["started_by"],
        life=life.of_handoff(db, handoff_id),
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
        helpdesk=new.helpdesk,
        asked_about=new.asked_about,
    )
    steps.add(db, new.id, plan.steps, at=at, lease_until=None)
    _keep_key(db, new, new.id)


def _keep_key(db: sqlite_utils.Database, new: NewHandoff, handoff_id: HandoffId) -> None:
    if new.idempotency_key is not None:
        idempotency_keys.keep(
            db,
            ai_agent=new.ai_agent,
            key=new.idempotency_key,
            body_sha256=new.body_sha256,
            handoff_id=handoff_id,
            created_at=to_ms(new.received_at),
        )


def _start(db: sqlite_utils.Database, new: NewDelivery, event: Event, started: Started, at: int) -> HandoffId:
    """A handoff for the ticket that asks; its conversation is still to be read."""
    assert event.subject_id is not None
    handoff_id = started.new_id()
    handoffs.insert(
        db,
        id=handoff_id,
        state=started.plan.state or HandoffState.REQUESTED,
        ai_agent=started.ai_agent,
        conversation_id=None,
        at=at,
        mended=False,
        request=b"",
        helpdesk=new.connection,
        started_by=new.connection,
        asked_about=event.subject_id,
    )
    steps.add(db, handoff_id, started.plan.steps, at=at, lease_until=None)
    return handoff_id


def _has_ticket(db: sqlite_utils.Database, handoff_id: HandoffId, ticket: TicketRef) -> None:
    """What the helpdesk told of the ticket while nobody knew whose it is belongs to the handoff."""
    handoffs.set_ticket(db, handoff_id, ticket_id=ticket.id, url=ticket.url)
    row = handoffs.row(db, handoff_id)
    if row is not None and row["helpdesk"] is not None:
        events.adopt(db, connection=row["helpdesk"], subject_id=ticket.id, handoff_id=handoff_id)


def _stale(step: ClaimedStep) -> StaleClaimError:
    return StaleClaimError(f"{step.handoff_id} {step.name}: claim {step.fence} is no longer the newest")
