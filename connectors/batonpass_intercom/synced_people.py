"""Contacts, companies, teammates and teams as records of the copy. Pure."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from batonpass.domain.synced import Column, Key, KeyKind, Record, RecordKind
from batonpass.ports import address_key, domain_key, phone_key
from batonpass_intercom import listed_wire, talk, wire
from batonpass_intercom.synced_work import time_text


def of_contact(told: listed_wire.Contact) -> Record:
    columns: dict[str, Column] = {
        name: value
        for name, value in (
            ("name", told.name),
            ("email", told.email),
            ("phone", told.phone),
            ("external_id", told.external_id),
            ("company_id", _only_company(told.companies)),
            ("language", told.language_override),
            ("created_at", time_text(told.created_at) if told.created_at else None),
        )
        if value
    }
    return Record(
        kind=RecordKind.CUSTOMER,
        id=told.id,
        changed_at=talk.instant(told.updated_at or told.created_at),
        columns=columns,
        keys=tuple(_contact_keys(told)),
    )


def _contact_keys(told: listed_wire.Contact) -> list[Key]:
    keys = []
    if told.email and (address := address_key(told.email)):
        keys.append(Key(kind=KeyKind.EMAIL, value=address))
    if told.phone and (number := phone_key(told.phone)):
        keys.append(Key(kind=KeyKind.PHONE, value=number))
    if told.external_id:
        keys.append(Key(kind=KeyKind.EXTERNAL_ID, value=told.external_id))
    if told.companies:
        keys += [Key(kind=KeyKind.COMPANY, value=each.id) for each in told.companies.data if each.id]
    keys += [
        Key(kind=KeyKind.FORMER_ID, value=each.source_contact_id)
        for each in told.merge_history
        if each.source_contact_id
    ]
    return keys


def _only_company(told: listed_wire.Linked | None) -> str | None:
    """Of several none is told to be the first."""
    if told is None or len(told.data) != 1 or (told.total_count or 1) > 1:
        return None
    return told.data[0].id


def of_company(told: listed_wire.Company) -> Record:
    domain = domain_of(told.website)
    columns: dict[str, Column] = {
        name: value
        for name, value in (
            ("name", told.name),
            ("domain", domain),
            ("external_id", told.company_id),
            ("created_at", time_text(told.created_at) if told.created_at else None),
        )
        if value
    }
    keys = []
    if domain:
        keys.append(Key(kind=KeyKind.DOMAIN, value=domain))
    if told.company_id:
        keys.append(Key(kind=KeyKind.EXTERNAL_ID, value=told.company_id))
    return Record(
        kind=RecordKind.COMPANY,
        id=told.id,
        changed_at=talk.instant(told.updated_at or told.created_at),
        columns=columns,
        keys=tuple(keys),
    )


def of_admin(told: listed_wire.Admin, *, now: datetime) -> Record:
    """Without an inbox seat nobody can be assigned anything."""
    columns: dict[str, Column] = {
        name: value
        for name, value in (
            ("name", told.name),
            ("email", told.email),
            ("role", told.role.name if told.role else None),
        )
        if value
    }
    columns["is_active"] = told.has_inbox_seat is not False
    address = address_key(told.email) if told.email else None
    keys = (Key(kind=KeyKind.EMAIL, value=address),) if address else ()
    return Record(kind=RecordKind.AGENT, id=told.id, changed_at=now, columns=columns, keys=keys)


def of_team(told: wire.Team, *, now: datetime) -> Record:
    columns: dict[str, Column] = {"name": told.name, "is_active": True}
    return Record(kind=RecordKind.GROUP, id=told.id, changed_at=now, columns=columns)


# What they are known by ---------------------------------------------------------------------------------------------


def domain_of(website: str | None) -> str | None:
    """Of a company's own site; None of a page on somebody else's."""
    if not website:
        return None
    try:
        parts = urlsplit(website if "://" in website else f"//{website}")
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.path.strip("/") or "." not in host:
        return None
    return domain_key(host.removeprefix("www."))
