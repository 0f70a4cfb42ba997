"""What an operator does with handoffs: again, no more, not now.

Every batch is one transaction, and what it has changed it does not find again: whoever was interrupted begins anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial

from batonpass.domain.handoff import HandoffState, Lane, NewStep, StepKind, StepStatus
from batonpass.domain.life import LifeEvent, LifeKind
from batonpass.store import handoffs, in_order, life, steps
from batonpass.store.handoffs import Held
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.selection import CANCELLED, Action, Candidate, Selection, candidates
from batonpass.store.steps import Order, Unfinished
from batonpass.store.transaction import Database, Transaction
from batonpass.store.values import FirstDeadline

BATCH = 200
"""Handoffs in one transaction."""
SET_ASIDE = "parked by an operator"
_SENDS = frozenset({StepKind.ANNOUNCE, StepKind.TELL_DELAY})
_MAKES_TICKET = frozenset({StepKind.OPEN_TICKET, StepKind.PASS_CONVERSATION})


class Why(StrEnum):
    """Why a handoff was left as it is."""

    OVER = "over"
    NOTHING_TO_DO = "nothing_to_do"
    UNDER_WAY = "under_way"
    """A call that changes something is being made this moment."""
    SUPERSEDED = "superseded"
    """The AI agent has asked again for the same ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What has become of some handoffs."""

    changed: int = 0
    left: Mapping[Why, int] = field(default_factory=dict)
    may_have_ticket: int = 0
    """Of the cancelled ones: a call to open their ticket had been made, and nobody knows what came of it."""
    next: str | None = None
    """Where the next batch begins; None: this was the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What the queue needs to know of the installation."""

    first_deadline: FirstDeadline
    announced_to: frozenset[str] = frozenset()
    """The AI agents that hear what becomes of their handoffs."""
    waits: Mapping[StepKind, float] = field(default_factory=dict)
    """Kind of an effect → seconds from its last claim before which it is not looked for."""


_One = Callable[[Transaction, Held, Sequence[Unfinished], int], Awaitable[Why | None]]


class Queue:
    """Works on the same tables as the journal."""

    def __init__(self, database: Database, manner: Manner) -> None:
        self._database = database
        self._manner = manner

    async def act(
        self, action: Action, chosen: Selection, *, now: datetime, after: str = "", most: int = BATCH
    ) -> Batch:
        """Do it with the first of the chosen handoffs whose id comes after `after`: `most` of them, `BATCH` at most.

        RETRY: what is parked begins anew, behind those for whom a customer waits; what an operator has cancelled only
        where it is named, by its id or by the reason. CANCEL: nothing more is done; one without a ticket is over. PARK:
        nothing more is done until somebody says RETRY.
        """
        at = to_ms(now)
        one = self._one(action, chosen)

        async def work(tx: Transaction) -> Batch:
            found = await candidates(tx, chosen, after=after, most=min(most, BATCH))
            await tx.lock(*_conversations(found))
            left, changed, doubtful = Counter[Why](), 0, 0
            for each in found:
                held = await handoffs.held(tx, each.id)
                if held is None:
                    continue  # forgotten meanwhile
                waiting = await steps.unfinished(tx, each.id)
                why = await one(tx, held, waiting, at)
                if why is not None:
                    left[why] += 1
                    continue
                changed += 1
                doubtful += action is Action.CANCEL and _may_have_ticket(held, waiting)
            last = found[-1].id if len(found) == min(most, BATCH) else None
            return Batch(changed=changed, left=dict(left), may_have_ticket=doubtful, next=last)

        return await self._database.run(work)

    def _one(self, action: Action, chosen: Selection) -> _One:
        match action:
            case Action.RETRY:
                return partial(self._retry, chosen)
            case Action.CANCEL:
                return self._cancel
            case Action.PARK:
                return self._park

    async def _retry(
        self, chosen: Selection, tx: Transaction, handoff: Held, waiting: Sequence[Unfinished], at: int
    ) -> Why | None:
        if handoff.state in {HandoffState.RETURNED, HandoffState.ABANDONED}:
            return Why.OVER
        again = [each for each in waiting if _is_meant(each, chosen, waiting)]
        if not again:
            return Why.NOTHING_TO_DO
        if handoff.state is HandoffState.PARKED:
            if await handoffs.is_superseded(tx, handoff.id):
                return Why.SUPERSEDED
            if all(each in again for each in waiting if each.status is StepStatus.PARKED):
                state = await _come_to(tx, handoff)
                await handoffs.put_back(
                    tx, handoff, state, at, lane=Lane.REPLAY, deadline_at=self._deadline(state, at)
                )
        order = Order(lane=Lane.REPLAY, rank=at)
        for step in again:
            wait = int(self._manner.waits.get(step.kind, 0.0) * 1000)
            due_at = max(at, (step.claimed_at or 0) + wait)
            await steps.begin_anew(tx, handoff.id, step.name, order=order, due_at=due_at, now=at)
        return None

    async def _cancel(
        self, tx: Transaction, handoff: Held, waiting: Sequence[Unfinished], at: int
    ) -> Why | None:
        if handoff.state in handoffs.FINISHED:
            return Why.OVER
        if _sends_now(waiting):
            return Why.UNDER_WAY
        aside = await _set_aside(tx, handoff, waiting, CANCELLED)
        if handoff.ticket_id is not None:
            return None if aside else Why.NOTHING_TO_DO
        detail = "a call to open its ticket had been made" if _may_have_ticket(handoff, waiting) else ""
        event = LifeEvent(kind=LifeKind.CANCELLED, at=from_ms(at), detail=detail)
        number = len(await life.of_handoff(tx, handoff.id))
        await life.add(tx, handoff.id, [event])
        if handoff.ai_agent in self._manner.announced_to:
            tell = NewStep(kind=StepKind.ANNOUNCE, about=str(number))
            order = Order(lane=Lane.BACKGROUND, rank=at)
            await steps.add(tx, handoff.id, [tell], at=at, order=order, mine=None)
        await handoffs.enter(tx, handoff, HandoffState.ABANDONED, at, deadline_at=None)
        await in_order.let_next_begin(tx, handoff, at)
        return None

    async def _park(
        self, tx: Transaction, handoff: Held, waiting: Sequence[Unfinished], at: int
    ) -> Why | None:
        if handoff.state in handoffs.FINISHED:
            return Why.OVER
        work = [each for each in waiting if each.kind is not StepKind.TELL_DELAY]
        if _sends_now(work):
            return Why.UNDER_WAY
        if not await _set_aside(tx, handoff, work, SET_ASIDE):
            return Why.NOTHING_TO_DO
        if handoff.ticket_id is None and handoff.state is not HandoffState.PARKED:
            deadline_at = self._deadline(HandoffState.PARKED, at)
            await handoffs.park(tx, handoff, SET_ASIDE, at, deadline_at=deadline_at)
            order = Order(lane=handoff.lane, rank=handoff.rank)
            told = [NewStep(kind=StepKind.TELL_DELAY)]  # the customer's side hears that nobody has it
            await steps.add(tx, handoff.id, told, at=at, order=order, mine=None)
            await in_order.let_next_begin(tx, handoff, at)
        return None

    def _deadline(self, state: HandoffState, at: int) -> int | None:
        """Counted from now: it was not in its own hands that it waited."""
        found = self._manner.first_deadline(state, at=from_ms(at), created_at=from_ms(at))
        return None if found is None else to_ms(found)


def _conversations(found: Sequence[Candidate]) -> list[str]:
    return [
        f"conversation {each.ai_agent} {each.conversation_id}"
        for each in found
        if each.conversation_id is not None
    ]


def _is_meant(step: Unfinished, chosen: Selection, waiting: Sequence[Unfinished]) -> bool:
    if step.status is not StepStatus.PARKED or chosen.step not in {None, step.kind}:
        return False
    if step.kind is StepKind.FOLLOW_TICKET:  # one reading at a time
        return not any(each.kind is step.kind and each.status is not StepStatus.PARKED for each in waiting)
    return step.because != CANCELLED or bool(chosen.ids) or chosen.reason is not None


async def _come_to(tx: Transaction, handoff: Held) -> HandoffState:
    """How far it had come when it was parked."""
    if handoff.ticket_id is not None:
        return HandoffState.TICKETED
    gathered = await steps.result(tx, handoff.id, StepKind.GATHER_FACTS.value)
    return HandoffState.REQUESTED if gathered is None else HandoffState.ENRICHED


def _sends_now(waiting: Sequence[Unfinished]) -> bool:
    return any(
        each.status is StepStatus.RUNNING and (each.kind.is_effect or each.kind in _SENDS) for each in waiting
    )


def _may_have_ticket(handoff: Held, waiting: Sequence[Unfinished]) -> bool:
    return handoff.ticket_id is None and any(each.kind in _MAKES_TICKET and each.fence for each in waiting)


async def _set_aside(tx: Transaction, handoff: Held, waiting: Sequence[Unfinished], because: str) -> bool:
    """Park what is not parked; whether there was anything."""
    aside = [each for each in waiting if each.status is not StepStatus.PARKED]
    for step in aside:
        await steps.set_aside(tx, handoff.id, step.name, because)
    return bool(aside)
