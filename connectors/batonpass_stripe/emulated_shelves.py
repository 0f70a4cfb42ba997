"""The order of Stripe's lists: by the time of creation, the newest first; of one second, the last that was added."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator


class Shelf:
    """The ids of one list. A page costs as much as it shows, however long the list is."""

    def __init__(self) -> None:
        self._ids: list[tuple[int, int, str]] = []
        """(created, how many were added before, id): the oldest first."""
        self._place: dict[str, tuple[int, int, str]] = {}

    def add(self, id_: str, created: int) -> None:
        place = (created, len(self._place), id_)
        self._place[id_] = place
        if not self._ids or place > self._ids[-1]:
            self._ids.append(place)
        else:
            insort(self._ids, place)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._place

    def newest_first(
        self, *, since: int = 0, before: int | None = None, after: str | None = None
    ) -> Iterator[str]:
        """Those created from `since` on and earlier than `before`, behind the id `after`, which is on the shelf."""
        first = bisect_left(self._ids, (since, -1, ""))
        end = len(self._ids) if before is None else bisect_left(self._ids, (before, -1, ""))
        if after is not None:
            end = min(end, bisect_left(self._ids, self._place[after]))
        for place in range(end - 1, first - 1, -1):
            yield self._ids[place][2]
