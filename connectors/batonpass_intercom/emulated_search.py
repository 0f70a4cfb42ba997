"""How the emulator searches: by what is asked, sorted, and page by page after the last thing of a page."""

from __future__ import annotations

import base64
import binascii
import heapq
import json
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from batonpass_intercom.emulated_http import MOST_PER_PAGE, Refusal, page_size

ORDERS = ("ascending", "descending")
Thing = TypeVar("Thing")
Fits = Callable[[Thing], bool]
Values = Callable[[Thing], Sequence[Any]]
Fields = Callable[[str], Values[Thing] | None]
"""A field's name → how a thing tells its values of it; None: there is no such field."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "~": lambda have, wanted: str(wanted).casefold() in str(have).casefold(),
    "IN": lambda have, wanted: have in wanted,
}
MOST_FILTERS = 15
MOST_LEVELS = 2


def fitting(query: Mapping[str, Any], fields: Fields[Thing], *, level: int = 0) -> Fits[Thing]:
    """Whether a thing is what is asked for. Raises `Refusal`."""
    if query["operator"] in {"AND", "OR"} and isinstance(query["value"], list):
        if len(query["value"]) > MOST_FILTERS:
            raise Refusal(400, "invalid_query", "Too many filters in one group")
        if level >= MOST_LEVELS:
            raise Refusal(400, "invalid_query", "Too many levels of groups")
        parts = [fitting(part, fields, level=level + 1) for part in query["value"]]
        whole = all if query["operator"] == "AND" else any
        return lambda thing: whole(part(thing) for part in parts)
    values = fields(query["field"])
    if values is None:
        raise Refusal(400, "field_not_found", "The requested field is not searchable")
    compare = _COMPARE.get(query["operator"])
    if compare is None:
        raise Refusal(400, "invalid_operator", "The operator is not supported")
    wanted = query["value"]
    return lambda thing: any(compare(_comparable(value, wanted), wanted) for value in values(thing))


def _comparable(value: Any, wanted: Any) -> Any:
    if isinstance(wanted, int) and not isinstance(value, int) and str(value).isdigit():
        return int(value)
    return value


@dataclass
class Search(Generic[Thing]):
    """The cursor is the last thing's place in the order, as Intercom's are: a list that moves meanwhile repeats and
    skips nothing that stands still."""

    times: Callable[[str], Callable[[Thing], datetime]]
    """The name of a time → a thing's, as the index has it just now."""
    number: Callable[[Thing], int]
    """Of things with one time the order."""
    sorted_by: str
    """Where nothing is asked."""
    usual_page: int = 20
    heeds_sort: bool = True
    """Of tickets and conversations `sort` is not documented; False: what changed last comes first, whatever was asked."""
    longest_page: int = MOST_PER_PAGE
    """What is given at once at most, whatever was asked for."""

    def page(
        self, asked: Mapping[str, Any], found: Sequence[Thing]
    ) -> tuple[Sequence[Thing], dict[str, Any]]:
        """(the page's items, `pages`)."""
        size = min(page_size(asked, usual=self.usual_page), self.longest_page)
        field, descends = self._sorting(asked.get("sort"))
        after, number = _cursor((asked.get("pagination") or {}).get("starting_after"))
        time, place_of = self.times(field), self.number
        places: Iterable[tuple[tuple[int, int], int]] = (
            ((int(time(each).timestamp()) * 1000, place_of(each)), at) for at, each in enumerate(found)
        )
        if after is not None:
            places = (place for place in places if (place[0] < after if descends else place[0] > after))
        some = heapq.nlargest(size + 1, places) if descends else heapq.nsmallest(size + 1, places)
        pages: dict[str, Any] = {
            "type": "pages",
            "page": number,
            "per_page": size,
            "total_pages": max(1, -(-len(found) // size)),
        }
        if len(some) > size:
            told = base64.b64encode(json.dumps([*some[size - 1][0], number + 1]).encode()).decode()
            pages["next"] = {"per_page": size, "starting_after": told}
        return [found[at] for _, at in some[:size]], pages

    def _sorting(self, sort: Any) -> tuple[str, bool]:
        """(the time it is sorted by, whether the latest comes first)."""
        told = sort if isinstance(sort, dict) else {}
        field, order = told.get("field", self.sorted_by), told.get("order", "descending")
        if order not in ORDERS:
            what = f"Invalid sort order '{order}'. Must be one of: {', '.join(ORDERS)}"
            raise Refusal(400, "invalid_sort_order", what)
        if field not in {"created_at", "updated_at"}:
            raise Refusal(400, "invalid_sort_field", "The requested field cannot be sorted by")
        return (field, order == "descending") if self.heeds_sort else ("updated_at", True)


def _cursor(told: Any) -> tuple[tuple[int, int] | None, int]:
    """(the place after which the page begins, its number)."""
    if told is None:
        return None, 1
    try:
        time, id_, number = (int(each) for each in json.loads(base64.b64decode(told, validate=True)))
    except (ValueError, TypeError, binascii.Error):
        raise Refusal(
            400, "parameter_invalid", "starting_after is no cursor", field="starting_after"
        ) from None
    return (time, id_), number
