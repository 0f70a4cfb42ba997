"""What every emulated HubSpot account begins with: object types, links, properties, stages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

CONTACTS, COMPANIES, DEALS, TICKETS = "contacts", "companies", "deals", "tickets"
NOTES, FEEDBACK = "notes", "feedback_submissions"
OBJECT_TYPES = (CONTACTS, COMPANIES, DEALS, TICKETS, NOTES, FEEDBACK)
SINGULAR = MappingProxyType(
    {
        CONTACTS: "contact",
        COMPANIES: "company",
        DEALS: "deal",
        TICKETS: "ticket",
        NOTES: "note",
        FEEDBACK: "feedback_submission",
    }
)
TYPE_IDS = MappingProxyType(
    {CONTACTS: "0-1", COMPANIES: "0-2", DEALS: "0-3", TICKETS: "0-5", NOTES: "0-46", FEEDBACK: "0-19"}
)

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
        99: (TICKETS, FEEDBACK, 100),
        100: (FEEDBACK, TICKETS, 99),
        227: (TICKETS, NOTES, 228),
        228: (NOTES, TICKETS, 227),
    }
)
"""HubSpot's own association types: id → from, to, the id of the way back.
https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide"""

REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {TICKETS: ("hs_pipeline_stage",), NOTES: ("hs_timestamp",)}
)
READ_ONLY = frozenset(
    {
        "hs_object_id", "createdate", "lastmodifieddate", "hs_lastmodifieddate", "hs_is_closed", "closed_date",
        "hs_ticket_reopened_at", "first_agent_reply_date", "hs_last_message_received_at", "hs_last_message_sent_at",
        "hubspot_team_id", "hs_merged_object_ids", "hs_calculated_phone_number", "hs_calculated_mobile_number",
    }
)  # fmt: skip
"""What HubSpot itself sets."""
CALCULATED: Mapping[str, str] = MappingProxyType(
    {"hs_calculated_phone_number": "phone", "hs_calculated_mobile_number": "mobilephone"}
)
"""A number in E.164 → the property that it is read from; without a country code there is none here."""
LONGEST_TEXT = 65_536

# name, type, field type, options (value → label)
Definition = tuple[str, str, str, Mapping[str, str]]
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})
EVERYWHERE: tuple[Definition, ...] = (
    ("hs_object_id", "number", "number", NO_OPTIONS),
    ("createdate", "datetime", "date", NO_OPTIONS),
    ("hubspot_owner_id", "enumeration", "select", NO_OPTIONS),
    ("hs_merged_object_ids", "enumeration", "checkbox", NO_OPTIONS),
)
DEFINED: Mapping[str, tuple[Definition, ...]] = MappingProxyType(
    {
        CONTACTS: (
            ("email", "string", "text", NO_OPTIONS),
            ("hs_additional_emails", "enumeration", "checkbox", NO_OPTIONS),
            ("firstname", "string", "text", NO_OPTIONS),
            ("lastname", "string", "text", NO_OPTIONS),
            ("phone", "string", "phonenumber", NO_OPTIONS),
            ("mobilephone", "string", "phonenumber", NO_OPTIONS),
            ("hs_calculated_phone_number", "string", "text", NO_OPTIONS),
            ("hs_calculated_mobile_number", "string", "text", NO_OPTIONS),
            ("hs_language", "enumeration", "select", {"de": "German", "en": "English"}),
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
            ("hs_additional_domains", "enumeration", "checkbox", NO_OPTIONS),
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
            ("hs_pipeline_stage", "enumeration", "radio", NO_OPTIONS),
            (
                "hs_ticket_priority",
                "enumeration",
                "select",
                {"LOW": "Low", "MEDIUM": "Medium", "HIGH": "High", "URGENT": "Urgent"},
            ),
            ("source_type", "enumeration", "radio", {"CHAT": "Chat", "EMAIL": "Email", "FORM": "Form"}),
            ("hubspot_team_id", "enumeration", "select", NO_OPTIONS),
            ("closed_date", "datetime", "date", NO_OPTIONS),
            ("hs_ticket_reopened_at", "datetime", "date", NO_OPTIONS),
            ("first_agent_reply_date", "datetime", "date", NO_OPTIONS),
            ("hs_last_message_received_at", "datetime", "date", NO_OPTIONS),
            ("hs_last_message_sent_at", "datetime", "date", NO_OPTIONS),
            ("hs_lastmodifieddate", "datetime", "date", NO_OPTIONS),
        ),
        NOTES: (
            ("hs_note_body", "string", "html", NO_OPTIONS),
            ("hs_timestamp", "datetime", "date", NO_OPTIONS),
            ("hs_lastmodifieddate", "datetime", "date", NO_OPTIONS),
        ),
        FEEDBACK: (
            ("hs_survey_type", "string", "text", NO_OPTIONS),
            ("hs_value", "number", "number", NO_OPTIONS),
            ("hs_response_group", "string", "text", NO_OPTIONS),
            ("hs_sentiment", "string", "text", NO_OPTIONS),
            ("hs_content", "string", "textarea", NO_OPTIONS),
            ("hs_submission_timestamp", "datetime", "date", NO_OPTIONS),
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
TICKET_STAGES = (
    ("1", "New", False),
    ("2", "Waiting on contact", False),
    ("3", "Waiting on us", False),
    ("4", "Closed", True),
)
"""The pipeline that every account begins with."""


def stamp(at: datetime) -> str:
    """An instant as HubSpot writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
