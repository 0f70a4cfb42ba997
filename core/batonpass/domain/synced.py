"""What batonpass keeps of the vendors' own records, so that it is known before it is asked for: one record each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

Column = str | int | bool | tuple[str, ...] | None
"""Times are ISO 8601 in UTC (`2026-11-21T10:42:00Z`), money is an integer in the smallest unit beside its currency."""


class RecordKind(StrEnum):
    """What a record is, whatever the vendor calls it."""

    CUSTOMER = "customer"
    COMPANY = "company"
    DEAL = "deal"
    TICKET = "ticket"
    """A conversation, too, where that is the helpdesk's unit of work."""
    AGENT = "agent"
    GROUP = "group"
    FIELD = "field"
    RATING = "rating"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    DISPUTE = "dispute"


class KeyKind(StrEnum):
    """What a record is known by, or points to."""

    EMAIL = "email"
    VERIFIED_EMAIL = "verified_email"
    """An address of which the vendor says that it is its owner's; told beside `EMAIL`."""
    PHONE = "phone"
    """E.164."""
    EXTERNAL_ID = "external_id"
    """An id that another system gave: `SYSTEM:ID` where the vendor tells which, else the id."""
    DOMAIN = "domain"
    """Of a company."""
    CUSTOMER = "customer"
    """The id of the customer at the same connection whom the record belongs to."""
    COMPANY = "company"
    TICKET = "ticket"
    FORMER_ID = "former_id"
    """An id that was merged into this record."""


_TEXT, _LIST, _WHOLE, _YES = "text", "list", "integer", "boolean"

COLUMNS: Mapping[RecordKind, Mapping[str, str]] = MappingProxyType(
    {
        RecordKind.CUSTOMER: MappingProxyType(
            {
                "name": _TEXT, "email": _TEXT, "phone": _TEXT, "external_id": _TEXT, "company_id": _TEXT,
                "language": _TEXT, "created_at": _TEXT,
            }
        ),
        RecordKind.COMPANY: MappingProxyType(
            {"name": _TEXT, "domain": _TEXT, "external_id": _TEXT, "owner_id": _TEXT, "created_at": _TEXT}
        ),
        RecordKind.DEAL: MappingProxyType(
            {
                "name": _TEXT, "stage": _TEXT, "is_open": _YES, "amount": _WHOLE, "currency": _TEXT,
                "customer_id": _TEXT, "company_id": _TEXT, "owner_id": _TEXT, "created_at": _TEXT, "closes_at": _TEXT,
            }
        ),
        RecordKind.TICKET: MappingProxyType(
            {
                "number": _TEXT, "subject": _TEXT, "status": _TEXT, "priority": _TEXT, "channel": _TEXT,
                "category": _TEXT, "tags": _LIST, "customer_id": _TEXT, "company_id": _TEXT, "agent_id": _TEXT,
                "group_id": _TEXT, "created_at": _TEXT, "first_reply_at": _TEXT, "solved_at": _TEXT,
                "reopens": _WHOLE, "agent_replies": _WHOLE, "customer_messages": _WHOLE, "agents": _WHOLE,
                "groups": _WHOLE, "ai_took_part": _YES, "handed_over": _YES, "score": _WHOLE,
            }
        ),
        RecordKind.AGENT: MappingProxyType({"name": _TEXT, "email": _TEXT, "role": _TEXT, "is_active": _YES}),
        RecordKind.GROUP: MappingProxyType({"name": _TEXT, "is_active": _YES}),
        RecordKind.FIELD: MappingProxyType(
            {"name": _TEXT, "type": _TEXT, "is_active": _YES, "options": _LIST}
        ),
        RecordKind.RATING: MappingProxyType(
            {"ticket_id": _TEXT, "customer_id": _TEXT, "agent_id": _TEXT, "score": _WHOLE, "at": _TEXT}
        ),
        RecordKind.SUBSCRIPTION: MappingProxyType(
            {
                "customer_id": _TEXT, "status": _TEXT, "plan": _TEXT, "amount": _WHOLE, "currency": _TEXT,
                "interval": _TEXT, "started_at": _TEXT, "renews_at": _TEXT, "ends_at": _TEXT,
            }
        ),
        RecordKind.INVOICE: MappingProxyType(
            {
                "customer_id": _TEXT, "number": _TEXT, "status": _TEXT, "amount_due": _WHOLE, "amount_paid": _WHOLE,
                "currency": _TEXT, "created_at": _TEXT, "due_at": _TEXT,
            }
        ),
        RecordKind.DISPUTE: MappingProxyType(
            {
                "customer_id": _TEXT, "charge_id": _TEXT, "status": _TEXT, "reason": _TEXT, "amount": _WHOLE,
                "currency": _TEXT, "created_at": _TEXT, "answer_by": _TEXT,
            }
        ),
    }
)  # fmt: skip
"""Kind → its columns with their types; what a vendor does not tell is left out of a record, never guessed.

Of a ticket: `status` is one of ours (open, pending, solved, closed); `category` what the vendor sorts tickets by (a
topic, a type); `agents` and `groups` how many different ones it has been assigned to; `ai_took_part` whether an AI agent
spoke, `handed_over` whether it then went to a person; `score` the newest rating. A `score` is 0 to 100, best last.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    kind: KeyKind
    value: str
    """Normalised: an e-mail address has its domain in small letters and ASCII, a phone number is E.164."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One of a vendor's records, as it stood at the vendor when it was read."""

    kind: RecordKind
    id: str
    changed_at: datetime
    """By the vendor's clock: of two readings of one record the later one counts. Where the vendor tells no time of the
    change, the time of the reading."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """Of `COLUMNS`, those that are known."""
    keys: tuple[Key, ...] = ()
    document: Mapping[str, Any] | None = None
    """The vendor's own record, as far as the connector needs it to tell facts from the copy; JSON."""
    deleted: bool = False
    """The vendor says so: then nothing else is told, or may be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecord:
    """A record of the copy."""

    connection: str
    kind: RecordKind
    id: str
    changed_at: datetime
    read_at: datetime
    """When the vendor said last that it is so, by giving it or by not giving it among what has changed: its age."""
    columns: Mapping[str, Any]
    document: Mapping[str, Any] | None = None
