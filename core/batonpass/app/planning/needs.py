"""What a mapping needs in the helpdesk and the account lacks: fields and options to be created. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from batonpass.domain.facts import FactValue, Money
from batonpass.domain.ticket import FieldKind, FieldSchema, NewField
from batonpass.mapping.check_rules import CLOSED_LISTS
from batonpass.mapping.convert import Target
from batonpass.mapping.rules import Constant, Filled, HelpdeskMapping, LookedUp, Rule
from batonpass.mapping.targets import Targets
from batonpass.mapping.wording import as_text

LONG = 250
"""Characters from which on a text needs a field of several lines."""
_WITH_OPTIONS = frozenset({FieldKind.DROPDOWN, FieldKind.MULTISELECT})

Seen = Mapping[str, Sequence[FactValue]]
"""Path of the context package → values that it has had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A field, or some options of one that is there."""

    field: NewField
    adds_options: bool
    """Whether the field is there and lacks these options."""
    where: str
    """`mappings/desk.toml:14`: the line that needs it."""
    meant: str | None = None
    """The field or option that is there and was probably meant: then nothing should be created."""


def needs_of(mapping: HelpdeskMapping, schema: FieldSchema, seen: Seen) -> tuple[Need, ...]:
    """`seen`: for the kind of a field whose values the mapping does not list."""
    targets = Targets(schema)
    found: dict[tuple[str, str | None], Need] = {}
    for rule in mapping.fields:
        for need in _needs(rule, targets, seen):
            key = (need.field.name, need.meant)
            found[key] = _joined(found.get(key), need)
    return tuple(found.values())


def _needs(rule: Rule, targets: Targets, seen: Seen) -> Iterator[Need]:
    target = targets.field(rule.name)
    if target is None:
        yield Need(
            field=_new_field(rule, seen),
            adds_options=False,
            where=rule.where,
            meant=targets.nearest_field(rule.name),
        )
    elif target.definition.active and target.definition.kind in _WITH_OPTIONS:
        yield from _options(rule, target)


def _options(rule: Rule, target: Target) -> Iterator[Need]:
    lost = [each for value in _written(rule) for each in target.convert(value).lost]
    for meant in dict.fromkeys(each.meant for each in lost):
        labels = dict.fromkeys(each.value for each in lost if each.meant == meant)
        field = NewField(
            name=target.definition.name,
            kind=target.definition.kind,
            options=tuple(labels),
            why=f"{rule.where} writes them",
        )
        yield Need(field=field, adds_options=True, where=rule.where, meant=meant)


def _joined(known: Need | None, need: Need) -> Need:
    """Several rules may need the same field."""
    if known is None:
        return need
    options = tuple(dict.fromkeys((*known.field.options, *need.field.options)))
    return replace(known, field=replace(known.field, options=options))


def _new_field(rule: Rule, seen: Seen) -> NewField:
    written = list(_written(rule))
    kind = _kind(rule, written, seen)
    options = tuple(dict.fromkeys(as_text(each) for each in written)) if kind in _WITH_OPTIONS else ()
    return NewField(name=rule.name, kind=kind, options=options, why=f"{rule.where} writes to it")


def _kind(rule: Rule, written: Sequence[FactValue], seen: Seen) -> FieldKind:
    """By what it will hold: what the file lists, else what has come so far."""
    match rule.content:
        case LookedUp(source=source):
            told = written or seen.get(source, ())
            kind = kind_of(told)
            several_words = kind is FieldKind.TEXT and bool(written)
            return FieldKind.DROPDOWN if several_words else kind
        case Constant():
            return kind_of(written)
        case _:
            return FieldKind.LONG_TEXT if _is_long(written) else FieldKind.TEXT


def kind_of(values: Iterable[FactValue]) -> FieldKind:
    """The kind that holds them all; text where there are none."""
    told = list(values)
    if not told:
        return FieldKind.TEXT
    if all(isinstance(each, bool) for each in told):
        return FieldKind.CHECKBOX
    if all(isinstance(each, int) and not isinstance(each, bool) for each in told):
        return FieldKind.INTEGER
    if all(isinstance(each, int | Decimal | Money) and not isinstance(each, bool) for each in told):
        return FieldKind.DECIMAL
    if all(isinstance(each, date) for each in told):
        return FieldKind.DATE
    return FieldKind.LONG_TEXT if _is_long(told) else FieldKind.TEXT


def _is_long(values: Iterable[FactValue]) -> bool:
    return any(
        isinstance(each, tuple) or len(as_text(each)) > LONG or "\n" in as_text(each) for each in values
    )


def _written(rule: Rule) -> Iterator[FactValue]:
    """All that the rule can write, as far as the file and the closed lists tell it."""
    match rule.content:
        case Constant(value=value):
            yield value
        case LookedUp(source=source, values=values, default=default):
            yield from values.values()
            if default is not None:
                yield default
            if not values:
                yield from CLOSED_LISTS.get(source, ())
        case Filled(template=template) if len(template.paths) == 1:
            path = template.paths[0]
            yield from (template.fill({path: each}) or "" for each in CLOSED_LISTS.get(path, ()))
