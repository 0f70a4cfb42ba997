"""Facts about a person, or a clear word why there are none."""

from __future__ import annotations

import pytest

from batonpass.domain.event import EventKind
from batonpass.domain.facts import FactRule, Person, Standing
from batonpass.ports import Capability, FactSource
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import NAME, Opened

_FACTS = frozenset({Capability.TICKET_HISTORY, Capability.CRM_FACTS, Capability.BILLING_FACTS})


class FactsContract(Basis):
    """`FactSource`."""

    @holds(FactSource.facts_about, "The facts that `rules` ask for")
    async def test_facts_of_a_known_person_name_this_connection_and_the_time(self) -> None:
        async with self.opened(*self._telling()) as made:
            await self._known(made)

            told = await made.to(FactSource).facts_about(self.known_person, self.rules)

            assert told.standing is Standing.FOUND
            assert told.facts
            assert {fact.source for fact in told.facts} == {NAME}
            assert all(fact.as_of <= made.clock.now() for fact in told.facts)
            asked_for = {rule.name for rule in self.rules} | set(self.manifest.fixed_facts)
            assert {fact.name for fact in told.facts} <= asked_for

    @holds(FactSource.facts_about, "Several people that match give AMBIGUOUS")
    async def test_nobody_is_not_found_and_without_a_key_nobody_is_asked(self) -> None:
        async with self.opened(*self._telling()) as made:
            facts = made.to(FactSource)
            none = await facts.facts_about(Person(email="nobody@nowhere.example"), self.rules)
            calls = len(made.emulator.calls)

            unnamed = await facts.facts_about(Person(name="Mia Keller"), self.rules)

            assert (none.standing, none.facts) == (Standing.NOT_FOUND, ())
            assert (unnamed.standing, unnamed.facts) == (Standing.NO_KEY, ())
            assert len(made.emulator.calls) == calls

    @holds(FactSource.facts_about, "Several people that match give AMBIGUOUS")
    async def test_two_people_who_match_give_no_fact(self) -> None:
        async with self.opened(*self._telling()) as made:
            somebody = self.somebody_twice(made.emulator)
            if somebody is None:
                pytest.skip("the vendor knows nobody twice, or the suite's subclass gives no somebody_twice")
            made.clock.go_on(made.emulator.search_lag + 1)

            told = await made.to(FactSource).facts_about(somebody, self.rules)

            assert (told.standing, told.facts) == (Standing.AMBIGUOUS, ())

    @holds(FactSource.facts_about, "A rule whose value the person lacks")
    async def test_a_value_that_is_not_there_gives_no_fact(self) -> None:
        async with self.opened(*self._telling()) as made:
            await self._known(made)
            objects = list(self.manifest.readable) or ["person"]
            absent = FactRule(name="account.absent", object=objects[0], property="batonpass_absent")

            told = await made.to(FactSource).facts_about(self.known_person, (*self.rules, absent))

            assert told.standing is Standing.FOUND
            assert [fact for fact in told.facts if fact.name == "account.absent"] == []

    async def test_the_ticket_of_this_handoff_is_no_history(self) -> None:
        async with self.opened(Capability.TICKET_HISTORY, Capability.OPEN_TICKET) as made:
            await self._known(made)
            own = await made.play(EventKind.TICKET_OPENED, email=self.known_person.email, text="The newest.")
            made.clock.go_on(made.emulator.search_lag + 1)

            told = await made.to(FactSource).facts_about(
                Person(email=self.known_person.email, ticket_id=own), self.rules
            )

            said = [str(fact.value) for fact in told.facts if fact.name == "support.recent_tickets"]
            assert "The newest" not in "".join(said)

    def _telling(self) -> tuple[Capability, ...]:
        claimed = sorted(_FACTS & self.manifest.capabilities)
        return tuple(claimed[:1]) or (Capability.CRM_FACTS,)

    async def _known(self, made: Opened) -> None:
        """A helpdesk knows people by their tickets."""
        plays = made.emulator.plays
        if Capability.TICKET_HISTORY in self.manifest.capabilities and EventKind.TICKET_OPENED in plays:
            await made.play(EventKind.TICKET_OPENED, email=self.known_person.email, text="An earlier one.")
            made.clock.go_on(made.emulator.search_lag + 1)
