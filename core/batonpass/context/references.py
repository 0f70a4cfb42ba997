"""Numbers that name something: orders, invoices, parcels, accounts, telephones, postcodes. The word before a number says
what it is; a bare number is what the AI agent asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

Found = tuple[str, str]
"""(kind, text as it stands in the turn)."""
Span = tuple[int, int]

FEWEST = 4
"""Digits of a number that names something."""
_NEAR = 40
"""Characters before a number in which that word stands."""

_NUMBER = re.compile(r"(?<![\w.,@/-])#?(?=[\w-]*\d)[A-Za-z]{0,5}(?:[-_]?[A-Za-z0-9]){3,30}(?![\w@])")
_USERNAME = re.compile(r"(?<![\w.@])[a-z][a-z0-9]{0,30}(?:_[a-z0-9]{1,30}){1,6}(?<=\d\d)(?![\w@])")
_IS_POSTCODE = re.compile(r"\d{4,6}(?:-\d{3,4})?")
_PHONE = re.compile(r"(?<![\w#.])(?:\+|00)?\d[\d ().\u00a0-]{6,18}\d(?!\w)")

_ORDERS = (
    "order orders purchase pedido pedidos commande commandes bestellung bestellungen bestellnummer auftrag auftragsnummer ordine ordini encomenda bestelling zam\u00f3wienie zam\u00f3wienia"
    " best\u00e4llning \u0437\u0430\u043a\u0430\u0437"
)
_OTHERS = (
    "invoice tracking parcel shipment ticket case serial item product account user customer reference booking reservation policy contract transaction rechnung rechnungsnummer kundennummer sendungsnummer"
    " seriennummer buchung buchungsnummer factura facture fattura reserva suivi client cliente s\u00e9rie serie seguimiento factuur faktura"
)
_POSTAL = "zip postal postcode plz postleitzahl cap cep live"
_KINDS = {
    **dict.fromkeys(_ORDERS.split(), "order_number"),
    **dict.fromkeys(_OTHERS.split(), "reference"),
    **dict.fromkeys(_POSTAL.split(), "postcode"),
}
_WITHOUT_SPACES = ("\u8ba2\u5355", "\u6ce8\u6587", "\uc8fc\ubb38")
"""An order, in scripts that write no spaces."""
_PHONES = "phone call mobile cell tel telefon telefonnummer handy handynummer tel\u00e9fono telefono t\u00e9l\u00e9phone telephone m\u00f3vil portable whatsapp sms text reach"
_PHONE_WORDS = frozenset(_PHONES.split())
_APART = str.maketrans(dict.fromkeys(".,;:!?()[]\"'\u201c\u201d#", " "))


def references_in(
    text: str, lower: str, words: frozenset[str], asked: str, taken: list[Span]
) -> Iterator[Found]:
    """Those of one customer turn; parameters as of `shapes_in`, `taken` is what other shapes have found."""
    if not words.isdisjoint(_PHONE_WORDS) or "+" in text or "phone" in asked:
        for found in _PHONE.finditer(text):
            if 7 <= sum(map(str.isdigit, found[0])) <= 15 and not _overlaps(taken, found.span()):
                taken.append(found.span())
                yield "phone", found[0]
    for found in _USERNAME.finditer(lower) if "_" in lower else ():
        taken.append(found.span())
        yield "reference", text[slice(*found.span())]
    for found in _NUMBER.finditer(text):
        if _overlaps(taken, found.span()) or sum(map(str.isdigit, found[0])) < FEWEST:
            continue
        kind = _kind_of(found[0], _word_before(lower, found.start()), lower, asked)
        if kind:
            yield kind, found[0].lstrip("#") if kind == "postcode" else found[0]


def _overlaps(taken: list[Span], span: Span) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)


def _word_before(lower: str, start: int) -> list[str]:
    """What the words before the number make it, the nearest first."""
    before = lower[max(0, start - _NEAR) : start]
    said = [_KINDS[word] for word in reversed(before.translate(_APART).split()) if word in _KINDS]
    return said or (["order_number"] if any(word in before for word in _WITHOUT_SPACES) else [])


def _kind_of(number: str, said: list[str], turn: str, asked: str) -> str | None:
    for kind in said:
        if kind != "postcode" or _IS_POSTCODE.fullmatch(number):
            return kind
    if number[0] == "#":
        return "order_number"
    return _kind_by_question(number, turn, asked)


def _kind_by_question(number: str, turn: str, asked: str) -> str | None:
    digits = sum(map(str.isdigit, number))
    postcode = _IS_POSTCODE.fullmatch(number) is not None
    if postcode and digits == 5 and ("zip" in turn or "zip" in asked or "postal" in asked):
        return "postcode"
    for_order = any(word in asked for word in ("order", "bestell", "pedido", "commande", "ordine"))
    if digits >= 5 and for_order:
        return "order_number"
    if postcode and any(word in asked for word in ("postcode", "post code", "plz", "postleitzahl")):
        return "postcode"
    if digits >= 5 and number[0].isalpha():
        return "order_number" if "order" in turn else "reference"
    asked_for_another = any(
        word in asked for word in ("invoice", "tracking", "account", "reference", "serial", "customer n")
    )
    return "reference" if digits >= 5 and asked_for_another else None
