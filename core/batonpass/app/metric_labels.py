"""Closed sets of label values."""

from __future__ import annotations

import re
from collections.abc import Iterable

OTHER = "other"
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Names of ours look like this; an address, a URL or a sentence does not."""


class Labels:
    """The values that one label can have: the first `most` of the known ones; all else is `other`."""

    def __init__(self, known: Iterable[str], *, most: int) -> None:
        names = [str(name) for name in known if _WORD.fullmatch(str(name))]
        self._known = frozenset(names[:most])

    def __call__(self, value: str | None) -> str:
        return str(value) if value is not None and value in self._known else OTHER


class GrowingLabels:
    """Values that are known only once they are met, and come from our own code: the first `most` of them."""

    def __init__(self, *, most: int) -> None:
        self._known: set[str] = set()
        self._most = most

    def __call__(self, value: str) -> str:
        if value in self._known:
            return value
        if len(self._known) >= self._most or not _WORD.fullmatch(value):
            return OTHER
        self._known.add(value)
        return value


class FieldLabels:
    """Names of ticket fields, which people give: the first `most` that are met, cut where they are long."""

    def __init__(self, *, most: int) -> None:
        self._known: set[str] = set()
        self._most = most

    def __call__(self, value: str) -> str:
        name = " ".join(value.split())[:64]
        if name not in self._known and len(self._known) >= self._most:
            return OTHER
        self._known.add(name)
        return name
