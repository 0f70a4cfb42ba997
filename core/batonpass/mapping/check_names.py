"""Names that an account does not have, or has otherwise: what they were called before, and what was meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from batonpass.diagnostics import (
    Finding,
    Severity,
    TomlFile,
    did_you_mean,
    meaning,
    nearest,
    same_but_for_signs,
)
from batonpass.domain.ticket import FieldDefinition, FieldSchema
from batonpass.mapping.convert import Lost
from batonpass.mapping.former import Former, Was, folded
from batonpass.mapping.layers import LayeredFile
from batonpass.mapping.rules import Path, Rule

_STANDARD: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("subject", "title", "ticket name"), "subject"),
        **dict.fromkeys(("priority",), "priority"),
        **dict.fromkeys(("group", "team", "queue"), "group"),
        **dict.fromkeys(("tags", "tag", "labels"), "tags"),
        **dict.fromkeys(("assignee", "agent", "ticket owner"), "assignee"),
        **dict.fromkeys(("form", "ticket form", "ticket type"), "form"),
    }
)
"""What people call the parts of a ticket that are no custom fields, and the key of [ticket] that fills them."""


def names_of(definition: FieldDefinition) -> set[str]:
    """What its options can be called in a mapping."""
    return {text for option in definition.options for text in (option.label, option.value)}


def no_such_field(file: TomlFile, rule: Rule, schema: FieldSchema, former: Former) -> Finding:
    names = [definition.name for definition in schema.fields if definition.active]
    was = former.field(rule.name)
    now = None if was is None else next((each.name for each in schema.fields if each.id == was.now), None)
    becomes = now if was is not None and was.sure else None
    part = _STANDARD.get(folded(rule.name))
    by_id = next((each.name for each in schema.fields if each.id == rule.name and each.active), None)
    if was is not None:
        hint: str | None = _renamed(was, now)
    elif by_id is not None:
        becomes = by_id
        hint = f'this is its id: write its name, "{by_id}"'
    elif part is not None:
        hint = f"this is no custom field: write {part} = … under [ticket]"
    else:
        becomes = same_but_for_signs(rule.name, names)
        hint = did_you_mean(rule.name, names, listed="fields")
    return file.finding(
        rule.at,
        f'the helpdesk has no field "{rule.name}"',
        code="HM201",
        hint=hint,
        key=True,
        becomes=_new_key(file, rule.at, becomes),
    )


def no_such_option(
    file: TomlFile,
    at: Path,
    lost: Sequence[Lost],
    definition: FieldDefinition,
    former: Former,
    *,
    whole: bool,
) -> Finding:
    """`lost`: what would be written at this place and is no option; `whole`: the first is the whole of what stands
    there, so that it can be replaced."""
    first, more = lost[0], len(lost) - 1
    labels = [option.label for option in definition.options]
    was = former.option(definition, first.value)
    if was is None:
        becomes = same_but_for_signs(first.value, labels) or same_but_for_signs(
            first.value, [option.value for option in definition.options]
        )
        meant = becomes or first.meant or nearest(first.value, labels)
        hint = meaning(first.value, meant) if meant else did_you_mean(first.value, labels, listed="options")
    else:
        now = next((option.label for option in definition.options if option.value == was.now), None)
        becomes = now if was.sure else None
        hint = _renamed(was, now)
    others = f" (and {more} more that it can become)" if more else ""
    return file.finding(
        at,
        f'option "{first.value}"{others} does not exist in the field "{definition.name}"',
        code="HM204",
        hint=hint,
        becomes=becomes if whole and not more else None,
    )


def written_otherwise(file: TomlFile, at: Path, name: str, theirs: str, *, key: bool = False) -> Finding:
    return file.finding(
        at,
        f'"{name}" is "{theirs}" in the helpdesk; both are taken for the same',
        code="HM213",
        severity=Severity.INFO,
        hint=f'write "{theirs}"',
        key=key,
        becomes=_new_key(file, at, theirs) if key else theirs,
    )


def _new_key(file: TomlFile, at: Path, name: str | None) -> str | None:
    """The field's new name, where it can be written without touching what other rules or other layers mean."""
    fields = file.data.get("fields", {})
    if name is None or len(at) > 2 or any(folded(each) == folded(name) for each in fields if each != at[-1]):
        return None
    if not isinstance(file, LayeredFile):
        return name
    for layer in file.layers:
        removed = layer.data.get("remove", ())
        named = at[-1] in layer.data.get("fields", {})
        if f"fields.{at[-1]}" in removed or (named and layer is not file.layer_of(at)):
            return None
    return name


def _renamed(was: Was, now: str | None) -> str:
    if now is None:
        return f"it was there on {was.seen}, and has been taken away since"
    return (
        f'renamed since {was.seen}: "{now}"'
        if was.sure
        else f'did you mean "{now}"? It came since {was.seen}'
    )
