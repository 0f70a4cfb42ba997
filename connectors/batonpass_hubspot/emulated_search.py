"""How an emulated account searches: https://developers.hubspot.com/docs/api/crm/search"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
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


@lru_cache(maxsize=200_000)
def _ordered(stored: str) -> tuple[int, float, str]:
    """Numbers and instants by their size (an instant is asked for in milliseconds, and stored in ISO 8601), then texts."""
    if _WHOLE.fullmatch(stored):
        return 0, float(stored), ""
    try:
        at = datetime.fromisoformat(stored)
    except ValueError:
        return 1, 0.0, stored
    return 0, round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000, 3), ""


Fits = Callable[[str], bool]
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"GT": operator.gt, "GTE": operator.ge, "LT": operator.lt, "LTE": operator.le}
)


def _compared(compare: Callable[[Any, Any], bool], asked: str) -> Fits:
    """What cannot be compared does not fit."""
    theirs = _ordered(asked)

    def fits(value: str) -> bool:
        ours = _ordered(value)
        return bool(value) and ours[0] == theirs[0] and compare(ours, theirs)

    return fits


def _equal(asked: str) -> Fits:
    same, as_size = asked.lower(), _compared(operator.eq, asked)
    return lambda value: value.lower() == same or as_size(value)


def _one_of(values: Iterable[Any]) -> Fits:
    named = frozenset(str(each).lower() for each in values)
    return lambda value: value.lower() in named


def _predicate(asked: Mapping[str, Any]) -> Fits:
    """Of one filter."""
    word, wanted = asked["operator"], str(asked.get("value", ""))
    if word in _COMPARED:
        return _compared(_COMPARED[word], wanted)
    table: Mapping[str, Callable[[], Fits]] = {
        "EQ": lambda: _equal(wanted),
        "NEQ": lambda: lambda value: value.lower() != wanted.lower(),
        "IN": lambda: _one_of(asked["values"]),
        "NOT_IN": lambda: _not(_one_of(asked["values"])),
        "HAS_PROPERTY": lambda: bool,
        "NOT_HAS_PROPERTY": lambda: operator.not_,
        "CONTAINS_TOKEN": lambda: lambda value: wanted.strip("*").lower() in value.lower(),
    }
    return table[word]()


def _not(fits: Fits) -> Fits:
    return lambda value: not fits(value)


def matching(records: Iterable[StoredRecord], body: Mapping[str, Any]) -> list[StoredRecord]:
    """Those that fit one filter group whole, sorted as asked."""
    groups = [
        [(each["propertyName"], _predicate(each)) for each in group["filters"]]
        for group in body.get("filterGroups") or []
    ]
    found = [each for each in records if not groups or any(_fits(each, group) for group in groups)]
    for sort in body.get("sorts") or []:
        name, descending = _sort(sort)
        found.sort(key=lambda each: _ordered(each.properties.get(name, "")), reverse=descending)
    return found


def _fits(record: StoredRecord, filters: Iterable[tuple[str, Fits]]) -> bool:
    return all(fits(record.properties.get(name, "")) for name, fits in filters)


def _sort(sort: Any) -> tuple[str, bool]:
    """A property name, with a minus for descending, or an object."""
    if isinstance(sort, str):
        return sort.lstrip("-"), sort.startswith("-")
    return sort["propertyName"], sort.get("direction") == "DESCENDING"
