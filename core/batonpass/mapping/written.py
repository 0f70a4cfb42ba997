"""What stands in the file for a rule, besides what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from batonpass.diagnostics import TomlFile
from batonpass.mapping.rules import Constant, LookedUp, Path, Rule, TagRule
from batonpass.mapping.wording import as_key


def written_at(file: TomlFile, at: Path) -> Any:
    """What the file has at this path; None where there is nothing."""
    here: Any = file.data
    for step in at:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return None
    return here


def written_keys(file: TomlFile, rule: Rule) -> tuple[str, ...]:
    """The left sides of a rule's `values`, as they stand in the file."""
    values = written_at(file, (*rule.at, "values"))
    return tuple(values) if isinstance(values, Mapping) else ()


def written_values(file: TomlFile, rule: Rule) -> Iterator[tuple[Path, str]]:
    """Every value that a rule can put into its place by what is written in the file, as text, with its path."""
    match rule.content:
        case Constant(value=value):
            yield rule.content_at, as_key(value)
        case LookedUp(values=values, default=default):
            for key in written_keys(file, rule):
                yield (*rule.at, "values", key), as_key(values[key.strip().lower()])
            if default is not None:
                yield (*rule.at, "default"), as_key(default)


def tag_at(file: TomlFile, rule: TagRule) -> Path:
    """Where the tag's own text stands."""
    inner = (*rule.at, "template")
    return rule.at if written_at(file, inner) is None else inner
