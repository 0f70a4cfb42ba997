"""What must be so in every run, as pure functions of its history: whatever was killed, cut off, sent twice or late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from batonpass.testing.history import History, Violation
from batonpass.testing.invariants.limits import all_is_bounded, deadlines_are_watched, reloads_fail_nobody
from batonpass.testing.invariants.nothing_lost import nothing_is_lost
from batonpass.testing.invariants.once import nothing_is_twice
from batonpass.testing.invariants.privacy import nobody_reads_of_another, nothing_private_is_logged
from batonpass.testing.invariants.record import the_end_is_the_end, the_same_is_decided_alike
from batonpass.testing.invariants.truth import told_is_true

__all__ = ["INVARIANTS", "TITLES", "Invariant", "check", "describe"]

Invariant = Callable[[History], Iterator[Violation]]

INVARIANTS: Mapping[str, Invariant] = MappingProxyType(
    {
        "I1": nothing_is_lost,
        "I2": nothing_is_twice,
        "I3": nobody_reads_of_another,
        "I4": nothing_private_is_logged,
        "I5": all_is_bounded,
        "I6": told_is_true,
        "I7": deadlines_are_watched,
        "I8": reloads_fail_nobody,
        "I9": the_end_is_the_end,
        "I10": the_same_is_decided_alike,
    }
)

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "I1": "Nothing acknowledged is lost",
        "I2": "Nothing happens twice",
        "I3": "Nobody reads of another customer",
        "I4": "No secret and no customer's word in what we log",
        "I5": "Everything is bounded",
        "I6": "The customer is told the truth",
        "I7": "Nothing stays beyond its deadline unseen",
        "I8": "A change of the configuration breaks nothing",
        "I9": "What is over stays over",
        "I10": "The same inputs are decided alike",
    }
)

SHOWN = 20
"""Of each invariant."""


def check(history: History) -> tuple[Violation, ...]:
    """Everything that is wrong in it, by invariant; empty where nothing is."""
    return tuple(violation for holds in INVARIANTS.values() for violation in holds(history))


def describe(violations: Sequence[Violation]) -> str:
    """For people: the invariants that do not hold, the first violations of each and how many there are."""
    if not violations:
        return "No violation: every invariant holds."
    counts = Counter(violation.invariant for violation in violations)
    lines: list[str] = []
    for invariant in (each for each in INVARIANTS if counts[each]):
        of_it = [each for each in violations if each.invariant == invariant]
        lines.append(f"{invariant} {TITLES[invariant]}: {_counted(len(of_it))}")
        lines += [f"  {each.about}: {each.what}" for each in of_it[:SHOWN]]
        if len(of_it) > SHOWN:
            lines.append(f"  and {len(of_it) - SHOWN} more")
    return "\n".join(lines)


def _counted(number: int) -> str:
    return "1 violation" if number == 1 else f"{number} violations"
