"""What differs between two texts of a mapping, rule by rule: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from batonpass.diagnostics import TomlFile
from batonpass.diagnostics.secrecy import mask


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One rule that is not what it was."""

    kind: ChangeKind
    file: str
    rule: str
    """`ticket.priority`, `fields.Tier`."""
    line: int | None
    """Where it stands in the new text; None where it is gone."""
    details: tuple[str, ...]
    """`values.security: "high" → "urgent"`; of a new or removed rule, what it says."""


def rule_changes(before: TomlFile | None, after: TomlFile) -> tuple[RuleChange, ...]:
    """In the order of the new text, then what is gone. A text that is no TOML has no rules."""
    old = {} if before is None else dict(_rules(before.data))
    new = dict(_rules(after.data))
    found = [_change(after, at, old.get(at), value) for at, value in new.items() if old.get(at) != value]
    found += [
        RuleChange(
            kind=ChangeKind.REMOVED, file=after.shown_as, rule=_name(at), line=None, details=(_said(value),)
        )
        for at, value in old.items()
        if at not in new
    ]
    return tuple(found)


def _change(file: TomlFile, at: tuple[str, ...], old: Any, new: Any) -> RuleChange:
    added = old is None
    return RuleChange(
        kind=ChangeKind.ADDED if added else ChangeKind.CHANGED,
        file=file.shown_as,
        rule=_name(at),
        line=file.span(at, key=True).line,
        details=(_said(new),) if added else tuple(_differences((), old, new)),
    )


def _rules(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A rule is what stands directly in a table; what stands above all tables is one by itself."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from (((name, key), rule) for key, rule in value.items())
        else:
            yield (name,), value


def _differences(at: tuple[str, ...], old: Any, new: Any) -> Iterator[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        name = f"{_name(at)}: " if at else ""
        yield f"{name}{_said(old)} → {_said(new)}"
        return
    for key in dict.fromkeys((*old, *new)):
        inner = (*at, key)
        if key not in new:
            yield f"{_name(inner)}: {_said(old[key])} is gone"
        elif key not in old:
            yield f"{_name(inner)}: {_said(new[key])} is new"
        elif old[key] != new[key]:
            yield from _differences(inner, old[key], new[key])


def _name(at: tuple[str, ...]) -> str:
    return ".".join(at)


def _said(value: Any) -> str:
    """As it is written in the file, on one line; what looks like a secret is masked."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            line = " ".join(value.split())
            return mask(f"'{line}'" if '"' in line else f'"{line}"')
        case dict():
            return "{ " + ", ".join(f"{key} = {_said(inner)}" for key, inner in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(_said(each) for each in value) + "]"
        case date():
            return value.isoformat()
        case _:
            return str(value)
