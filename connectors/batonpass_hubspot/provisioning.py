"""Creating ticket properties.

https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide: a property's name is its id; it is in
lower case, cannot be changed, and is not free again while a deleted property of that name can be restored.
"""

from __future__ import annotations

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldDefinition, FieldId, FieldKind, NewField
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_wire import NewProperty, WrittenOption
from batonpass_hubspot.fields import CREATED, definition, kind_of
from batonpass_hubspot.names import option_value, property_name
from batonpass_hubspot.wire import Property

GROUP, GROUP_LABEL = "batonpass", "batonpass"
_CHOICES = frozenset({FieldKind.DROPDOWN, FieldKind.MULTISELECT})


class Provisioning:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @staticmethod
    def own_fields() -> tuple[NewField, ...]:
        """Their labels become the properties' names, `batonpass_key` and `batonpass_tags`."""
        return (
            NewField(
                name="batonpass key",
                kind=FieldKind.TEXT,
                unique=True,
                why="finds the ticket of a handoff again, so that none is opened twice",
            ),
            NewField(
                name="batonpass tags", kind=FieldKind.TEXT, why="holds the tags of a ticket; HubSpot has none"
            ),
        )

    async def create_field(self, field: NewField) -> FieldDefinition:
        """A field for whole numbers becomes a number, which takes decimals too: HubSpot has no other kind, and the
        definition that is given says so."""
        if field.kind not in CREATED:
            raise RefusedError(f"properties.create: batonpass makes no {field.kind}", code="unsupported")
        self._desk.properties.forget()
        standing = _named(field.name, await self._desk.properties.get())
        if standing is not None:
            return await self._taken(standing, field)
        await self._ensure_group()
        type_, field_type = CREATED[field.kind]
        new = NewProperty(
            name=property_name(field.name),
            label=field.name,
            type=type_,
            field_type=field_type,
            group_name=GROUP,
            description=field.why,
            options=_options(field),
            has_unique_value=True if field.unique else None,
        )
        try:
            made = await self._desk.api.create_property(new)
        except RefusedError as refused:
            if refused.status != 409:
                raise
            raise RefusedError(
                f"properties.create: {new.name} is taken by a deleted property; restore it in HubSpot, or choose "
                "another name",
                status=409,
                code="conflict",
            ) from None
        finally:
            self._desk.properties.forget()
        return definition(made)

    async def add_options(self, field: FieldId, options: tuple[str, ...]) -> FieldDefinition:
        self._desk.properties.forget()
        known = next((each for each in await self._desk.properties.get() if each.name == field), None)
        if known is None:
            raise RefusedError("properties.update: no such property", status=404, code="not_found")
        return await self._with_options(known, options)

    async def _taken(self, standing: Property, field: NewField) -> FieldDefinition:
        kind = kind_of(standing)
        same = CREATED.get(kind) == CREATED[field.kind]
        if not same or (field.unique and not standing.has_unique_value):
            unique = " without unique values" if same else ""
            raise RefusedError(
                f"properties.create: a property of this name stands already{unique}, of kind {kind}",
                code="conflict",
            )
        return await self._with_options(standing, field.options)

    async def _with_options(self, known: Property, labels: tuple[str, ...]) -> FieldDefinition:
        has = {option.label.strip().casefold() for option in known.options}
        lacking = [label for label in dict.fromkeys(labels) if label.strip().casefold() not in has]
        if not lacking or kind_of(known) not in _CHOICES:
            return definition(known)
        stays = [
            WrittenOption(label=each.label, value=each.value, hidden=each.hidden, display_order=at)
            for at, each in enumerate(known.options)
        ]
        taken = {option.value for option in known.options}
        for label in lacking:
            value = _free(option_value(label), taken)
            taken.add(value)
            stays.append(WrittenOption(label=label, value=value, display_order=len(stays)))
        changed = await self._desk.api.replace_options(known.name, stays)
        self._desk.properties.forget()
        return definition(changed)

    async def _ensure_group(self) -> None:
        """A property's group must be there before it."""
        try:
            await self._desk.api.create_group(GROUP, GROUP_LABEL)
        except RefusedError as refused:
            if refused.status != 409:
                raise


def _options(field: NewField) -> tuple[WrittenOption, ...]:
    if field.kind is FieldKind.CHECKBOX:  # HubSpot wants them told: "Booleans need a true and a false option"
        return (WrittenOption(label="Yes", value="true"), WrittenOption(label="No", value="false"))
    if field.kind not in _CHOICES:
        return ()
    taken: set[str] = set()
    made: list[WrittenOption] = []
    for label in dict.fromkeys(field.options):
        value = _free(option_value(label), taken)
        taken.add(value)
        made.append(WrittenOption(label=label, value=value, display_order=len(made)))
    return tuple(made)


def _named(name: str, known: tuple[Property, ...]) -> Property | None:
    """By the label that people see, else by the name that it would get."""
    same = name.strip().casefold()
    by_label = next((each for each in known if each.label.strip().casefold() == same), None)
    return by_label or next((each for each in known if each.name == property_name(name)), None)


def _free(value: str, taken: set[str]) -> str:
    """Two labels may differ in what a value cannot say."""
    number = 2
    free = value
    while free in taken:
        free = f"{value}_{number}"
        number += 1
    return free
