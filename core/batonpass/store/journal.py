"""The journal at the height of the domain: every method is one transaction, on SQLite as on PostgreSQL.

A transaction that changes a handoff holds its row first. What has no row yet is locked by name: a ticket, a
conversation. So two that concern one handoff follow each other on both databases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from batonpass.domain.event import Event
from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    HandoffRecord,
    HandoffState,
    Lane,
    NewStep,
    Plan,
    Reaction,
    StepKind,
)
from batonpass.domain.ids import HandoffId
from batonpass.domain.landing import Landing
from batonpass.domain.ticket import TicketRef
from batonpass.store import (
    deliveries,
    events,
    handoffs,
    idempotency_keys,
    in_order,
    inbox,
    life,
    people,
    steps,
    turns,
)
from batonpass.store import landings as field_landings
from batonpass.store.handoffs import Held
from batonpass.store.instants import from_ms, from_ms_or_none, to_ms
from batonpass.store.records import handoff_record, stored_request
from batonpass.store.steps import FIRST_OF_ALL, Claim, Order
from batonpass.store.transaction import Database, Transaction
from batonpass.store.values import (
    MOST_COUNTED,
    Accepted,
    Backlog,
    Conflict,
    FirstDeadline,
    NewDelivery,
    NewHandoff,
    Reacts,
    Received,
    StaleClaimError,
    Started,
    StoredRequest,
)

LEASE = timedelta(seconds=60)
BEHIND_FOR = timedelta(minutes=10)
"""How long a handoff waits at most for an earlier one of the same conversation to have its ticket."""
_LEASE_MS = int(LEASE.total_seconds() * 1000)


def _never(state: HandoffState, *, at: datetime, created_at: datetime) -> None:
    del state, at, created_at


class Journal:
    """Handoffs and their steps."""

    def __init__(
        self, database: Database, *, node: str = "only", first_deadline: FirstDeadline = _never
    ) -> None:
        """`node`: this process, for the steps that it claims."""
        self.database = database
        self.node = node
        self._first_deadline = first_deadline

    async def open(self) -> None:
        """Raises `StoreError` where the database is locked, damaged, not writable or does not answer."""
        await self.database.open()

    async def close(self) -> None:
        await self.database.close()

    async def accept(self, new: NewHandoff, plan: Plan) -> Accepted | Conflict:
        """Keep the delivery, the handoff and its first steps in one transaction; returns once it is on the disk."""

        async def work(tx: Transaction) -> Accepted | Conflict:
            if new.idempotency_key is not None:
                known = await idempotency_keys.find(tx, ai_agent=new.ai_agent, key=new.idempotency_key)
                if known is not None:
                    return _replayed(HandoffId(known[1]), same=known[0] == new.body_sha256)
            if new.conversation_id is not None:
                await tx.lock(in_order.conversation(new.ai_agent, new.conversation_id))
            if new.asked_about is not None:
                asking = await handoffs.asking(
                    tx, helpdesk=new.helpdesk, ticket_id=new.asked_about, ai_agent=new.ai_agent
                )
                if asking is not None:
                    await _keep_key(tx, new, asking)
                    return Accepted(handoff_id=asking, replayed=True)
            await self._insert(tx, new, plan)
            return Accepted(handoff_id=new.id, replayed=False)

        return await self.database.run(work)

    async def _insert(self, tx: Transaction, new: NewHandoff, plan: Plan) -> None:
        at = to_ms(new.received_at)
        state = plan.state or HandoffState.REQUESTED
        first = None
        if new.conversation_id is not None:
            first = await handoffs.first_of_conversation(
                tx, ai_agent=new.ai_agent, conversation_id=new.conversation_id
            )
        await inbox.keep(tx, source=new.ai_agent, received_at=at, body=new.body, handoff_id=new.id)
        await handoffs.insert(
            tx,
            id=new.id,
            state=state,
            ai_agent=new.ai_agent,
            conversation_id=new.conversation_id,
            at=at,
            mended=new.mended,
            request=new.request,
            helpdesk=new.helpdesk,
            lane=new.lane,
            rank=new.rank,
            deadline_at=self._deadline(state, at, at),
            reason=new.reason,
            asked_about=new.asked_about,
        )
        planned = plan.steps if first is None else _after(plan.steps, BEHIND_FOR)
        order = Order(lane=new.lane, rank=new.rank)
        await steps.add(tx, new.id, planned, at=at, order=order, mine=None)
        if new.person is not None:
            await people.add(tx, new.person, new.id)
        await _keep_key(tx, new, new.id)

    async def receive(self, new: NewDelivery, *, reacts: Reacts, started: Started) -> Received:
        """Keep a delivery, its new events and what follows from them in one transaction; returns once it is on the
        disk. An event that was there before changes nothing."""
        at = to_ms(new.received_at)

        async def work(tx: Transaction) -> Received:
            await tx.lock(
                *(
                    in_order.ticket_name(new.connection, each.subject_id)
                    for each in new.events
                    if each.subject_id
                )
            )
            delivery = 0
            if new.body is not None:
                delivery = await deliveries.keep(
                    tx,
                    connection=new.connection,
                    received_at=to_ms(new.door_time or new.received_at),
                    body=new.body,
                )
            fresh, begun, followed = 0, list[HandoffId](), 0
            for event in new.events:
                known = await _known(tx, new.connection, event)
                number = await events.keep(
                    tx, event, connection=new.connection, delivery_id=delivery, received_at=at
                )
                fresh += number is not None
                if number is None and not new.again:
                    continue
                match reacts(event, known[1] if known else None):
                    case Reaction.START:
                        begun.append(await self._start(tx, new, event, started, at))
                        if number is not None:
                            await events.belongs(tx, number, begun[-1])
                    case Reaction.FOLLOW if known is not None:
                        if number is not None:
                            await events.belongs(tx, number, known[0])
                        # one that has no ticket yet looks for itself once it has
                        followed += known[2] and await steps.follow(tx, known[0], at=at, due_at=at)
                    case _:
                        pass
            return Received(new=fresh, seen=len(new.events) - fresh, started=tuple(begun), followed=followed)

        return await self.database.run(work)

    async def _start(
        self, tx: Transaction, new: NewDelivery, event: Event, started: Started, at: int
    ) -> HandoffId:
        """A handoff for the ticket that asks; its conversation is still to be read."""
        assert event.subject_id is not None
        handoff_id = started.new_id()
        state = started.plan.state or HandoffState.REQUESTED
        await handoffs.insert(
            tx,
            id=handoff_id,
            state=state,
            ai_agent=started.ai_agent,
            conversation_id=None,
            at=at,
            mended=False,
            request=b"",
            helpdesk=new.connection,
            lane=started.lane,
            rank=at,
            deadline_at=self._deadline(state, at, at),
            started_by=new.connection,
            asked_about=event.subject_id,
        )
        order = Order(lane=started.lane, rank=at)
        await steps.add(tx, handoff_id, started.plan.steps, at=at, order=order, mine=None)
        return handoff_id

    async def has_handoff_besides(self, handoff_id: HandoffId, ticket_id: str) -> bool:
        """Whether another handoff that is not over is about this ticket of the same helpdesk."""

        async def work(tx: Transaction) -> bool:
            row = await handoffs.record(tx, handoff_id)
            return row is not None and await handoffs.is_live_besides(
                tx, handoff_id, helpdesk=row["helpdesk"], ticket_id=ticket_id
            )

        return await self.database.run(work)

    async def events_after(self, handoff_id: HandoffId, number: int) -> list[events.KeptEvent]:
        """The events of its ticket that came after the event with this number, oldest first."""
        return await self.database.run(lambda tx: events.after(tx, handoff_id, number))

    async def claim(
        self, kinds: Sequence[StepKind], *, now: datetime, most: int, most_behind: int | None = None
    ) -> list[ClaimedStep]:
        """Take up to `most` steps whose turn it is; each is ours for `LEASE`. Of them at most `most_behind` for which
        no customer waits."""
        by = self._claim(to_ms(now))

        async def work(tx: Transaction) -> list[ClaimedStep]:
            turn = await turns.turn(tx)
            last = turn.last_lane
            if turn.asleep_until is not None and turn.asleep_until <= by.at:
                await turns.wake(tx, by.at)
                last = Lane.REPLAY
            claimed = await turns.claim_suspect(tx, kinds=kinds, by=by) if turn.suspects else []
            if last is None:
                return claimed
            claimed += await turns.claim(
                tx, kinds=kinds, by=by, most=most - len(claimed), last_lane=Lane.LIVE
            )
            left = most - len(claimed)
            if most_behind is not None:
                left = min(left, most_behind)
            if left > 0 and last > Lane.LIVE:
                claimed += await turns.claim(tx, kinds=kinds, by=by, most=left)
            return claimed

        return await self.database.run(work)

    def _claim(self, at: int) -> Claim:
        return Claim(owner=self.node, at=at, lease_until=at + _LEASE_MS)

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
        landings: Sequence[Landing] = (),
    ) -> list[ClaimedStep]:
        """Write the step's result and what follows from it; gives the following steps that are due, claimed.

        `request`: what the helpdesk's conversation says, where it has been read. `followed_to`: the number of the last
        event that the step has taken into account; the ticket is read again where more have come, and
        at `look_again_at` at the latest. `landings`: what has become of the values for the ticket's fields; counted
        once, as the result is written once.

        Raises `StaleClaimError` where another worker has claimed the step since.
        """
        at = to_ms(now)
        text = json.dumps(result, separators=(",", ":"))

        async def work(tx: Transaction) -> list[ClaimedStep]:
            if ticket is not None:
                await in_order.lock_names(tx, step.handoff_id, ticket)
            handoff = await handoffs.held(tx, step.handoff_id)
            if handoff is None or not await steps.finish(tx, step, result=text, at=at):
                raise _stale(step)
            await steps.add_attempt(tx, step, attempt)
            if ticket is not None:
                await _has_ticket(tx, handoff, ticket)
            if request is not None:
                await handoffs.set_request(tx, step.handoff_id, request)
                await people.note(tx, request, step.handoff_id)
            if plan.state is not None:
                await self._enter(tx, handoff, plan.state, at)
            await life.add(tx, step.handoff_id, plan.life)
            if landings and handoff.helpdesk is not None:
                await field_landings.add(tx, handoff.helpdesk, landings, at)
            seen = 0 if ticket is not None else followed_to
            if seen is not None and await events.newest(tx, step.handoff_id) > seen:
                await steps.follow(tx, step.handoff_id, at=at, due_at=at)
            elif look_again_at is not None:
                await steps.follow(tx, step.handoff_id, at=at, due_at=to_ms(look_again_at))
            order = Order(lane=handoff.lane, rank=handoff.rank)
            return await steps.add(tx, step.handoff_id, plan.steps, at=at, order=order, mine=self._claim(at))

        return await self.database.run(work)

    async def _enter(self, tx: Transaction, handoff: Held, state: HandoffState, at: int) -> None:
        deadline_at = self._deadline(state, at, handoff.created_at)
        await handoffs.enter(tx, handoff, state, at, deadline_at=deadline_at)
        if handoff.state in handoffs.WITHOUT_TICKET and state not in handoffs.WITHOUT_TICKET:
            await in_order.let_next_begin(tx, handoff, at)

    def _deadline(self, state: HandoffState, at: int, created_at: int) -> int | None:
        found = self._first_deadline(state, at=from_ms(at), created_at=from_ms(created_at))
        return None if found is None else to_ms(found)

    async def postpone(
        self, step: ClaimedStep, *, until: datetime, attempt: AttemptRecord, count_attempt: bool
    ) -> None:
        """Give the step back until a later time. Raises `StaleClaimError`."""

        async def work(tx: Transaction) -> None:
            if not await steps.release(tx, step, due_at=to_ms(until), count_attempt=count_attempt):
                raise _stale(step)
            await steps.add_attempt(tx, step, attempt)

        await self.database.run(work)

    async def park(self, step: ClaimedStep, *, because: str, attempt: AttemptRecord, now: datetime) -> None:
        """Repeating cannot help: the step waits for a person; so does the handoff where it has no ticket yet."""
        at = to_ms(now)

        async def work(tx: Transaction) -> None:
            await in_order.lock_names(tx, step.handoff_id, None)
            handoff = await handoffs.held(tx, step.handoff_id)
            if handoff is None or not await steps.park(tx, step, because):
                raise _stale(step)
            await steps.add_attempt(tx, step, attempt)
            await self.park_handoff(tx, handoff, because, at)

        await self.database.run(work)

    async def park_handoff(self, tx: Transaction, handoff: Held, because: str, at: int) -> None:
        """One that has no ticket goes no further."""
        if handoff.ticket_id is not None or handoff.state in handoffs.FINISHED:
            return
        deadline_at = self._deadline(HandoffState.PARKED, at, handoff.created_at)
        await handoffs.park(tx, handoff, because, at, deadline_at=deadline_at)
        # the customer's side hears it now: nobody has the conversation
        told = [NewStep(kind=StepKind.TELL_DELAY)]
        await steps.add(tx, handoff.id, told, at=at, order=FIRST_OF_ALL, mine=None)
        await in_order.let_next_begin(tx, handoff, at)

    async def next_due(self) -> datetime | None:
        """When the next step that is asleep is due; None where there is none."""
        return from_ms_or_none(await self.database.run(turns.next_due))

    async def ping(self) -> None:
        """Return if a transaction can begin and end. Raises `StoreError`."""

        async def nothing(tx: Transaction) -> None:
            await tx.rows("SELECT 1")

        await self.database.run(nothing)

    async def result(self, handoff_id: HandoffId, name: str) -> dict[str, Any] | None:
        """The kept result of a step; None while it has none."""
        return await self.database.run(lambda tx: steps.result(tx, handoff_id, name))

    async def request(self, handoff_id: HandoffId) -> StoredRequest | None:
        return await self.database.run(lambda tx: stored_request(tx, handoff_id))

    async def handoff(self, handoff_id: HandoffId) -> HandoffRecord | None:
        """The handoff with every step and attempt."""
        return await self.database.run(lambda tx: handoff_record(tx, handoff_id))

    async def counts(self) -> dict[str, int]:
        """How many handoffs stand in each state."""
        return await self.database.run(handoffs.counts)

    async def backlog(self) -> Backlog:
        async def work(tx: Transaction) -> Backlog:
            oldest = await handoffs.oldest(tx)
            return Backlog(
                states=await handoffs.counts(tx),
                oldest={state: from_ms(at) for state, at in oldest.items()},
                queued=await turns.queued(tx, most=MOST_COUNTED),
                fronts=await turns.fronts(tx),
            )

        return await self.database.run(work)


def _replayed(handoff_id: HandoffId, *, same: bool) -> Accepted | Conflict:
    return Accepted(handoff_id=handoff_id, replayed=True) if same else Conflict(handoff_id=handoff_id)


def _after(planned: Sequence[NewStep], wait: timedelta) -> list[NewStep]:
    return [
        NewStep(kind=step.kind, about=step.about, delay=step.delay + wait.total_seconds()) for step in planned
    ]


async def _known(
    tx: Transaction, connection: str, event: Event
) -> tuple[HandoffId, HandoffState, bool] | None:
    """The handoff of the event's ticket, held; its state as it is then."""
    if event.subject_id is None:
        return None
    known = await handoffs.of_ticket(tx, helpdesk=connection, ticket_id=event.subject_id)
    if known is None or not tx.for_update:
        return known
    held = await handoffs.held(tx, known[0])
    return None if held is None else (held.id, held.state, held.ticket_id is not None)


async def _keep_key(tx: Transaction, new: NewHandoff, handoff_id: HandoffId) -> None:
    if new.idempotency_key is not None:
        await idempotency_keys.keep(
            tx,
            ai_agent=new.ai_agent,
            key=new.idempotency_key,
            body_sha256=new.body_sha256,
            handoff_id=handoff_id,
            created_at=to_ms(new.received_at),
        )


async def _has_ticket(tx: Transaction, handoff: Held, ticket: TicketRef) -> None:
    """What the helpdesk told of the ticket while nobody knew whose it is belongs to the handoff."""
    await handoffs.set_ticket(tx, handoff.id, ticket_id=ticket.id, url=ticket.url)
    if handoff.helpdesk is not None:
        await events.adopt(tx, connection=handoff.helpdesk, subject_id=ticket.id, handoff_id=handoff.id)


def _stale(step: ClaimedStep) -> StaleClaimError:
    return StaleClaimError(f"{step.handoff_id} {step.name}: claim {step.fence} is no longer the newest")
