"""The same facts, from what is kept of the records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from batonpass.domain.facts import Fact, FactAnswer, FactRule, Person, Standing
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.ports import Copy
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.directory import Known
from batonpass_hubspot.documents import definitions_in, stage_in
from batonpass_hubspot.kept import record_in
from batonpass_hubspot.matching import Matching
from batonpass_hubspot.telling import Records, fact_of, newest
from batonpass_hubspot.wanted import OBJECTS, OPEN, OWNER_ID, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A contact and what belongs to it, as far as the rules ask for it."""

    contact: KeptRecord
    company: KeptRecord | None
    deals: tuple[KeptRecord, ...]

    @property
    def records(self) -> Records:
        return Records(
            contact=record_in(self.contact),
            company=None if self.company is None else record_in(self.company),
            deals=tuple(map(record_in, self.deals)),
        )

    def described_by(self, kind: ObjectType, records: Records) -> tuple[KeptRecord, ...]:
        if kind is ObjectType.DEALS:
            deal = records.only_open_deal
            return tuple(each for each in self.deals if deal is not None and each.id == deal.id)
        kept = self.contact if kind is ObjectType.CONTACTS else self.company
        return () if kept is None else (kept,)

    def read_at(self, rule: FactRule, records: Records) -> datetime:
        """Of several records the oldest reading counts."""
        is_list = rule.property == OPEN and OBJECTS[rule.object] is ObjectType.DEALS
        told_by = self.deals if is_list else self.described_by(OBJECTS[rule.object], records)
        return min(each.read_at for each in told_by)


async def facts_from_copy(
    matching: Matching, name: str, copy: Copy, person: Person, rules: Sequence[FactRule]
) -> FactAnswer:
    wanted = Wanted.by(rules)
    matched = await matching.contact_in(copy, person)
    if isinstance(matched, FactAnswer):
        return matched
    kept = await _belonging(copy, matched.record, wanted)
    records = kept.records
    known = await _known(copy, kept, records, wanted)
    facts = tuple(
        Fact(name=rule.name, value=value, source=name, as_of=kept.read_at(rule, records))
        for rule in rules
        if (value := fact_of(rule, records, known)) is not None
    )
    return FactAnswer(standing=Standing.FOUND, facts=facts, matched_by=matched.by)


async def _belonging(copy: Copy, contact: KeptRecord, wanted: Wanted) -> _Kept:
    company_id = contact.columns.get("company_id")
    company = None
    if company_id and ObjectType.COMPANIES in wanted.properties:
        company = await copy.record(RecordKind.COMPANY, company_id)
    deals: Sequence[KeptRecord] = ()
    if ObjectType.DEALS in wanted.properties:
        deals = await copy.known_by(RecordKind.DEAL, KeyKind.CUSTOMER, contact.id)
    return _Kept(contact=contact, company=company, deals=tuple(newest({each.id: each for each in deals})))


async def _known(copy: Copy, kept: _Kept, records: Records, wanted: Wanted) -> Known:
    described = [(kind, each) for kind in wanted.properties for each in kept.described_by(kind, records)]
    owners = [record_in(each).stored(OWNER_ID) for _, each in described] if wanted.owners else []
    return Known(
        owners=await _names(copy, {each for each in owners if each}),
        stages={key: label for deal in kept.deals for key, label in stage_in(deal).items()},
        properties={key: each for kind, one in described for key, each in definitions_in(one, kind).items()},
    )


async def _names(copy: Copy, owners: Iterable[str]) -> dict[str, str]:
    """Of those who are active users."""
    known = {each: await copy.record(RecordKind.AGENT, each) for each in owners}
    return {
        owner: agent.columns["name"]
        for owner, agent in known.items()
        if agent is not None and agent.columns.get("is_active") and agent.columns.get("name")
    }
