"""What the customer already gave: facts that nobody must ask for again, each with the turn that proves it.

Plain rules, no model. The text of a fact stands in its turn as it is here, but for white space. All customer turns of
the first 100 and the last 300 are read, of each the first 4,000 characters; in the middle of a long conversation only
for what is known by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile

import regex

from batonpass.context.answers import Offered, answers_in
from batonpass.context.reading import numbered
from batonpass.context.sayings import sayings_in
from batonpass.context.shapes import may_have_shapes, shapes_in
from batonpass.context.things import things_in
from batonpass.context.words import without_marks
from batonpass.domain.conversation import Conversation, Role
from batonpass.domain.text import mend

_HEAD, _TAIL = 100, 300
_NEAR_HEAD, _NEAR_TAIL = 24, 48
"""Turns of which also names, products, wishes and answers are read; between them only numbers and other shapes."""
_READ_OF_A_TURN = 4000
_MOST = 60
_LONGEST = 300


class GivenKind(StrEnum):
    """What kind of fact it is, in the order in which an agent needs it."""

    ORDER_NUMBER = "order_number"
    REFERENCE = "reference"
    """A number of another thing: invoice, parcel, item, account, case."""
    ERROR = "error"
    """An error message, verbatim."""
    PRODUCT = "product"
    DEVICE = "device"
    """Device, system, browser, version of the app."""
    CHOICE = "choice"
    """What they chose of what the AI agent offered."""
    PAYMENT = "payment"
    """How they wish to pay or to get their money back."""
    ADDRESS = "address"
    """An address or a place they named as theirs or as the new one."""
    AMOUNT = "amount"
    DATE = "date"
    CONTACT = "contact"
    """How and when they wish to hear from us."""
    CONFIRMED = "confirmed"
    """Their yes to what the AI agent proposed; `answers` is the turn of the proposal."""
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    POSTCODE = "postcode"


_ONE_AT_A_TIME = frozenset(
    {GivenKind.ORDER_NUMBER, GivenKind.EMAIL, GivenKind.PHONE, GivenKind.NAME, GivenKind.POSTCODE}
)
"""Of these a second one that comes with a word of correction replaces the first."""

_CORRECTS = re.compile(
    r"\b(?:actually|sorry|apologi[sz]e|oops|mistake|i meant|i mean|correct(?:ed|ion)?|should be|wrong|forgot|mixed|messed|confused|other e-?mail|instead"
    r"|entschuldigung|falsch|eigentlich|korrektur|perd[oó]n|me equivoqu\w+|en realidad|d[eé]sol[eé]e?|pardon|en fait|scusa|sbagliato|desculpe|errado)\b"
)
_NUMBERS = frozenset({"order_number", "reference"})
_GRAPHEME = regex.compile(r"\X")
_LETTERS = re.compile(r"\W+")
_APART = str.maketrans(
    dict.fromkeys('.,;:!?()[]{}<>"/|*=+~^&%\u201c\u201d\u201e\u00ab\u00bb\u2026\u3002\u3001', " ")
)
"""Splits words; faster than a pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One fact in the customer's own words."""

    kind: GivenKind
    text: str
    turn: int
    """The turn that proves it, from 1."""
    answers: int | None = None
    """The turn of the AI agent that it answers, where that says what it is about."""
    corrected_in: int | None = None
    """The turn in which the customer gave another value instead."""


def what_was_given(conversation: Conversation) -> tuple[Given, ...]:
    """The facts, oldest first, each value of a kind once: where it was said first. At most 60, the newest."""
    found: dict[tuple[GivenKind, str], Given] = {}
    asked, asked_in, offered = "", 0, Offered()
    customer, first_of_tail = Role.CUSTOMER, len(conversation.turns) - _NEAR_TAIL + 1
    for number, turn in numbered(conversation.turns, head=_HEAD, tail=_TAIL):
        near = number <= _NEAR_HEAD or number >= first_of_tail
        if turn.role is not customer:
            asked, asked_in = turn.text[:_READ_OF_A_TURN], number
            if near:
                offered.hear(asked)
            continue
        text = plain(turn.text)
        if not text.strip():
            continue
        for item in _given_in(text, number, asked, asked_in, offered if near else None):
            _keep(found, item, text)
    return tuple(found.values())[-_MOST:]


