"""A pattern that is looked for only where it can be: plain strings are found twenty times as fast as alternatives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


class Cues:
    """A pattern, and strings of which every text that the pattern finds has at least one. All in lower case."""

    __slots__ = ("needles", "pattern")

    def __init__(self, pattern: str, needles: str, flags: int = 0) -> None:
        """`needles`: separated by `|`."""
        self.pattern = re.compile(pattern, flags)
        self.needles = tuple(needles.split("|"))

    def search(self, text: str) -> re.Match[str] | None:
        for needle in self.needles:
            if needle in text:
                return self.pattern.search(text)
        return None

    def may_be_in(self, text: str) -> bool:
        for needle in self.needles:  # noqa: SIM110 - twice as quick as any()
            if needle in text:
                return True
        return False


class Vocabulary:
    """The words of many texts, each once: a fifth of the text, and all that says which strings it holds at all."""

    __slots__ = ("_ascii", "_other", "words")

    def __init__(self, texts: Sequence[str]) -> None:
        self.words = set("\n".join(texts).split())
        # Apart, for one wide letter makes looking for anything in a text three times as slow.
        other = [word for word in self.words if not word.isascii()]
        self._ascii = " ".join(self.words.difference(other)).lower()
        self._other = " ".join(other).lower()

    def has(self, needle: str) -> bool:
        """Whether a word of the texts holds it, whatever its case; `needle` is in lower case, without white space."""
        return needle in self._ascii or needle in self._other

    def finds(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern, in lower case and for single words, finds something."""
        return pattern.search(self._ascii) is not None or pattern.search(self._other) is not None

    def present(self, needles: Iterable[str]) -> tuple[str, ...]:
        """Those that a word of the texts holds."""
        one, other = self._ascii, self._other
        return tuple([needle for needle in needles if needle in one or needle in other])
