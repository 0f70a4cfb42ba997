"""Checks a helpdesk mapping by itself: names that do not exist, values that never occur."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from batonpass.diagnostics import (
    Finding,
    Severity,
    TomlFile,
    did_you_mean,
    nearest,
    same_but_for_signs,
    slip_of,
)
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.domain.ticket import Priority
from batonpass.mapping.check_rules import CLOSED_LISTS, check_rules
from batonpass.mapping.rules import Filled, HelpdeskMapping, LookedUp, Path, Rule, TagRule
from batonpass.mapping.wording import as_tag
from batonpass.mapping.written import tag_at, written_keys, written_values

PRIORITIES = tuple(priority.value for priority in Priority)
RESERVED_WORDS = frozenset(path.partition(".")[0] for path in PACKAGE_PATHS) - {"customer"}
"""First words of paths that no fact can have: they are the context package's own."""


def check_paths(mapping: HelpdeskMapping, facts: Collection[str] = ()) -> list[Finding]:
    """What is wrong with the mapping, whatever helpdesk it is for. `facts` are the facts that are defined."""
    check = _Check(mapping.file, frozenset(facts))
    return [
        *check.rules(mapping),
        *check.priority(mapping.priority),
        *check.tags(mapping),
        *check.empty(),
        *check_rules(mapping, facts),
    ]


class _Check:
    def __init__(self, file: TomlFile, facts: frozenset[str]) -> None:
        self._file = file
        self._facts = facts

    def rules(self, mapping: HelpdeskMapping) -> Iterator[Finding]:
        for rule in mapping.rules:
            match rule.content:
                case LookedUp(source=source):
                    yield from self._path(source, (*rule.at, "from"))
                    yield from self._keys(rule, source)
                case Filled(template=template):
                    for path in template.paths:
                        yield from self._path(path, rule.content_at)

    def priority(self, rule: Rule | None) -> Iterator[Finding]:
        if rule is None:
            return
        for at, value in written_values(self._file, rule):
            if value not in PRIORITIES:
                yield self._file.finding(
                    at,
                    f'priority "{value}" does not exist',
                    code="HM105",
                    hint=did_you_mean(str(value), PRIORITIES, listed="priorities"),
                    becomes=same_but_for_signs(str(value), PRIORITIES),
                )

    def tags(self, mapping: HelpdeskMapping) -> Iterator[Finding]:
        for rule in mapping.tags:
            at = tag_at(self._file, rule)
            for path in rule.template.paths:
                yield from self._path(path, at)
            literal = "".join(text for text, _ in rule.template.parts)
            if not rule.template.parts or (not literal.strip() and not rule.template.paths):
                yield self._empty(at, "this tag is empty")
            elif as_tag(f"x{literal}x") != f"x{literal.lower()}x":
                several = "," in literal or ";" in literal
                yield self._file.finding(
                    at,
                    "a tag has no spaces and no signs but - _ / :",
                    code="HM107",
                    severity=Severity.WARNING,
                    hint='each becomes an underscore; several tags are several texts: ["one", "two"]'
                    if several
                    else "each becomes an underscore",
                    becomes=None if several else _tag_without_spaces(rule),
                )

    def empty(self) -> Iterator[Finding]:
        data = self._file.data
        ticket, fields = data["ticket"], data.get("fields")
        if not ticket["subject"].strip():
            yield self._empty(("ticket", "subject"), "the subject is empty")
        if fields is not None and not fields:
            yield self._empty(("fields",), "no field is mapped here")
        rules = [(("ticket", key), ticket.get(key)) for key in ("priority", "group")]
        rules += [(("fields", name), rule) for name, rule in (fields or {}).items()]
        for at, rule in rules:
            if isinstance(rule, dict) and rule.get("values") == {}:
                yield self._empty((*at, "values"), "no value is mapped here")

    def _path(self, path: str, at: Path) -> Iterator[Finding]:
        if path in PACKAGE_PATHS or path in self._facts:
            return
        known = [*PACKAGE_PATHS, *self._facts]
        bare = path.strip("{} ")
        if bare in known:
            plainly = f'write it without braces and spaces: "{bare}"'
            yield self._file.finding(at, f'"{path}" is not known', code="HM101", hint=plainly)
            return
        first, dot, _ = path.partition(".")
        slip = slip_of(path, known)
        if slip is not None or not dot or first in RESERVED_WORDS:
            hint = f'did you mean "{slip}"?' if slip else did_you_mean(path, known)
            yield self._file.finding(at, f'"{path}" is not known', code="HM101", hint=hint)
            return
        yield self._file.finding(
            at,
            f'no source tells the fact "{path}"',
            code="HM102",
            severity=Severity.WARNING,
            hint=did_you_mean(path, self._facts, listed="facts") or "define it in a fact mapping",
        )

    def _keys(self, rule: Rule, source: str) -> Iterator[Finding]:
        possible = CLOSED_LISTS.get(source)
        if possible is None:
            return
        for key in written_keys(self._file, rule):
            if key.strip().lower() not in possible:
                meant = nearest(key, possible)
                yield self._file.finding(
                    (*rule.at, "values", key),
                    f'{source} is never "{key}"',
                    code="HM104",
                    hint=f'did you mean "{meant}"?' if meant else f"it can be: {', '.join(possible)}",
                    key=True,
                )

    def _empty(self, at: Path, message: str) -> Finding:
        return self._file.finding(at, message, code="HM106", severity=Severity.WARNING)


def _tag_without_spaces(rule: TagRule) -> str:
    """As the tag would be made, its placeholders as they are."""
    parts = [
        as_tag(f"x{text}x")[1:-1] + (f"{{{path}}}" if path else "") for text, path in rule.template.parts
    ]
    return "".join(parts).strip("_")
