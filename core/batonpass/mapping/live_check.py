"""Checks a helpdesk mapping against what the account really has."""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.diagnostics import Finding, TomlFile, did_you_mean
from batonpass.domain.facts import FactValue
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.domain.ticket import FieldKind, FieldSchema
from batonpass.mapping.check import CLOSED_LISTS, written_values
from batonpass.mapping.convert import Target
from batonpass.mapping.rules import Filled, HelpdeskMapping, LookedUp, Path, Rule
from batonpass.mapping.targets import Targets

_NUMBERS = frozenset({"handoff.confidence", "conversation.turns"})
_NOT_FOR_TEXT = frozenset({FieldKind.DATE, FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.CHECKBOX})
_NOT_FOR_NUMBERS = frozenset({FieldKind.DATE, FieldKind.CHECKBOX})

_KIND_NAMES = {
    FieldKind.CHECKBOX: "a checkbox",
    FieldKind.DATE: "a date",
    FieldKind.INTEGER: "a whole number",
    FieldKind.DECIMAL: "a number",
}


def check_schema(mapping: HelpdeskMapping, schema: FieldSchema) -> list[Finding]:
    """Every value that the mapping can write is tried on the account's fields; nothing is sent.

    A fact's own values are not known here: `apply` tells them when they come.
    """
    targets = Targets(schema)
    findings = list(_groups(mapping.file, mapping.group, targets)) if mapping.group else []
    for rule in mapping.fields:
        findings += _field(mapping.file, rule, targets)
    return findings


def _groups(file: TomlFile, rule: Rule, targets: Targets) -> Iterator[Finding]:
    names = [group.name for group in targets.schema.groups]
    for at, name in _possible(file, rule):
        if targets.group(str(name)) is None:
            hint = did_you_mean(str(name), names, listed="groups")
            yield file.finding(at, f'the helpdesk has no group "{name}"', code="HM205", hint=hint)


def _field(file: TomlFile, rule: Rule, targets: Targets) -> Iterator[Finding]:
    target = targets.field(rule.name)
    if target is None:
        names = [definition.name for definition in targets.schema.fields if definition.active]
        hint = did_you_mean(rule.name, names, listed="fields")
        yield file.finding(
            rule.at, f'the helpdesk has no field "{rule.name}"', code="HM201", hint=hint, key=True
        )
        return
    if not target.definition.active:
        message = f'the field "{rule.name}" is switched off in the helpdesk'
        hint = "switch it on there, or take it out here"
        yield file.finding(rule.at, message, code="HM202", hint=hint, key=True)
        return
    yield from _kind(file, rule, target)
    for at, value in _possible(file, rule):
        yield from _value(file, at, value, target)


def _kind(file: TomlFile, rule: Rule, target: Target) -> Iterator[Finding]:
    kind = target.definition.kind
    if kind is FieldKind.OTHER:
        message = f'batonpass does not write this kind of field: "{rule.name}"'
        yield file.finding(rule.at, message, code="HM203", key=True)
    elif isinstance(rule.content, LookedUp) and not rule.content.values:
        source = rule.content.source
        if source in PACKAGE_PATHS and source not in CLOSED_LISTS:
            unfit = _NOT_FOR_NUMBERS if source in _NUMBERS else _NOT_FOR_TEXT
            if kind in unfit:
                message = f'{source} is never what "{rule.name}" holds: {_KIND_NAMES[kind]}'
                yield file.finding((*rule.at, "from"), message, code="HM203")


def _value(file: TomlFile, at: Path, value: FactValue, target: Target) -> Iterator[Finding]:
    name = target.definition.name
    for lost in target.convert(value).lost:
        if target.definition.kind in {FieldKind.DROPDOWN, FieldKind.MULTISELECT}:
            message = f'option "{lost.value}" does not exist in the field "{name}"'
            labels = [option.label for option in target.definition.options]
            hint = (
                f'did you mean "{lost.meant}"?'
                if lost.meant
                else did_you_mean(lost.value, labels, listed="options")
            )
            yield file.finding(at, message, code="HM204", hint=hint)
        elif target.definition.kind is not FieldKind.OTHER:
            yield file.finding(at, f'"{lost.value}" cannot go into "{name}": {lost.why}', code="HM203")


def _possible(file: TomlFile, rule: Rule) -> Iterator[tuple[Path, FactValue]]:
    """What the rule can write, as far as the file and the closed lists tell it."""
    yield from written_values(file, rule)
    match rule.content:
        case LookedUp(source=source, values=values) if not values:
            for value in CLOSED_LISTS.get(source, ()):
                yield (*rule.at, "from"), value
        case Filled(template=template) if len(template.paths) == 1:
            path = template.paths[0]
            for value in CLOSED_LISTS.get(path, ()):
                yield (*rule.at, "template"), template.fill({path: value}) or ""
