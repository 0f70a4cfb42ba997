"""What was found in a text, the mark that takes its place, and how much was masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from batonpass.domain.text import one_line

DOTS = "\N{BULLET}" * 4

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "card": ("card", "card number"),
        "cvv": ("CVV", "card security code"),
        "iban": ("IBAN", "IBAN"),
        "password": ("password", "password"),
        "api_key": ("API key", "API key"),
        "national_id": ("national id", "national id"),
    }
)
"""Kind → (the word in its mark, the words that count it)."""

_MARK = re.compile(rf"\[(\w[\w ]{{0,40}}?)(?: {DOTS} (\w{{1,4}}))?\]")
_KIND_OF = {mark: kind for kind, (mark, _) in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Find:
    """One thing in a text that is to be masked."""

    start: int
    end: int
    kind: str
    last: str = ""
    """What stays of it: its last four characters; empty where even they would say too much."""


@dataclass(frozen=True, slots=True)
class Masked:
    """How many things of each kind were masked; one that stands in several places counts once."""

    counts: tuple[tuple[str, int], ...] = ()

    @property
    def text(self) -> str:
        """ "1 card number, 2 passwords"; empty where nothing was masked."""
        return ", ".join(
            f"{count} {_counted(kind)}{'' if count == 1 else 's'}" for kind, count in self.counts
        )


NOTHING_MASKED = Masked()


def _counted(kind: str) -> str:
    return KINDS[kind][1] if kind in KINDS else kind.replace("_", " ")


def mark_of(kind: str, last: str) -> str:
    """ "[card •••• 4242]", "[password]"."""
    word = KINDS[kind][0] if kind in KINDS else kind.replace("_", " ")
    return f"[{word} {DOTS} {last}]" if last else f"[{word}]"


def replaced(text: str, finds: Iterable[Find]) -> tuple[str, list[tuple[str, str]]]:
    """The text with marks in place of the finds, and (kind, what stood there) of each. Of finds that overlap the
    first counts, and of those that begin together the longest; the rest of an overlapping one is covered too."""
    parts: list[str] = []
    hidden: list[tuple[str, str]] = []
    at = 0
    for find in sorted(finds, key=lambda each: (each.start, -each.end)):
        if find.end <= at:
            continue
        if find.start < at:
            at = find.end
            continue
        parts += [text[at : find.start], mark_of(find.kind, find.last)]
        hidden.append((find.kind, one_line(text[find.start : find.end])))
        at = find.end
    parts.append(text[at:])
    return "".join(parts), hidden


def standing_marks(text: str, own: Sequence[str]) -> list[tuple[str, str]]:
    """(kind, mark) of the marks that already stand in a text: it was masked before it was stored."""
    kinds = {**_KIND_OF, **{name.replace("_", " "): name for name in own}}
    return [(kinds[found[1]], found[0]) for found in _MARK.finditer(text) if found[1] in kinds]


def counted(hidden: Iterable[tuple[str, str]]) -> Masked:
    """How many different things of each kind, in the order of `KINDS`, own ones after them."""
    distinct: dict[str, set[str]] = {}
    for kind, what in hidden:
        distinct.setdefault(kind, set()).add("".join(filter(str.isalnum, what)).casefold() or what)
    order = [*(kind for kind in KINDS if kind in distinct), *sorted(set(distinct) - set(KINDS))]
    return Masked(tuple((kind, len(distinct[kind])) for kind in order))
