"""What the columns of the views mean: the tables of docs/tables.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from batonpass.domain.synced import RecordKind
from batonpass.store.views import VIEWS, View

_ABOUT: Mapping[RecordKind | None, str] = MappingProxyType(
    {
        RecordKind.CUSTOMER: "People and accounts that write to you or pay you.",
        RecordKind.COMPANY: "Companies, organizations.",
        RecordKind.DEAL: "Deals of the CRM.",
        RecordKind.TICKET: "The helpdesk's units of work: tickets, or conversations where those are.",
        RecordKind.AGENT: "Who answers at the helpdesk, and owners in the CRM.",
        RecordKind.GROUP: "The helpdesk's groups and teams.",
        RecordKind.FIELD: "The helpdesk's own fields.",
        RecordKind.RATING: "How satisfied customers said they are.",
        RecordKind.SUBSCRIPTION: "Subscriptions of the billing system.",
        RecordKind.INVOICE: "Invoices of the billing system.",
        RecordKind.DISPUTE: "Disputed charges.",
        None: "The handoffs of this installation: when each came how far. None of what was said.",
    }
)
_MEANS: Mapping[str, str] = MappingProxyType(
    {
        "connection": "The connection's name, as in `config.toml`",
        "id": "The vendor's id",
        "changed_at": "Last change, by the vendor's clock; of the reading where the vendor tells none",
        "read_at": "When the vendor said last that it is so",
        "name": "Name",
        "email": "E-mail address",
        "phone": "Telephone number",
        "external_id": "The id that another system of yours gave it",
        "company_id": "Its company, the first where there are several",
        "customer_id": "Its customer",
        "agent_id": "Its agent",
        "group_id": "Its group",
        "owner_id": "Its owner: an agent",
        "ticket_id": "Its ticket",
        "charge_id": "The charge that is disputed",
        "language": "Language",
        "created_at": "When it was made",
        "domain": "The domain of its addresses and site",
        "stage": "The stage of the pipeline",
        "is_open": "Whether it is still open",
        "amount": "In the currency's smallest unit",
        "amount_due": "In the currency's smallest unit",
        "amount_paid": "In the currency's smallest unit",
        "currency": "ISO 4217, in small letters",
        "closes_at": "When it is expected to close, or closed",
        "number": "The number that people see",
        "subject": "Subject, as the vendor has it",
        "status": "The vendor's status",
        "priority": "Priority",
        "channel": "How it came in",
        "category": "By what the vendor sorts tickets: a topic, a type",
        "tags": "Tags",
        "first_reply_at": "An agent's first answer",
        "solved_at": "When it was solved, the last time",
        "reopens": "How often it was opened again",
        "agent_replies": "Public answers of agents",
        "customer_messages": "Messages of the customer",
        "agents": "How many different agents it has been assigned to",
        "groups": "How many different groups it has been assigned to",
        "ai_took_part": "Whether an AI agent spoke in it",
        "handed_over": "Whether it then went to a person",
        "score": "0 to 100, best last",
        "role": "Role",
        "is_active": "Whether it is in use",
        "type": "The vendor's type",
        "options": "What can be chosen",
        "at": "When",
        "plan": "The plan's or price's name",
        "interval": "How often it renews",
        "started_at": "Since when",
        "renews_at": "When it renews",
        "ends_at": "When it ends or has ended; empty: it goes on",
        "due_at": "When it must be paid",
        "reason": "Reason",
        "answer_by": "Until when an answer is possible",
        "helpdesk": "The connection that keeps its ticket",
        "ai_agent": "The AI agent that handed over, or the helpdesk's side that asked",
        "state": "Its state: requested, enriched, ticketed, announced, accepted, resolved, returned, abandoned, parked",
        "asked_at": "When it was asked for",
        "ticketed_at": "When its ticket stood, with what is known",
        "announced_at": "When the AI agent knew of it",
        "accepted_at": "When an agent first took it",
        "resolved_at": "When it was solved, the last time",
    }
)
_MEANS_HERE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("tickets", "status"): "`open`, `pending`, `solved` or `closed`",
        ("tickets", "score"): "The newest rating, 0 to 100, best last",
        ("handoff_times", "id"): "The handoff's id",
        ("handoff_times", "reason"): "The code of why a person was needed",
        ("handoff_times", "changed_at"): "When its state changed last",
    }
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {"text": "text", "integer": "whole number", "boolean": "0 or 1", "list": "JSON list", "time": "time"}
)


def meaning(view: View, column: str) -> str:
    return _MEANS_HERE.get((view.name, column)) or _MEANS.get(column, "")


def as_markdown() -> str:
    return "\n\n".join(_table(view) for view in VIEWS.values())


def _table(view: View) -> str:
    rows = [f"| `{each.name}` | {_TYPES[each.type]} | {meaning(view, each.name)} |" for each in view.columns]
    head = [f"## {view.name}", "", _ABOUT[view.kind], "", "| column | type | meaning |", "| -- | -- | -- |"]
    return "\n".join([*head, *rows])
