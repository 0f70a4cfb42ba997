"""How the contact of a ticket's requester is named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batonpass_hubspot.wanted import EMAIL, MORE_EMAILS
from batonpass_hubspot.wire import Record

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactKey:
    """By e-mail address in lower case."""

    value: str
    id_property: str = EMAIL

    @classmethod
    def of_address(cls, email: str | None) -> ContactKey | None:
        address = (email or "").strip().lower()
        return cls(value=address) if _ADDRESS.fullmatch(address) else None

    def fits(self, contact: Record) -> bool:
        """Whether the contact itself says that it has this address: what leads to it must not decide alone whose
        ticket it becomes."""
        addresses = [contact.stored(EMAIL), *contact.stored(MORE_EMAILS).split(";")]
        return self.value in (address.strip().lower() for address in addresses)
