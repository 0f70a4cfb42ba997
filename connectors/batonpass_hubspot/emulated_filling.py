"""Many records in an emulated HubSpot account; their changes, merges and deletions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from batonpass.testing.happenings import CannotPlayError
from batonpass_hubspot.emulated_account import Change, EmulatedAccount, StoredRecord
from batonpass_hubspot.emulated_people import TICKET_TO_CONTACT
from batonpass_hubspot.emulated_schema import (
    COMPANIES,
    CONTACTS,
    DEALS,
    LINKS,
    PRIMARY_COMPANY,
    TICKETS,
    UNLABELLED_COMPANY,
    stamp,
)

OWNERS = "owners"
DEAL_TO_CONTACT, DEAL_TO_COMPANY = 3, 5
_MOST_PARENTS = 500
"""The new records belong to this many of those that are there."""


def _contact(number: int) -> dict[str, str]:
    return {
        "firstname": "Ada",
        "lastname": f"Example {number}",
        "email": f"ada.{number}@customer.example",
        "phone": f"+49 30 {number:08d}",
        "lifecyclestage": "customer",
        "hs_language": "en",
    }


def _company(number: int) -> dict[str, str]:
    return {"name": f"Company {number}", "domain": f"company-{number}.example", "tier": "pro"}


def _deal(number: int) -> dict[str, str]:
    return {
        "dealname": f"Deal {number}",
        "amount": f"{number}.50",
        "deal_currency_code": "EUR",
        "pipeline": "default",
        "dealstage": "negotiation",
    }


def _ticket(number: int) -> dict[str, str]:
    return {
        "subject": f"Parcel {number}",
        "content": "It has not arrived.",
        "hs_pipeline_stage": "1",
        "hs_ticket_priority": "MEDIUM",
        "source_type": "EMAIL",
    }


_MADE: Mapping[str, Callable[[int], dict[str, str]]] = MappingProxyType(
    {CONTACTS: _contact, COMPANIES: _company, DEALS: _deal, TICKETS: _ticket}
)
_BELONGS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        CONTACTS: (UNLABELLED_COMPANY,),
        DEALS: (DEAL_TO_CONTACT, DEAL_TO_COMPANY),
        TICKETS: (TICKET_TO_CONTACT,),
    }
)
"""Object type → the types of its new records' links."""
_CHANGED: Mapping[str, str] = MappingProxyType(
    {CONTACTS: "lastname", COMPANIES: "name", DEALS: "dealname", TICKETS: "subject"}
)


def fill(account: EmulatedAccount, kind: str, number: int) -> tuple[str, ...]:
    """As an import makes them: subscriptions are not told. Each belongs to one of those that are there already."""
    if kind == OWNERS:
        first = account.last_id + 1
        names = range(first, first + number)
        return tuple(account.add_owner("Grace", f"Agent {n}", f"grace.{n}@example.com") for n in names)
    make = _MADE.get(kind)
    if make is None:
        raise CannotPlayError(f"there are no {kind}")
    parents = {each: account.of_kind(LINKS[each][1])[:_MOST_PARENTS] for each in _BELONGS.get(kind, ())}
    told, account.told = account.told, _nobody
    try:
        made = [account.store(kind, make(account.last_id + 1)) for _ in range(number)]
        for place, record in enumerate(made):
            for type_id, known in parents.items():
                if known:
                    account.link(type_id, record.id, known[place % len(known)].id)
    finally:
        account.told = told
    return tuple(each.id for each in made)


def touch(account: EmulatedAccount, kind: str, record_id: str) -> None:
    if kind == OWNERS:
        owner = account.owners[record_id]
        owner |= {"lastName": f"{owner['lastName']} II", "updatedAt": stamp(account.clock.now())}
        return
    record = account.records[kind, record_id]
    name = _CHANGED[kind]
    account.set(record, {name: f"{record.properties.get(name, '')}."})


def drop(account: EmulatedAccount, kind: str, record_id: str) -> None:
    """An owner whose user leaves becomes an archived one."""
    if kind == OWNERS:
        account.owners[record_id] |= {
            "archived": True,
            "userId": None,
            "updatedAt": stamp(account.clock.now()),
        }
    else:
        account.delete(kind, record_id)


def merge(account: EmulatedAccount, kind: str, into: str, gone: str) -> None:
    """As people do: the links and further addresses go over, and the id of what is gone leads to what stays."""
    old, kept = account.take_out(kind, gone), account.records[kind, into]
    account.merged = {key: into if to == gone else to for key, to in account.merged.items()}
    account.merged[kind, gone] = into
    for type_id, end in account.links.pop(gone, {}):
        account.links[end].pop((LINKS[type_id][2], gone), None)
        if type_id == PRIMARY_COMPANY and any(known == type_id for known, _ in account.links[into]):
            continue
        account.link_once(type_id, into, end)
        account.link_once(LINKS[type_id][2], end, into)
    values = {"hs_merged_object_ids": _joined(kept, "hs_merged_object_ids", old, "hs_object_id")}
    if kind == CONTACTS:
        values["hs_additional_emails"] = _joined(kept, "hs_additional_emails", old, "email")
    account.set(kept, values)


def _joined(kept: StoredRecord, name: str, gone: StoredRecord, more: str) -> str:
    """The values of both, semicolons between."""
    values = (kept.properties.get(name, ""), gone.properties.get(more, ""), gone.properties.get(name, ""))
    return ";".join(dict.fromkeys(part for value in values for part in value.split(";") if part))


def _nobody(change: Change) -> None:
    del change
