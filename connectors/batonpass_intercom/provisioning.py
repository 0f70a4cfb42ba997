"""Creating fields: on the ticket type and for conversations, so that both ways of working have them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldDefinition, FieldId, FieldKind, NewField
from batonpass_intercom import sent_wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.schema import Attribute, Attributes, definition_of
from batonpass_intercom.workspace import Workspace

DATA_TYPES: Mapping[FieldKind, str] = MappingProxyType(
    {
        FieldKind.TEXT: "string",
        FieldKind.LONG_TEXT: "string",
        FieldKind.CHECKBOX: "boolean",
        FieldKind.DATE: "datetime",
        FieldKind.INTEGER: "integer",
        FieldKind.DECIMAL: "decimal",
        FieldKind.DROPDOWN: "list",
    }
)
"""What can be created; Intercom has no list of which several items can be chosen."""


class Provisioning:
    def __init__(self, client: IntercomClient, workspace: Workspace) -> None:
        self._client = client
        self._workspace = workspace

    async def create(self, field: NewField) -> FieldDefinition:
        if field.kind not in DATA_TYPES:
            raise _unsupported(field.name, f"Intercom has no attribute of the kind {field.kind}")
        _check_labels(field.name, field.options)
        known = await self._workspace.attributes(fresh=True)
        both = (known.of_tickets.get(field.name), known.of_conversations.get(field.name))
        if any(each is not None and not _same_kind(each.kind, field.kind) for each in both):
            raise RefusedError(
                f"{field.name}: an attribute of this name has another kind",
                fields=(field.name,),
                code="conflict",
            )
        for_tickets, for_conversations = both
        if for_tickets is None:
            await self._client.create_ticket_attribute(known.form.id, _new_for_tickets(field))
        if for_conversations is None:
            await self._client.create_conversation_attribute(_new_for_conversations(field))
        if field.options and (for_tickets or for_conversations):
            return await self.add_options(FieldId(field.name), field.options)
        return definition_of(await self._workspace.attributes(fresh=True), field.name)

    async def add_options(self, name: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        _check_labels(name, options)
        known = await self._workspace.attributes(fresh=True)
        for_tickets, for_conversations = known.of_tickets.get(name), known.of_conversations.get(name)
        if for_tickets is None and for_conversations is None:
            raise RefusedError(f"{name}: there is no such attribute", fields=(name,), code="not_found")
        for each in (for_tickets, for_conversations):
            if each is not None and each.kind is not FieldKind.DROPDOWN:
                raise _unsupported(name, "only a list has options")
        if for_tickets is not None:
            await self._add_to_tickets(known, for_tickets, options)
        if for_conversations is not None:
            for label in options:
                if label not in for_conversations.items:
                    option = sent_wire.NewOption(label=label)
                    await self._client.add_conversation_option(for_conversations.id, option)
        return definition_of(await self._workspace.attributes(fresh=True), name)

    async def _add_to_tickets(
        self, known: Attributes, attribute: Attribute, options: tuple[str, ...]
    ) -> None:
        """The whole list is sent, the old items first: whether Intercom adds to its list or replaces it is not
        documented, and so either does no harm."""
        labels = tuple(dict.fromkeys((*attribute.items, *options)))
        if len(labels) == len(attribute.items):
            return
        _check_labels(attribute.name, labels)
        items = sent_wire.ListItems(list_items=",".join(labels))
        await self._client.replace_list_items(known.form.id, attribute.id, items)


def _new_for_tickets(field: NewField) -> sent_wire.NewTicketAttribute:
    return sent_wire.NewTicketAttribute(
        name=field.name,
        description=field.why or field.name,
        data_type=DATA_TYPES[field.kind],
        multiline=_multiline(field.kind),
        list_items=",".join(dict.fromkeys(field.options)) if field.kind is FieldKind.DROPDOWN else None,
    )


def _new_for_conversations(field: NewField) -> sent_wire.NewConversationAttribute:
    options = tuple(sent_wire.NewOption(label=label) for label in dict.fromkeys(field.options))
    return sent_wire.NewConversationAttribute(
        name=field.name,
        description=field.why or field.name,
        data_type=DATA_TYPES[field.kind],
        multiline=_multiline(field.kind),
        options=options if field.kind is FieldKind.DROPDOWN else None,
    )


def _multiline(kind: FieldKind) -> bool | None:
    """Of texts; None: it is none."""
    return {FieldKind.TEXT: False, FieldKind.LONG_TEXT: True}.get(kind)


def _check_labels(name: str, labels: tuple[str, ...]) -> None:
    if any("," in label for label in labels):
        raise _unsupported(
            name, "Intercom takes a list's items as one text with commas between: use none in them"
        )
    if any(not label.strip() for label in labels):
        raise _unsupported(name, "an option needs a label")


def _unsupported(name: str, why: str) -> RefusedError:
    return RefusedError(f"{name}: {why}", fields=(name,), code="unsupported")


def _same_kind(one: FieldKind, other: FieldKind) -> bool:
    """Short and long text are one data type."""
    return DATA_TYPES.get(one, one) == DATA_TYPES.get(other, other)
