"""What becomes of steps whose process has died, and of handoffs whose time is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from batonpass.domain.handoff import StepKind
from batonpass.domain.ids import HandoffId
from batonpass.domain.overdue import OnOverdue, Overdue, Verdict
from batonpass.store import alerts, handoffs, steps, under_way
from batonpass.store.handoffs import Held
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.journal import Journal
from batonpass.store.steps import FIRST_OF_ALL
from batonpass.store.transaction import Transaction
from batonpass.testing.failpoints import failpoint

MOST_AT_ONCE = 200
"""Handoffs whose time is over, in one transaction."""


class Recovery:
    """Works on the same tables as the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._database = journal.database

    async def take_back(
        self,
        *,
        now: datetime,
        owners: Sequence[str] | None = None,
        waits: Mapping[StepKind, float] = MappingProxyType({}),
        from_claim: bool = True,
    ) -> int:
        """Make running steps ready again: those of these nodes, which have died; None: those of any node whose lease is
        over. Gives their number. A step that has been under way in `under_way.MOST_CRASHES` nodes that died is parked.

        `waits`: kind of an effect → seconds before which it is not looked for; counted from its claim, or from now
        where its node may still have begun a call until now.
        """
        at = to_ms(now)

        async def work(tx: Transaction) -> int:
            if owners is not None and not owners:
                return 0
            found = await under_way.running(tx, owners=owners, lease_before=at if owners is None else None)
            for step in found:
                if owners is not None and step.crashes + 1 >= under_way.MOST_CRASHES:
                    await self._park_crashed(tx, step, at)
                    continue
                wait = int(waits.get(step.kind, 0.0) * 1000)
                due = max(at, (step.claimed_at if from_claim else at) + wait)
                await under_way.take_back(tx, step, due_at=due, now=at, crashed=owners is not None)
            if found:
                failpoint("recovery.taken")
            return len(found)

        return await self._database.run(work)

    async def _park_crashed(self, tx: Transaction, step: under_way.Running, at: int) -> None:
        because = f"{step.name}: its process died {under_way.MOST_CRASHES} times while it was under way"
        handoff = await handoffs.held(tx, step.handoff_id)
        if await under_way.park_crashed(tx, step, because) and handoff is not None:
            await self._journal.park_handoff(tx, handoff, because, at)

    async def let_go(
        self,
        *,
        now: datetime,
        keep: frozenset[tuple[HandoffId, str, int]] = frozenset(),
        claimed_before: datetime | None = None,
        waits: Mapping[StepKind, float] = MappingProxyType({}),
    ) -> int:
        """Make this node's own running steps ready again, but for those in `keep` (handoff, step, fence) and for those
        that were claimed later: at the end, and where a claim was made whose answer was lost. Gives their number."""
        at = to_ms(now)
        latest = at if claimed_before is None else to_ms(claimed_before)

        async def work(tx: Transaction) -> int:
            mine = [
                each
                for each in await under_way.running(tx, owners=[self._journal.node])
                if each.claimed_at <= latest and (each.handoff_id, each.name, each.fence) not in keep
            ]
            for step in mine:
                due = max(at, step.claimed_at + int(waits.get(step.kind, 0.0) * 1000))
                await under_way.take_back(tx, step, due_at=due, now=at, crashed=False)
            return len(mine)

        return await self._database.run(work)

    async def overdue(self, *, now: datetime, decide: OnOverdue) -> int:
        """Look at the handoffs whose deadline is over: what `decide` says of each becomes steps, an alert and the next
        deadline, all in one transaction. Gives their number."""
        at = to_ms(now)

        async def work(tx: Transaction) -> int:
            found = await handoffs.overdue(tx, at, most=MOST_AT_ONCE)
            for handoff in found:
                await self._judge(tx, handoff, at, decide(_overdue(handoff), now))
            return len(found)

        gone = 0
        while some := await self._database.run(work):
            gone += some
            if some < MOST_AT_ONCE:
                break
        return gone

    async def _judge(self, tx: Transaction, handoff: Held, at: int, verdict: Verdict) -> None:
        if handoff.state in handoffs.WITHOUT_TICKET and not handoff.warned:
            await handoffs.fall_behind(tx, handoff)
        await steps.add(tx, handoff.id, verdict.steps, at=at, order=FIRST_OF_ALL, mine=None)
        if verdict.look and handoff.ticket_id is not None:
            await steps.follow(tx, handoff.id, at=at, due_at=at)
        deadline = None if verdict.deadline_at is None else to_ms(verdict.deadline_at)
        await handoffs.set_deadline(tx, handoff.id, deadline)
        if verdict.alert is not None:
            await alerts.note(tx, verdict.alert, at)
        failpoint("overdue.judged")


def _overdue(handoff: Held) -> Overdue:
    assert handoff.deadline_at is not None
    return Overdue(
        id=handoff.id,
        state=handoff.state,
        ai_agent=handoff.ai_agent,
        helpdesk=handoff.helpdesk or "",
        created_at=from_ms(handoff.created_at),
        updated_at=from_ms(handoff.updated_at),
        deadline_at=from_ms(handoff.deadline_at),
        has_ticket=handoff.ticket_id is not None,
        warned=handoff.warned,
    )
