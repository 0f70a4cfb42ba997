"""What an account's admins ask of ticket properties beside their types.

On the dated paths HubSpot holds the API's writes to these rules too.
https://developers.hubspot.com/docs/api-reference/latest/crm/property-validations/guide
https://developers.hubspot.com/docs/api-reference/latest/crm/objects/schemas/guide
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from batonpass.domain.errors import RefusedError
from batonpass_hubspot.desk_client import HubSpotDeskClient
from batonpass_hubspot.desk_wire import ValidatedProperty

MAX_LENGTH = "MAX_LENGTH"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRules:
    required: frozenset[str] = frozenset()
    """Without these no ticket is made."""
    longest: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


NO_RULES = AdminRules()


async def admin_rules(api: HubSpotDeskClient) -> AdminRules:
    """Two calls. What this token may not read, or this account does not have, counts as none: the rest of the schema is
    worth more, and a refused write names its property."""
    required, longest = await asyncio.gather(_required(api), _longest(api))
    return AdminRules(required=required, longest=longest)


async def _required(api: HubSpotDeskClient) -> frozenset[str]:
    try:
        return frozenset(await api.required_properties())
    except RefusedError:
        return frozenset()


async def _longest(api: HubSpotDeskClient) -> Mapping[str, int]:
    try:
        return _lengths(await api.validated_properties())
    except RefusedError:
        return {}


def _lengths(validated: Iterable[ValidatedProperty]) -> Mapping[str, int]:
    """What is no number is no length."""
    told = [
        (each.property_name, rule.rule_arguments[0])
        for each in validated
        for rule in each.property_validation_rules
        if rule.rule_type == MAX_LENGTH and rule.rule_arguments
    ]
    return {name: int(most) for name, most in told if most.isascii() and most.isdecimal() and len(most) < 8}
