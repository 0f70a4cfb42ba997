"""Checks a helpdesk mapping against what the account has, as it was read now or when it was read last."""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.diagnostics import Finding, TomlFile, did_you_mean, same_but_for_signs
from batonpass.domain.facts import FactValue
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.domain.ticket import FieldKind, FieldSchema, TextUnit
from batonpass.mapping.check_account import check_account
from batonpass.mapping.check_kinds import NUMBERS, check_transforms
from batonpass.mapping.check_names import names_of, no_such_field, no_such_option, written_otherwise
from batonpass.mapping.check_rules import CLOSED_LISTS
from batonpass.mapping.convert import Target
from batonpass.mapping.former import NOTHING_FORMER, Former
from batonpass.mapping.rules import Filled, HelpdeskMapping, LookedUp, Path, Rule
from batonpass.mapping.targets import Targets
from batonpass.mapping.transforms import NotDoneError
from batonpass.mapping.written import written_at, written_values

_NOT_FOR_TEXT = frozenset({FieldKind.DATE, FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.CHECKBOX})
_NOT_FOR_NUMBERS = frozenset({FieldKind.DATE, FieldKind.CHECKBOX})
_WITH_OPTIONS = frozenset({FieldKind.DROPDOWN, FieldKind.MULTISELECT})

_TAKES_ALL = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.OTHER})
"""Any value goes into a text, cut where it is too long; into others nothing is written."""

_KIND_NAMES = {
    FieldKind.CHECKBOX: "a checkbox",
    FieldKind.DATE: "a date",
    FieldKind.INTEGER: "a whole number",
    FieldKind.DECIMAL: "a number",
}


def check_schema(
    mapping: HelpdeskMapping, schema: FieldSchema, *, former: Former = NOTHING_FORMER
) -> list[Finding]:
    """Every value that the mapping can write is tried on the account's fields; nothing is sent.

    A fact's own values are not known here: `apply` tells them when they come. `former` is what the account called its
    fields and options before.
    """
    targets = Targets(schema)
    findings = list(_groups(mapping, mapping.group, targets)) if mapping.group else []
    for rule in mapping.fields:
        findings += _Field(mapping.file, rule, targets, former).findings()
    return [*findings, *check_account(mapping, schema, targets)]


def _groups(mapping: HelpdeskMapping, rule: Rule, targets: Targets) -> Iterator[Finding]:
    file = mapping.file
    names = [group.name for group in targets.schema.groups]
    for at, value in _possible(file, rule):
        name = str(value)
        group = targets.group(name)
        if group is None:
            yield file.finding(
                at,
                f'the helpdesk has no group "{name}"',
                code="HM205",
                hint=did_you_mean(name, names, listed="groups"),
                becomes=same_but_for_signs(name, names) if written_at(file, at) == name else None,
            )
        elif group.name != name.strip():
            yield written_otherwise(file, at, name, group.name)


class _Field:
    """One field rule against its field."""

    def __init__(self, file: TomlFile, rule: Rule, targets: Targets, former: Former) -> None:
        self._file = file
        self._rule = rule
        self._targets = targets
        self._former = former

    def findings(self) -> Iterator[Finding]:
        rule, target = self._rule, self._targets.field(self._rule.name)
        if target is None:
            yield no_such_field(self._file, rule, self._targets.schema, self._former)
            return
        name = target.definition.name
        if not target.definition.active:
            message = f'the field "{rule.name}" is switched off in the helpdesk'
            hint = "switch it on there, or take it out here"
            yield self._file.finding(rule.at, message, code="HM202", hint=hint, key=True)
            return
        if name != rule.name:
            yield written_otherwise(self._file, rule.at, rule.name, name, key=True)
        yield from self._kind(target)
        yield from check_transforms(self._file, rule, target)
        for at, values in _by_place(_possible(self._file, rule, target.definition.unit)):
            if target.definition.kind in _WITH_OPTIONS:
                yield from self._options(at, values, target)
            elif target.definition.kind not in _TAKES_ALL:
                yield from self._values(at, values, target)

    def _kind(self, target: Target) -> Iterator[Finding]:
        rule, kind = self._rule, target.definition.kind
        if kind is FieldKind.OTHER:
            message = f'batonpass does not write this kind of field: "{rule.name}"'
            yield self._file.finding(rule.at, message, code="HM203", key=True)
        elif isinstance(rule.content, LookedUp) and not (rule.content.values or rule.transforms):
            source = rule.content.source
            if source in PACKAGE_PATHS and source not in CLOSED_LISTS:
                unfit = _NOT_FOR_NUMBERS if source in NUMBERS else _NOT_FOR_TEXT
                if kind in unfit:
                    message = f'{source} is never what "{rule.name}" holds: {_KIND_NAMES[kind]}'
                    yield self._file.finding((*rule.at, "from"), message, code="HM203")

    def _values(self, at: Path, values: list[FactValue], target: Target) -> Iterator[Finding]:
        for lost in (each for value in values for each in target.convert(value).lost):
            message = f'"{lost.value}" cannot go into "{target.definition.name}": {lost.why}'
            yield self._file.finding(at, message, code="HM203")
            return

    def _options(self, at: Path, values: list[FactValue], target: Target) -> Iterator[Finding]:
        lost = [each for value in values for each in target.convert(value).lost]
        if lost:
            written = written_at(self._file, at) == lost[0].value
            yield no_such_option(self._file, at, lost, target.definition, self._former, whole=written)
        names = names_of(target.definition)
        for text in (value.strip() for value in values if isinstance(value, str)):
            named = next((each for each in names if each.casefold() == text.casefold()), None)
            if named is not None and text not in names and written_at(self._file, at) == text:
                yield written_otherwise(self._file, at, text, named)


def _by_place(possible: Iterator[tuple[Path, FactValue]]) -> Iterator[tuple[Path, list[FactValue]]]:
    places: dict[Path, list[FactValue]] = {}
    for at, value in possible:
        places.setdefault(at, []).append(value)
    yield from places.items()


def _possible(
    file: TomlFile, rule: Rule, unit: TextUnit = TextUnit.CHARACTERS
) -> Iterator[tuple[Path, FactValue]]:
    """What the rule can write, as far as the file and the closed lists tell it."""
    yield from written_values(file, rule)
    if rule.when is not None:
        return  # it may leave some of the list out
    at = (*rule.at, "from") if isinstance(rule.content, LookedUp) else rule.content_at
    for value in _from_closed_list(rule):
        try:
            yield at, _after(rule, value, unit)
        except NotDoneError:
            continue


def _after(rule: Rule, value: FactValue, unit: TextUnit) -> FactValue:
    for transform in rule.transforms:
        value = transform.done(value, unit)
    return value


def _from_closed_list(rule: Rule) -> Iterator[FactValue]:
    match rule.content:
        case LookedUp(source=source, values=values) if not values:
            yield from CLOSED_LISTS.get(source, ())
        case Filled(template=template) if len(template.paths) == 1:
            path = template.paths[0]
            yield from (template.fill({path: value}) or "" for value in CLOSED_LISTS.get(path, ()))
