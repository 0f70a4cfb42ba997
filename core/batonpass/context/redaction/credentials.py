"""Passwords and secrets: what the words before them say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batonpass.context.redaction.finds import Find
from batonpass.context.redaction.keys import is_random
from batonpass.context.redaction.no_passwords import NO_PASSWORDS

PASSWORD_CUES = (
    "pass", "pw", "login", "user", "benutzer", "zugang", "identifiant", "kennwort", "mdp", "contrase", "clave", "senha", "wacht",
    "has\u0142", "haslo", "l\u00f6sen", "adgang", "\u043f\u0430\u0440\u043e\u043b", "\u30d1\u30b9\u30ef\u30fc\u30c9", "\u5bc6\u7801", "\u5bc6\u78bc", "\ube44\ubc00\ubc88\ud638",
    "\u015fifre", "parola", "pin",
)  # fmt: skip
SECRET_CUES = (
    "key", "token", "secret", "bearer", "basic", "authoriz", "auth:", "auth=", "auth_", "credential", "schl\u00fcssel", "cl\u00e9", "llave", "clave", "chiave", "chave", "jeton",
    "segreto", "geheim", "signature", "sig=", "cookie", "session",
)  # fmt: skip
"""In lower case: in a text without any of these no word makes what follows it a secret."""

_WORD = (
    r"(?:pass(?:word|wort|wd|phrase|code)s?|pass(?=\s?[:=])|pwd|pw|kennwort|mot de passe|mdp|contrase[n\u00f1]a|clave(?: de acceso| secreta)?|senha|palavra-passe|wachtwoord|has[l\u0142]o"
    r"|l\u00f6senord|adgangskode|passord|\u043f\u0430\u0440\u043e\u043b\u044c|\u30d1\u30b9\u30ef\u30fc\u30c9|\u5bc6\u7801|\u5bc6\u78bc|\ube44\ubc00\ubc88\ud638|\u015fifre(?:m|niz)?|parola(?: d['\u2019]ordine)?|password|pin(?: ?code|-code)?)"
)
_SAYS = r"(?:is|was|(?:will|shall|should) be|wird|sera|ser\u00e1|ist|lautet|war|est|\u00e9tait|es|era|\u00e9|\u00e8|to|auf|en|\u0431\u044b\u043b|jest|\u00e4r|er|=>|->|[-\u2013\u2014](?=\s)|[:=\uff1a\uff1d]|\u306f|\u662f|\u4e3a)"
_WORD_NEEDLES = (
    "pass", "pwd", "pw", "kennwort", "mdp", "contrase", "clave", "senha", "wachtwoord", "haslo", "has\u0142o", "l\u00f6senord", "adgangskode",
    "\u043f\u0430\u0440\u043e\u043b", "\u30d1\u30b9\u30ef\u30fc\u30c9", "\u5bc6\u7801", "\u5bc6\u78bc", "\ube44\ubc00\ubc88\ud638", "\u015fifre", "parola",
)  # fmt: skip
"""Every text in which `_WORD` stands has one of them in lower case, or a pin that is no shipping."""
_PIN = re.compile(r"pin(?<![^\W_]pin)")
_PAIR_NEEDLES = ("login", "user", "benutzer", "log in", "credential", "zugangsdaten", "identifiant")
_PASSWORD = re.compile(
    rf"(?<![^\W_]){_WORD}(?P<said>\)?[\"'\u201d\u2019*`_]{{0,3}}(?:[ \t]{{1,3}}(?:used|now|currently|i use|i used|there|aktuell|actuel|for \w{{1,20}}|f\u00fcr \w{{1,20}}|reset|changed))?[ \t]{{0,3}}{_SAYS}"
    r"(?:[ \t]{0,3}(?:still|just|simply|now|noch|immer|always|set to|still set to|changed to|[:=]))?[ \t]{0,3}|[ \t]{1,2}(?=[\"'\u201c\u201e\u00ab`]))"
    r"(?P<quote>[\"'\u201c\u201e\u00ab\u2018`*]{0,2})(?P<value>[^\s\"\u201c\u201d\u201e\u00ab\u00bb`]{3,128})(?P<after>.?)",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"(?<![^\W_])(?:passwor[dt]|passwd|pwd|pw|kennwort|contrase[n\u00f1]a|wachtwoord|senha|mot de passe)[ \t]{1,2}(?P<value>[^\s\"\u201c\u201d`]{6,64})",
    re.IGNORECASE,
)
_CREDENTIALS_PAIR = re.compile(
    r"(?<!\w)(?:login|user(?:name)?|benutzer(?:name)?|log in|credentials?|zugangsdaten|identifiants?)[^\n:]{0,30}[:=]\s{0,2}[^\s/,;]{2,80}\s{0,2}[/,;|]\s{0,2}(?P<value>[^\s,;]{5,64})",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"(?<![^\W_])(?:(?:api)?keys?|(?:access)?tokens?|(?:client)?secrets?|bearer|basic|credentials?|authorization|schl\u00fcssel|cl\u00e9|llave|clave|chiave|chave|jeton|segreto|geheimnis|sessions?(?:[ _-]?id)?|cookie|signature|sig|auth)(?:[ _-]?(?:id|value|key|token|secret|api|d['\u2019]api|d['\u2019]acc\u00e8s|secr[e\u00e8]te))?"
    r"(?P<said>[\"'*`_\])]{0,3}[ \t]{0,3}(?:(?:is|was|ist|lautet|est|es|\u00e8|\u00e9|are|bearer|basic|of|i use|starts with|[:=\uff1a>-]{1,2})[\"' \t\n(]{0,3}){0,3})[\"'\u201c`(<[ \t]{0,3}"
    r"(?P<value>[A-Za-z0-9_$+/=.~:-]{8,512})",
    re.IGNORECASE,
)

_TELLING = re.compile(
    r"api|access|secret|token|bearer|client|auth\w|credential|private|geheim|jeton", re.IGNORECASE
)
"""Words that nothing but a secret goes by; a short value after "key" or "session" may be an id."""
_NAMED_BEFORE = 16
_STATED = re.compile(r"[:=\uff1a\uff1d]|->|=>")
_TRAILING = ".,;)]}>\"'\u2019\u201d\u00bb\u3002\uff0c"
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_NAMED = re.compile(rf"(?<!\w){_WORD}(?P<asked>\s{{0,2}}\?)?", re.IGNORECASE)
_ASKING = re.compile(
    r"\b(?:what|which|tell|give|send|provide|share|type|enter|need|confirm|wie|welches|quel|cu[a\u00e1]l|qual)\b",
    re.IGNORECASE,
)
_ASKED_WITHIN = 60
_ORDINARY = re.compile(r"https?://|www\.|[\w.+-]+@[\w-]+\.\w|/\w", re.IGNORECASE)
_AMOUNT = re.compile(r"[#$\u20ac\u00a3]?[\d.,:/-]+(?:[a-z%\u20ac]{0,3})", re.IGNORECASE)


def secrets(text: str) -> Iterator[Find]:
    """Random-looking text after a word such as key, token or secret."""
    at = 0
    while found := _SECRET.search(text, at):
        value = found["value"].rstrip(".:-=" if len(found["value"]) < 24 else ".:-")
        start = found.start("value")
        stated = bool(_STATED.search(found["said"])) or "earer" in found[0].casefold()
        telling = _TELLING.search(text, max(0, found.start() - _NAMED_BEFORE), start)
        least = (8 if telling else 12) if stated else 16
        if len(value) >= least and is_random(value):
            last = value[-4:] if len(value) >= 16 and value[-4:].isalnum() else ""
            yield Find(start, start + len(value), "api_key", last)
            at = found.end()
        else:
            at = max(found.start() + 1, found.start("value"))


def passwords(text: str) -> Iterator[Find]:
    """What somebody says is their password."""
    lower = text.casefold()
    if _may_name_password(lower):
        yield from _named_passwords(text)
    if any(needle in lower for needle in _PAIR_NEEDLES):
        yield from _beside(text, _CREDENTIALS_PAIR, needs_digit=False)


def _may_name_password(lower: str) -> bool:
    return any(needle in lower for needle in _WORD_NEEDLES) or ("pin" in lower and bool(_PIN.search(lower)))


def _named_passwords(text: str) -> Iterator[Find]:
    for found in _PASSWORD.finditer(text):
        value = found["value"].rstrip(_TRAILING) or found["value"]
        start = found.start("value")
        stated = bool(_STATED.search(found["said"]))
        if _is_password(
            value, stated=stated, quoted=bool(found["quote"]), ends=_ends(text, start + len(value))
        ):
            yield Find(start, start + len(value), "password")
    yield from _beside(text, _BESIDE, needs_digit=True)


def _beside(text: str, pattern: re.Pattern[str], *, needs_digit: bool) -> Iterator[Find]:
    for found in pattern.finditer(text):
        value = found["value"].rstrip(_TRAILING)
        strong = _is_strong(value) and (not needs_digit or _DIGIT.search(value))
        if strong and not (_ORDINARY.match(value) or value.startswith("[")):
            yield Find(found.start("value"), found.start("value") + len(value), "password")


def asks_for_password(text: str) -> bool:
    return _may_name_password(text.casefold()) and any(
        found["asked"] or _ASKING.search(text, max(0, found.start() - _ASKED_WITHIN), found.start())
        for found in _NAMED.finditer(text)
    )


def bare_password(text: str) -> Find | None:
    """The password in an answer that is nothing else."""
    bare = text.strip()
    if not 5 <= len(bare) <= 64 or bare.count(" ") > 3:
        return None
    value = bare.split()[-1].strip("\"'")
    if not _is_strong(value) or _ORDINARY.search(value) or _AMOUNT.fullmatch(value):
        return None
    start = text.rindex(value)
    return Find(start, start + len(value), "password")


def _ends(text: str, at: int) -> bool:
    """Whether a clause ends here: what follows is no further word."""
    rest = text[at : at + 6].lstrip(" \t\"'\u201d\u2019\u00bb*`")
    return not rest or not rest[0].isalnum()


def _is_password(value: str, *, stated: bool, quoted: bool, ends: bool) -> bool:
    plain = value.casefold().strip("!?.*_-")
    if (
        not plain
        or plain in NO_PASSWORDS
        or value.startswith(("[", "{{", "<", "http://", "https://"))
        or set(value) <= set("*\u2022.xX-_")
    ):
        return False
    if quoted or _is_strong(value):
        return True
    if not _LETTER.search(value):
        return stated or (ends and len(value) >= 4)
    if value.isupper() and len(value) >= 4:
        return ends
    return ends and len(value) >= (4 if stated else 5)


def _is_strong(value: str) -> bool:
    """Letters with digits or signs among them, or capitals within: no ordinary word."""
    inner = value.rstrip("!?.,")
    if not _LETTER.search(inner):
        return False
    if _DIGIT.search(inner) or re.search(r"[^\w'\u2019-]", inner):
        return True
    return inner[1:] != inner[1:].lower() and not inner.isupper()
