"""A helpdesk's fields and groups, found by the names that people see."""

from __future__ import annotations

from functools import cached_property

from batonpass.diagnostics import nearest
from batonpass.domain.ticket import FieldDefinition, FieldSchema, Group
from batonpass.mapping.convert import Target


class Targets:
    """Looks up by name: exactly, then but for upper and lower case. Of two fields with one name the active one."""

    def __init__(self, schema: FieldSchema) -> None:
        self.schema = schema
        self._fields: dict[str, FieldDefinition] = {}
        for definition in sorted(schema.fields, key=lambda each: each.active):
            self._fields[definition.name.strip().casefold()] = definition
        self._fields |= {definition.name: definition for definition in schema.fields if definition.active}
        self._groups = {group.name.strip().casefold(): group for group in schema.groups}

    def field(self, name: str) -> Target | None:
        definition = self._fields.get(name) or self._fields.get(name.strip().casefold())
        return Target(definition) if definition else None

    def group(self, name: str) -> Group | None:
        return self._groups.get(name.strip().casefold())

    def nearest_field(self, name: str) -> str | None:
        return nearest(name, self._active_names)

    def nearest_group(self, name: str) -> str | None:
        return nearest(name, [group.name for group in self.schema.groups])

    @cached_property
    def _active_names(self) -> list[str]:
        return [definition.name for definition in self.schema.fields if definition.active]
