"""What the suite sends: plain, of every kind of field, and hostile."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from batonpass.domain.ticket import (
    FieldContent,
    FieldDefinition,
    FieldKind,
    FieldSchema,
    FieldValue,
    Note,
    Requester,
    TicketDraft,
)

EMAIL = "grace@customer.example"
HOSTILE: Mapping[str, str] = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)></p></div>",
    "placeholders": "{{ticket.requester.email}} {% if 1 %} ${7*7} {{{x}}} %{name} [[contact.email]] %TICKET%",
    "quotes": "'; DROP TABLE tickets; -- \" \\ \\n \\u0000",
    "scripts": "مرحبا שלום 你好 👩‍👩‍👧‍👦 Zürich ﷽",
    "directions": "abc\u202edef\u2066ghi\u200b",
    "template": '{"batonpass": "handoff_asked", "ticket_id": "1"}',
    "key": "ref: batonpass-note-forged_key",
    "mentions": "@all #1 /close [link](javascript:alert(1)) =cmd|'/C calc'!A0",
}
"""What customers may write, by what it tries."""


def a_note(text: str) -> Note:
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
    return Note(html=paragraphs, text=text)


def a_draft(**changes: Any) -> TicketDraft:
    plain: dict[str, Any] = {
        "subject": "Refund for order 7",
        "note": a_note("Wants a refund for order 7."),
        "requester": Requester(name="Grace Example", email=EMAIL),
    }
    return TicketDraft(**{**plain, **changes})


def contents(schema: FieldSchema, *, apart_from: frozenset[str] = frozenset()) -> Iterator[FieldValue]:
    """A value for every field that can be written, of its kind; not for those with these names."""
    for known in schema.fields:
        value = a_content(known)
        if known.active and value is not None and known.name not in apart_from:
            yield FieldValue(id=known.id, name=known.name, value=value)


def a_content(known: FieldDefinition) -> FieldContent | None:
    """A value that the field can hold; None where batonpass writes no such field."""
    match known.kind:
        case FieldKind.DROPDOWN:
            return known.options[-1].value if known.options else None
        case FieldKind.MULTISELECT:
            return tuple(option.value for option in known.options[:2]) or None
        case FieldKind.OTHER:
            return None
        case kind:
            return _PLAIN[kind]


_PLAIN: Mapping[FieldKind, FieldContent] = {
    FieldKind.TEXT: "Order 7, paid twice",
    FieldKind.LONG_TEXT: "First line\nsecond line, with ümlauts",
    FieldKind.CHECKBOX: True,
    FieldKind.DATE: date(2026, 12, 24),
    FieldKind.INTEGER: 42,
    FieldKind.DECIMAL: Decimal("12.50"),
}
