"""How the emulator searches tickets and conversations: sorted, and page by page after the last thing of a page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from batonpass_intercom.emulated_account import EmulatedWork
from batonpass_intercom.emulated_http import MOST_PER_PAGE, Refusal, page_size

ORDERS = ("ascending", "descending")
Index = Callable[[EmulatedWork, str], datetime]
"""A thing and the name of one of its times → that time, as the index has it."""


class WorkSearch:
    """The cursor is the last thing's place in the order, as Intercom's are: a list that moves meanwhile repeats and
    skips nothing that stands still."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.heeds_sort = True
        """`sort` is documented for contacts only; False: what changed last comes first, whatever was asked."""
        self.longest_page = MOST_PER_PAGE
        """What is given at once at most, whatever was asked for."""

    def page(
        self, asked: Mapping[str, Any], found: Sequence[EmulatedWork]
    ) -> tuple[Sequence[EmulatedWork], dict[str, Any]]:
        """(the page's items, `pages`)."""
        size = min(page_size(asked), self.longest_page)
        field, descends = self._sorting(asked.get("sort"))
        ordered = sorted(found, key=lambda each: self._place(each, field), reverse=descends)
        after, number = _cursor((asked.get("pagination") or {}).get("starting_after"))
        if after is not None:
            ordered = [each for each in ordered if self._is_past(self._place(each, field), after, descends)]
        pages: dict[str, Any] = {
            "type": "pages",
            "page": number,
            "per_page": size,
            "total_pages": max(1, -(-len(found) // size)),
        }
        shown = ordered[:size]
        if len(ordered) > size:
            cursor = [*self._place(shown[-1], field), number + 1]
            told = base64.b64encode(json.dumps(cursor).encode()).decode()
            pages["next"] = {"per_page": size, "starting_after": told}
        return shown, pages

    def _sorting(self, sort: Any) -> tuple[str, bool]:
        """(the time it is sorted by, whether the latest comes first)."""
        told = sort if isinstance(sort, dict) else {}
        field, order = told.get("field", "updated_at"), told.get("order", "descending")
        if order not in ORDERS:
            what = f"Invalid sort order '{order}'. Must be one of: {', '.join(ORDERS)}"
            raise Refusal(400, "invalid_sort_order", what)
        if field not in {"created_at", "updated_at"}:
            raise Refusal(400, "invalid_sort_field", "The requested field cannot be sorted by")
        return (field, order == "descending") if self.heeds_sort else ("updated_at", True)

    def _place(self, work: EmulatedWork, field: str) -> tuple[int, int]:
        return int(self._index(work, field).timestamp()) * 1000, work.id

    @staticmethod
    def _is_past(place: tuple[int, int], after: tuple[int, int], descends: bool) -> bool:
        return place < after if descends else place > after


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
