"""Applies a helpdesk mapping: our values and the live fields in, a ticket's fields out. Never raises for data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from weakref import WeakKeyDictionary

from batonpass.domain.facts import FactValue
from batonpass.domain.ticket import (
    Agent,
    FieldSchema,
    FieldValue,
    Form,
    Group,
    NotLanded,
    Priority,
    TextUnit,
)
from batonpass.mapping.conditions import Asking
from batonpass.mapping.convert import Target
from batonpass.mapping.rules import HelpdeskMapping, LookedUp, Rule
from batonpass.mapping.targets import Targets
from batonpass.mapping.under_way import UnderWay
from batonpass.mapping.wording import as_key, as_line, as_tag, as_text, cut


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedTicket:
    """The part of a ticket that a mapping makes."""

    subject: str
    priority: Priority | None
    group: Group | None
    tags: tuple[str, ...]
    fields: tuple[FieldValue, ...]
    not_landed: tuple[NotLanded, ...]
    """What has no place in the ticket's fields, each with the line of the mapping that wanted it there."""
    default_group: Group | None = None
    """Where it goes if the helpdesk refuses `group`: a ticket in no group may never be seen."""
    assignee: Agent | None = None
    form: Form | None = None


def apply(mapping: HelpdeskMapping, values: Mapping[str, FactValue], schema: FieldSchema) -> MappedTicket:
    """The ticket that the mapping makes of these values. A value that cannot go to its place is in `not_landed`
    and the rest goes on. An unknown value is absent from `values`."""
    compiled = _compiled.get(mapping)
    if compiled is None or compiled.schema is not schema:
        compiled = _compiled[mapping] = CompiledMapping(mapping, schema)
    return compiled.apply(values)


class CompiledMapping:
    """A mapping with the fields, groups, forms and agents of one account looked up."""

    def __init__(self, mapping: HelpdeskMapping, schema: FieldSchema) -> None:
        self.schema = schema
        # Its rules, not the mapping itself: the memo below drops a mapping that nobody else holds.
        self._subject_rule, self._priority_rule = mapping.subject, mapping.priority
        self._group_rule, self._tag_rules = mapping.group, mapping.tags
        self._assignee_rule, self._form_rule = mapping.assignee, mapping.form
        self._targets = Targets(schema)
        self._fields = [
            tuple(_Field(rule, self._targets) for rule in rules)
            for _, rules in groupby(mapping.fields, key=lambda rule: rule.name)
        ]
        conditions = [condition for _, condition in mapping.conditions]
        self._asking = Asking(conditions) if conditions else None

    def apply(self, values: Mapping[str, FactValue]) -> MappedTicket:
        lost: list[NotLanded] = []
        now = UnderWay(values, lost, self._asking)
        fields = tuple(found for rules in self._fields if (found := _first(rules, now)) is not None)
        return MappedTicket(
            subject=self._subject(now),
            priority=self._priority(now),
            group=self._group(now),
            tags=self._tags(now, fields),
            fields=fields,
            assignee=self._assignee(now),
            form=self._form(now),
            not_landed=tuple(lost),
            default_group=self._default_group(self._group_rule),
        )

    def _subject(self, now: UnderWay) -> str:
        rule = self._subject_rule
        resolved = rule.content.resolve(now.values)
        whole = "" if resolved.value is None else as_line(as_text(resolved.value))
        if not whole:
            whole = as_line(f"Handoff {as_text(now.values.get('handoff.id', ''))}")
        limit = self.schema.limits.subject
        if len(whole) > limit:
            now.lose(rule, whole, f"cut to {limit} characters")
        return cut(whole, limit)

    def _priority(self, now: UnderWay) -> Priority | None:
        rule = self._priority_rule
        text = now.text(rule)
        try:
            return Priority(text.strip().lower()) if text else None
        except ValueError:
            now.lose(rule, text or "", "no priority has this name")
            return None

    def _group(self, now: UnderWay) -> Group | None:
        rule = self._group_rule
        name = now.text(rule)
        if name is None:
            return None
        found = self._targets.group(name)
        if found is None:
            now.lose(rule, name, "no such group", meant=self._targets.nearest_group(name))
            # A ticket in the default group is seen; one in no group may not be.
            found = self._default_group(rule)
        return found

    def _default_group(self, rule: Rule | None) -> Group | None:
        name = _default(rule)
        return self._targets.group(name) if name else None

    def _assignee(self, now: UnderWay) -> Agent | None:
        rule = self._assignee_rule
        name = now.text(rule)
        if name is None:
            return None
        found = self._targets.agents(name)
        if len(found) == 1:
            return found[0]
        if not self.schema.agents:
            why = "the helpdesk has not told who its agents are"
        else:
            why = "several agents have this name" if found else "no agent has this e-mail address or name"
        now.lose(rule, name, why)
        return None

    def _form(self, now: UnderWay) -> Form | None:
        rule = self._form_rule
        name = now.text(rule)
        if name is None:
            return None
        found = self._targets.form(name)
        if found is None:
            now.lose(rule, name, "no such form", meant=self._targets.nearest_form(name))
            default = _default(rule)
            found = self._targets.form(default) if default else None
        return found

    def _tags(self, now: UnderWay, fields: tuple[FieldValue, ...]) -> tuple[str, ...]:
        filled = (rule.template.fill(now.values, whole=True) for rule in self._tag_rules if now.applies(rule))
        tags = dict.fromkeys(as_tag(text) for text in filled if text)
        # Helpdesks keep a dropdown's option as a tag too; sent twice it would stay when the field is changed.
        options = {option for field in fields for option in _options(field)}
        return tuple(tag for tag in tags if tag and tag not in options)


class _Field:
    """One field rule with its target; what can be said of it without a value is said once."""

    def __init__(self, rule: Rule, targets: Targets) -> None:
        self.rule = rule
        self._target = targets.field(rule.name)
        self._unit = self._target.definition.unit if self._target else TextUnit.CHARACTERS
        self._why, self._meant = _unusable(rule, self._target, targets)

    def filled(self, now: UnderWay) -> FieldValue | None:
        value = now.value(self.rule, self._unit)
        if value is None:
            return None
        if self._target is None or self._why:
            now.lose(self.rule, as_text(value), self._why, meant=self._meant)
            return None
        converted = self._target.convert(value)
        for each in converted.lost:
            now.lose(self.rule, each.value, each.why, meant=each.meant)
        if converted.content is None:
            return None
        definition = self._target.definition
        return FieldValue(id=definition.id, name=definition.name, value=converted.content)


def _first(rules: tuple[_Field, ...], now: UnderWay) -> FieldValue | None:
    """By the first of a field's rules that applies, whatever it makes."""
    for each in rules:
        if now.applies(each.rule):
            return each.filled(now)
    return None


def _unusable(rule: Rule, target: Target | None, targets: Targets) -> tuple[str, str | None]:
    if target is None:
        return "the helpdesk has no such field", targets.nearest_field(rule.name)
    if not target.definition.active:
        return "this field is switched off in the helpdesk", None
    return "", None


def _default(rule: Rule | None) -> str | None:
    content = rule.content if rule else None
    return as_key(content.default) if isinstance(content, LookedUp) and content.default is not None else None


def _options(field: FieldValue) -> tuple[str, ...]:
    match field.value:
        case str():
            return (field.value,)
        case tuple():
            return field.value
        case _:
            return ()


# A memo of a pure function. Keyed by identity: a mapping is equal to itself only.
_compiled: WeakKeyDictionary[HelpdeskMapping, CompiledMapping] = WeakKeyDictionary()
