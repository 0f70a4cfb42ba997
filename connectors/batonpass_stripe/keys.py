"""What Stripe's records are known by."""

from __future__ import annotations

from batonpass.domain.synced import Key, KeyKind
from batonpass.ports import address_key, phone_key


def email_of(address: str | None) -> tuple[Key, ...]:
    """None where there is nothing to be known by, here and below."""
    return _key(KeyKind.EMAIL, address_key(address))


def phone_of(number: str | None) -> tuple[Key, ...]:
    return _key(KeyKind.PHONE, phone_key(number))


def customer_of(customer_id: str | None) -> tuple[Key, ...]:
    return _key(KeyKind.CUSTOMER, customer_id)


def _key(kind: KeyKind, value: str | None) -> tuple[Key, ...]:
    return (Key(kind=kind, value=value),) if value else ()
