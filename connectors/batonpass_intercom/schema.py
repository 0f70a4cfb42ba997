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
BUILT_IN = frozenset({TITLE, DESCRIPTION})

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
    """The ticket type that the connection is set to."""
    of_tickets: Mapping[str, Attribute]
    """Of that type."""
    of_conversations: Mapping[str, Attribute]
    types: tuple[wire.TicketType, ...] = ()
    """All that are in use, that one first."""
    by_type: Mapping[str, Mapping[str, Attribute]] = field(default_factory=lambda: MappingProxyType({}))
    """The attributes of each, by its id."""

    def of(self, kind: Kind, type_id: str | None = None) -> Mapping[str, Attribute]:
        """`type_id` None, or of a type that is gone: the connection's own."""
        of_tickets = self.by_type.get(type_id or self.form.id, self.of_tickets)
        return of_tickets if kind is Kind.TICKET else self.of_conversations

    def keyed(self, name: str) -> tuple[Attribute, ...]:
        """The attribute of this name on each ticket type that has it."""
        return tuple(each[name] for each in (self.by_type.values() or (self.of_tickets,)) if name in each)

    def written(
        self, kind: Kind, fields: Sequence[FieldValue], *, type_id: str | None = None
    ) -> dict[str, wire.Written]:
        """By attribute name. Raises `RefusedError` naming all fields that this kind, or this ticket type, lacks."""
        known = self.of(kind, type_id)
        lacking = tuple(field.id for field in fields if field.id not in known or not known[field.id].active)
        if lacking:
            raise RefusedError(
                f"a {kind} has no attribute of this name", status=422, fields=lacking, code="unsupported"
            )
        return {field.id: known[field.id].written(field.value) for field in fields}

    def read(
        self, kind: Kind, told: Mapping[str, wire.Scalar], *, type_id: str | None = None
    ) -> dict[FieldId, FieldContent | None]:
        known = self.of(kind, type_id)
        return {
            FieldId(name): known[name].read(value) if name in known else _unknown(value)
            for name, value in told.items()
            if name not in BUILT_IN
        }


def _unknown(value: wire.Scalar) -> FieldContent | None:
    return Decimal(str(value)) if isinstance(value, float) else value


def attributes_of(
    form: wire.TicketType, others: Sequence[wire.TicketType], asked: Sequence[wire.ConversationAttribute]
) -> Attributes:
    """Of two attributes with one name the one in use."""
    types = (form, *(each for each in others if each.id != form.id))
    by_type = {each.id: _on(each) for each in types}
    return Attributes(
        form=form,
        types=types,
        by_type=by_type,
        of_tickets=by_type[form.id],
        of_conversations={
            each.name: _of_conversation(each) for each in sorted(asked, key=lambda one: not one.archived)
        },
    )


def _on(form: wire.TicketType) -> Mapping[str, Attribute]:
    listed = sorted(form.ticket_type_attributes.attributes, key=lambda each: not each.archived)
    return {each.name: _of_ticket(each) for each in listed if each.name not in BUILT_IN}


def _of_ticket(told: wire.TicketAttribute) -> Attribute:
    items = {item.label: item.id or item.label for item in told.input_options.items if not item.archived}
    return Attribute(
        id=told.id,
        name=told.name,
        kind=kind_of(told.data_type, told.input_options.multiline),
        active=not told.archived,
        required=told.required_to_create,
        items=MappingProxyType(items),
    )


def _of_conversation(told: wire.ConversationAttribute) -> Attribute:
    return Attribute(
        id=told.id,
        name=told.name,
        kind=kind_of(told.data_type, told.multiline),
        active=not told.archived,
        required=told.required,
        items=MappingProxyType(
            {option.label: option.label for option in told.options if not option.archived}
        ),
    )


def kind_of(data_type: str, multiline: bool | None) -> FieldKind:
    kind = KINDS.get(data_type, FieldKind.OTHER)
    return FieldKind.LONG_TEXT if kind is FieldKind.TEXT and multiline else kind


def field_schema(known: Attributes, teams: Sequence[wire.Team], *, as_of: datetime) -> FieldSchema:
    """The union of all ticket types and of conversations by name; the connection's ticket type counts where several
    have it."""
    names = dict.fromkeys(name for of in _all(known) for name in of)
    return FieldSchema(
        fields=tuple(definition_of(known, name) for name in names),
        groups=tuple(Group(id=team.id, name=team.name) for team in teams),
        limits=LIMITS,
        as_of=as_of,
        forms=tuple(
            Form(
                id=each.id,
                name=each.name,
                fields=tuple(
                    FieldId(name) for name, one in known.of(Kind.TICKET, each.id).items() if one.active
                ),
                statuses=tuple(state.internal_label or "" for state in each.ticket_states.data),
            )
            for each in known.types
        ),
    )


def _all(known: Attributes) -> tuple[Mapping[str, Attribute], ...]:
    others = (of for type_id, of in known.by_type.items() if type_id != known.form.id)
    return (known.of_tickets, *others, known.of_conversations)


def definition_of(known: Attributes, name: str) -> FieldDefinition:
    """Required where the connection's ticket type wants it. Intercom documents that of teammates only ("required to be
    filled in when teammates are creating the ticket in Inbox"); that the API wants it too is assumed. No length is
    documented."""
    found = [each for of in _all(known) if (each := of.get(name)) is not None]
    first = next((each for each in found if each.active), found[0])
    labels = dict.fromkeys(label for each in found for label in each.items)
    return FieldDefinition(
        id=FieldId(name),
        name=name,
        kind=first.kind,
        active=first.active,
        required=name in known.of_tickets and known.of_tickets[name].required,
        options=tuple(FieldOption(value=label, label=label) for label in labels),
    )
