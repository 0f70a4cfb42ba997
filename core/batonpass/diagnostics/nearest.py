"""Which of the known words was meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz, process, utils

_SLIP = 85
_TYPO = 65
_PART = 85
_SHORTEST_PART = 4


def slip_of(word: str, known: Iterable[str]) -> str | None:
    """The known word of which this one is a slip of the pen (a letter or two), or None."""
    found = process.extractOne(word, list(known), scorer=fuzz.ratio, score_cutoff=_SLIP)
    return found[0] if found else None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, or None. Case, hyphens and underscores count for nothing."""
    choices = [choice for choice in known if choice != word]
    found = process.extractOne(
        word, choices, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=_TYPO
    )
    if found is None and len(word) >= _SHORTEST_PART:
        # "tier" for "account.tier", "Billing" for "Billing & Payments"
        longer = [choice for choice in choices if len(choice) >= _SHORTEST_PART]
        found = process.extractOne(
            word, longer, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=_PART
        )
    return found[0] if found else None


def did_you_mean(
    word: str, known: Iterable[str], *, listed: str = "known here", at_most: int = 12
) -> str | None:
    """A hint: the nearest known word, else the known words where they are few, else None."""
    choices = sorted(set(known))
    meant = nearest(word, choices)
    if meant is not None:
        return meaning(word, meant)
    if 0 < len(choices) <= at_most:
        return f"{listed}: {', '.join(choices)}"
    return None


def meaning(word: str, meant: str) -> str:
    """The question whether that one was meant; where both look alike, what makes them differ."""
    question = f'did you mean "{meant}"?'
    if word != meant and _seen(word) == _seen(meant):
        return f"{question} A space or a hidden sign in what stands here is another one; type it anew"
    return question


def _seen(word: str) -> str:
    """As it looks on a screen: all blanks alike, hidden signs left out."""
    return " ".join("".join(each for each in word if unicodedata.category(each) != "Cf").split())


def same_but_for_signs(word: str, known: Iterable[str]) -> str | None:
    """The one known word that differs in nothing but case, spaces, hyphens and other signs; None where there are
    several."""
    plain = _letters(word)
    found = {choice for choice in known if _letters(choice) == plain}
    return found.pop() if plain and len(found) == 1 else None


def _letters(word: str) -> str:
    return " ".join(utils.default_process(word).split())
