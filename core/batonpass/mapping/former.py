"""What an account's fields and options were called before: so that a mapping with an old name can be told the new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from batonpass.domain.ticket import FieldDefinition, FieldOption, FieldSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Was:
    """A name that stands in the account no more."""

    now: str | None
    """The field's id or the option's value that has taken its place; None: it is gone."""
    seen: date
    """When it was last read with the old name."""
    sure: bool = True
    """Whether the id or the value says so; otherwise it is only the one that came where the other went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """Old names, in small letters."""

    fields: Mapping[str, Was] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Was]] = field(default_factory=dict)
    """The field's id → old label or value → what has become of it."""

    def field(self, name: str) -> Was | None:
        return self.fields.get(folded(name))

    def option(self, definition: FieldDefinition, text: str) -> Was | None:
        return self.options.get(definition.id, {}).get(folded(text))

    def after(self, before: FieldSchema, now: FieldSchema) -> Former:
        """With what has changed from one reading of the account to the next."""
        seen = before.as_of.date()
        changes = dict(_field_changes(before, now, seen))
        fields = {name: _followed(was, changes) for name, was in self.fields.items()} | changes
        standing = {folded(each.name) for each in now.fields}
        options: dict[str, Mapping[str, Was]] = {}
        old = {each.id: each for each in before.fields}
        for definition in now.fields:
            earlier = old[definition.id].options if definition.id in old else ()
            moved = dict(_option_changes(earlier, definition.options, seen))
            known = {name: _followed(was, moved) for name, was in self.options.get(definition.id, {}).items()}
            there = {text for option in definition.options for text in _texts(option)}
            kept = {name: was for name, was in (known | moved).items() if name not in there}
            if kept:
                options[definition.id] = kept
        return Former(
            fields={name: was for name, was in fields.items() if name not in standing}, options=options
        )


NOTHING_FORMER = Former()


def folded(name: str) -> str:
    return name.strip().casefold()


def _field_changes(before: FieldSchema, now: FieldSchema, seen: date) -> Iterator[tuple[str, Was]]:
    by_id = {each.id: each for each in now.fields}
    known = {each.id for each in before.fields}
    lost = [each for each in before.fields if each.id not in by_id]
    come = [each for each in now.fields if each.id not in known]
    for each in before.fields:
        renamed = by_id.get(each.id)
        if renamed is not None:
            yield folded(each.name), Was(now=renamed.id, seen=seen)
        else:
            # Where a field's id is its name, a renamed one is another one: alone, and of the same kind.
            same = [other for other in come if other.kind is each.kind]
            alone = len(same) == 1 and sum(other.kind is each.kind for other in lost) == 1
            yield folded(each.name), Was(now=same[0].id if alone else None, seen=seen, sure=False)


def _option_changes(
    before: tuple[FieldOption, ...], now: tuple[FieldOption, ...], seen: date
) -> Iterator[tuple[str, Was]]:
    by_value = {each.value: each for each in now}
    by_label = {folded(each.label): each for each in now}
    known = {each.value for each in before}
    come = [each for each in now if each.value not in known]
    gone = [each for each in before if each.value not in by_value]
    for each in before:
        same = by_value.get(each.value) or by_label.get(folded(each.label))
        sure = same is not None
        if same is None and len(come) == len(gone) == 1:
            same = come[0]
        was = Was(now=same.value if same else None, seen=seen, sure=sure)
        for text in _texts(each):
            yield text, was


def _followed(was: Was, changes: Mapping[str, Was]) -> Was:
    """Where what had taken its place has been renamed or taken away since."""
    later = changes.get(folded(was.now)) if was.now is not None else None
    if later is None:
        return was
    return replace(was, now=later.now, sure=was.sure and later.sure)


def _texts(option: FieldOption) -> tuple[str, str]:
    return folded(option.label), folded(option.value)
