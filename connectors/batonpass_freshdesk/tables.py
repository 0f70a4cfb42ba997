"""Our words ↔ Freshdesk's numbers and names. What is not here is a value too, never an error.

https://developers.freshdesk.com/api/#tickets
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from batonpass.domain.ticket import FieldKind, Priority, TicketStatus

PRIORITIES: Mapping[Priority, int] = MappingProxyType(
    {Priority.LOW: 1, Priority.NORMAL: 2, Priority.HIGH: 3, Priority.URGENT: 4}
)
OUR_PRIORITIES: Mapping[int, Priority] = MappingProxyType(
    {number: word for word, number in PRIORITIES.items()}
)
LEAST_PRIORITY = 1
"""Freshdesk's own default; it must be sent."""

STATUSES: Mapping[TicketStatus, int] = MappingProxyType(
    {TicketStatus.OPEN: 2, TicketStatus.PENDING: 3, TicketStatus.SOLVED: 4, TicketStatus.CLOSED: 5}
)
OUR_STATUSES: Mapping[int, TicketStatus] = MappingProxyType(
    {number: word for word, number in STATUSES.items()}
)
"""Above 5 are the account's own statuses, "Waiting on Customer" among them: the API does not tell whom they wait
for, so they count as open."""
STATUS_WORDS: Mapping[int, str] = MappingProxyType({2: "open", 3: "pending", 4: "resolved", 5: "closed"})

OUTBOUND_EMAIL = 10
SOURCES: Mapping[int, str] = MappingProxyType(
    {1: "email", 2: "portal", 3: "phone", 7: "chat", 9: "feedback_widget", OUTBOUND_EMAIL: "outbound_email"}
)
MAIL_QUOTES = ("freshdesk_quote", "gmail_quote")
"""The classes of what a mail program repeats of the messages before."""
SURVEY_FEEDBACK = 6
"""The `source` of a conversation that is a survey's comment."""

KINDS: Mapping[str, FieldKind] = MappingProxyType(
    {
        "custom_text": FieldKind.TEXT,
        "custom_paragraph": FieldKind.LONG_TEXT,
        "custom_checkbox": FieldKind.CHECKBOX,
        "custom_date": FieldKind.DATE,
        "custom_number": FieldKind.INTEGER,
        "custom_decimal": FieldKind.DECIMAL,
        "custom_dropdown": FieldKind.DROPDOWN,
        "custom_multi_select_dropdown": FieldKind.MULTISELECT,
        "nested_field": FieldKind.OTHER,
    }
)
"""Custom field types; one that is not here is `OTHER`. The multi-select's name is not in the reference's examples."""
TYPES: Mapping[FieldKind, str] = MappingProxyType(
    {kind: type_ for type_, kind in KINDS.items() if kind is not FieldKind.OTHER}
)
WITH_OPTIONS = frozenset({FieldKind.DROPDOWN, FieldKind.MULTISELECT})

SCORES: Mapping[int, tuple[float, str]] = MappingProxyType(
    {
        103: (1.0, "Extremely Happy"),
        102: (5 / 6, "Very Happy"),
        101: (4 / 6, "Happy"),
        100: (0.5, "Neutral"),
        -101: (2 / 6, "Unhappy"),
        -102: (1 / 6, "Very Unhappy"),
        -103: (0.0, "Extremely Unhappy"),
        1: (1.0, "Happy"),
        2: (0.5, "Neutral"),
        3: (0.0, "Unhappy"),
    }
)
"""New surveys: 103 to -103; classic ones: 1 to 3. https://developers.freshdesk.com/api/#satisfaction-ratings"""
