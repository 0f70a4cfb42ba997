"""How the tickets of a made-up past are meant to go: categories, what becomes of a ticket, and how long that takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import log
from random import Random
from types import MappingProxyType

AI_SHARE, AI_ALONE, REASSIGNED, REOPENED, RATED = 0.6, 0.55, 0.7, 0.2, 0.3
SATISFIED: Mapping[bool | None, float] = MappingProxyType({True: 0.68, False: 0.85, None: 0.75})
"""By whether it was handed over; None: no AI agent took part."""
SAME_AGAIN, DOUBLED = 0.6, 0.04
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Kind:
    """A category, how often it comes, and how much work its tickets are."""

    name: str
    weight: float
    fully: float
    partly: float
    back: float
    subjects: tuple[str, ...]

    @property
    def easy(self) -> float:
        """How likely one answer does, or none."""
        alone = AI_SHARE * AI_ALONE
        return alone + (1 - alone) * self.fully

    @property
    def hard(self) -> float:
        return (1 - AI_SHARE * AI_ALONE) * (1 - self.fully - self.partly)


KINDS = (
    Kind("Order status", 0.28, 0.72, 0.2, 0.06, ("Where is my order?", "Wo bleibt meine Lieferung?")),
    Kind("Login", 0.17, 0.6, 0.3, 0.22, ("Cannot log in", "Passwort vergessen")),
    Kind("Billing", 0.18, 0.25, 0.5, 0.1, ("Question on my invoice", "Rechnung falsch")),
    Kind("Refund", 0.14, 0.1, 0.4, 0.12, ("Refund please", "R\u00fcckerstattung")),
    Kind("Technical", 0.15, 0.15, 0.35, 0.16, ("The app shows an error", "Fehler beim Start")),
    Kind("Security", 0.03, 0.0, 0.0, 0.05, ("My account was hacked", "Phishing")),
    Kind("Other", 0.05, 0.4, 0.4, 0.08, ("Hello", "Eine Bitte")),
)


@dataclass(slots=True, kw_only=True)
class Plan:
    """One ticket, as it is meant to go."""

    number: int
    kind: Kind
    customer: int
    created: datetime
    answered: datetime | None
    solved: datetime
    ai: bool
    alone: bool
    """The AI agent solves it alone."""
    work: str
    reassigned: bool
    reopened: bool
    may_come_back: bool = True
    again: Plan | None = None
    """The next ticket of this customer, within seven days after this one was solved."""
    double_of: Plan | None = None
    """The open ticket beside which this one was opened."""
    lacks: frozenset[str] = frozenset()

    def value(self, column: str) -> str:
        if column == "subject":
            return self.kind.subjects[self.number % len(self.kind.subjects)]
        return self.kind.name if column == "category" else ("email", "chat", "web", "email")[self.number % 4]

    @property
    def handed(self) -> bool | None:
        return not self.alone if self.ai else None

    @property
    def back(self) -> float:
        return self.kind.back if self.may_come_back else 0.0


def after(plan: Plan) -> Iterator[Plan]:
    """The tickets of its customer within seven days after it was solved."""
    later = plan.again
    while later is not None and later.created <= plan.solved + WEEK:
        yield later
        later = later.again


def replies(plan: Plan) -> int:
    if plan.work == "fully":
        return 0 if plan.alone else 1
    if plan.work == "partly":
        return 2 + plan.number % 3
    return 3 if plan.reassigned else 5 + plan.number % 4


def lengths(random: Random, *, alone: bool) -> tuple[float | None, float]:
    """(seconds to a person's first answer, to the solution)."""
    if alone:
        return None, random.lognormvariate(log(900), 1.0)
    waits = random.lognormvariate(log(2 * 3600), 1.2)
    return waits, waits + random.lognormvariate(log(14 * 3600), 1.3)


@cache
def true_lengths() -> dict[str, float]:
    """By drawing very many, each to its end."""
    random = Random("the truth")  # noqa: S311
    waits, takes = [], []
    for _ in range(100_000):
        alone = random.random() < AI_SHARE * AI_ALONE
        wait, take = lengths(random, alone=alone)
        takes.append(take)
        if wait is not None:
            waits.append(wait)
    found = {}
    for name, values in (("first_answer", sorted(waits)), ("resolution", sorted(takes))):
        for word, part in (("median", 0.5), ("p75", 0.75), ("p90", 0.9)):
            found[f"{name}_{word}"] = values[int(part * len(values))]
    return found
