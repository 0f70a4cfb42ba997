"""What a set of rules needs from HubSpot: which properties of which objects, and which lists of the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from batonpass.domain.facts import FactRule
from batonpass_hubspot.client import ObjectType

OWNER = "owner"
OPEN = "open"
OWNER_ID = "hubspot_owner_id"
EMAIL = "email"
MORE_EMAILS = "hs_additional_emails"
CURRENCY = "deal_currency_code"
IS_CLOSED = "hs_is_closed"

OBJECTS: Mapping[str, ObjectType] = MappingProxyType(
    {"contact": ObjectType.CONTACTS, "company": ObjectType.COMPANIES, "deal": ObjectType.DEALS}
)
"""The object in a rule → HubSpot's object type."""

COMPUTED: Mapping[tuple[ObjectType, str], tuple[str, ...]] = MappingProxyType(
    {
        (ObjectType.CONTACTS, OWNER): (OWNER_ID,),
        (ObjectType.COMPANIES, OWNER): (OWNER_ID,),
        (ObjectType.DEALS, OWNER): (OWNER_ID,),
        (ObjectType.DEALS, OPEN): ("dealname", "amount", "pipeline", "dealstage", "closedate"),
    }
)
"""What we compute, and from which properties. It hides a custom property of the same name."""

_ALWAYS: Mapping[ObjectType, tuple[str, ...]] = MappingProxyType(
    {
        ObjectType.CONTACTS: (EMAIL, MORE_EMAILS),
        ObjectType.COMPANIES: (),
        ObjectType.DEALS: (IS_CLOSED, CURRENCY),
    }
)
"""What decides whether a record is meant, or what its amount means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read; nothing else is asked for."""

    properties: Mapping[ObjectType, frozenset[str]]
    """For each object type that a rule names, and always for contacts."""
    defined: frozenset[ObjectType]
    """The types with a property whose definition tells what its value means."""
    owners: bool
    stages: bool

    @classmethod
    def by(cls, rules: Iterable[FactRule]) -> Wanted:
        asked = {(OBJECTS[rule.object], rule.property) for rule in rules if rule.object in OBJECTS}
        needed: dict[ObjectType, set[str]] = {ObjectType.CONTACTS: set()}
        for kind, name in asked:
            needed.setdefault(kind, set()).update(COMPUTED.get((kind, name), (name,)))
        return cls(
            properties={kind: frozenset(names.union(_ALWAYS[kind])) for kind, names in needed.items()},
            defined=frozenset(kind for kind, name in asked if (kind, name) not in COMPUTED),
            owners=any(name == OWNER for _, name in asked),
            stages=(ObjectType.DEALS, OPEN) in asked,
        )

    @property
    def associations(self) -> tuple[ObjectType, ...]:
        """The types that are reached from the contact."""
        return tuple(kind for kind in ObjectType if kind in self.properties and kind != ObjectType.CONTACTS)
