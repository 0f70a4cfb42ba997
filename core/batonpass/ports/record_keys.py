"""What records are known by, brought into one form: the same person has the same key at every vendor."""

from __future__ import annotations

import idna

_NOT_DIALLED = str.maketrans("", "", " \t().-/\N{NO-BREAK SPACE}\u2010\u2011\u2012\u2013\u2014\u2015")
_LONGEST_ADDRESS, _LONGEST_NUMBER, _LONGEST_DOMAIN = 320, 40, 253
_SHORTEST_E164, _LONGEST_E164 = 7, 15


def address_key(told: str | None) -> str | None:
    """An e-mail address with its domain in small letters and ASCII; None where it is none."""
    local, _, domain = (told or "")[: _LONGEST_ADDRESS + 1].strip().rpartition("@")
    host = domain_key(domain) if local and len(local) + len(domain) < _LONGEST_ADDRESS else None
    return f"{local}@{host}" if host else None


def domain_key(told: str | None) -> str | None:
    """A domain in small letters and ASCII; None where it is none."""
    domain = (told or "").strip()
    if len(domain) > _LONGEST_DOMAIN or " " in domain or "/" in domain:
        return None
    if domain.isascii():
        return domain.lower() or None
    try:
        # Python's own codec follows IDNA 2003, in which two addresses can become one.
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return None


def phone_key(told: str | None) -> str | None:
    """A number that is stored with its country, as E.164: one as it is dialled at home can be anybody's."""
    if not told or len(told) > _LONGEST_NUMBER:
        return None
    dialled = told.translate(_NOT_DIALLED)
    number = dialled[1:] if dialled.startswith("+") else dialled[2:] if dialled.startswith("00") else ""
    is_e164 = number.isascii() and number.isdecimal() and number[0] != "0"
    return f"+{number}" if is_e164 and _SHORTEST_E164 <= len(number) <= _LONGEST_E164 else None
