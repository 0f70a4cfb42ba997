"""Checks what an account asks of the whole mapping: required fields, forms, people, tags, lengths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batonpass.diagnostics import (
    Finding,
    Severity,
    TomlFile,
    did_you_mean,
    meaning,
    nearest,
    same_but_for_signs,
)
from batonpass.domain.ticket import FieldKind, FieldSchema, Form, TextUnit
from batonpass.mapping.check_rules import ALWAYS_KNOWN, CLOSED_LISTS
from batonpass.mapping.former import folded
from batonpass.mapping.layers import LayeredFile
from batonpass.mapping.rules import Filled, HelpdeskMapping, LookedUp, Path, Rule
from batonpass.mapping.targets import Targets
from batonpass.mapping.wording import LONGEST_TAG, Template, as_tag
from batonpass.mapping.written import tag_at, written_values

_TEXTS = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT})
_UNITS = {
    TextUnit.CHARACTERS: "characters",
    TextUnit.UTF16: "characters (an emoji counts as two)",
    TextUnit.BYTES: "bytes",
}


def check_account(mapping: HelpdeskMapping, schema: FieldSchema, targets: Targets) -> Iterator[Finding]:
    yield from _required(mapping, schema)
    yield from _lengths(mapping, schema, targets)
    yield from _tags(mapping, schema)
    yield from _form(mapping, schema, targets)
    yield from _assignee(mapping, schema, targets)
    yield from _not_on_the_form(mapping, schema, targets)


def _required(mapping: HelpdeskMapping, schema: FieldSchema) -> Iterator[Finding]:
    filled: dict[str, list[Rule]] = {}
    for rule in mapping.fields:
        filled.setdefault(folded(rule.name), []).append(rule)
    left_out = {folded(name) for name, rule in mapping.file.data.get("fields", {}).items() if rule is None}
    for definition in schema.fields:
        if not (definition.required and definition.active) or definition.kind is FieldKind.OTHER:
            continue
        rules = filled.get(folded(definition.name))
        if rules is None and folded(definition.name) in left_out:
            continue
        if rules is None:
            file, at = _place_of_none(mapping.file, definition.name)
            add = "take it out of the list" if at[0] == "remove" else f'add [fields."{definition.name}"]'
            yield file.finding(
                at,
                f'the helpdesk requires the field "{definition.name}", and nothing fills it',
                code="HM211",
                hint=f"{add}; until then a value that says nothing goes in",
            )
        elif not any(_always_gives(rule) for rule in rules):
            rule = rules[-1]
            yield mapping.file.finding(
                rule.at,
                f'the helpdesk requires the field "{definition.name}", and it may stay empty',
                code="HM212",
                severity=Severity.WARNING,
                hint="give it a default",
                key=True,
            )


def _place_of_none(file: LayeredFile, name: str) -> tuple[TomlFile, Path]:
    """Where a rule for this field is missing: where a layer takes it away, else where fields stand."""
    for layer in reversed(file.layers):
        removed = layer.data.get("remove", ())
        for index, each in enumerate(removed if isinstance(removed, list) else ()):
            if folded(str(each)) == f"fields.{folded(name)}":
                return layer, ("remove", index)
    return file, ("fields",) if "fields" in file.data else ("ticket",)


def _always_gives(rule: Rule) -> bool:
    """Whether the rule has a value for every handoff."""
    if rule.when is not None:
        return False
    match rule.content:
        case LookedUp(source=source, values=values, default=None):
            closed = CLOSED_LISTS.get(source)
            covered = not values or (closed is not None and set(closed) <= set(values))
            return source in ALWAYS_KNOWN and covered
        case Filled(template=template):
            # It is left empty where none of its values is known.
            return not template.paths or any(path in ALWAYS_KNOWN for path in template.paths)
        case _:
            return True


def _lengths(mapping: HelpdeskMapping, schema: FieldSchema, targets: Targets) -> Iterator[Finding]:
    file, subject = mapping.file, mapping.subject
    if isinstance(subject.content, Filled):
        most = _Most(place="the subject", count=schema.limits.subject)
        yield from _too_long(file, subject.content_at, _literal(subject.content.template), most)
    for tag in mapping.tags:
        most = _Most(place="a tag", count=LONGEST_TAG)
        yield from _too_long(file, tag_at(file, tag), _literal(tag.template), most)
    for rule in mapping.fields:
        target = targets.field(rule.name)
        field = target.definition if target else None
        if field is None or field.kind not in _TEXTS or field.longest is None:
            continue
        most = _Most(place=f'"{field.name}"', count=field.longest, unit=field.unit)
        for at, text in written_values(file, rule):
            yield from _too_long(file, at, text, most)
        if isinstance(rule.content, Filled) and not any(each.name == "truncate" for each in rule.transforms):
            yield from _too_long(file, rule.content_at, _literal(rule.content.template), most)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Most:
    """What a place holds."""

    place: str
    count: int
    unit: TextUnit = TextUnit.CHARACTERS


def _too_long(file: TomlFile, at: Path, text: str, most: _Most) -> Iterator[Finding]:
    length = _length(text, most.unit)
    if length > most.count:
        yield file.finding(
            at,
            f"this text has {length} {_UNITS[most.unit]}, {most.place} holds {most.count}",
            code="HM206",
            severity=Severity.WARNING,
            hint="it would be cut in every ticket: shorten it",
        )


def _length(text: str, unit: TextUnit) -> int:
    match unit:
        case TextUnit.UTF16:
            return len(text.encode("utf-16-le", errors="surrogatepass")) // 2
        case TextUnit.BYTES:
            return len(text.encode(errors="surrogatepass"))
        case TextUnit.CHARACTERS:
            return len(text)


def _literal(template: Template) -> str:
    """What stands in it whatever the values are."""
    return "".join(text for text, _ in template.parts)


def _tags(mapping: HelpdeskMapping, schema: FieldSchema) -> Iterator[Finding]:
    if not schema.options_are_tags:
        return
    taken = {
        option.value.casefold(): field for field in schema.fields for option in field.options if field.active
    }
    for rule in mapping.tags:
        for tag in _possible_tags(rule.template):
            field = taken.get(as_tag(tag).casefold())
            if field is not None:
                yield mapping.file.finding(
                    tag_at(mapping.file, rule),
                    f'the tag "{as_tag(tag)}" is an option of the field "{field.name}": it would set the field',
                    code="HM207",
                    hint="take another tag",
                )
                break


def _possible_tags(template: Template) -> Iterator[str]:
    if not template.paths:
        yield _literal(template)
    elif len(template.paths) == 1:
        path = template.paths[0]
        for value in CLOSED_LISTS.get(path, ()):
            yield template.fill({path: value}) or ""


def _form(mapping: HelpdeskMapping, schema: FieldSchema, targets: Targets) -> Iterator[Finding]:
    if mapping.form is None:
        return
    names = [form.name for form in schema.forms]
    for at, name in written_values(mapping.file, mapping.form):
        if targets.form(name) is None:
            yield mapping.file.finding(
                at,
                f'the helpdesk has no form "{name}"',
                code="HM209",
                hint=did_you_mean(name, names, listed="forms") or "it tells of none",
                becomes=same_but_for_signs(name, names),
            )


def _assignee(mapping: HelpdeskMapping, schema: FieldSchema, targets: Targets) -> Iterator[Finding]:
    if mapping.assignee is None or not schema.agents:
        return
    names = sorted({agent.name for agent in schema.agents if agent.name})
    for at, name in written_values(mapping.file, mapping.assignee):
        found = targets.agents(name)
        if len(found) != 1:
            told = "several people are called" if found else "the helpdesk has nobody called"
            hint = "name them by their e-mail address in the helpdesk"
            meant = None if found or "@" in name else nearest(name, names)
            hint = f"{meaning(name, meant)} Or {hint}" if meant else hint
            yield mapping.file.finding(at, f'{told} "{name}"', code="HM210", hint=hint)


def _not_on_the_form(mapping: HelpdeskMapping, schema: FieldSchema, targets: Targets) -> Iterator[Finding]:
    forms = [form for form in _chosen(mapping, schema, targets) if form.fields]
    for rule in mapping.fields:
        target = targets.field(rule.name)
        if target is None or not target.definition.active:
            continue
        without = [form.name for form in forms if target.definition.id not in form.fields]
        if without:
            named = " and ".join(f'"{name}"' for name in without)
            yield mapping.file.finding(
                rule.at,
                f'the field "{rule.name}" is not on the form {named}: what is written into it may be dropped',
                code="HM208",
                severity=Severity.WARNING,
                hint="put it on the form in the helpdesk, or take it out here",
                key=True,
            )


def _chosen(mapping: HelpdeskMapping, schema: FieldSchema, targets: Targets) -> list[Form]:
    """The forms that tickets can get, as far as the mapping and the account tell."""
    if mapping.form is None:
        return list(schema.forms) if len(schema.forms) == 1 else []
    found = (targets.form(name) for _, name in written_values(mapping.file, mapping.form))
    return list({form.id: form for form in found if form is not None}.values())
