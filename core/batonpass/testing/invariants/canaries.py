"""Finds planted words in texts, however many words and however long the texts: in one pass over each text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")


class Canaries:
    """A canary is found in any case and between any characters that are neither letters nor digits: `ada7` stands in
    `chat_ADA7.` and not in `ada70`."""

    def __init__(self, canaries: Iterable[str]) -> None:
        split = {canary: _words(canary) for canary in canaries if canary}
        often = Counter(word for words in split.values() for word in words)
        self._by_word: defaultdict[str, list[str]] = defaultdict(list)
        for canary, words in split.items():
            # its rarest word: they may all begin alike
            self._by_word[min(sorted(words), key=often.__getitem__)].append(canary)

    def standing_in(self, text: str) -> list[str]:
        """Each one that does, once."""
        folded = text.casefold()
        likely = [canary for word in self._by_word.keys() & _words(folded) for canary in self._by_word[word]]
        return sorted(canary for canary in likely if _stands(canary.casefold(), folded))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _stands(canary: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(canary)}(?![^\W_])", text) is not None
