"""How an emulated account searches: https://developers.hubspot.com/docs/api/crm/search"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan
from types import MappingProxyType
from typing import Any

from batonpass_hubspot.emulated_account import StoredRecord

MOST_FILTERS = 6
MOST_GROUPS = 5


@dataclass(slots=True)
class SearchLimits:
    most_on_a_page: int = 200
    most_results: int = 10_000
    """Of one query, on all pages together."""
    per_second: int = 5
    """Of one account."""
    longest_page: int = 200
    """What is given at once at most, whatever was asked for."""

    def refuses(self, body: Mapping[str, Any], limit: int, after: int) -> str | None:
        """Why this is no search that HubSpot answers; None: it is one."""
        groups = body.get("filterGroups") or []
        given = min(limit, self.longest_page)
        if limit > self.most_on_a_page or after + given > self.most_results:
            return f"A search gives {self.most_on_a_page} results a page, {self.most_results:,} in all"
        if len(body.get("sorts") or ()) > 1:
            return "A search sorts by one property"
        if len(groups) > MOST_GROUPS or any(len(group["filters"]) > MOST_FILTERS for group in groups):
            return f"A search takes {MOST_GROUPS} filter groups of {MOST_FILTERS} filters each"
        return None


_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


def _ordered(stored: str) -> tuple[int, float, str]:
    """Numbers and instants by their size (an instant is asked for in milliseconds, and stored in ISO 8601), then texts."""
    if _WHOLE.fullmatch(stored):
        return 0, float(stored), ""
    try:
        at = datetime.fromisoformat(stored)
    except ValueError:
        return 1, 0.0, stored
    return 0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000, ""


def _compared(value: str, asked: Mapping[str, Any]) -> float:
    """Below 0: the value is the smaller one; what cannot be compared is neither."""
    ours, theirs = _ordered(value), _ordered(str(asked["value"]))
    if not value or ours[0] != theirs[0]:
        return nan
    return round(ours[1] - theirs[1], 3) if ours[0] == 0 else (ours > theirs) - (ours < theirs)


_OPERATORS: Mapping[str, Callable[[str, Mapping[str, Any]], bool]] = MappingProxyType(
    {
        "EQ": lambda value, asked: (
            value.lower() == str(asked["value"]).lower() or _compared(value, asked) == 0
        ),
        "NEQ": lambda value, asked: value.lower() != str(asked["value"]).lower(),
        "IN": lambda value, asked: value.lower() in [str(each).lower() for each in asked["values"]],
        "NOT_IN": lambda value, asked: value.lower() not in [str(each).lower() for each in asked["values"]],
        "GT": lambda value, asked: _compared(value, asked) > 0,
        "GTE": lambda value, asked: _compared(value, asked) >= 0,
        "LT": lambda value, asked: _compared(value, asked) < 0,
        "LTE": lambda value, asked: _compared(value, asked) <= 0,
        "HAS_PROPERTY": lambda value, _: bool(value),
        "NOT_HAS_PROPERTY": lambda value, _: not value,
        "CONTAINS_TOKEN": lambda value, asked: str(asked["value"]).strip("*").lower() in value.lower(),
    }
)


def matching(records: Iterable[StoredRecord], body: Mapping[str, Any]) -> list[StoredRecord]:
    """Those that fit one filter group whole, sorted as asked."""
    groups = body.get("filterGroups") or []
    found = [each for each in records if not groups or any(_fits(each, group["filters"]) for group in groups)]
    for sort in body.get("sorts") or []:
        name, descending = _sort(sort)
        found.sort(key=lambda each: _ordered(each.properties.get(name, "")), reverse=descending)
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
