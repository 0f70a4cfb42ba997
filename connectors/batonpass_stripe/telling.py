"""Facts about a person: who is meant, and what is told of them; the same from Stripe as from our copy of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.domain.person import MatchKey, MatchRule
from batonpass.ports import the_one
from batonpass_stripe.client import Listed
from batonpass_stripe.readable import Readable, readable
from batonpass_stripe.record import Match, Part, Record, is_live
from batonpass_stripe.rights import together
from batonpass_stripe.wire import Customer, Subscription

MOST_NAMESAKES = 10


class Account(Protocol):
    """Where customers are read."""

    async def with_id(self, customer_id: str) -> Customer | None:
        """None where there is no such customer, or no longer."""
        ...

    async def with_addresses(self, spellings: Collection[str]) -> Listed[Customer]:
        """Those whose address is written in one of these ways, letter case and all."""
        ...

    async def subscriptions(self, customer: Customer) -> Listed[Subscription] | None: ...

    async def read(self, match: Match, parts: Collection[Part]) -> Record: ...


class Telling:
    """Tells facts in the name of one connection."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def facts(self, account: Account, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `FactSource.facts_about` promises. The customer is found by the id that we were given, else by e-mail
        address; never by phone, for only Stripe's search finds numbers, which lags by minutes.

        Of several customers with one address, the only one with a live subscription is meant; otherwise nobody is.
        """
        rules_here = tuple(each for each in person.match if each is not MatchRule.PHONE)
        person = replace(person, match=rules_here)
        matched = await the_one(person, (self._name, "stripe"), partial(_matches, account, person))
        if isinstance(matched, FactAnswer):
            return matched
        asked = [(rule, how) for rule in rules if (how := readable(rule.object, rule.property))]
        record = await account.read(matched.record, {part for _, how in asked for part in how.needs})
        facts = tuple(fact for rule, how in asked if (fact := self._fact(rule, how, record)))
        return FactAnswer(standing=Standing.FOUND, facts=facts, matched_by=matched.by)

    def _fact(self, rule: FactRule, how: Readable, record: Record) -> Fact | None:
        value = None if how.needs & record.refused else how.read(record)
        if value is None or value == "":
            return None
        return Fact(
            name=rule.name, value=_ours(value, rule), source=self._name, as_of=record.as_of(how.needs)
        )


async def _matches(account: Account, person: Person, key: MatchKey) -> Sequence[Match]:
    if key.rule is MatchRule.EXTERNAL_ID:
        known = await account.with_id(key.value)
        return () if known is None else (Match(customer=known),)
    return await _with_email(account, person)


async def _with_email(account: Account, person: Person) -> Sequence[Match]:
    """Stripe keeps an address as it was typed, and finds it only so: without regard to case the one in small letters
    is asked for as well."""
    spellings = [each for address in person.addresses for each in (address, address.lower())]
    if not person.folds_case:
        spellings = list(person.addresses)
    found = await account.with_addresses(tuple(dict.fromkeys(spellings)))
    # Checked again here: a filter that is passed over must not give us somebody else's bills.
    customers = {each.id: each for each in found.items if not each.deleted and person.has_email(each.email)}
    matches = [Match(customer=each) for each in customers.values()]
    if 1 < len(matches) <= MOST_NAMESAKES and not found.cut:
        return await _live_ones(account, matches)
    # a list that was cut may hide the one that is meant: then there are at least two
    return matches * 2 if len(matches) == 1 and found.cut else matches


async def _live_ones(account: Account, namesakes: Sequence[Match]) -> Sequence[Match]:
    """The only one with a live subscription; all of them where there is no such one."""
    async with together() as group:
        asked = [group.create_task(account.subscriptions(each.customer)) for each in namesakes]
    live = [
        Match(customer=namesake.customer, subscriptions=read)
        for namesake, task in zip(namesakes, asked, strict=True)
        if (read := task.result()) and any(is_live(each) for each in read.items)
    ]
    return live if len(live) == 1 else namesakes


def _ours(value: FactValue, rule: FactRule) -> FactValue:
    """The value in our words, where the rule has one for it; a truth value is listed as `true` or `false`."""
    if isinstance(value, bool):
        return dict(rule.values).get(str(value).lower(), value)
    return dict(rule.values).get(value, value) if isinstance(value, str) else value
