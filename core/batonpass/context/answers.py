"""Facts that are known by what they answer: a yes to a proposal, an option that was offered, a product that was named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from batonpass.context.cues import Cues

_PROPOSAL = Cues(
    r"please confirm|to confirm,|confirm (?:if|that|this|these|the|whether|by)|(?:^|[.!?\n] ?)(?:would you like|do you want|do you wish|shall i|should i|is (?:this|that) (?:correct|right|ok)|are you sure|may i|can i go ahead)[^?\n]{0,200}\?|(?:correct|right|okay|ok)\?"
    r"|bitte best\u00e4tigen|m\u00f6chten sie[^?\n]{0,200}\?|soll ich[^?\n]{0,200}\?|\u00bf(?:desea|quiere|confirma)|(?:souhaitez|voulez)-vous|confermi|vuole[^?\n]{0,200}\?|deseja[^?\n]{0,200}\?",
    "confirm|conferm|would|do you|shall|should|is this|is that|are you sure|may i|can i|correct|right|ok|m\xf6chten|soll|\xbf|souhaitez|voulez|vuole|deseja|best\xe4tigen",
)
_YES = re.compile(
    r"(?:(?:great|perfect|okay|ok|alright|oh,? i['\u2019]m sorry for the confusion|sure|hmm)[,.! ]+ ?)?(?:yes|yeah|yep|yup|correct|that['\u2019]?s (?:correct|right|perfect|fine)|that (?:looks|sounds|is) (?:correct|right|good|great|perfect|fine)|sounds (?:good|great|perfect)|looks (?:good|correct|right)|i confirm|confirmed|please (?:go ahead|proceed)"
    r"|go ahead|proceed|let['\u2019]?s (?:proceed|go ahead|do)|i(?:['\u2019]d| would) like to proceed|everything (?:looks|is) (?:correct|right|good)|do it|both,? please|exactly|absolutely|definitely|ja\b|genau|stimmt|s[i\u00ed]\b|correcto|claro|de acuerdo|oui|d['\u2019]accord|exact|certo|va bene|sim\b|\u662f\u7684|\u597d\u7684|\u306f\u3044|\ub124)"
)
_NO = re.compile(r"\bno,|\b(?:but (?:i|can|could|would|please)|cancel that|not yet|wait)\b")
_ASKED_FOR_DATA = re.compile(r"\S@\S")
_END = re.compile(r"(?<=[.!?\u3002])\s|\n")


_BOLD = re.compile(r"\*\*([A-Z][A-Za-z][A-Za-z &'-]{1,38})\*\*")
_LISTED = re.compile(
    r"\n[ \t]*(?:[-*\u2022]|\d{1,2}[.)])[ \t]+([A-Z][A-Za-z-]+(?: [A-Z][A-Za-z-]+){0,3})[ \t]*(?=\n|$|[(,:-])"
)
_IN_QUOTES = re.compile(
    r"[\"\u201c\u2018]([^\"\u201c\u201d\u2018\u2019\n]{4,60})[\"\u201d\u2019]|(?<=[\s(])'([^'\n]{4,60})'"
)


_NOTHING = (
    "address city state country zip code order item items price total amount status reason method payment refund color colour size type material brand option options detail details name"
    " email number id tracking kit skin difference availability line resolution zoom storage cotton polyester leather feature features compatibility battery note"
)
_NOT_A_PRODUCT = frozenset(_NOTHING.split())
_MOST_OFFERED = 60


class Offered:
    """What the AI agent named: products in bold or in a list, options in quotes."""

    def __init__(self) -> None:
        self.products: dict[str, str] = {}
        """Name in lower case → its first word."""
        self.first_words: frozenset[str] = frozenset()
        self.options: tuple[str, ...] = ()

    def hear(self, text: str) -> None:
        named = _products_of(text)
        for name in named:
            self.products[name] = name.split(maxsplit=1)[0]
        options = _options_of(text)
        if len(options) > 1:  # a single one is a name, no choice
            self.options = tuple(options)
        while len(self.products) > _MOST_OFFERED:
            del self.products[next(iter(self.products))]
        if named:
            self.first_words = frozenset(self.products.values())


def answers_in(
    text: str, lower: str, words: frozenset[str], asked: str, offered: Offered
) -> Iterator[tuple[str, str, bool]]:
    """(kind, text, whether it is about the AI agent's last turn). `offered` is what it named so far."""
    yield from (("choice", said, True) for said in _chosen(text, lower, words, offered.options))
    if not words.isdisjoint(offered.first_words):
        for name, first in offered.products.items():
            if first in words:
                yield from (("product", said, False) for said in _named(text, lower, name))
    begins = len(lower) - len(lower.lstrip())
    if _YES.match(lower, begins) and not _ASKED_FOR_DATA.search(text) and _PROPOSAL.search(asked):
        said = " ".join(_END.split(text.strip())[0].split()[:16])
        if not _NO.search(lower[:120]):
            yield "confirmed", said, True


def _named(text: str, lower: str, name: str) -> Iterator[str]:
    place = lower.find(name)
    if place >= 0 and _stands_alone(lower, place, place + len(name)):
        yield text[place : place + len(name)]


def _chosen(text: str, lower: str, words: frozenset[str], options: Sequence[str]) -> Iterator[str]:
    """The option, or at least its last two words ("by mistake" of "ordered by mistake")."""
    for option in options:
        parts = option.split()
        if not parts or parts[-1] not in words:
            continue
        for first in range(max(1, len(parts) - 1)):
            part = " ".join(parts[first:])
            place = lower.find(part)
            if place >= 0 and _stands_alone(lower, place, place + len(part)):
                yield text[place : place + len(part)]
                break


def _stands_alone(text: str, start: int, end: int) -> bool:
    return (start == 0 or not text[start - 1].isalnum()) and (end == len(text) or not text[end].isalnum())


def _products_of(text: str) -> list[str]:
    found = _BOLD.findall(text) if "**" in text else []
    if "\n" in text:
        found += _LISTED.findall(f"\n{text}")
    return [name.lower() for name in found if _NOT_A_PRODUCT.isdisjoint(name.lower().split())]


def _options_of(text: str) -> list[str]:
    if '"' not in text and "\u201c" not in text and " '" not in text:
        return []
    return [(double or single).strip(" .,;").lower() for double, single in _IN_QUOTES.findall(text)]
