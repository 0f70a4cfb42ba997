"""HubSpot as a source of facts: our words ↔ wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batonpass.domain.clock import Clock
from batonpass.domain.facts import Fact, FactAnswer, FactRule, FactValue, Person, Standing
from batonpass.ports import Access, RegisteredWebhook
from batonpass_hubspot.access import check_token, missing_scope, title_of, token_warnings
from batonpass_hubspot.client import MOST_IN_A_BATCH, HubSpotClient, ObjectType
from batonpass_hubspot.directory import Directory, Known
from batonpass_hubspot.history import History
from batonpass_hubspot.matching import Matching
from batonpass_hubspot.registering import Registering, registered_by
from batonpass_hubspot.values import fact_value, is_open, open_deals, owner_of
from batonpass_hubspot.wanted import OBJECTS, OPEN, OWNER, Wanted
from batonpass_hubspot.wire import Record

PRIMARY_COMPANY = "contact_to_company"
"""The label of the one primary company (association type 1); all others are `contact_to_company_unlabeled` or the
account's own: https://developers.hubspot.com/docs/api-reference/crm-associations-v3/guide"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    contact: Record
    company: Record | None
    deals: tuple[Record, ...]

    def described_by(self, kind: ObjectType) -> Record | None:
        """The one record of this type that facts can be about."""
        open_ones = [deal for deal in self.deals if is_open(deal)]
        only_deal = open_ones[0] if len(open_ones) == 1 else None
        return {
            ObjectType.CONTACTS: self.contact,
            ObjectType.COMPANIES: self.company,
            ObjectType.DEALS: only_deal,
        }[kind]


class HubSpotFacts:
    """`FactSource` and `Probe` over one HubSpot account.

    A contact is looked up by id or by exact e-mail address, its secondary ones too, without search, which lags; by
    search only for a phone number.
    Company facts are about the primary company, or the only one; of several without a primary one none is meant
    and there are no company facts. Deal facts are about the only open deal; `open` lists all open ones. Where a
    contact has more than a hundred deals, the hundred newest are read.

    One lookup takes two round trips: the contact with the ids of what belongs to it, then companies and deals
    beside each other. Lists of the account are read beside them and kept for ten minutes.
    """

    def __init__(
        self,
        client: HubSpotClient,
        *,
        name: str,
        token: str,
        clock: Clock,
        history: History,
        registering: Registering | None = None,
    ) -> None:
        self._client = client
        self._matching = Matching(client, name)
        self._history = history
        self._directory = Directory(client, clock)
        self._name = name
        self._token = token
        self._clock = clock
        self._registering = registering

    async def check_access(self) -> Access:
        """As `Probe` promises: the account, and one record of each type to see which scopes the token has."""
        check_token(self._token, self._name)
        account = await self._client.account()
        await self._client.any_of(ObjectType.CONTACTS)
        missing = await asyncio.gather(
            missing_scope(
                self._client.any_of(ObjectType.COMPANIES),
                "crm.objects.companies.read",
                "lookups with company facts are refused",
            ),
            missing_scope(
                self._client.any_of(ObjectType.DEALS),
                "crm.objects.deals.read",
                "lookups with deal facts are refused",
            ),
            missing_scope(self._client.owners(), "crm.objects.owners.read", "owners' names are left out"),
        )
        if self._registering is not None:
            await self._registering.check()
        warnings = (*(each for each in missing if each), *token_warnings(self._token))
        return Access(account=title_of(account), warnings=warnings)

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """As `FactSource` promises; the person's tickets beside the facts, where the token may read them."""
        wanted = Wanted.by(rules)
        looking_up = asyncio.create_task(self._directory.look_up(wanted))
        try:
            matched = await self._matching.contact_of(
                person,
                properties=wanted.properties[ObjectType.CONTACTS],
                associations=wanted.associations,
            )
            if isinstance(matched, FactAnswer):
                return matched
            records, contacts = await asyncio.gather(
                self._read(matched.record, wanted),
                self._history.beside_facts(matched.record.id, person),
            )
            known = await looking_up
        finally:
            looking_up.cancel()
        as_of = self._clock.now()
        facts = tuple(
            Fact(name=rule.name, value=value, source=self._name, as_of=as_of)
            for rule in rules
            if (value := _value(rule, records, known)) is not None
        )
        return FactAnswer(standing=Standing.FOUND, facts=facts, contacts=contacts, matched_by=matched.by)

    # RegistersWebhooks ----------------------------------------------------------------------------------------

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        return await registered_by(self._registering).register_webhook(url)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        return await registered_by(self._registering).registered_webhooks()

    async def _read(self, contact: Record, wanted: Wanted) -> _Records:
        companies, deals = await asyncio.gather(
            self._batch(ObjectType.COMPANIES, _meant_company(contact), wanted),
            self._batch(ObjectType.DEALS, _newest_deals(contact), wanted),
        )
        return _Records(contact=contact, company=companies[0] if companies else None, deals=deals)

    async def _batch(self, kind: ObjectType, ids: Sequence[str], wanted: Wanted) -> tuple[Record, ...]:
        if not ids or kind not in wanted.properties:
            return ()
        return await self._client.read_batch(kind, ids, wanted.properties[kind])


def _meant_company(contact: Record) -> list[str]:
    links = contact.associated(ObjectType.COMPANIES)
    several = {link.id for link in links}
    if len(several) > 1:
        several = {link.id for link in links if link.type == PRIMARY_COMPANY}
    return list(several) if len(several) == 1 else []


def _newest_deals(contact: Record) -> list[str]:
    ids = {link.id for link in contact.associated(ObjectType.DEALS)}
    return sorted(ids, key=lambda each: (len(each), each), reverse=True)[:MOST_IN_A_BATCH]


def _value(rule: FactRule, records: _Records, known: Known) -> FactValue | None:
    kind = OBJECTS.get(rule.object)
    if kind is None:
        return None
    if (kind, rule.property) == (ObjectType.DEALS, OPEN):
        return open_deals(records.deals, known)
    record = records.described_by(kind)
    if record is None:
        return None
    ours: Mapping[str, str] = dict(rule.values)
    if rule.property == OWNER:
        return owner_of(record, ours=ours, known=known)
    return fact_value(record, kind, rule.property, ours=ours, known=known)
