"""Sources of facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from batonpass.domain.facts import FactAnswer, FactRule, Person


@runtime_checkable
class FactSource(Protocol):
    """Tells facts about a person, and what they asked before."""

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """The facts that `rules` ask for, each with this connection as its source and the time of the answer.

        Several people that match give AMBIGUOUS and no fact; nobody gives NOT_FOUND; a person without anything
        to look up with gives NO_KEY without a call. A rule whose value the person lacks gives no fact.

        Whoever is looked up is looked up by `Person.keys` alone, and only a record that is compared with the person
        (`ports.the_one`) is believed; `matched_by` says by which key, AMBIGUOUS says how many match. `contacts` are
        the person's newest tickets and conversations there, newest first and at most `MOST_CONTACTS`, without
        `Person.ticket_id`.
        """
        ...
