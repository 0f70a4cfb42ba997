"""What tickets and conversations of this workspace can hold: one list of fields for both kinds.

A field's id is its name, for both kinds know their attributes by name. A list's options are told by their labels; a
ticket is written with the list item's id, a conversation with the label.
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/Tickets/createTicket/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import (
    FieldContent,
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    FieldValue,
    Form,
    Group,
    TicketLimits,
)
from batonpass_intercom import wire
from batonpass_intercom.refs import Kind

TITLE = "_default_title_"
DESCRIPTION = "_default_description_"
_BUILT_IN = frozenset({TITLE, DESCRIPTION})

LIMITS = TicketLimits(subject=255, note=40_000)
"""Intercom documents neither: 255 is what its other short texts take, 40,000 leaves room below the 64 KB of a text
column. One that is longer would be refused."""

KINDS: Mapping[str, FieldKind] = MappingProxyType(
    {
        "string": FieldKind.TEXT,
        "list": FieldKind.DROPDOWN,
        "integer": FieldKind.INTEGER,
        "decimal": FieldKind.DECIMAL,
        "boolean": FieldKind.CHECKBOX,
        "datetime": FieldKind.DATE,
        "files": FieldKind.OTHER,
        "relationship": FieldKind.OTHER,
    }
)
"""Intercom's data type → our kind; a type that is not here is `OTHER`. A string of several lines is `LONG_TEXT`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of one kind of thing."""

    id: str
    name: str
    kind: FieldKind
    active: bool = True
    required: bool = False
    items: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """A list's labels → what is written for each."""

    def written(self, value: FieldContent) -> wire.Written:
        """The value in JSON. Raises `RefusedError` naming this field where it is no option of it."""
        match value:
            case bool() | int():
                return value
            case Decimal():
                return float(value)
            case date():
                return f"{value:%Y-%m-%d}T00:00:00Z"
            case tuple():
                raise refused(self.name, "it holds one value, not several")
            case _ if self.kind is FieldKind.DROPDOWN:
                return self._item(value)
            case _:
                return value

    def _item(self, label: str) -> str:
        if label not in self.items:
            raise refused(self.name, "no such option")
        return self.items[label]

    def read(self, value: wire.Scalar) -> FieldContent | None:
        """The value in our words: a list item's id becomes its label, a time its day."""
        if value is None or value == "":
            return None
        if self.kind is FieldKind.DATE:
            return _day(value)
        if self.kind is FieldKind.DROPDOWN:
            labels = {written: label for label, written in self.items.items()}
            return labels.get(str(value), str(value))
        return Decimal(str(value)) if isinstance(value, float) else value


def refused(part: str, why: str) -> RefusedError:
    """A part that we know will not be taken, refused before the call as the vendor would have: with status 422."""
    return RefusedError(f"{part}: {why}", status=422, fields=(part,), code="unsupported")


def _day(value: str | bool | float) -> FieldContent | None:
    """Times come as ISO text or in seconds."""
    if isinstance(value, str):
        return value[:10]
    try:
        return datetime.fromtimestamp(int(value), UTC).date()
    except (OverflowError, ValueError, OSError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What is known of the workspace's fields, as read at one time."""

    form: wire.TicketType
    of_tickets: Mapping[str, Attribute]
    of_conversations: Mapping[str, Attribute]

    def of(self, kind: Kind) -> Mapping[str, Attribute]:
        return self.of_tickets if kind is Kind.TICKET else self.of_conversations

    def written(self, kind: Kind, fields: Sequence[FieldValue]) -> dict[str, wire.Written]:
        """By attribute name. Raises `RefusedError` naming all fields that this kind lacks."""
        known = self.of(kind)
        lacking = tuple(field.id for field in fields if field.id not in known or not known[field.id].active)
        if lacking:
            raise RefusedError(
                f"a {kind} has no attribute of this name", status=422, fields=lacking, code="unsupported"
            )
        return {field.id: known[field.id].written(field.value) for field in fields}

    def read(self, kind: Kind, told: Mapping[str, wire.Scalar]) -> dict[FieldId, FieldContent | None]:
        known = self.of(kind)
        return {
            FieldId(name): known[name].read(value) if name in known else _unknown(value)
            for name, value in told.items()
            if name not in _BUILT_IN
        }


def _unknown(value: wire.Scalar) -> FieldContent | None:
    return Decimal(str(value)) if isinstance(value, float) else value


def attributes_of(form: wire.TicketType, asked: Sequence[wire.ConversationAttribute]) -> Attributes:
    """Of two attributes with one name the one in use."""
    listed = sorted(form.ticket_type_attributes.attributes, key=lambda each: not each.archived)
    return Attributes(
        form=form,
        of_tickets={each.name: _of_ticket(each) for each in listed if each.name not in _BUILT_IN},
        of_conversations={
            each.name: _of_conversation(each) for each in sorted(asked, key=lambda one: not one.archived)
        },
    )


def _of_ticket(told: wire.TicketAttribute) -> Attribute:
    items = {item.label: item.id or item.label for item in told.input_options.items if not item.archived}
    return Attribute(
        id=told.id,
        name=told.name,
        kind=_kind(told.data_type, told.input_options.multiline),
        active=not told.archived,
        required=told.required_to_create,
        items=MappingProxyType(items),
    )


def _of_conversation(told: wire.ConversationAttribute) -> Attribute:
    return Attribute(
        id=told.id,
        name=told.name,
        kind=_kind(told.data_type, told.multiline),
        active=not told.archived,
        required=told.required,
        items=MappingProxyType(
            {option.label: option.label for option in told.options if not option.archived}
        ),
    )


def _kind(data_type: str, multiline: bool | None) -> FieldKind:
    kind = KINDS.get(data_type, FieldKind.OTHER)
    return FieldKind.LONG_TEXT if kind is FieldKind.TEXT and multiline else kind


def field_schema(known: Attributes, teams: Sequence[wire.Team], *, as_of: datetime) -> FieldSchema:
    """The union of both kinds by name; the ticket type's word counts where both have it."""
    names = dict.fromkeys([*known.of_tickets, *known.of_conversations])
    return FieldSchema(
        fields=tuple(definition_of(known, name) for name in names),
        groups=tuple(Group(id=team.id, name=team.name) for team in teams),
        limits=LIMITS,
        as_of=as_of,
        forms=(
            Form(
                id=known.form.id,
                name=known.form.name,
                fields=tuple(FieldId(name) for name in known.of_tickets),
                statuses=tuple(state.internal_label or "" for state in known.form.ticket_states.data),
            ),
        ),
    )


def definition_of(known: Attributes, name: str) -> FieldDefinition:
    both = [found for of in (known.of_tickets, known.of_conversations) if (found := of.get(name)) is not None]
    first = next((each for each in both if each.active), both[0])
    labels = dict.fromkeys(label for each in both for label in each.items)
    return FieldDefinition(
        id=FieldId(name),
        name=name,
        kind=first.kind,
        active=first.active,
        required=name in known.of_tickets and known.of_tickets[name].required,
        options=tuple(FieldOption(value=label, label=label) for label in labels),
    )
