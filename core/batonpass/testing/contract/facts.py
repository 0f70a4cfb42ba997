"""Facts about a person, or a clear word why there are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batonpass.domain.conversation import Identity
from batonpass.domain.event import EventKind
from batonpass.domain.facts import FactRule, Person, Standing
from batonpass.domain.history import MOST_CONTACTS, Outcome, contact_from_json, contact_to_json
from batonpass.domain.person import MatchStrength
from batonpass.ports import Capability, FactSource
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import NAME, Opened

CYRILLIC_E = "\N{CYRILLIC SMALL LETTER IE}"
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
            assert told.matches >= 2
            assert (told.contacts, told.matched_by) == ((), MatchStrength.NONE)

    @holds(FactSource.facts_about, "A rule whose value the person lacks")
    async def test_a_value_that_is_not_there_gives_no_fact(self) -> None:
        async with self.opened(*self._telling()) as made:
            await self._known(made)
            objects = list(self.manifest.readable) or ["person"]
            absent = FactRule(name="account.absent", object=objects[0], property="batonpass_absent")

            told = await made.to(FactSource).facts_about(self.known_person, (*self.rules, absent))

            assert told.standing is Standing.FOUND
            assert [fact for fact in told.facts if fact.name == "account.absent"] == []

    @holds(FactSource.facts_about, "Whoever is looked up is looked up by `Person.keys`")
    async def test_d01_the_answer_says_how_sure_it_is_and_who_only_looks_alike_is_nobody(self) -> None:
        async with self.opened(*self._telling()) as made:
            await self._known(made)
            facts, known = made.to(FactSource), self.known_person
            local, _, domain = (known.email or "").partition("@")
            alike = (
                f"{local}+1@{domain}",
                f"{local.replace('.', '')}@{domain}",
                f"{local.upper()}@{domain}",
                f"{local.replace('e', CYRILLIC_E)}@{domain}",
                f"{local}@{domain}.example",
                f"x{local}@{domain}",
            )

            verified = await facts.facts_about(replace(known, identity=Identity.VERIFIED), self.rules)
            claimed = await facts.facts_about(replace(known, identity=Identity.CLAIMED), self.rules)
            by_nothing = await facts.facts_about(replace(known, match=()), self.rules)
            others = [await facts.facts_about(replace(known, email=each), self.rules) for each in alike]

            assert verified.matched_by is MatchStrength.VERIFIED_EMAIL
            assert claimed.matched_by is MatchStrength.CLAIMED_EMAIL
            assert by_nothing.standing is Standing.NO_KEY
            assert {(each.standing, each.facts, each.contacts) for each in others} == {
                (Standing.NOT_FOUND, (), ())
            }

    @holds(FactSource.facts_about, "`contacts` are the person's newest tickets")
    async def test_what_they_asked_before_is_told_newest_first(self) -> None:
        async with self.opened(Capability.TICKET_HISTORY, Capability.OPEN_TICKET) as made:
            for number in range(3):
                text = f"Earlier {number}."
                await made.play(EventKind.TICKET_OPENED, email=self.known_person.email, text=text)
                made.clock.go_on(86_400)
            own = await made.play(EventKind.TICKET_OPENED, email=self.known_person.email, text="Now.")
            made.clock.go_on(made.emulator.search_lag + 1)

            told = await made.to(FactSource).facts_about(
                replace(self.known_person, ticket_id=own), self.rules
            )

            kept = [contact_from_json(contact_to_json(each)) for each in told.contacts]
            assert kept == list(told.contacts)
            assert 3 <= len(told.contacts) <= MOST_CONTACTS
            assert own not in {each.id for each in told.contacts}
            assert [each.at for each in told.contacts] == sorted(
                (each.at for each in told.contacts), reverse=True
            )
            assert {each.source for each in told.contacts} == {NAME}
            assert all(each.title and each.outcome is Outcome.OPEN for each in told.contacts[:3])
            assert all(each.url for each in told.contacts)

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
