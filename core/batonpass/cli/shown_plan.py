"""A plan as people read it."""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.app.planning.document import (
    PlanDocument,
    PlannedEffect,
    PlannedField,
    PlannedFieldEffect,
    PlannedFile,
)

MOST_IDS = 5
_MARKS = {"added": "+", "removed": "-", "changed": "~"}


def shown_plan(plan: PlanDocument) -> Iterator[str]:
    """Line by line."""
    for file in plan.files:
        yield from _file(file)
    yield ""
    yield from _effect(plan.effect)
    yield ""
    yield from _creates(plan)
    if plan.findings:
        yield ""
        yield "What `batonpass check` says:"
    for each in plan.findings:
        hint = f" ({each.hint})" if each.hint else ""
        yield f"  {each.file}:{each.line}:{each.column}: {each.code} {each.severity}: {each.message}{hint}"


def _file(file: PlannedFile) -> Iterator[str]:
    against = f"version {file.in_force}, in force" if file.in_force else "no version known to be in force"
    from_ = "" if file.candidate == file.place else f" from {file.candidate}"
    if not file.changes:
        yield f"{file.place}{from_}: the same rules as {against}"
        return
    yield f"{file.place}{from_}: {_counted(len(file.changes), 'rule')} changed against {against}"
    for each in file.changes:
        at = "" if each.line is None else f" (line {each.line})"
        first, *others = each.details or ("",)
        if others:
            yield f"  {_MARKS[each.kind]} {each.rule}{at}"
            yield from (f"      {detail}" for detail in each.details)
        else:
            yield f"  {_MARKS[each.kind]} {each.rule}{at}: {first}"


def _effect(effect: PlannedEffect) -> Iterator[str]:
    if not effect.handoffs:
        yield "There is no handoff to try it on."
        return
    what = "sample handoffs (there are none of the past)" if effect.samples else "last handoffs"
    yield f"Of the {effect.handoffs} {what}: {_summary(effect)}"
    for each in effect.changes:
        yield f"  {_line(each)}"
        yield f"      {_ids(each.handoffs)}"
    touched = {name: counts for name, counts in effect.fields.items() if set(counts) - {"same"}}
    for name, counts in touched.items():
        told = ", ".join(f"{counts[key]} {_WORDS[key]}" for key in _WORDS if counts.get(key))
        yield f"  {name}: {told}"


_WORDS = {"same": "the same", "changed": "different", "fails": "would fail"}


def _summary(effect: PlannedEffect) -> str:
    counts = (len(effect.same), len(effect.changed), len(effect.fails))
    words = ("the same", "different", "with a value that would fail (it goes into the note)")
    return ", ".join(f"{n} {word}" for n, word in zip(counts, words, strict=True) if n or word == words[0])


def _line(each: PlannedFieldEffect) -> str:
    n = len(each.handoffs)
    if each.outcome == "fails":
        was = "" if each.before is None else f" (was {each.before})"
        return f"{n} would fail: {each.field}{was}: {each.why}"
    if each.before is None:
        return f"{n} {_gets(n)} {each.field}: {each.after}"
    if each.after is None:
        return f"{n} {'loses' if n == 1 else 'lose'} {each.field} (was {each.before})"
    return f"{n} {_gets(n)} another {each.field} ({each.before} → {each.after})"


def _gets(n: int) -> str:
    return "gets" if n == 1 else "get"


def _ids(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - MOST_IDS} more" if len(ids) > MOST_IDS else ""
    return f"{', '.join(ids[:MOST_IDS])}{more}"


def _creates(plan: PlanDocument) -> Iterator[str]:
    if not plan.creates:
        yield f"{plan.account.connection}: nothing to create in the account"
        return
    yield f"{plan.account.connection}: to be created in the account (batonpass apply asks for each):"
    for each in plan.creates:
        yield f"  {created(each)}"


def created(each: PlannedField) -> str:
    """What would be created, or why nothing is."""
    options = ", ".join(each.options)
    what = (
        f'new options of the field "{each.name}": {options}'
        if each.adds_options
        else f'the field "{each.name}", {each.kind}{f" with the options: {options}" if options else ""}'
    )
    if each.meant is not None:
        return f'not {what}: did you mean "{each.meant}"? ({each.where})'
    return f"{what} ({each.where})"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
