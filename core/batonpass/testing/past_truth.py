"""What is so in a made-up past: for every figure its cases, in how many it was so, and how likely it was set to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from batonpass.testing.past_plans import (
    AI_ALONE,
    AI_SHARE,
    RATED,
    REASSIGNED,
    REOPENED,
    SAME_AGAIN,
    SATISFIED,
    WEEK,
    Plan,
    after,
)


@dataclass
class Tally:
    hits: int = 0
    cases: int = 0
    likely: float = 0.0

    @property
    def rate(self) -> float:
        """The set rate, over these cases."""
        return self.likely / self.cases

    def add(self, hit: bool, likely: float) -> None:
        self.hits += hit
        self.cases += 1
        self.likely += likely


@dataclass
class Truth:
    tickets: int = 0
    unsolved: int = 0
    shares: dict[str, Tally] = field(default_factory=dict)
    """Figure → its cases."""
    lengths: dict[str, float] = field(default_factory=dict)
    """Figure → seconds."""
    by: dict[str, Counter[str]] = field(default_factory=dict)
    """Column → value → tickets."""

    def count(self, name: str, *, hit: bool, likely: float) -> None:
        self.shares.setdefault(name, Tally()).add(hit, likely)

    def tell(self, plan: Plan, *, until: datetime, score: int | None, often: Mapping[str, float]) -> None:
        """`often`: how often a ticket lacks which column, beside those that all lack."""
        told = plan.lacks.isdisjoint
        done = plan.solved < until
        self.tickets += 1
        self.unsolved += not done
        for column in ("category", "channel"):
            if told({column}):
                self.by.setdefault(column, Counter())[plan.value(column)] += 1
        if told({"ai_took_part"}):
            self.count("ai_share", hit=plan.ai, likely=AI_SHARE)
            if plan.ai:
                self.count("handoff_rate", hit=not plan.alone, likely=1 - AI_ALONE)
        if told({"customer_id"}):
            first = plan.double_of
            self.count("doubled_rate", hit=first is not None and "customer_id" not in first.lacks, likely=0.0)
        if done:
            self._tell_of_solved(plan, until, score, often)

    def _tell_of_solved(
        self, plan: Plan, until: datetime, score: int | None, often: Mapping[str, float]
    ) -> None:
        told = plan.lacks.isdisjoint
        if told({"agents"}):
            likely = plan.kind.hard * REASSIGNED
            self.count("escalation_rate", hit=plan.reassigned, likely=likely)
        if told({"reopens"}):
            self.count("reopen_rate", hit=plan.reopened, likely=(1 - plan.kind.easy) * REOPENED)
        self.count("rated_share", hit=score is not None, likely=RATED)
        if score is not None:
            self.count("csat", hit=score > 50, likely=SATISFIED[plan.handed])
            if plan.handed is not None and told({"ai_took_part"}):
                name = "csat_handed" if plan.handed else "csat_not_handed"
                self.count(name, hit=score > 50, likely=SATISFIED[plan.handed])
        if told({"customer_id"}) and plan.solved + WEEK <= until:
            self._tell_of_again(plan, often)

    def _tell_of_again(self, plan: Plan, often: Mapping[str, float]) -> None:
        told = plan.lacks.isdisjoint
        seen = 1 - often.get("customer_id", 0.0)
        later = [each for each in after(plan) if "customer_id" not in each.lacks]
        back = plan.back * seen
        self.count("repeat_rate", hit=bool(later), likely=back)
        if told({"category"}):
            same = SAME_AGAIN + (1 - SAME_AGAIN) * plan.kind.weight
            also_told = 1 - often.get("category", 0.0)
            hit = any(each.kind is plan.kind and "category" not in each.lacks for each in later)
            self.count("repeat_same_rate", hit=hit, likely=back * same * also_told)
        if told({"agent_replies", "reopens"}):
            easy = plan.work == "fully" and not later
            self.count("first_contact", hit=easy, likely=plan.kind.easy * (1 - back))
            if told({"agents", "ai_took_part"}):
                self.count("fully", hit=easy, likely=plan.kind.easy * (1 - back))
                self.count("not", hit=plan.work == "not", likely=plan.kind.hard)
