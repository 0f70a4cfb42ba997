"""How an emulated account searches: https://developers.hubspot.com/docs/api/crm/search"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from batonpass_hubspot.emulated_account import StoredRecord

MOST_ON_A_PAGE = 200
MOST_RESULTS = 10_000

_OPERATORS: Mapping[str, Callable[[str, Mapping[str, Any]], bool]] = MappingProxyType(
    {
        "EQ": lambda value, asked: value.lower() == str(asked["value"]).lower(),
        "NEQ": lambda value, asked: value.lower() != str(asked["value"]).lower(),
        "IN": lambda value, asked: value.lower() in [str(each).lower() for each in asked["values"]],
        "NOT_IN": lambda value, asked: value.lower() not in [str(each).lower() for each in asked["values"]],
        "GT": lambda value, asked: bool(value) and value > str(asked["value"]),
        "GTE": lambda value, asked: bool(value) and value >= str(asked["value"]),
        "LT": lambda value, asked: bool(value) and value < str(asked["value"]),
        "LTE": lambda value, asked: bool(value) and value <= str(asked["value"]),
        "HAS_PROPERTY": lambda value, _: bool(value),
        "NOT_HAS_PROPERTY": lambda value, _: not value,
        "CONTAINS_TOKEN": lambda value, asked: str(asked["value"]).strip("*").lower() in value.lower(),
    }
)


def matching(records: Iterable[StoredRecord], body: Mapping[str, Any]) -> list[StoredRecord]:
    """Those that fit one filter group whole, sorted as asked. Values are compared as text: instants in ISO 8601."""
    groups = body.get("filterGroups") or []
    found = [each for each in records if not groups or any(_fits(each, group["filters"]) for group in groups)]
    for sort in reversed(body.get("sorts") or []):
        name, descending = _sort(sort)
        found.sort(key=lambda each, by=name: each.properties.get(by, ""), reverse=descending)  # type: ignore[misc]
    return found


def _fits(record: StoredRecord, filters: Iterable[Mapping[str, Any]]) -> bool:
    return all(
        _OPERATORS[each["operator"]](record.properties.get(each["propertyName"], ""), each)
        for each in filters
    )


def _sort(sort: Any) -> tuple[str, bool]:
    """A property name, with a minus for descending, or an object."""
    if isinstance(sort, str):
        return sort.lstrip("-"), sort.startswith("-")
    return sort["propertyName"], sort.get("direction") == "DESCENDING"
