"""A helpdesk mapping as it is used: checked, with the line of each rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from batonpass.domain.facts import FactValue
from batonpass.mapping.conditions import Condition
from batonpass.mapping.layers import LayeredFile
from batonpass.mapping.transforms import Transform
from batonpass.mapping.wording import Template, as_key

Scalar = str | bool | int | Decimal | date
"""What can be written as one value in a mapping file."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    value: Scalar

    def resolve(self, values: Mapping[str, FactValue]) -> Resolved:  # noqa: ARG002 - the same for every ticket
        return Resolved(value=self.value, as_written=True)


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
            return Resolved(value=self.default, as_written=True)
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
        return Resolved(value=self.default, as_written=True) if value is None else Resolved(value=value)


Content = Constant | Filled | LookedUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a rule makes of the values: a value for the field, or None; `unmatched` is not in its `values`."""

    value: FactValue | None
    unmatched: FactValue | None = None
    as_written: bool = False
    """Whether it stands so in the file: no transform changes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the file: where a value goes, and which, and when."""

    name: str
    """The field's name as people see it."""
    at: Path
    """Its path in the file; of one among several for a field with its number: `("fields", "Tier", 0)`."""
    where: str
    """`mappings/helpdesk.toml:14`."""
    content: Content
    transforms: tuple[Transform, ...] = ()
    """What is done with the value, in this order; never with what stands in the file as it is to be."""
    when: Condition | None = None
    """The rule applies only where this holds; None: always."""
    written_as: str | None = None
    """The key of its content, where it stands in a table: `from`, `template` or `value`."""

    @property
    def content_at(self) -> Path:
        """Where its constant or template stands."""
        return (*self.at, self.written_as) if self.written_as else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    at: Path
    where: str
    template: Template
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class HelpdeskMapping:
    """What goes where in a ticket. Two of them are equal only where they are the same."""

    file: LayeredFile = field(repr=False)
    """All layers in one: a place in it is told with the file that it stands in."""
    subject: Rule
    priority: Rule | None
    group: Rule | None
    tags: tuple[TagRule, ...]
    fields: tuple[Rule, ...]
    """Several of one name stand together: the first whose condition holds is taken."""
    assignee: Rule | None = None
    form: Rule | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule but those of the tags."""
        named = (self.subject, self.priority, self.group, self.assignee, self.form, *self.fields)
        return tuple(rule for rule in named if rule is not None)

    @property
    def conditions(self) -> Iterator[tuple[Path, Condition]]:
        """Every condition, with the place of its text."""
        placed = [(rule.at, rule.when) for rule in self.rules] + [(tag.at, tag.when) for tag in self.tags]
        for at, condition in placed:
            if condition is not None:
                yield (*at, "when"), condition
