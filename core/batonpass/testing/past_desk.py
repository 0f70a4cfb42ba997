"""A synced history whose truth is known: thousands of tickets from a seed, at set rates, with gaps as vendors have them.

The truth is kept while the tickets are made, from what is planned for each, never from its columns: for every figure how
many cases there are, in how many it was so, and how likely it was set to be in each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import islice
from random import Random
from typing import Any

from batonpass.domain.synced import Column, Key, KeyKind, Record, RecordKind
from batonpass.ports import Page
from batonpass.store import SyncBook
from batonpass.store.sync_streams import PlannedRound, PlannedSlice
from batonpass.testing.past_plans import (
    AI_ALONE,
    AI_SHARE,
    DOUBLED,
    KINDS,
    RATED,
    REASSIGNED,
    REOPENED,
    SAME_AGAIN,
    SATISFIED,
    Kind,
    Plan,
    lengths,
    replies,
    true_lengths,
)
from batonpass.testing.past_truth import Truth

UNTIL = datetime(2026, 11, 20, 6, tzinfo=UTC)
_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 13, 12, 11, 12, 12, 11, 10, 8, 6, 5, 4, 3, 2, 1)
STREAM, PAGE = "tickets", 500


_WEIGHTS = tuple(each.weight for each in KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What is not told."""

    untold: frozenset[str] = frozenset()
    """Columns that no ticket has."""
    now_and_then: Mapping[str, float] = field(
        default_factory=lambda: {
            "customer_id": 0.04,
            "category": 0.06,
            "ai_took_part": 0.05,
            "agent_replies": 0.03,
            "agents": 0.03,
            "reopens": 0.02,
        }
    )
    """Column → how often a ticket lacks it, whatever else it is."""
    ratings_apart: bool = False
    """Ratings are records of their own, and tickets have no score."""