def plain(text: str) -> str:
    """The beginning of a turn as facts are looked up in it: no marks, nothing that cannot be stored."""
    head = without_marks(text[:_READ_OF_A_TURN])
    return head if head.replace("\n", "").isprintable() else mend(head)


def current(given: Iterable[Given], *kinds: GivenKind) -> list[Given]:
    """Those of these kinds that stand: not corrected later."""
    return [item for item in given if item.kind in kinds and item.corrected_in is None]


def _given_in(text: str, number: int, asked: str, asked_in: int, offered: Offered | None) -> list[Given]:
    """Without `offered` only what is known by its shape."""
    lower = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if len(lower) != len(text):  # a letter whose small form is longer: places would not match
        lower = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    words = frozenset(lower.translate(_APART).split())
    if offered is None and not may_have_shapes(text, words):
        return []
    low_asked = asked.lower()
    found: list[tuple[str, str, int | None]] = []
    found += [(kind, said, None) for kind, said in shapes_in(text, lower, words, low_asked)]
    if words and offered is not None:
        found += [(kind, said, None) for kind, said in sayings_in(text, lower, words, low_asked)]
        found += [(kind, said, None) for kind, said in things_in(text, lower)]
        found += [
            (kind, said, asked_in if about_last else None)
            for kind, said, about_last in answers_in(text, lower, words, low_asked, offered)
        ]
    if not found:
        return []
    places = [said for kind, said, _ in found if kind == "address"]
    return [
        Given(kind=GivenKind(kind), text=_shown(said, text), turn=number, answers=answers)
        for kind, said, answers in found
        if said.strip() and not (kind in _NUMBERS and any(said in place for place in places))
    ]


def _shown(said: str, text: str) -> str:
    """The words on one line, of whole graphemes: a pattern may stop before an accent."""
    start = -1 if text.isascii() else text.find(said)
    if start >= 0:
        ends = (found.end() for found in _GRAPHEME.finditer(text, start))
        said = text[start : next(end for end in ends if end >= start + len(said))]
    line = " ".join(said.split())
    if len(line) <= _LONGEST:
        return line
    ends = (found.end() for found in _GRAPHEME.finditer(line))
    return line[: max(takewhile(lambda end: end <= _LONGEST, ends), default=0)]


def _keep(found: dict[tuple[GivenKind, str], Given], item: Given, said: str) -> None:
    value = _value_of(item)
    key = (item.kind, value)
    if key in found:
        known = found[key]
        if known.corrected_in is not None:  # back to the first value
            del found[key]
            found[key] = replace(item, corrected_in=None)
        return
    if item.kind is GivenKind.PRODUCT and any(
        (kind is GivenKind.PRODUCT and value in known.split()) or value == known for kind, known in found
    ):
        return
    if item.kind in _ONE_AT_A_TIME:
        corrects = _CORRECTS.search(said.lower()) is not None
        for other_key, other in list(found.items()):
            stands = other.kind is item.kind and other.corrected_in is None and other.turn < item.turn
            if stands and (corrects or _completes(other_key[1], value)):
                found[other_key] = replace(other, corrected_in=item.turn)
    found[key] = item


def _completes(old: str, new: str) -> bool:
    """ "9502127" and then "W9502127"."""
    return len(old) >= 4 and old != new and new.endswith(old)


def _value_of(item: Given) -> str:
    if item.kind is GivenKind.CONFIRMED:
        return f"{item.turn}"
    joined = _LETTERS.sub(" ", item.text.casefold()).strip()
    return joined.replace(" ", "") if item.kind in _ONE_AT_A_TIME else joined


def lines_of(given: Sequence[Given], *kinds: GivenKind) -> tuple[str, ...]:
    """Their texts, newest first."""
    return tuple(item.text for item in reversed(current(given, *kinds)))
