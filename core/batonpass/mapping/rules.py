"""A helpdesk mapping as it is used: checked, with the line of each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from batonpass.diagnostics import TomlFile
from batonpass.domain.facts import FactValue
from batonpass.mapping.wording import Template, as_key

Scalar = str | bool | int | Decimal | date
"""What can be written as one value in a mapping file."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    value: Scalar

    def resolve(self, values: Mapping[str, FactValue]) -> Resolved:  # noqa: ARG002 - the same for every ticket
        return Resolved(value=self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    template: Template

    def resolve(self, values: Mapping[str, FactValue]) -> Resolved:
        return Resolved(value=self.template.fill(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    source: str
    """A path of the context package."""
    values: Mapping[str, Scalar]
    """Our value, in small letters → the helpdesk's. Empty: our value as it is."""
    default: Scalar | None = None

    def resolve(self, values: Mapping[str, FactValue]) -> Resolved:
        known = values.get(self.source)
        if known is None or known in ("", ()):  # a tuple: not every number can be hashed
            return Resolved(value=self.default)
        if not self.values:
            return Resolved(value=known)
        if isinstance(known, tuple):
            found = [
                self.values[each.strip().lower()] for each in known if each.strip().lower() in self.values
            ]
            value: FactValue | None = tuple(str(each) for each in found) or None
        else:
            value = self.values.get(as_key(known).strip().lower())
        if value is None and self.default is None:
            return Resolved(value=None, unmatched=known)
        return Resolved(value=self.default if value is None else value)


Content = Constant | Filled | LookedUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a rule makes of the values: a value for the field, or None; `unmatched` is not in its `values`."""

    value: FactValue | None
    unmatched: FactValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the file: where a value goes, and which."""

    name: str
    """The field's name as people see it."""
    at: Path
    """Its path in the file."""
    where: str
    """`mappings/helpdesk.toml:14`."""
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    at: Path
    where: str
    template: Template


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class HelpdeskMapping:
    """What goes where in a ticket. Two of them are equal only where they are the same."""

    file: TomlFile = field(repr=False)
    subject: Rule
    priority: Rule | None
    group: Rule | None
    tags: tuple[TagRule, ...]
    fields: tuple[Rule, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule but those of the tags."""
        named = (self.subject, self.priority, self.group, *self.fields)
        return tuple(rule for rule in named if rule is not None)
