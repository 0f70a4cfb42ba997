"""Which thing it is about: the nouns after what customers do with things (return, exchange, buy, lose)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batonpass.context.references import Found

_DOING = (
    r"(?:return(?:ing)?|exchang(?:e|ing)|cancel(?:l?ing)?|order(?:ed|ing)?|bought|buy|purchased?|received|got|replac(?:e|ing)|refund(?:ing)?|modify(?:ing)?|chang(?:e|ing)|remov(?:e|ing)|lost|keep|add|about|for|with|check on|track"
    r"|except(?: for)?|not|want|need|find|using|broken|damaged|use|repair|switch|adjust|where is|where['\u2019]s|(?:size|colou?r|price|capacity|status|options|model) (?:of|for))"
)
_NOUNS = r"((?:[a-z][\w'-]*[ -]){0,3}[a-z][\w-]*)"
_DETERMINER = r"(?:(?:one|all|both|two|three|some|any|everything|just|only) (?:of )?)?(?:a|an|the|my|our|this|that|these|those|some|two|new|pair of)(?: (?:new|damaged|broken|pair of|recent|cheapest|cheaper|largest|entire|wrong|other))*"
_THING = re.compile(
    rf"\b{_DOING} (?:{_DETERMINER} {_NOUNS}|{_NOUNS}(?= (?:i|we) (?:just |recently )?(?:bought|ordered|purchased|received)))"
)
_AND_ANOTHER = re.compile(rf",? ?(?:and |or )?(?:{_DETERMINER} {_NOUNS}|{_NOUNS}(?=,| and\b))")
_END_OF_THING = re.compile(
    r"\b(?:i|i['\u2019]\w+|you|we|it|that|which|who|from|for|to|in|on|with|of|by|at|as|and|or|but|because|since|if|is|are|was|were|has|have|had|isn['\u2019]t|hasn['\u2019]t|doesn['\u2019]t|does|do|did|not|please|instead|too|also|now|again|back|so|then|after|before|when"
    r"|without|can|could|would|will|should|there|here|right|today|yesterday|recently|just|please|into|within|while|until|per|than|up|out|only|separately|online|arrived|stopped|keeps|still|does|won['\u2019]t|be|been|costs?|my|the|your|their|same|one|ones|arrives|available|using|except|makes|preferably|possible|possibly|really|below|above|priced|actually)\b"
)

_TALK = (
    "order item account address refund payment way thing number id one couple few lot help issue problem question email e-mail name profile system method price total balance cost amount reason"
    " moment time day week month exchange return change cancellation process status option detail information info color colour size material difference same rest other person human agent"
    " supervisor manager store shop website site page team company bank card mistake beginning code zip link message mail password chance bit minute update charge invoice bill subscription plan"
    " login conversation chat purchase delivery shipment package parcel best kind type model version brand family son daughter wife husband friend joke poem line meantime future past end first"
    " second last third everything anything something paypal visa entire whole default discount coupon apartment house city state country zoom capacity level pressure confusion inconvenience"
    " step instruction assistance support quick great good nice fix case place eye rush look try hand sense wood turn request service amex mastercard original possible sorted done matter"
    " situation note call response reply answer explanation money billing shipping modification replacement pair resolution adjustment pending tracking area hurry trip budget wait choice"
)
"""What every support talk is about: no product."""
_OPENERS = (
    "daughter son wife husband friend cheapest bigger smaller different similar certain specific possible few couple lot bit more less most least such first last next any every highest lowest"
    " available item items exchange refund return order payment all really very"
)
_TALK_WORDS = frozenset(_TALK.split())
_OPENING_WORDS = frozenset(_OPENERS.split())
_LONGEST_LIST = 8


def things_in(text: str, lower: str) -> Iterator[Found]:
    """The products that one customer turn names; `lower` is `text` in lower case, letter by letter."""
    for found in _THING.finditer(lower):
        match: re.Match[str] | None = found
        for _ in range(_LONGEST_LIST):
            if match is None:
                break
            start, words = _noun(match)
            if not is_a_thing(words):
                break
            yield "product", text[start : start + len(words)]
            match = _AND_ANOTHER.match(lower, start + len(words))


def _noun(found: re.Match[str]) -> tuple[int, str]:
    """Where the noun phrase begins, and the phrase up to the word that cannot be part of it."""
    group = 1 if found[1] else 2
    words = found[group]
    stop = _END_OF_THING.search(words)
    return found.start(group), (words[: stop.start()] if stop else words).rstrip(" -")


def is_a_thing(words: str) -> bool:
    """Whether the noun phrase names a product rather than what every support talk is about."""
    parts = words.replace("-", " ").split()
    if len(words) < 3 or not parts:
        return False
    first, last = parts[0], parts[-1]
    if last in _TALK_WORDS or last.removesuffix("s") in _TALK_WORDS or last.endswith("ly"):
        return False
    return first not in _OPENING_WORDS and "paypal" not in parts
