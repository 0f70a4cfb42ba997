"""A helpdesk account, the values of one handoff and mapping files, for tests of mapping."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from batonpass.domain.conversation import ReasonCode
from batonpass.domain.facts import FactValue, Money
from batonpass.domain.ticket import (
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    Group,
    TicketLimits,
)

SHIPPED = Path(__file__).parent.parent / "mappings" / "zendesk.toml"
FACTS = ("account.tier", "billing.plan", "billing.mrr", "billing.renewal_date", "billing.balance")


def field(name: str, kind: FieldKind, *options: tuple[str, str]) -> FieldDefinition:
    return FieldDefinition(
        id=FieldId(f"id of {name}"),
        name=name,
        kind=kind,
        options=tuple(FieldOption(value=value, label=label) for value, label in options),
    )


def account(*fields: FieldDefinition) -> FieldSchema:
    """An account with four groups and these fields; without any: those that the shipped file writes to."""
    return FieldSchema(
        fields=fields or _SAMPLE_FIELDS,
        groups=tuple(
            Group(id=name.lower(), name=name) for name in ("Support", "Billing", "Security", "Technical")
        ),
        limits=TicketLimits(subject=150, note=65_000),
        as_of=datetime(2026, 11, 21, 9, tzinfo=UTC),
    )


def with_field(schema: FieldSchema, name: str, /, **changes: object) -> FieldSchema:
    fields = tuple(replace(each, **changes) if each.name == name else each for each in schema.fields)
    return replace(schema, fields=fields)


def without_field(schema: FieldSchema, name: str) -> FieldSchema:
    return replace(schema, fields=tuple(each for each in schema.fields if each.name != name))


_SAMPLE_FIELDS = (
    field(
        "Customer tier",
        FieldKind.DROPDOWN,
        ("tier_free", "Free"),
        ("tier_pro", "Pro"),
        ("tier_enterprise", "Enterprise"),
    ),
    field("Plan", FieldKind.TEXT),
    field("MRR", FieldKind.DECIMAL),
    field("Renewal date", FieldKind.DATE),
    field(
        "Handoff reason",
        FieldKind.DROPDOWN,
        *((f"handoff_{code.value}", code.value.replace("_", " ").capitalize()) for code in ReasonCode),
    ),
    field("AI confidence", FieldKind.INTEGER),
    field("Identity verified", FieldKind.CHECKBOX),
    field("Open balance", FieldKind.DECIMAL),
    field("Conversation ID", FieldKind.TEXT),
)

VALUES: dict[str, FactValue] = {
    "handoff.id": "ho_1",
    "handoff.reason": "billing_dispute",
    "handoff.confidence": 31,
    "conversation.id": "conv-7",
    "customer.identity": "verified",
    "issue.title": "Charged twice for November",
    "account.tier": "enterprise",
    "billing.plan": ("Pro", "Extra seats"),
    "billing.mrr": Money(amount=4900, currency="eur"),
    "billing.balance": Money(amount=1200, currency="jpy"),
    "billing.renewal_date": date(2026, 12, 1),
}
