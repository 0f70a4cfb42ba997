"""What Zendesk's records are known by."""

from __future__ import annotations

from batonpass.domain.synced import Key, KeyKind
from batonpass.ports import address_key, domain_key, phone_key


def key(kind: KeyKind, value: str | int | None) -> tuple[Key, ...]:
    """None where there is nothing to be known by, here and below."""
    text = "" if value is None else str(value).strip()
    return (Key(kind=kind, value=text),) if text else ()


def email_of(address: str | None) -> tuple[Key, ...]:
    return key(KeyKind.EMAIL, address_key(address))


def domain_of(name: str) -> tuple[Key, ...]:
    return key(KeyKind.DOMAIN, domain_key(name))


def phone_of(number: str | None) -> tuple[Key, ...]:
    return key(KeyKind.PHONE, phone_key(number))
