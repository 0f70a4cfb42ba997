"""What an AI agent could do by itself, as far as the history can tell: a rule that is printed with its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from batonpass.insight.columns import Columns
from batonpass.insight.figures import Share
from batonpass.insight.lasting import solutions
from batonpass.insight.passing import handed_over, reassigned
from batonpass.insight.repeats import Repeats
from batonpass.insight.topics import NAMES

MOST_ANSWERS, MOST_MESSAGES = 1, 2
MANY_ANSWERS, MANY_MESSAGES = 5, 6
PERSON_DECIDES = frozenset({"legal", "security"})


class Effort(StrEnum):
    """How much of a ticket an AI agent could do."""

    ALREADY = "already"
    """An AI agent has solved it alone."""
    FULLY = "fully"
    PARTLY = "partly"
    NOT = "not"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule as it was applied: a condition that this helpdesk tells of no ticket is left out, and named."""

    says: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """The tickets of one kind, or all of them."""

    name: str
    tickets: int
    share: float
    efforts: dict[str, int]
    """Effort → tickets."""
    fully: Share | None
    """Of those that can be judged: already, or fully. Likewise the others."""
    partly: Share | None
    never: Share | None
    handed: Share | None
    """The handoff rate."""
    back: Share | None
    """The customer came back within 7 days."""
    median_resolution: float | None
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    rule: Rule
    all: Category
    categories: tuple[Category, ...]
    """Those with the most tickets that an AI agent could do fully first."""


def automation_of(
    columns: Columns, repeats: Repeats, kinds: Sequence[int], names: Sequence[str], *, rest: str
) -> Automation:
    """`kinds`: what each ticket is about, a place in `names` or below 0: `rest`."""
    judge = _Judge(columns, repeats)
    efforts = [judge.effort(n) for n in range(len(columns))]
    of: dict[int, list[int]] = {}
    for n, kind in enumerate(kinds):
        of.setdefault(kind, []).append(n)
    made = [
        _category(names[kind] if kind >= 0 else rest, tickets, columns, repeats, efforts)
        for kind, tickets in of.items()
    ]
    made.sort(key=lambda each: (-_doable(each), -each.tickets, each.name))
    everything = _category("all", list(range(len(columns))), columns, repeats, efforts)
    return Automation(rule=judge.rule(), all=everything, categories=tuple(made))


def _doable(category: Category) -> int:
    return category.efforts[Effort.FULLY] + category.efforts[Effort.ALREADY]


def _category(
    name: str, tickets: list[int], columns: Columns, repeats: Repeats, efforts: Sequence[Effort]
) -> Category:
    counts = dict.fromkeys((each.value for each in Effort), 0)
    for n in tickets:
        counts[efforts[n].value] += 1
    judged = len(tickets) - counts[Effort.UNJUDGED]
    handed = [each for n in tickets if (each := handed_over(columns, n)) is not None]
    back = [repeats.back[n] for n in tickets if repeats.back[n] >= 0]
    curve = solutions(columns, iter(tickets))
    median = None if curve is None else curve.quantile(0.5)
    return Category(
        name=name,
        tickets=len(tickets),
        share=len(tickets) / len(columns) if len(columns) else 0.0,
        efforts=counts,
        fully=Share.of(counts[Effort.FULLY] + counts[Effort.ALREADY], judged),
        partly=Share.of(counts[Effort.PARTLY], judged),
        never=Share.of(counts[Effort.NOT], judged),
        handed=Share.of(sum(handed), len(handed)),
        back=Share.of(sum(back), len(back)),
        median_resolution=None if median is None else median.value,
    )


class _Judge:
    def __init__(self, columns: Columns, repeats: Repeats) -> None:
        self._columns = columns
        self._repeats = repeats
        self._tells_ai = columns.tells_ai
        self._tells_assignments = bool(columns.told["agents"] or columns.told["groups"])
        self._tells_reopens = bool(columns.told["reopens"])
        self._tells_messages = bool(columns.told["customer_messages"])

    def rule(self) -> Rule:
        easy, hard = [f"at most {MOST_ANSWERS} answer of a person"], [f"{MANY_ANSWERS} answers or more"]
        left_out = []
        if self._tells_messages:
            easy.append(f"at most {MOST_MESSAGES} messages of the customer")
            hard.append(f"{MANY_MESSAGES} messages of the customer or more")
        else:
            left_out.append("how many messages the customer wrote")
        if self._tells_reopens:
            easy.append("never reopened")
        else:
            left_out.append("reopenings")
        if self._tells_assignments:
            hard.append("several agents or groups")
        else:
            left_out.append("how many agents or groups had it")
        return Rule(
            says=(
                "already: an AI agent took part, nobody took over, no person answered, and the customer did not come back",
                f"fully: solved with {', '.join(easy)}, and no new ticket of the customer within 7 days",
                f"not: {', '.join(hard)}; or a topic where a person must decide ({', '.join(sorted(PERSON_DECIDES))})",
                "partly: all others that are solved",
                "not judged: not solved yet or less than 7 days ago, or something of this is not told of the ticket",
            ),
            left_out=tuple(left_out),
        )

    def effort(self, n: int) -> Effort:
        """What the rule needs must all be told: to judge a ticket by half of it would favour one answer."""
        columns, replies, back = self._columns, self._columns.agent_replies[n], self._repeats.back[n]
        if not columns.done[n] or replies < 0 or back < 0 or not self._is_told(n):
            return Effort.UNJUDGED
        if columns.ai[n] == 1 and handed_over(columns, n) is False and replies == 0:
            return Effort.PARTLY if back else Effort.ALREADY
        messages = columns.customer_messages[n]
        if (
            NAMES[columns.topic[n]] in PERSON_DECIDES
            or replies >= MANY_ANSWERS
            or messages >= MANY_MESSAGES
            or reassigned(columns, n)
        ):
            return Effort.NOT
        easy = replies <= MOST_ANSWERS and messages <= MOST_MESSAGES and columns.reopens[n] <= 0 and not back
        return Effort.FULLY if easy else Effort.PARTLY

    def _is_told(self, n: int) -> bool:
        columns = self._columns
        return not (
            (self._tells_messages and columns.customer_messages[n] < 0)
            or (self._tells_reopens and columns.reopens[n] < 0)
            or (
                self._tells_ai
                and (columns.ai[n] < 0 or (columns.ai[n] == 1 and handed_over(columns, n) is None))
            )
            or (self._tells_assignments and reassigned(columns, n) is None)
        )
