"""What must not be asked again: the given facts as agents read them, in the brief and in the note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from batonpass.context.given import Given, GivenKind, current
from batonpass.context.words import count_words, cut_words, tame_words

LABELS: Mapping[GivenKind, str] = MappingProxyType(
    {
        GivenKind.ORDER_NUMBER: "Order number",
        GivenKind.REFERENCE: "Reference",
        GivenKind.ERROR: "Error message",
        GivenKind.PRODUCT: "Product",
        GivenKind.DEVICE: "Device",
        GivenKind.CHOICE: "Chosen",
        GivenKind.PAYMENT: "Payment",
        GivenKind.ADDRESS: "Address",
        GivenKind.AMOUNT: "Amount",
        GivenKind.DATE: "Date",
        GivenKind.CONTACT: "Contact wish",
        GivenKind.CONFIRMED: "Confirmed",
        GivenKind.EMAIL: "E-mail",
        GivenKind.PHONE: "Phone",
        GivenKind.NAME: "Name",
        GivenKind.POSTCODE: "Postcode",
    }
)
"""In the order of the note."""

_LEADS: Mapping[GivenKind, str] = MappingProxyType(
    {
        GivenKind.ORDER_NUMBER: "order {}",
        GivenKind.ERROR: "error \N{LEFT DOUBLE QUOTATION MARK}{}\N{RIGHT DOUBLE QUOTATION MARK}",
        GivenKind.DEVICE: "{}",
        GivenKind.CONTACT: "{}",
        GivenKind.PAYMENT: "{}",
        GivenKind.CHOICE: "\N{LEFT DOUBLE QUOTATION MARK}{}\N{RIGHT DOUBLE QUOTATION MARK}",
        GivenKind.REFERENCE: "{}",
        GivenKind.ADDRESS: "address {}",
    }
)
"""The kinds of the brief, what helps most first. Products are in the ask, who they are stands in its own line; a date
or an amount by itself says little, and takes the words from why they are here."""
_WORDS_OF_ONE = 6
_MOST_OF_A_KIND = 2
_MOST = 6


def rows_of(given: Sequence[Given]) -> list[tuple[str, str]]:
    """(label, value with its turn) by kind; of a kind the newest first, a corrected one last and said to be so."""
    rows: list[tuple[str, str]] = []
    for kind, label in LABELS.items():
        of_kind = [item for item in given if item.kind is kind]
        of_kind.sort(key=lambda item: (item.corrected_in is not None, -item.turn))
        rows += [(label, shown(item)) for item in of_kind]
    return rows


def shown(item: Given) -> str:
    """ "#W123 [turn 3]"; for a yes also what it answers."""
    where = f"turn {item.turn}"
    if item.answers is not None:
        where += f", to turn {item.answers}"
    if item.corrected_in is not None:
        where += f"; corrected in turn {item.corrected_in}"
    return f"{item.text} [{where}]"


def not_to_ask(given: Sequence[Given]) -> list[str]:
    """Short phrases for the brief, what helps most first."""
    phrases = []
    for kind, lead in _LEADS.items():
        newest = list(reversed(current(given, kind)))[:_MOST_OF_A_KIND]
        phrases += [lead.format(cut_words(tame_words(item.text), _WORDS_OF_ONE)) for item in newest]
    return phrases[:_MOST]


def fit_phrases(phrases: Sequence[str], room: int) -> tuple[str, ...]:
    """Those that fit whole into so many words, in their order."""
    fitted = []
    for phrase in phrases:
        words = count_words(phrase)
        if words <= room:
            fitted.append(phrase)
            room -= words
    return tuple(fitted)
