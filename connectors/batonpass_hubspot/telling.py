"""Facts about a contact, from its records, wherever those come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from batonpass.domain.facts import FactRule, FactValue
from batonpass_hubspot.belonging import by_age
from batonpass_hubspot.client import MOST_IN_A_BATCH, ObjectType
from batonpass_hubspot.directory import Known
from batonpass_hubspot.values import fact_value, is_open, open_deals, owner_of
from batonpass_hubspot.wanted import OBJECTS, OPEN, OWNER
from batonpass_hubspot.wire import Record

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    contact: Record
    company: Record | None
    deals: tuple[Record, ...]

    def described_by(self, kind: ObjectType) -> Record | None:
        """The one record of this type that facts can be about."""
        return {
            ObjectType.CONTACTS: self.contact,
            ObjectType.COMPANIES: self.company,
            ObjectType.DEALS: self.only_open_deal,
        }[kind]

    @property
    def only_open_deal(self) -> Record | None:
        open_ones = [deal for deal in self.deals if is_open(deal)]
        return open_ones[0] if len(open_ones) == 1 else None


def newest(deals: Mapping[str, T]) -> list[T]:
    """By their ids, which grow; as many as one call reads."""
    ids = sorted(deals, key=by_age, reverse=True)[:MOST_IN_A_BATCH]
    return [deals[each] for each in ids]


def fact_of(rule: FactRule, records: Records, known: Known) -> FactValue | None:
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
