"""Ticket properties ↔ our fields: https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from batonpass.domain.ticket import (
    FieldContent,
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    Priority,
    TextUnit,
    TicketLimits,
)
from batonpass_hubspot.admin_rules import NO_RULES, AdminRules
from batonpass_hubspot.wire import Property

KEY_PROPERTY = "batonpass_key"
"""Unique: it finds the ticket that was opened with a key, and lets HubSpot refuse a second one."""
TAGS_PROPERTY = "batonpass_tags"
"""HubSpot's tickets have no tags: a text, semicolons between."""
OWN = frozenset({KEY_PROPERTY, TAGS_PROPERTY})
"""Made by `batonpass provision`."""

SUBJECT, CONTENT, PRIORITY = "subject", "content", "hs_ticket_priority"
PIPELINE, STAGE, OWNER = "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id"
TEAM = "hubspot_team_id"
"""The team of the ticket's owner. HubSpot sets it; nobody can write it."""
CREATED_AT, CHANGED_AT, CLOSED_AT = "createdate", "hs_lastmodifieddate", "closed_date"
FIRST_REPLY_AT = "first_agent_reply_date"
"""Set by HubSpot, as the three before."""
STANDARD = frozenset({SUBJECT, CONTENT, PRIORITY, PIPELINE, STAGE, OWNER, TEAM})
"""A ticket's parts that are no fields."""

LIMITS = TicketLimits(subject=250, note=65_000)
"""A note's body takes 65,536 characters (developers.hubspot.com/docs/api-reference/latest/crm/activities/notes/guide),
the rest is for our marker. A subject's limit is documented nowhere; longer ones are cut on people's screens."""

LONGEST_TEXT = 65_536
"""Of a text property; HubSpot says "characters", and counted as UTF-16 a text is never shorter than in any other way
of counting them. https://knowledge.hubspot.com/properties/property-field-types-in-hubspot"""

PRIORITIES: Mapping[Priority, str] = MappingProxyType(
    {
        Priority.LOW: "LOW",
        Priority.NORMAL: "MEDIUM",
        Priority.HIGH: "HIGH",
        Priority.URGENT: "URGENT",
    }
)
OURS: Mapping[str, Priority] = MappingProxyType({value: ours for ours, value in PRIORITIES.items()})

KINDS: Mapping[tuple[str, str], FieldKind] = MappingProxyType(
    {
        ("string", "text"): FieldKind.TEXT,
        ("string", "phonenumber"): FieldKind.TEXT,
        ("phone_number", "phonenumber"): FieldKind.TEXT,
        ("string", "textarea"): FieldKind.LONG_TEXT,
        ("bool", "booleancheckbox"): FieldKind.CHECKBOX,
        ("enumeration", "booleancheckbox"): FieldKind.CHECKBOX,
        ("date", "date"): FieldKind.DATE,
        ("number", "number"): FieldKind.DECIMAL,
        ("enumeration", "select"): FieldKind.DROPDOWN,
        ("enumeration", "radio"): FieldKind.DROPDOWN,
        ("enumeration", "checkbox"): FieldKind.MULTISELECT,
    }
)
"""(type, field type) → our kind; what is not here (instants, rich text, files, owners, formulas) is `OTHER`."""

CREATED: Mapping[FieldKind, tuple[str, str]] = MappingProxyType(
    {
        FieldKind.TEXT: ("string", "text"),
        FieldKind.LONG_TEXT: ("string", "textarea"),
        FieldKind.CHECKBOX: ("bool", "booleancheckbox"),
        FieldKind.DATE: ("date", "date"),
        FieldKind.INTEGER: ("number", "number"),
        FieldKind.DECIMAL: ("number", "number"),
        FieldKind.DROPDOWN: ("enumeration", "select"),
        FieldKind.MULTISELECT: ("enumeration", "checkbox"),
    }
)
"""How a field of our kind is made. HubSpot has one kind of number, with decimals: a field made for whole numbers is
told as `DECIMAL` from then on."""


def is_field(known: Property) -> bool:
    """Whether it can be written and is none of a ticket's standard parts. Our own are fields even where somebody has
    hidden them from the pages."""
    if known.name in OWN:
        return True
    fixed = known.modification_metadata is not None and known.modification_metadata.read_only_value
    return known.name not in STANDARD and not (fixed or known.calculated or known.hidden)


def definition(known: Property, rules: AdminRules = NO_RULES) -> FieldDefinition:
    kind = kind_of(known)
    longest = min(LONGEST_TEXT, rules.longest.get(known.name, LONGEST_TEXT))
    return FieldDefinition(
        id=FieldId(known.name),
        name=known.label or known.name,
        kind=kind,
        active=not known.archived,
        required=known.name in rules.required,
        longest=longest if kind in {FieldKind.TEXT, FieldKind.LONG_TEXT} else None,
        unit=TextUnit.UTF16,
        options=tuple(
            FieldOption(value=option.value, label=option.label)
            for option in known.options
            if not option.hidden
        ),
    )


def kind_of(known: Property) -> FieldKind:
    if known.referenced_object_type or known.external_options:
        return FieldKind.OTHER  # the options are owners or records, and are not listed
    return KINDS.get((known.type, known.field_type), FieldKind.OTHER)


def written(value: FieldContent) -> str:
    """Every value is a string; several options stand with semicolons between."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ";".join(value)
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()[:10]
        case _:
            return str(value)


def content(stored: str, known: FieldDefinition) -> FieldContent | None:
    """What cannot be read as its kind says stays the text that it is."""
    if not stored:
        return None
    match known.kind:
        case FieldKind.CHECKBOX:
            return stored == "true"
        case FieldKind.MULTISELECT:
            return tuple(each for each in stored.split(";") if each)
        case FieldKind.DECIMAL:
            return _number(stored)
        case FieldKind.DATE:
            return _day(stored)
        case _:
            return stored


def tags_of(stored: str) -> tuple[str, ...]:
    return tuple(tag for each in stored.split(";") if (tag := each.strip()))


def _number(stored: str) -> Decimal | str:
    try:
        number = Decimal(stored)
    except InvalidOperation:
        return stored
    return number if number.is_finite() else stored


def _day(stored: str) -> date | str:
    try:
        return datetime.fromisoformat(stored).date()
    except ValueError:
        return stored
