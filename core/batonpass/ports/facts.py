"""Sources of facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from batonpass.domain.facts import FactAnswer, FactRule, Person


@runtime_checkable
class FactSource(Protocol):
    """Tells facts about a person."""

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """The facts that `rules` ask for, each with this connection as its source and the time of the answer.

        Several people that match give AMBIGUOUS and no fact; nobody gives NOT_FOUND; a person without anything
        to look up with gives NO_KEY without a call. A rule whose value the person lacks gives no fact.
        """
        ...
