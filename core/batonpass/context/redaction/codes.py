"""The security code of a card: named, standing after a card, or given as an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batonpass.context.cues import Cues
from batonpass.context.redaction.cards import says_card
from batonpass.context.redaction.finds import Find

_CODE_WORD = (
    r"(?:cvv2?|cvc2?|cav2|csc|cid|code (?:on|at) the back|card (?:security |verification )?(?:code|value)|(?:card )?(?:security|verification) (?:code|number|value)"
    r"|(?:three|3|four|4)[- ]digit (?:code|number)|pr[u\u00fc]f(?:ziffer|nummer|zahl)|kartenpr[u\u00fc]fnummer|sicherheitscode|code de s[e\u00e9]curit[e\u00e9]"
    r"|cryptogramme(?: visuel)?|c[o\u00f3]digo (?:de )?(?:seguridad|seguran\u00e7a|verificaci[o\u00f3]n)|codice di (?:sicurezza|verifica)|(?:beveiligings|veiligheids|controle)code)"
)
_CERTAIN_WORD = (
    r"(?:cvv2?|cvc2?|cryptogramme|kartenpr|card (?:security|verification)|code (?:on|at) the back)"
)
_CODE = re.compile(
    rf"(?<!\w){_CODE_WORD}(?:[^\w\n]{{0,4}}(?:on|at|the|back|of|card|number|no|code|is|it['\u2019]?s|ist|lautet|est|es|\u00e8|\u00e9|was|war|=|:|my|auf|der|r\u00fcckseite|del|dos)\b){{0,6}}[^\w\n]{{0,4}}(\d{{3,4}})(?![\w-]|[.,]\d)",
    re.IGNORECASE,
)
_CERTAIN = re.compile(_CERTAIN_WORD, re.IGNORECASE)
_CODE_FIRST = re.compile(
    rf"(?<![\w.,-])(\d{{3,4}})(?: \w+){{0,3}} (?:the |my |der |el |le )?{_CERTAIN_WORD}", re.IGNORECASE
)
_AFTER_CARD = re.compile(
    r"[\s,;:/|-]{1,4}(?:(?:exp\w*|valid\w*|g[u\u00fc]ltig\w*|thru|bis|until|to|fecha|cad\w*|scad\w*|date|\.)[\s:.]{0,3}){0,3}"
    r"(?:(?:0?[1-9]|1[0-2])\s?[/.-]\s?(?:20)?\d{2}|(?:0[1-9]|1[0-2])[2-4]\d)?[\s,;:/|-]{1,4}(\d{3,4})(?![\w/]|[.,-]\d)"
)
_BARE_CODE = re.compile(
    r"(?:\s|[^\w\s])*(?:[a-z'\u2019]+[\s:,]{1,3}){0,4}(\d{3,4})(?:\s|[^\w\s])*(?:thanks|thank you|please|danke|merci|gracias)?[\s.!]*",
    re.IGNORECASE,
)
_NAMED = Cues(
    rf"(?<!\w){_CODE_WORD}",
    "cvv|cvc|cav2|csc|cid|on the back|at the back|card code|card value|security|verification|digit|pr\u00fcf|pruf|sicherheitscode"
    "|code de s|cryptogramme|digo de|digo seg|digo ver|codice di|gscode|dscode|controlecode|kartenpr",
    re.IGNORECASE,
)


def codes(text: str, found_cards: list[Find]) -> Iterator[Find]:
    """Card security codes that a word names or that stand after a card."""
    is_named = _NAMED.may_be_in(text.casefold())
    if not (is_named or found_cards):
        return
    named = [(found, _CERTAIN.match(found[0])) for found in _CODE.finditer(text)] if is_named else []
    about_cards = bool(found_cards) or (any(not certain for _, certain in named) and says_card(text))
    yield from (Find(*found.span(1), "cvv") for found, certain in named if certain or about_cards)
    if is_named:
        yield from (Find(*found.span(1), "cvv") for found in _CODE_FIRST.finditer(text))
    for card in found_cards:
        if after := _AFTER_CARD.match(text, card.end):
            yield Find(*after.span(1), "cvv")


def asks_for_code(text: str) -> bool:
    return _NAMED.may_be_in(text.casefold()) and bool(_NAMED.pattern.search(text))


def bare_code(text: str) -> Find | None:
    """The code in an answer that is nothing else."""
    found = _BARE_CODE.fullmatch(text) if len(text) <= 60 else None
    return Find(*found.span(1), "cvv") if found else None
