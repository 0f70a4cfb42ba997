"""Facts that are known by how they are said: names, places, how to pay, how to be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batonpass.context.references import Found

_DIGIT = re.compile(r"[0-9]")
_PERSON = r"[A-Z\u00c0-\u00de][\w'\u2019-]{1,24}(?: [A-Z\u00c0-\u00de][\w'\u2019.-]{0,24}){0,3}"
_NAMES = "name i'm am this it's heiße llamo nombre m'appelle nom chiamo nome chamo"
_NAMING = frozenset(_NAMES.split())
_NAME = re.compile(
    r"\b(?:[Mm]y (?:full |first |last )?name(?:['\u2019]s| is)|[Nn]ame is|[Mm]ein Name ist|[Ii]ch hei\u00dfe|[Mm]e llamo|[Mm]i nombre es|[Jj]e m['\u2019]appelle|[Mm]on nom est|[Mm]i chiamo|[Ii]l mio nome \u00e8|[Mm]eu nome \u00e9|[Mm]e chamo)"
    rf" ({_PERSON})"
)
_I_AM = re.compile(
    rf"(?:I['\u2019]m|I am|[Tt]his is|[Ii]t['\u2019]s) ({_PERSON})(?=[,.!\n]| and\b| from\b|$)"
)
_BARE_NAME = re.compile(rf"\s*({_PERSON})(?=[,.!\n]| and\b|\s*$)")
_NO_NAME = re.compile(
    r"(?:yes|no|sure|thanks?|thank you|okay?|hello|hi|please|great|order|the|my|it|i|not|certainly|of|paypal|visa|mastercard|perfect|alright|just|fine|also|actually|oh)\b",
    re.IGNORECASE,
)

_STREET = re.compile(
    r"(?<![\w#])\d{1,5}[A-Za-z]? (?:[NSEW]\.? )?[A-Z][\w'.]{0,24}(?: [A-Z0-9][\w'.]{0,24}){0,4}(?:,? (?:Suite|Apt\.?|Apartment|Unit|Floor|#) ?[\w-]{1,8})?(?:, [A-Z][\w'. ]{1,30}){0,3}(?:,? [A-Z]{2})?(?:,? \d{4,6}(?:-\d{4})?)?(?![\w])"
    r"|(?<!\w)(?:Suite|Apt\.?|Apartment|Unit|Floor) #?(?=[\w-]*\d)[\w-]{1,8}(?!\w)"
    r"|(?<!\w)[A-Z\u00c4\u00d6\u00dc][a-z\u00e4\u00f6\u00fc\u00df-]{2,30}(?:stra\u00dfe|strasse|str\.|weg|platz|allee|gasse|ring|damm) \d{1,4}[a-z]?(?:,? \d{5} [A-Z\u00c4\u00d6\u00dc][\w\u00e4\u00f6\u00fc\u00df-]{2,30})?"
    r"|(?<!\w)\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|place|chemin|all\u00e9e|quai) [\w' \u00c0-\u00ff-]{3,40}(?:,? \d{5} [A-Z][\w\u00c0-\u00ff-]{2,30})?"
    r"|(?<!\w)(?:Calle|Avenida|Avda\.|Plaza|Paseo|Via|Viale|Corso|Piazza|Rua) [A-Z][\w' \u00c0-\u00ff.]{2,40}?,? \d{1,4}(?:, \d{5} [A-Z][\w\u00c0-\u00ff]{2,30})?"
)
_PLACES = (
    "street st avenue ave road rd drive dr lane ln highway hwy boulevard blvd way court ct square suite apt apartment unit floor address terrace parkway circle broadway change live from moved"
    " rue place chemin quai calle avenida avda plaza paseo via viale corso piazza rua wohne vivo habite j'habite straße strasse adresse dirección anschrift"
)
_LIVES = frozenset({"live", "from", "moved", "address", "wohne", "vivo", "habite", "j'habite"})
_PLACING = frozenset(_PLACES.split())
_PLACE = r"[A-Z\u00c0-\u00de][\w'\u2019-]{1,24}(?: [A-Z\u00c0-\u00de][\w'\u2019-]{1,24}){0,2}(?:, [A-Z]{2})?(?![\w-])"
_LIVING = re.compile(
    rf"\b(?:I live in|I['\u2019]m from|I am from|I live at|(?:I['\u2019]ve |I have |I )?moved to|[Ii]ch wohne in|[Vv]ivo en|J['\u2019]habite \u00e0|[Vv]ivo a) (?:the )?({_PLACE})"
    rf"|(?:[Mm]y|[Tt]he|to|to my|our) ({_PLACE}) address"
    rf"|from ({_PLACE})(?=, \d{{5}})"
)

_WAY_TO_PAY = re.compile(
    r"\b(?:(?:original|same|existing|previous|current) payment method(?:,? (?:which is )?(?:paypal|visa|mastercard|amex))?|(?:existing |current |my )?card on file|(?:existing |other |original )?(?:visa|mastercard|amex|american express|discover|maestro)(?: (?:credit|debit))?(?: card)?(?: ending (?:in|with) \d{4})?"
    r"|(?:existing |other |original )?(?:credit|debit|gift) card(?: balance)?(?: ending (?:in|with) \d{4})?|paypal(?: account)?|apple pay|google pay|bank (?:transfer|account)|store credit|klarna|sepa|direct debit|ideal|bizum|twint"
    r"|kreditkarte|lastschrift|\u00fcberweisung|tarjeta de cr\u00e9dito|transferencia|carte (?:bancaire|bleue)|virement|carta di credito|bonifico)(?!\w)"
)
_PAYS = "card paypal visa mastercard amex express discover maestro method pay transfer account credit debit klarna sepa ideal bizum twint kreditkarte lastschrift überweisung tarjeta transferencia carte virement carta bonifico"
_PAYING = frozenset(_PAYS.split())
_WISHES_TO_PAY = re.compile(
    r"\b(?:use|using|refund(?:ed)?|prefer|pay(?:ing)?|change|switch|stick|back|get|issue[d]?|process(?:ed)?|like|put|charge|credit|with|zahlen|bezahlen|erstatt\w+|pagar|reembols\w+|payer|rembours\w+|pagare|rimbors\w+)\b"
)
_NOT_THIS = re.compile(
    r"\b(?:not|instead of|rather than|isn['\u2019]t|without|no|except|from)(?: (?:the|my|to|a|via|by))*\s*$"
)
_HAD = re.compile(
    r"\b(?:used|which|paid|charged my|was it|balance on|left on|lost my|own|only has|doesn['\u2019]?t have)\b"
)

_REACH = re.compile(
    r"\b(?:(?:please |only |don['\u2019]?t |do not |never )?(?:call|phone|ring|text|e-?mail|contact|reach|message|write to|ping) me\b(?! (?:an?|the|that|this)\b)[^.!?\n]{0,80}|(?:i(?:['\u2019]d| would)? (?:rather|prefer) (?:to be (?:called|contacted|reached)|(?:a )?(?:phone )?calls?|e-?mails?|being \w+|to (?:talk|hear|speak))[^.!?\n]{0,60})"
    r"|(?:best|good) time to (?:call|reach)[^.!?\n]{0,60}|(?:rufen|rufe?n? sie|kontaktieren|schreiben) (?:sie )?mi(?:ch|r)[^.!?\n]{0,60}|(?:ll\u00e1m(?:e|a)|escr\u00edba|cont\u00e1ct)\w*me[^.!?\n]{0,60}|(?:appelez|rappelez|contactez|\u00e9crivez)-moi[^.!?\n]{0,60}|(?:mi chiami|chiamatemi|contattatemi)[^.!?\n]{0,60}"
    r"|i(?:['\u2019]m| am) (?:only )?(?:available|reachable)[^.!?\n]{3,60})"
)
_REACHES = (
    "call phone ring text email e-mail mail contact reach message write ping calls prefer time available reachable rufen kontaktieren schreiben llámeme llámame escríbame contácteme"
    " appelez-moi rappelez-moi contactez-moi écrivez-moi chiami chiamatemi contattatemi"
)
_REACHING = frozenset(_REACHES.split())


def sayings_in(text: str, lower: str, words: frozenset[str], asked: str) -> Iterator[Found]:
    """What one customer turn says in words. `words` are those of `lower`; the others as of `shapes_in`."""
    yield from _names(text, words, asked)
    if not words.isdisjoint(_PLACING):
        yield from _places(text, words)
    if not words.isdisjoint(_PAYING):
        yield from _payments(text, lower)
    if not words.isdisjoint(_REACHING):
        yield from (("contact", _clause(text[slice(*found.span())])) for found in _REACH.finditer(lower))


def _names(text: str, words: frozenset[str], asked: str) -> Iterator[Found]:
    wanted = "name" in asked
    if not wanted and words.isdisjoint(_NAMING):
        return
    for found in _NAME.finditer(text):
        yield "name", found[1].rstrip(".")
        return
    bare = _I_AM.search(text) if " " in text else None
    if bare is None and wanted:
        bare = _BARE_NAME.match(text)
        bare = bare if bare and " " in bare[1] else None
    if bare is not None and not _NO_NAME.match(bare[1]) and (wanted or " " in bare[1]):
        yield "name", bare[1]


def _places(text: str, words: frozenset[str]) -> Iterator[Found]:
    if _DIGIT.search(text):
        yield from (("address", found[0].rstrip(" .,")) for found in _STREET.finditer(text))
    if not words.isdisjoint(_LIVES):
        yield from (("address", found[1] or found[2] or found[3]) for found in _LIVING.finditer(text))


def _payments(text: str, lower: str) -> Iterator[Found]:
    for found in _WAY_TO_PAY.finditer(lower):
        start, end = found.span()
        sentence = max(lower.rfind(stop, 0, start) for stop in (". ", "? ", "! ", "\n"))
        before = lower[max(sentence, start - 90, 0) : start]
        if not _WISHES_TO_PAY.search(before) or _NOT_THIS.search(before) or _HAD.search(before):
            continue
        yield "payment", text[start:end]


def _clause(said: str) -> str:
    return " ".join(said.split()[:14]).rstrip(" ,;:-")
