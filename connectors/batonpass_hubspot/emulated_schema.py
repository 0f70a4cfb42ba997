"""What every emulated HubSpot account begins with: object types, links, properties, stages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CONTACTS, COMPANIES, DEALS, TICKETS = "contacts", "companies", "deals", "tickets"
OBJECT_TYPES = (CONTACTS, COMPANIES, DEALS, TICKETS)
SINGULAR = MappingProxyType({CONTACTS: "contact", COMPANIES: "company", DEALS: "deal", TICKETS: "ticket"})

PRIMARY_COMPANY, UNLABELLED_COMPANY = 1, 279
LINKS: Mapping[int, tuple[str, str, int]] = MappingProxyType(
    {
        1: (CONTACTS, COMPANIES, 2),
        2: (COMPANIES, CONTACTS, 1),
        279: (CONTACTS, COMPANIES, 280),
        280: (COMPANIES, CONTACTS, 279),
        3: (DEALS, CONTACTS, 4),
        4: (CONTACTS, DEALS, 3),
        5: (DEALS, COMPANIES, 6),
        6: (COMPANIES, DEALS, 5),
        15: (CONTACTS, TICKETS, 16),
        16: (TICKETS, CONTACTS, 15),
    }
)
"""HubSpot's own association types: id → from, to, the id of the way back.
https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide"""

REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType({TICKETS: ("hs_pipeline_stage",)})

# name, type, field type, options (value → label)
Definition = tuple[str, str, str, Mapping[str, str]]
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
EVERYWHERE: tuple[Definition, ...] = (
    ("hs_object_id", "number", "number", NO_OPTIONS),
    ("createdate", "datetime", "date", NO_OPTIONS),
    ("hubspot_owner_id", "enumeration", "select", NO_OPTIONS),
)
DEFINED: Mapping[str, tuple[Definition, ...]] = MappingProxyType(
    {
        CONTACTS: (
            ("email", "string", "text", NO_OPTIONS),
            ("hs_additional_emails", "enumeration", "checkbox", NO_OPTIONS),
            ("firstname", "string", "text", NO_OPTIONS),
            ("lastname", "string", "text", NO_OPTIONS),
            ("phone", "string", "phonenumber", NO_OPTIONS),
            (
                "lifecyclestage",
                "enumeration",
                "radio",
                {"lead": "Lead", "opportunity": "Opportunity", "customer": "Customer"},
            ),
            ("lastmodifieddate", "datetime", "date", NO_OPTIONS),
        ),
        COMPANIES: (
            ("name", "string", "text", NO_OPTIONS),
            ("domain", "string", "text", NO_OPTIONS),
            ("tier", "enumeration", "select", {"free": "Free", "pro": "Pro", "enterprise": "Enterprise"}),
            ("renewal_date", "date", "date", NO_OPTIONS),
            ("numberofemployees", "number", "number", NO_OPTIONS),
            ("hs_lastmodifieddate", "datetime", "date", NO_OPTIONS),
        ),
        DEALS: (
            ("dealname", "string", "text", NO_OPTIONS),
            ("amount", "number", "number", NO_OPTIONS),
            ("deal_currency_code", "enumeration", "select", {"EUR": "EUR", "USD": "USD", "JPY": "JPY"}),
            ("pipeline", "enumeration", "select", {"default": "Sales Pipeline"}),
            ("dealstage", "enumeration", "radio", NO_OPTIONS),
            ("closedate", "datetime", "date", NO_OPTIONS),
            ("hs_is_closed", "bool", "calculation_read_time", NO_OPTIONS),
            ("hs_lastmodifieddate", "datetime", "date", NO_OPTIONS),
        ),
        TICKETS: (
            ("subject", "string", "text", NO_OPTIONS),
            ("content", "string", "textarea", NO_OPTIONS),
            ("hs_pipeline", "enumeration", "select", {"0": "Support Pipeline"}),
            ("hs_pipeline_stage", "enumeration", "radio", {"1": "New", "2": "Waiting", "4": "Closed"}),
            (
                "hs_ticket_priority",
                "enumeration",
                "select",
                {"LOW": "Low", "MEDIUM": "Medium", "HIGH": "High"},
            ),
            ("hs_lastmodifieddate", "datetime", "date", NO_OPTIONS),
        ),
    }
)
MONEY = frozenset({"amount"})
DEAL_STAGES = (
    ("appointmentscheduled", "Appointment scheduled", False),
    ("negotiation", "Negotiation", False),
    ("contractsent", "Contract sent", False),
    ("closedwon", "Closed won", True),
    ("closedlost", "Closed lost", True),
)
