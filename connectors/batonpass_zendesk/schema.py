"""What the account's tickets can hold, and making it hold more."""

from __future__ import annotations

import re

from batonpass.domain.errors import RefusedError
from batonpass.domain.text import one_line
from batonpass.domain.ticket import (
    FieldDefinition,
    FieldId,
    FieldKind,
    FieldOption,
    FieldSchema,
    Form,
    Group,
    NewField,
    TicketLimits,
)
from batonpass_zendesk import sent, wire
from batonpass_zendesk.account import Account, number

LIMITS = TicketLimits(subject=150, note=60_000)
"""The subject's limit is that of the agents' screen, the API documents none. Of a comment Zendesk advises at most
65,000 characters; the room is for its own markup and our marker."""

KINDS = {
    "text": FieldKind.TEXT,
    "textarea": FieldKind.LONG_TEXT,
    "checkbox": FieldKind.CHECKBOX,
    "date": FieldKind.DATE,
    "integer": FieldKind.INTEGER,
    "decimal": FieldKind.DECIMAL,
    "regexp": FieldKind.TEXT,
    "tagger": FieldKind.DROPDOWN,
    "multiselect": FieldKind.MULTISELECT,
    "partialcreditcard": FieldKind.OTHER,
    "lookup": FieldKind.OTHER,
}
"""Custom field types; one that is not here is `OTHER`.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/#json-format"""

CREATED_AS: dict[FieldKind, str] = {
    kind: type_ for type_, kind in KINDS.items() if type_ != "regexp" and kind is not FieldKind.OTHER
}
WITH_OPTIONS = frozenset({FieldKind.DROPDOWN, FieldKind.MULTISELECT})

SYSTEM_FIELDS = frozenset(
    {
        "subject", "description", "status", "custom_status", "tickettype", "priority", "basic_priority", "group",
        "assignee", "ticket_form", "brand", "requester", "ccs", "tags",
    }
)  # fmt: skip

_LONGEST_TAG = 80
_NO_TAG = re.compile(r"\W+")


class Schema:
    """`Helpdesk.field_schema` and `ProvisionsFields`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client

    async def field_schema(self) -> FieldSchema:
        fields = await self._custom_fields()
        groups = await self._client.groups()
        ours = {field.id for field in fields}
        return FieldSchema(
            fields=tuple(_definition(field) for field in fields),
            groups=tuple(Group(id=str(group.id), name=group.name) for group in groups if not group.deleted),
            forms=tuple(_form(form, ours) for form in await self._forms() if form.active),
            limits=LIMITS,
            as_of=self._account.clock.now(),
            options_are_tags=True,
        )

    def own_fields(self) -> tuple[NewField, ...]:
        """None: a ticket is found by its external id, which every ticket has."""
        return ()

    async def create_field(self, field: NewField) -> FieldDefinition:
        """Zendesk can hold no field's values to be unique, so `NewField.unique` is without effect. A dropdown needs
        at least one option. Two callers at the same moment may make two fields of one name."""
        if field.kind not in CREATED_AS:
            raise RefusedError(f"fields.create: no {field.kind} fields are made here", code="unsupported")
        if field.kind in WITH_OPTIONS and not field.options:
            raise RefusedError("fields.create: Zendesk makes no dropdown without options", code="unsupported")
        fields = await self._custom_fields()
        of_this_name = [known for known in fields if _same(known.title, field.name)]
        for known in sorted(of_this_name, key=lambda each: not each.active):
            if KINDS.get(known.type) is field.kind:
                return await self._with_options(known, field.options, fields)
        if of_this_name:
            raise RefusedError(
                "fields.create: a field of this name has another kind", fields=(field.name,), code="conflict"
            )
        return _definition(await self._client.create_field(_new_field(field, fields)))

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        wanted = number(field, field)
        fields = await self._custom_fields()
        known = next((each for each in fields if each.id == wanted), None)
        if known is None:
            raise RefusedError("options.create: no such field", fields=(field,), code="not_found")
        if KINDS.get(known.type) not in WITH_OPTIONS:
            raise RefusedError("options.create: it has no options", fields=(field,), code="unsupported")
        return await self._with_options(known, options, fields)

    async def _with_options(
        self, known: wire.TicketField, labels: tuple[str, ...], fields: tuple[wire.TicketField, ...]
    ) -> FieldDefinition:
        there = [option.name for option in known.custom_field_options]
        lacking = [label for label in labels if not any(_same(label, name) for name in there)]
        if not lacking:
            return _definition(known)
        for option in _options(known.title, lacking, taken=_tags(fields)):
            await self._client.add_option(known.id, option)
        after = await self._custom_fields()
        return _definition(next((each for each in after if each.id == known.id), known))

    async def _custom_fields(self) -> tuple[wire.TicketField, ...]:
        return tuple(field for field in await self._client.ticket_fields() if field.type not in SYSTEM_FIELDS)

    async def _forms(self) -> tuple[wire.Form, ...]:
        """None where the plan has none: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/"""
        try:
            return await self._client.ticket_forms()
        except RefusedError as refused:
            if refused.status in {403, 404}:
                return ()
            raise


def _new_field(field: NewField, fields: tuple[wire.TicketField, ...]) -> sent.NewTicketField:
    options = _options(field.name, field.options, taken=_tags(fields)) if field.kind in WITH_OPTIONS else None
    return sent.NewTicketField(type=CREATED_AS[field.kind], title=field.name, custom_field_options=options)


def _options(title: str, labels: tuple[str, ...] | list[str], *, taken: set[str]) -> list[sent.NewOption]:
    """Each with a tag of its own in the whole account: Zendesk lets two fields share one and breaks later.
    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/"""
    made: list[sent.NewOption] = []
    used = set(taken)
    for label in dict.fromkeys(labels):
        first = _tag(title, label)
        tag = next(tag for tag in (first, *(f"{first}_{n}" for n in range(2, 10_000))) if tag not in used)
        used.add(tag)
        made.append(sent.NewOption(name=label, value=tag))
    return made


def _tag(title: str, label: str) -> str:
    prefix, own = (_NO_TAG.sub("_", text.lower()).strip("_") for text in (title, label))
    whole = own if own.startswith(f"{prefix}_") else f"{prefix}_{own}"
    return whole.strip("_")[:_LONGEST_TAG] or "option"


def _tags(fields: tuple[wire.TicketField, ...]) -> set[str]:
    return {option.value for field in fields for option in field.custom_field_options}


def _same(one: str, other: str) -> bool:
    return one_line(one).casefold() == one_line(other).casefold()


def _definition(field: wire.TicketField) -> FieldDefinition:
    """Never required: a field that Zendesk calls required is so "to change the ticket status to solved", and a new
    ticket is not. No length is documented: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/"""
    return FieldDefinition(
        id=FieldId(str(field.id)),
        name=field.title,
        kind=KINDS.get(field.type, FieldKind.OTHER),
        active=field.active,
        options=tuple(
            FieldOption(value=option.value, label=option.name) for option in field.custom_field_options
        ),
    )


def _form(form: wire.Form, custom: set[int]) -> Form:
    shown = tuple(FieldId(str(each)) for each in form.ticket_field_ids if each in custom)
    return Form(id=str(form.id), name=form.name, fields=shown)
