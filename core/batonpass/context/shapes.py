"""Facts that are known by their shape: numbers of orders and other things, errors, devices, dates, amounts, addresses to
write to. They look alike in every language; the words beside them are given in several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from batonpass.context.references import FEWEST, Found, references_in

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_MONEY = re.compile(
    r"[$\u20ac\u00a3\u00a5\u20b9]\s?\d[\d.,]*\d|[$\u20ac\u00a3\u00a5\u20b9]\s?\d"
    r"|(?<![\w.,#])\d[\d.,]{0,14} ?(?:usd|eur|gbp|chf|jpy|euros?|dollars?|pounds?|bucks|dollar|francs?|reais|pesos|z\u0142|pln|sek|nok|dkk|kr|\u20ac|\u00a3|\u00a5|\u5143|\u5186)(?!\w)"
)
_BARE_MONEY = re.compile(
    r"\b(?:price|cost|paid|charged|total|costs|pay) (?:is |was |of |me )?(?:over |under |about |around |only )?(\d{2,6}(?:[.,]\d{2})?)(?![\w-])"
)

_MONTH = (
    r"(?:jan(?:uary|uar|vier|\.)?|enero|feb(?:ruary|ruar|rero|\.)?|f[eé]vrier|mar(?:ch|s|zo|\.)?|m\u00e4rz|apr(?:il|ile|\.)?|abril|avril|may|mai|mayo|maggio|jun(?:e|i|io|\.)?|juin|giugno|jul(?:y|i|io|\.)?|juillet|luglio"
    r"|aug(?:ust|\.)?|agosto|ao\u00fbt|sep(?:tember|tiembre|tembre|t\.?|\.)?|oct(?:ober|ubre|obre|\.)?|okt(?:ober|\.)?|ottobre|nov(?:ember|iembre|embre|\.)?|dec(?:ember|\.)?|dez(?:ember|\.)?|diciembre|d[eé]cembre|dicembre)"
)
_NUMERIC_DATE = re.compile(
    r"(?<![\w.,/-])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2}))(?![\w/-])"
    r"|(?:\d{2,4}\u5e74)?\d{1,2}\u6708\d{1,2}\u65e5"
)
_NAMED_DATE = re.compile(
    rf"(?<!\w)\d{{1,2}}(?:st|nd|rd|th|\.|\u00ba|er)?(?: of| de| d')? {_MONTH}(?:,? (?:de |del )?\d{{4}})?(?!\w)"
    rf"|(?<!\w){_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?(?![\w:])"
)
_SPAN_OF_TIME = re.compile(
    r"(?<!\w)(?:(?:within|in|for|innerhalb von|en|dans|entro) (?:the (?:next|last) )?)?\d{1,3} (?:business |working )?(?:hours?|days?|weeks?|months?|years?|tagen?|d[i\u00ed]as|jours|giorni)(?: ago)?(?!\w)"
)
_WORD_DATE = re.compile(
    r"\b(?:(?:on|by|since|until|last|this|next|before|after) (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)(?: (?:morning|afternoon|evening|night))?|yesterday(?: (?:morning|afternoon|evening))?|(?:last|next) (?:night|week|month|year)"
    r"|(?:seit|am|bis) (?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)|gestern|letzte woche|ayer|la semana pasada|hier|la semaine derni\u00e8re|ieri)\b"
)

_DAYS = "monday tuesday wednesday thursday friday saturday sunday yesterday night week month year montag dienstag mittwoch donnerstag freitag samstag sonntag gestern woche ayer semana hier semaine ieri"
_DAY_WORDS = frozenset(_DAYS.split())

_DEVICE = re.compile(
    r"(?<!\w)(?:(?:iPhone|iPad|iPod|iMac|MacBook|Galaxy|Pixel|ThinkPad|Chromebook|Kindle|PlayStation|Xbox|Apple Watch|Apple TV|Fire TV|Nintendo Switch|Surface (?:Pro|Go|Laptop))"
    r"(?: (?:Pro|Air|Mini|mini|Max|Plus|Ultra|SE|XS|XR|X|[A-Z]?\d{1,4}[a-zA-Z+]{0,2}|Series|One|Tab|Note|Fold|Flip)){0,4}"
    r"|(?:Google |Mozilla |Microsoft )?(?:Chrome|Firefox|Safari|Brave|Vivaldi|Internet Explorer|(?<=in )Edge|(?<=on )Edge|(?<=using )Edge|Edge(?= \d)|Opera(?= \d)|Samsung Internet)(?: (?:version )?\d[\d.]{0,14}\d|(?: \d{1,3}))?"
    r"|(?:iOS|iPadOS|Android|Windows|macOS|Mac OS X|Mac OS|Ubuntu|Debian|Fedora|Linux|ChromeOS)(?: (?:version )?(?:\d[\d.]{0,14}\d|\d|Sonoma|Ventura|Sequoia|Monterey|Tahoe))?)(?!\w)"
)
_DEVICES = (
    "iphone ipad ipod imac macbook galaxy pixel thinkpad chromebook chrome kindle playstation xbox apple fire nintendo surface firefox safari brave vivaldi explorer edge opera samsung android windows"
    " ios ipados macos mac ubuntu debian fedora linux chromeos"
)
_DEVICE_WORDS = frozenset(_DEVICES.split())
_VERSION = re.compile(
    r"(?<!\w)(?:(?:app|software|firmware) )?(?:version|v|versi\u00f3n|versione|build)\.? ?\d+(?:\.\d+){1,4}(?!\w)"
)

_QUOTED_ERROR = re.compile(
    r"(?:error|message|says?|saying|reads|fehler(?:meldung)?|meldung|erreur|mensaje|errore|erro)\b[^\"\u201c\u201e\u00ab'`\n.]{0,40}[\"\u201c\u201e\u00ab`']([^\"\u201d\u201c\u00bb`\n]{4,280}?)(?:[\"\u201d\u201c\u00bb`]|'(?!\w))"
)
_CODE = re.compile(
    r"(?<!\w)(?:[A-Za-z]*(?:Error|Exception): ?[^\n]{3,200}|(?:ERR|E|NS_ERROR|SSL|DNS)_[A-Z0-9_]{3,50}|0x[0-9A-Fa-f]{4,16}"
    r"|(?:HTTP |[Ee]rror (?:code |number )?|Fehler(?:code)? |[Ee]rreur |[Cc]\u00f3digo (?:de error )|(?:status|response|exit) code )#?(?:[A-Z]{0,5}-?\d{2,6})(?!\w)|[Ee]rror: [^\n]{3,200})"
)

_QUOTE = re.compile("[\"\u201c\u201e\u00ab`']")
_CODE_NEEDLES = ("rror", "Exception", "_", "0x", "HTTP", "ehler", "rreur", "digo ", " code ")
"""Every text in which `_CODE` is found has one of them."""

# What a turn must have before the patterns are worth their time. Names of months and units are in `_DATE` and `_MONEY`.
_TROUBLES = "error errors exception failed fails failure message code says saying reads meldung fehler fehlermeldung erreur mensaje messaggio errore erro \u9519\u8bef \u30a8\u30e9\u30fc"
_TROUBLE_WORDS = frozenset(_TROUBLES.split())
_DATE_LIKE = re.compile(r"\d[-/.]\d|\u6708")
_CURRENCY = re.compile(r"[$\u20ac\u00a3\u00a5\u20b9\u5143\u5186]")
_LONG_ENOUGH = re.compile(r"\d[\d ().\u00a0-]{2,}\d|\d[A-Za-z_-]?\d[A-Za-z_-]?\d|_\d\d")
_MONTHS = (
    "jan january januar janvier enero feb february februar febrero fevrier f\u00e9vrier mar march mars marzo m\u00e4rz apr april aprile abril avril may mai mayo"
    " maggio jun june juni giugno juin junio jul july juli julio juillet luglio aug august agosto ao\u00fbt sep sept september septiembre septembre settembre oct october octubre octobre okt oktober ottobre nov"
    " november noviembre novembre dec december dez dezember diciembre d\u00e9cembre decembre dicembre"
)
_MONTH_WORDS = frozenset(_MONTHS.split())
_TIMES = "hour hours day days week weeks month months year years tag tage tagen d\u00edas dias jours giorni"
_TIME_WORDS = frozenset(_TIMES.split())
_MONEYS = "price cost paid charged total costs pay usd eur gbp chf jpy euro euros dollar dollars pound pounds bucks franc francs reais pesos z\u0142 pln sek nok dkk kr"
_MONEY_WORDS = frozenset(_MONEYS.split())
_VERSION_LIKE = re.compile(r"\d\.\d")


_PLAIN_WORDS = _TROUBLE_WORDS | _DEVICE_WORDS | _DAY_WORDS
_ASCII_DIGITS = b"0123456789"


def may_have_shapes(text: str, words: frozenset[str]) -> bool:
    """Whether a turn of these words is worth a look: most are not."""
    return (
        not words.isdisjoint(_PLAIN_WORDS)
        or "@" in text
        or "rror" in text
        or "ERR_" in text
        or _digits(text) > 0
    )


def _digits(text: str) -> int:
    """How many digits from 0 to 9 there are: counting takes a third of the time of looking for one."""
    encoded = text.encode(errors="replace")
    return len(encoded) - len(encoded.translate(None, _ASCII_DIGITS))


def shapes_in(text: str, lower: str, words: frozenset[str], asked: str) -> Iterator[Found]:
    """What is in one customer turn. `lower` is `text` in lower case, letter by letter, `words` are its words; `asked`
    is what the AI agent asked before it, in lower case."""
    if not words.isdisjoint(_TROUBLE_WORDS) or "rror" in text or "ERR_" in text or "0x" in text:
        yield from _errors(text, lower)
    if not words.isdisjoint(_DEVICE_WORDS):
        yield from (("device", found[0]) for found in _DEVICE.finditer(text))
    if not words.isdisjoint(_DAY_WORDS):
        yield from (("date", text[slice(*found.span())]) for found in _WORD_DATE.finditer(lower))
    if "@" in text:
        yield from (("email", found[0].rstrip(".")) for found in _EMAIL.finditer(text))
    if digits := _digits(text):
        yield from _with_digits(text, lower, words, asked, digits)


def _with_digits(text: str, lower: str, words: frozenset[str], asked: str, digits: int) -> Iterator[Found]:
    """`digits`: how many there are from 0 to 9."""
    date_like = _DATE_LIKE.search(text) is not None
    dates = [found.span() for found in _dates(lower, words, numeric=date_like)]
    yield from (("date", text[slice(*span)]) for span in dates)
    if _has_currency(text) or not words.isdisjoint(_MONEY_WORDS):
        yield from (("amount", text[slice(*found.span())]) for found in _MONEY.finditer(lower))
        yield from (("amount", text[slice(*found.span(1))]) for found in _BARE_MONEY.finditer(lower))
    if date_like and _VERSION_LIKE.search(text):
        yield from (("device", text[slice(*found.span())]) for found in _VERSION.finditer(lower))
    if (digits >= FEWEST or "_" in text or not text.isascii()) and _LONG_ENOUGH.search(text):
        yield from references_in(text, lower, words, asked, dates)


def _has_currency(text: str) -> bool:
    return "$" in text if text.isascii() else _CURRENCY.search(text) is not None


def _dates(lower: str, words: frozenset[str], *, numeric: bool) -> Iterator[re.Match[str]]:
    if numeric:
        yield from _NUMERIC_DATE.finditer(lower)
    if not words.isdisjoint(_MONTH_WORDS):
        yield from _NAMED_DATE.finditer(lower)
    if not words.isdisjoint(_TIME_WORDS):
        for found in _SPAN_OF_TIME.finditer(lower):
            if not found[0][0].isdigit() or found[0].endswith("ago"):
                yield found


def _errors(text: str, lower: str) -> Iterator[Found]:
    quoted = []
    if _QUOTE.search(text):
        quoted = [text[slice(*found.span(1))] for found in _QUOTED_ERROR.finditer(lower)]
        yield from (("error", said) for said in quoted)
    if not any(needle in text for needle in _CODE_NEEDLES):
        return
    for found in _CODE.finditer(text):
        said = found[0].rstrip(' .,;:)"\u201d')
        if not any(said in whole for whole in quoted):
            yield "error", said
