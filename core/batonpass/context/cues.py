"""A pattern that is looked for only where it can be: plain strings are found twenty times as fast as alternatives."""

from __future__ import annotations

import re


class Cues:
    """A pattern, and strings of which every text that the pattern finds has at least one. All in lower case."""

    __slots__ = ("_needles", "pattern")

    def __init__(self, pattern: str, needles: str) -> None:
        """`needles`: separated by `|`."""
        self.pattern = re.compile(pattern)
        self._needles = tuple(needles.split("|"))

    def search(self, text: str) -> re.Match[str] | None:
        for needle in self._needles:
            if needle in text:
                return self.pattern.search(text)
        return None
