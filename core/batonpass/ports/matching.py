"""Which one of a system's records is the person's: the same way in every connector."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from batonpass.domain.facts import FactAnswer, Standing
from batonpass.domain.person import MatchKey, MatchStrength, Person

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched(Generic[T]):
    """The only record that is the person's."""

    record: T
    by: MatchStrength


async def the_one(
    person: Person, names: tuple[str, ...], look: Callable[[MatchKey], Awaitable[Sequence[T]]]
) -> Matched[T] | FactAnswer:
    """The person's record at the system that goes by `names`, or the answer that says why there is none.

    `look` gives the records that fit one key, already compared with the person (`Person.has_email`,
    `Person.may_be`): what the system's own search found is not believed. The first key that fits any record decides;
    where it fits several, nobody is meant.
    """
    keys = person.keys(*names)
    for key in keys:
        found = await look(key)
        if len(found) > 1:
            return FactAnswer(standing=Standing.AMBIGUOUS, matches=len(found))
        if found:
            return Matched(record=found[0], by=person.strength(key.rule))
    return FactAnswer(standing=Standing.NOT_FOUND if keys else Standing.NO_KEY)
