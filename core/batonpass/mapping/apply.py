"""Applies a helpdesk mapping: our values and the live fields in, a ticket's fields out. Never raises for data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from batonpass.domain.facts import FactValue
from batonpass.domain.ticket import FieldSchema, FieldValue, Group, NotLanded, Priority
from batonpass.mapping.convert import Target
from batonpass.mapping.rules import HelpdeskMapping, LookedUp, Rule
from batonpass.mapping.targets import Targets
from batonpass.mapping.wording import as_key, as_line, as_tag, as_text, cut

_LONGEST_LOST_VALUE = 500
_UNMATCHED = 'not in "values" of the mapping'


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


def apply(mapping: HelpdeskMapping, values: Mapping[str, FactValue], schema: FieldSchema) -> MappedTicket:
    """The ticket that the mapping makes of these values. A value that cannot go to its place is in `not_landed`
    and the rest goes on. An unknown value is absent from `values`."""
    compiled = _compiled.get(mapping)
    if compiled is None or compiled.schema is not schema:
        compiled = _compiled[mapping] = CompiledMapping(mapping, schema)
    return compiled.apply(values)


class CompiledMapping:
    """A mapping with the fields and groups of one account looked up."""

    def __init__(self, mapping: HelpdeskMapping, schema: FieldSchema) -> None:
        self.schema = schema
        # Its rules, not the mapping itself: the memo below drops a mapping that nobody else holds.
        self._subject_rule, self._priority_rule = mapping.subject, mapping.priority
        self._group_rule, self._tag_rules = mapping.group, mapping.tags
        self._targets = Targets(schema)
        self._fields = [_Field(rule, self._targets) for rule in mapping.fields]

    def apply(self, values: Mapping[str, FactValue]) -> MappedTicket:
        lost: list[NotLanded] = []
        fields = tuple(found for field in self._fields if (found := field.filled(values, lost)) is not None)
        return MappedTicket(
            subject=self._subject(values, lost),
            priority=self._priority(values, lost),
            group=self._group(values, lost),
            tags=self._tags(values, fields),
            fields=fields,
            not_landed=tuple(lost),
            default_group=self._default_group(self._group_rule),
        )

    def _subject(self, values: Mapping[str, FactValue], lost: list[NotLanded]) -> str:
        rule = self._subject_rule
        resolved = rule.content.resolve(values)
        whole = "" if resolved.value is None else as_line(as_text(resolved.value))
        if not whole:
            whole = as_line(f"Handoff {as_text(values.get('handoff.id', ''))}")
        limit = self.schema.limits.subject
        if len(whole) > limit:
            lost.append(_not_landed(rule, whole, f"cut to {limit} characters"))
        return cut(whole, limit)

    def _priority(self, values: Mapping[str, FactValue], lost: list[NotLanded]) -> Priority | None:
        text = _resolved(self._priority_rule, values, lost)
        try:
            return Priority(text.strip().lower()) if text else None
        except ValueError:
            lost.append(_not_landed(self._priority_rule, text or "", "no priority has this name"))
            return None

    def _group(self, values: Mapping[str, FactValue], lost: list[NotLanded]) -> Group | None:
        rule = self._group_rule
        name = _resolved(rule, values, lost)
        if name is None:
            return None
        found = self._targets.group(name)
        if found is None:
            lost.append(_not_landed(rule, name, "no such group", meant=self._targets.nearest_group(name)))
            # A ticket in the default group is seen; one in no group may not be.
            found = self._default_group(rule)
        return found

    def _default_group(self, rule: Rule | None) -> Group | None:
        content = rule.content if rule else None
        if not isinstance(content, LookedUp) or content.default is None:
            return None
        return self._targets.group(as_key(content.default))

    def _tags(self, values: Mapping[str, FactValue], fields: tuple[FieldValue, ...]) -> tuple[str, ...]:
        filled = (rule.template.fill(values, whole=True) for rule in self._tag_rules)
        tags = dict.fromkeys(as_tag(text) for text in filled if text)
        # Helpdesks keep a dropdown's option as a tag too; sent twice it would stay when the field is changed.
        options = {option for field in fields for option in _options(field)}
        return tuple(tag for tag in tags if tag and tag not in options)


class _Field:
    """One field rule with its target; what can be said of it without a value is said once."""

    def __init__(self, rule: Rule, targets: Targets) -> None:
        self._rule = rule
        self._target = targets.field(rule.name)
        self._why, self._meant = _unusable(rule, self._target, targets)

    def filled(self, values: Mapping[str, FactValue], lost: list[NotLanded]) -> FieldValue | None:
        resolved = self._rule.content.resolve(values)
        if resolved.unmatched is not None:
            lost.append(_not_landed(self._rule, as_text(resolved.unmatched), _UNMATCHED))
        if resolved.value is None:
            return None
        if self._target is None or self._why:
            lost.append(_not_landed(self._rule, as_text(resolved.value), self._why, meant=self._meant))
            return None
        converted = self._target.convert(resolved.value)
        lost.extend(
            _not_landed(self._rule, each.value, each.why, meant=each.meant) for each in converted.lost
        )
        if converted.content is None:
            return None
        definition = self._target.definition
        return FieldValue(id=definition.id, name=definition.name, value=converted.content)


def _unusable(rule: Rule, target: Target | None, targets: Targets) -> tuple[str, str | None]:
    if target is None:
        return "the helpdesk has no such field", targets.nearest_field(rule.name)
    if not target.definition.active:
        return "this field is switched off in the helpdesk", None
    return "", None


def _resolved(rule: Rule | None, values: Mapping[str, FactValue], lost: list[NotLanded]) -> str | None:
    if rule is None:
        return None
    resolved = rule.content.resolve(values)
    if resolved.unmatched is not None:
        lost.append(_not_landed(rule, as_text(resolved.unmatched), _UNMATCHED))
    return None if resolved.value is None else as_text(resolved.value).strip() or None


def _not_landed(rule: Rule | None, value: str, why: str, *, meant: str | None = None) -> NotLanded:
    return NotLanded(
        field=rule.name if rule else "",
        value=cut(value, _LONGEST_LOST_VALUE),
        why=f'{why}; did you mean "{meant}"?' if meant else why,
        where=rule.where if rule else None,
    )


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
