"""How one contact is named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batonpass.domain.facts import Person
from batonpass_hubspot.wanted import EMAIL, MORE_EMAILS
from batonpass_hubspot.wire import Record

_RECORD_ID = re.compile(r"\d{1,20}", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactKey:
    """By HubSpot's id, else by e-mail address in lower case."""

    value: str
    is_email: bool

    @classmethod
    def of(cls, person: Person, *names: str) -> ContactKey | None:
        record_id = (person.id_at(*names) or "").strip()
        if _RECORD_ID.fullmatch(record_id):
            return cls(value=record_id, is_email=False)
        return cls.of_address(person.email)

    @classmethod
    def of_address(cls, email: str | None) -> ContactKey | None:
        address = (email or "").strip().lower()
        return cls(value=address, is_email=True) if _ADDRESS.fullmatch(address) else None

    @property
    def id_property(self) -> str | None:
        return EMAIL if self.is_email else None

    def fits(self, contact: Record) -> bool:
        """Whether the contact itself says that it has this address: what leads to it must not decide alone
        whose facts are shown."""
        addresses = [contact.stored(EMAIL), *contact.stored(MORE_EMAILS).split(";")]
        return not self.is_email or self.value in (address.strip().lower() for address in addresses)
