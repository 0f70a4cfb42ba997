"""What Zendesk's records are known by, in the one way in which all systems' records are."""

from __future__ import annotations

import idna

from batonpass.domain.synced import Key, KeyKind

_NOT_DIALLED = str.maketrans("", "", " \t().-/\N{NO-BREAK SPACE}\u2010\u2011\u2012\u2013")
_LONGEST_EMAIL, _LONGEST_PHONE = 320, 40


def key(kind: KeyKind, value: str | int | None) -> tuple[Key, ...]:
    """None where there is nothing to be known by."""
    text = "" if value is None else str(value).strip()
    return (Key(kind=kind, value=text),) if text else ()


def email_key(address: str | None) -> tuple[Key, ...]:
    local, _, domain = (address or "").strip().rpartition("@")
    host = _ascii(domain) if local and len(local) + len(domain) < _LONGEST_EMAIL else None
    return () if host is None else (Key(kind=KeyKind.EMAIL, value=f"{local}@{host}"),)


def domain_key(domain: str) -> tuple[Key, ...]:
    host = _ascii(domain.strip())
    return () if host is None else (Key(kind=KeyKind.DOMAIN, value=host),)


def phone_key(number: str | None) -> tuple[Key, ...]:
    """Of a number with its country: one as it is dialled at home can be anybody's."""
    if not number or len(number) > _LONGEST_PHONE:
        return ()
    dialled = number.translate(_NOT_DIALLED)
    if dialled.startswith("00"):
        dialled = f"+{dialled[2:]}"
    digits = dialled[1:]
    is_whole = dialled.startswith("+") and digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15
    return (Key(kind=KeyKind.PHONE, value=dialled),) if is_whole and digits[0] != "0" else ()


def _ascii(domain: str) -> str | None:
    if domain.isascii():
        return domain.lower() or None
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
