"""A helpdesk's fields, groups, forms and agents, found by the names that people see."""

from __future__ import annotations

from functools import cached_property

from batonpass.diagnostics import nearest
from batonpass.domain.ticket import Agent, FieldDefinition, FieldSchema, Form, Group
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
        self._forms = {form.name.strip().casefold(): form for form in schema.forms}
        self._agents: dict[str, dict[str, Agent]] = {}
        for agent in schema.agents:
            for name in {agent.email, agent.name} - {None, ""}:
                self._agents.setdefault(str(name).strip().casefold(), {})[agent.id] = agent

    def field(self, name: str) -> Target | None:
        definition = self._fields.get(name) or self._fields.get(name.strip().casefold())
        return Target(definition) if definition else None

    def group(self, name: str) -> Group | None:
        return self._groups.get(name.strip().casefold())

    def form(self, name: str) -> Form | None:
        return self._forms.get(name.strip().casefold())

    def agents(self, name: str) -> tuple[Agent, ...]:
        """All who have this e-mail address or name."""
        return tuple(self._agents.get(name.strip().casefold(), {}).values())

    def nearest_field(self, name: str) -> str | None:
        return nearest(name, self._active_names)

    def nearest_group(self, name: str) -> str | None:
        return nearest(name, [group.name for group in self.schema.groups])

    def nearest_form(self, name: str) -> str | None:
        return nearest(name, [form.name for form in self.schema.forms])

    @cached_property
    def _active_names(self) -> list[str]:
        return [definition.name for definition in self.schema.fields if definition.active]