class PastDesk:
    """`records()` is what a sync would have kept; `truth` is what is so."""

    def __init__(
        self,
        seed: int,
        *,
        tickets: int = 5000,
        days: int = 90,
        until: datetime = UNTIL,
        gaps: Gaps | None = None,
    ) -> None:
        self._random = Random(seed)  # noqa: S311 - made-up tickets
        self._gaps = gaps or Gaps()
        self.until, self.days = until, days
        self.since = until - timedelta(days=days)
        self._plans: list[Plan] = []
        self._free: list[tuple[datetime, int]] = []
        self._customers = 0
        self.truth = Truth(lengths=true_lengths())
        self._ratings: dict[int, int] = {}
        for created in self._openings(tickets):
            self._chain(created)
        for plan in self._plans:
            plan.lacks = self._gaps.untold | {
                name for name, often in self._gaps.now_and_then.items() if self._random.random() < often
            }
        for plan in self._plans:
            self._rate(plan)
            self.truth.tell(
                plan, until=until, score=self._ratings.get(plan.number), often=self._gaps.now_and_then
            )

    # How it goes ----------------------------------------------------------------------------------------------------

    def _openings(self, tickets: int) -> list[datetime]:
        minutes = self.days * 1440
        found: list[datetime] = []
        while len(found) < tickets:
            at = self.since + timedelta(
                minutes=self._random.randrange(minutes), seconds=self._random.random() * 60
            )
            weekend = 0.4 if at.weekday() >= 5 else 1.0
            if self._random.random() * 14 < _HOURS[at.hour] * weekend:
                found.append(at.replace(microsecond=0) + timedelta(milliseconds=self._random.randrange(1000)))
        return sorted(found)

    def _chain(self, created: datetime) -> None:
        """A customer with their ticket and what follows from it; nothing else comes of them for eight days."""
        if self._free and self._free[0][0] < created and self._random.random() < 0.5:
            customer = heappop(self._free)[1]
        else:
            customer = self._customers = self._customers + 1
        plan = self._plan(self._kind(), customer, created)
        last = plan.solved
        if self._random.random() < DOUBLED:
            last = self._double(plan)
        else:
            while plan.solved < self.until and self._random.random() < plan.kind.back:
                at = plan.solved + timedelta(seconds=self._random.uniform(3600, 6.9 * 86_400))
                if at >= self.until:
                    break
                same = self._random.random() < SAME_AGAIN
                plan.again = self._plan(plan.kind if same else self._kind(), customer, at)
                plan = plan.again
                last = plan.solved
        heappush(self._free, (last + timedelta(days=8), customer))

    def _double(self, plan: Plan) -> datetime:
        """The customer writes again before anybody has solved it."""
        plan.may_come_back = False
        at = plan.created + timedelta(seconds=self._random.uniform(60, 7200))
        if at >= min(plan.solved, self.until):
            return plan.solved
        double = self._plan(plan.kind, plan.customer, at)
        double.may_come_back, double.double_of = False, plan
        return max(plan.solved, double.solved)

    def _kind(self) -> Kind:
        return self._random.choices(KINDS, _WEIGHTS)[0]

    def _plan(self, kind: Kind, customer: int, created: datetime) -> Plan:
        random = self._random
        ai = random.random() < AI_SHARE
        alone = ai and random.random() < AI_ALONE
        drawn = random.random()
        work = (
            "fully"
            if alone or drawn < kind.fully
            else "partly"
            if drawn < kind.fully + kind.partly
            else "not"
        )
        waits, takes = lengths(random, alone=alone)
        answered = None if waits is None else created + timedelta(seconds=waits)
        plan = Plan(
            number=len(self._plans) + 1,
            kind=kind,
            customer=customer,
            created=created,
            answered=answered,
            solved=created + timedelta(seconds=takes),
            ai=ai,
            alone=alone,
            work=work,
            reassigned=work == "not" and random.random() < REASSIGNED,
            reopened=work != "fully" and random.random() < REOPENED,
        )
        self._plans.append(plan)
        return plan

    def _rate(self, plan: Plan) -> None:
        if plan.solved < self.until and self._random.random() < RATED:
            satisfied = self._random.random() < SATISFIED[plan.handed]
            self._ratings[plan.number] = self._random.choice((100, 75) if satisfied else (0, 25, 50))

    # What is kept ---------------------------------------------------------------------------------------------------

    def records(self) -> Iterator[Record]:
        """As streams give them: some twice, in an older state first, and some of before the window."""
        for n in range(1, 21):
            yield self._record(RecordKind.AGENT, f"a{n}", {"name": f"Agent {n}", "is_active": True})
        for kind in KINDS:
            yield self._record(RecordKind.GROUP, f"g {kind.name}", {"name": f"Team {kind.name}"})
        for plan in self._plans:
            whole = self.columns(plan.number)
            if plan.number % 50 == 0:
                early: dict[str, Any] = {key: whole[key] for key in ("created_at", "subject") if key in whole}
                yield self._record(
                    RecordKind.TICKET, str(plan.number), {**early, "status": "open"}, early=True
                )
            yield self._record(RecordKind.TICKET, str(plan.number), whole)
            score = self._ratings.get(plan.number)
            if self._gaps.ratings_apart and score is not None:
                told = {"ticket_id": str(plan.number), "score": score, "at": _text(plan.solved)}
                yield self._record(RecordKind.RATING, f"r{plan.number}", told)
        for n in range(40):
            at = self.since - timedelta(days=1, hours=n)
            old = {"created_at": _text(at), "status": "closed", "solved_at": _text(at), "customer_id": "old"}
            yield self._record(RecordKind.TICKET, f"old {n}", old)

    def all_columns(self) -> Iterator[tuple[str, Mapping[str, Column]]]:
        """(id, columns) of every ticket of the window."""
        for plan in self._plans:
            yield str(plan.number), self.columns(plan.number)

    @property
    def ratings(self) -> Mapping[str, int]:
        """Ticket → score, of the ratings that are records of their own."""
        return {str(n): score for n, score in self._ratings.items()} if self._gaps.ratings_apart else {}

    def columns(self, number: int) -> dict[str, Column]:
        plan = self._plans[number - 1]
        done = plan.solved < self.until
        answered = plan.answered is not None and plan.answered < self.until
        told: dict[str, Column] = {
            "subject": plan.value("subject"),
            "status": ("closed" if plan.solved + timedelta(days=4) < self.until else "solved")
            if done
            else "open",
            "channel": plan.value("channel"),
            "category": plan.kind.name,
            "customer_id": f"c{plan.customer}",
            "agent_id": f"a{plan.number % 20 + 1}",
            "group_id": f"g {plan.kind.name}",
            "created_at": _text(plan.created),
            "reopens": int(plan.reopened and done),
            "agent_replies": replies(plan) if done else int(answered),
            "customer_messages": {"fully": 1 + plan.number % 2, "partly": 3, "not": 4}[plan.work],
            "agents": 1 + (plan.reassigned and done),
            "groups": 1,
            "tags": ("vip",) if plan.number % 10 == 0 else (),
            "ai_took_part": plan.ai,
        }
        if plan.answered is not None and answered:
            told["first_reply_at"] = _text(plan.answered)
        if done:
            told["solved_at"] = _text(plan.solved)
        if plan.ai:
            told["handed_over"] = not plan.alone
        if not self._gaps.ratings_apart and plan.number in self._ratings:
            told["score"] = self._ratings[plan.number]
        lacks = plan.lacks | ({"groups"} if "agents" in plan.lacks else set())
        lacks |= {"handed_over"} if "ai_took_part" in lacks else set()
        return {key: value for key, value in told.items() if key not in lacks}

    def _record(self, kind: RecordKind, id_: str, told: Mapping[str, Any], *, early: bool = False) -> Record:
        at = self.until - timedelta(hours=2 if early else 1)
        customer = told.get("customer_id")
        keys = (Key(kind=KeyKind.CUSTOMER, value=str(customer)),) if customer else ()
        return Record(kind=kind, id=id_, changed_at=at, columns=dict(told), keys=keys)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def keep(book: SyncBook, connection: str, records: Iterable[Record], *, now: datetime) -> None:
    """As a sync would: one stream, page by page, read to its end."""
    state = await book.claim(connection, STREAM, now=now)
    if state is None:
        raise AssertionError(f"{connection}/{STREAM} is read by another process")
    plan = PlannedRound(slices=(PlannedSlice(name="all", start=""),), position="end", complete=False)
    state = await book.begin(state, plan, rules="", reads_all=True, now=now)
    left, more = iter(records), True
    while more:
        some = tuple(islice(left, PAGE))
        more = len(some) == PAGE
        page = Page(records=some, cursor="more" if more else None)
        await book.keep(state, "all", page, read_at=now, now=now)
    await book.end(state, position="end", clear=False, confirms=True, now=now)
