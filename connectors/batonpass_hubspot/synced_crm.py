"""Contacts, companies, deals and owners as records of the copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from batonpass.domain.synced import Column, Key, KeyKind, Record, RecordKind
from batonpass.ports import domain_key
from batonpass_hubspot import wire
from batonpass_hubspot.belonging import linked_ids, meant_company
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.documents import Documents
from batonpass_hubspot.matching import FIRST_NAME, LAST_NAME, MOBILE, PHONE
from batonpass_hubspot.synced_values import (
    MERGED,
    email_keys,
    former_ids,
    former_keys,
    known,
    several,
    utc,
)
from batonpass_hubspot.values import STAGE_OF_DEAL, instant, is_open, money
from batonpass_hubspot.wanted import CURRENCY, EMAIL, IS_CLOSED, MORE_EMAILS, OWNER_ID

CREATED_AT = "createdate"
_E164 = ("hs_calculated_phone_number", "hs_calculated_mobile_number")
"""HubSpot's own reading of the two numbers; empty where it cannot tell the country."""
_LANGUAGE = "hs_language"
_MORE_DOMAINS = "hs_additional_domains"

OF_CONTACT = (
    EMAIL, MORE_EMAILS, FIRST_NAME, LAST_NAME, PHONE, MOBILE, *_E164, _LANGUAGE, CREATED_AT, MERGED, "lastmodifieddate",
)  # fmt: skip
OF_COMPANY = ("name", "domain", _MORE_DOMAINS, OWNER_ID, CREATED_AT, MERGED, "hs_lastmodifieddate")
OF_DEAL = (
    "dealname", "pipeline", STAGE_OF_DEAL, IS_CLOSED, "amount", CURRENCY, OWNER_ID, "closedate", CREATED_AT, MERGED,
    "hs_lastmodifieddate",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    documents: Documents

    def record(self, contact: wire.Record, now: datetime) -> Record:
        stored = contact.stored
        email, company = stored(EMAIL), meant_company(contact)
        numbers = [number for name in _E164 if (number := stored(name)).startswith("+")]
        columns: dict[str, Column] = {
            "name": f"{stored(FIRST_NAME)} {stored(LAST_NAME)}".strip(),
            "email": email,
            "phone": numbers[0] if numbers else stored(PHONE) or stored(MOBILE),
            "company_id": company,
            "language": stored(_LANGUAGE),
            "created_at": utc(stored(CREATED_AT)),
        }
        keys = [
            *email_keys((email, *several(stored(MORE_EMAILS)))),
            *(Key(kind=KeyKind.PHONE, value=number) for number in dict.fromkeys(numbers)),
            *(Key(kind=KeyKind.COMPANY, value=each) for each in linked_ids(contact, ObjectType.COMPANIES)),
            *former_keys(former_ids(contact)),
        ]
        return Record(
            kind=RecordKind.CUSTOMER,
            id=contact.id,
            changed_at=instant(stored("lastmodifieddate")) or now,
            columns=known(columns),
            keys=tuple(keys),
            document=self.documents.of(contact),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Companies:
    documents: Documents

    def record(self, company: wire.Record, now: datetime) -> Record:
        stored = company.stored
        columns: dict[str, Column] = {
            "name": stored("name"),
            "domain": stored("domain"),
            "owner_id": stored(OWNER_ID),
            "created_at": utc(stored(CREATED_AT)),
        }
        domains = [domain_key(each) for each in (stored("domain"), *several(stored(_MORE_DOMAINS)))]
        keys = [
            *(Key(kind=KeyKind.DOMAIN, value=each) for each in dict.fromkeys(domains) if each),
            *former_keys(former_ids(company)),
        ]
        return Record(
            kind=RecordKind.COMPANY,
            id=company.id,
            changed_at=instant(stored("hs_lastmodifieddate")) or now,
            columns=known(columns),
            keys=tuple(keys),
            document=self.documents.of(company),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deals:
    documents: Documents
    stages: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(pipeline id, stage id) → label."""

    def record(self, deal: wire.Record, now: datetime) -> Record:
        """An amount without a currency of its own is in the account's, which a deal does not tell: it is left out."""
        stored = deal.stored
        amount = money(stored("amount"), deal)
        contacts = linked_ids(deal, ObjectType.CONTACTS)
        stage = stored(STAGE_OF_DEAL)
        columns: dict[str, Column] = {
            "name": stored("dealname"),
            "stage": self.stages.get((stored("pipeline"), stage), stage),
            "is_open": is_open(deal),
            "amount": None if amount is None else amount.amount,
            "currency": None if amount is None else amount.currency,
            "customer_id": contacts[0] if contacts else None,
            "company_id": meant_company(deal),
            "owner_id": stored(OWNER_ID),
            "created_at": utc(stored(CREATED_AT)),
            "closes_at": utc(stored("closedate")),
        }
        keys = [
            *(Key(kind=KeyKind.CUSTOMER, value=each) for each in contacts),
            *(Key(kind=KeyKind.COMPANY, value=each) for each in linked_ids(deal, ObjectType.COMPANIES)),
            *former_keys(former_ids(deal)),
        ]
        return Record(
            kind=RecordKind.DEAL,
            id=deal.id,
            changed_at=instant(stored("hs_lastmodifieddate")) or now,
            columns=known(columns),
            keys=tuple(keys),
            document=self.documents.of(deal),
        )


def agent(owner: wire.Owner, now: datetime) -> Record:
    """One who has left stays known, as inactive."""
    columns: dict[str, Column] = {
        "name": owner.name,
        "email": owner.email,
        "is_active": not owner.archived,
    }
    return Record(
        kind=RecordKind.AGENT,
        id=owner.id,
        changed_at=instant(owner.updated_at or "") or now,
        columns=known(columns),
        keys=tuple(email_keys((owner.email or "",))),
    )
