"""The people, companies and ticket properties of the sample account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from batonpass.domain.conversation import ReasonCode
from batonpass_hubspot.emulated_schema import TICKETS

if TYPE_CHECKING:
    from batonpass_hubspot.emulator import HubSpotEmulator

GROUP = "support"


def furnish(emulator: HubSpotEmulator) -> None:
    """Three customers: Mia Keller (Brightleaf Studio), Tom Okafor (Okafor Logistics) and Elena Rossi (Norvik
    Industries), with tiers, owners and one open deal; and what a support team has made for its tickets."""
    today = emulator.clock.now().date()
    renewal_day, closing_day = today + timedelta(days=24), today + timedelta(days=19)
    jonas = emulator.add_owner("Jonas", "Weber", "jonas.weber@example.com")
    priya = emulator.add_owner("Priya", "Nair", "priya.nair@example.com")
    emulator.account.teams = {jonas: "5001", priya: "5002"}
    brightleaf = emulator.add_company({"name": "Brightleaf Studio", "tier": "pro", "hubspot_owner_id": jonas})
    okafor = emulator.add_company({"name": "Okafor Logistics", "tier": "pro"})
    norvik = emulator.add_company(
        {
            "name": "Norvik Industries",
            "tier": "enterprise",
            "renewal_date": renewal_day.isoformat(),
            "hubspot_owner_id": priya,
        }
    )
    renewal = emulator.add_deal(
        {
            "dealname": "Renewal 2027",
            "amount": "84000.00",
            "deal_currency_code": "EUR",
            "dealstage": "contractsent",
            "closedate": f"{closing_day}T00:00:00.000Z",
        }
    )
    emulator.add_contact(_person("Mia", "Keller", hubspot_owner_id=jonas), companies=[brightleaf])
    emulator.add_contact(_person("Tom", "Okafor"), companies=[okafor])
    emulator.add_contact(
        _person("Elena", "Rossi", hubspot_owner_id=priya), companies=[norvik], deals=[renewal]
    )
    emulator.provision()
    _ticket_properties(emulator)


def _ticket_properties(emulator: HubSpotEmulator) -> None:
    reasons = {f"handoff_{code}": code.replace("_", " ").capitalize() for code in ReasonCode}
    tiers = {"free": "Free", "pro": "Pro", "enterprise": "Enterprise"}
    groups = {name.lower(): name for name in ("Support", "Billing", "Security", "Technical")}
    yes_no = {"true": "Yes", "false": "No"}
    properties: tuple[tuple[str, str, str, Mapping[str, str]], ...] = (
        ("Customer tier", "enumeration", "select", tiers),
        ("Plan", "string", "text", {}),
        ("MRR", "number", "number", {}),
        ("Renewal date", "date", "date", {}),
        ("Handoff reason", "enumeration", "select", reasons),
        ("AI confidence", "number", "number", {}),
        ("Identity verified", "bool", "booleancheckbox", yes_no),
        ("Open balance", "number", "number", {}),
        ("Conversation ID", "string", "text", {}),
        ("Support group", "enumeration", "select", groups),
        ("Needs a person", "bool", "booleancheckbox", yes_no),
    )
    for label, type_, field_type, options in properties:
        name = label.lower().replace(" ", "_")
        emulator.account.define(
            TICKETS, name, type_, field_type=field_type, options=options, label=label, group=GROUP
        )


def _person(first_name: str, last_name: str, **more: str) -> dict[str, str]:
    email = f"{first_name}.{last_name}@example.com".lower()
    return {
        "firstname": first_name,
        "lastname": last_name,
        "email": email,
        "lifecyclestage": "customer",
        **more,
    }
