"""What stands out: a few sentences that follow from the figures by rules, the most useful first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batonpass.insight.asked import AskedAgain
from batonpass.insight.automation import Automation, Category, Effort
from batonpass.insight.figures import Figure
from batonpass.insight.saying import lasting_words, percent
from batonpass.insight.topics import OTHER
from batonpass.insight.volume import Rhythm

ENOUGH = 30
"""Tickets of a category from which something is said about it."""
NOTHING = "not told"
"""Tickets that are about nothing that is told."""
_MOST = 3
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    says: str
    because: str
    """The figures that it follows from."""


def advice_of(
    figures: Mapping[str, Figure], automation: Automation, asked: AskedAgain, rhythm: Rhythm
) -> tuple[Advice, ...]:
    return (
        *_begin_with(automation),
        *_hand_over_at_once(automation),
        *_asked(asked),
        *_come_back(automation),
        *_passed_on(figures),
        *_waits(figures, rhythm),
        *_unknown(figures, automation),
    )


def _begin_with(automation: Automation) -> Iterator[Advice]:
    """Where an AI agent could do most: at least two of five tickets, at the low end of what the data allow."""
    good = [each for each in _spoken_of(automation) if each.fully and each.fully.low >= 0.4]
    for each in good[:_MOST]:
        assert each.fully is not None
        mine = each.efforts[Effort.FULLY] + each.efforts[Effort.ALREADY]
        yield Advice(
            says=f"Let the AI agent answer \N{LEFT DOUBLE QUOTATION MARK}{each.name}\N{RIGHT DOUBLE QUOTATION MARK} first",
            because=f"{each.tickets:,} tickets ({each.share:.0%}); {percent(each.fully.value, each.fully.low, each.fully.high)} "
            f"of those that can be judged took one answer of a person or none, and stayed solved: {mine:,}",
        )


def _hand_over_at_once(automation: Automation) -> Iterator[Advice]:
    hard = [each for each in _spoken_of(automation) if each.never and each.never.low >= 0.4]
    hard.sort(key=lambda each: -each.efforts[Effort.NOT])
    for each in hard[:_MOST]:
        assert each.never is not None
        yield Advice(
            says=f"Hand \N{LEFT DOUBLE QUOTATION MARK}{each.name}\N{RIGHT DOUBLE QUOTATION MARK} over at once",
            because=f"{percent(each.never.value, each.never.low, each.never.high)} of {each.never.cases} needed several people, many messages, "
            "or a person's decision",
        )


def _asked(asked: AskedAgain) -> Iterator[Advice]:
    rate = asked.rate
    if rate.value is None or rate.low is None or rate.high is None or rate.low < 0.05:
        return
    most = ", ".join(kind.replace("_", " ") for kind, _, _ in asked.kinds[:3])
    yield Advice(
        says="Pass on what the customer has said: people ask for it again",
        because=f"in {percent(rate.value, rate.low, rate.high)} of {rate.cases} conversations; most often: {most}",
    )


def _come_back(automation: Automation) -> Iterator[Advice]:
    """Categories whose customers come back more often than all, by more than chance."""
    usual = automation.all.back
    if usual is None:
        return
    worse = [each for each in _spoken_of(automation) if each.back and each.back.low > usual.high]
    worse.sort(key=lambda each: -(each.back.value if each.back else 0))
    for each in worse[:1]:
        assert each.back is not None
        yield Advice(
            says=f"Look at how \N{LEFT DOUBLE QUOTATION MARK}{each.name}\N{RIGHT DOUBLE QUOTATION MARK} is solved: its customers come back",
            because=f"{percent(each.back.value, each.back.low, each.back.high)} within 7 days, of all tickets {usual.value:.0%}",
        )


def _passed_on(figures: Mapping[str, Figure]) -> Iterator[Advice]:
    rate = figures["escalation_rate"]
    if rate.value is not None and rate.low is not None and rate.high is not None and rate.low >= 0.15:
        yield Advice(
            says="Route by topic: tickets reach the wrong person first",
            because=f"{percent(rate.value, rate.low, rate.high)} of {rate.cases} solved tickets went through several hands",
        )


def _waits(figures: Mapping[str, Figure], rhythm: Rhythm) -> Iterator[Advice]:
    slow = figures["first_answer_p90"]
    hours = [(n, day, hour) for day, row in enumerate(rhythm.hours) for hour, n in enumerate(row)]
    most, day, hour = max(hours, key=lambda each: (each[0], -each[1], -each[2]))
    total = sum(each[0] for each in hours)
    if slow.value is None or slow.value < 8 * 3600 or total < ENOUGH:
        return
    yield Advice(
        says=f"One customer in ten waits longer than {lasting_words(slow.value)} for a first answer",
        because=f"busiest hour: {_DAYS[day]} {hour:02}:00 to {(hour + 1) % 24:02}:00, {most / total:.1%} of all tickets",
    )


def _unknown(figures: Mapping[str, Figure], automation: Automation) -> Iterator[Advice]:
    if automation.all.fully is None:
        yield Advice(
            says="What could be automated is not known",
            because="the helpdesk does not tell what the rule needs; see the rule below",
        )
    if figures["asked_again"].not_known is not None:
        yield Advice(
            says="See whether people ask again: batonpass audit --read 100",
            because="no conversation was read for this audit",
        )


def _spoken_of(automation: Automation) -> list[Category]:
    """Categories with a name and enough tickets."""
    return [
        each
        for each in automation.categories
        if each.tickets >= ENOUGH and each.name.casefold() not in {NOTHING, OTHER}
    ]
