"""Checks rules with each other and for sense: two for one field, what can never apply, names where values were meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from batonpass.diagnostics import Finding, Severity, TomlFile, did_you_mean
from batonpass.domain.conversation import Identity, ReasonCode
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.mapping.check_kinds import NUMBERS, check_comparisons
from batonpass.mapping.former import folded
from batonpass.mapping.rules import Constant, Filled, HelpdeskMapping, LookedUp, Path, Rule
from batonpass.mapping.wording import Template
from batonpass.mapping.written import tag_at, written_keys

CLOSED_LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "handoff.reason": tuple(code.value for code in ReasonCode),
        "customer.identity": tuple(identity.value for identity in Identity),
    }
)
"""Paths that have only these values."""

ALWAYS_KNOWN = frozenset({"handoff.id", "handoff.reason", "customer.identity", "conversation.turns"})
"""Paths that have a value in every handoff."""

_TEXTS = re.compile(r"""\"([^"\n]{0,80})\"|'([^'\n]{0,80})'""")
_TEXT = r"""(?:"[^"\n]{0,80}"|'[^'\n]{0,80}')"""
_BEHIND = rf"PATH\s{{0,9}}[!=]=\s{{0,9}}(?P<texts>{_TEXT})"
_BEFORE = rf"(?P<texts>{_TEXT})\s{{0,9}}[!=]=\s{{0,9}}PATH"
_AMONG = r"PATH\s{0,9}\bin\s{0,9}\[(?P<texts>[^\]]{0,400})\]"
_FOREIGN = re.compile(
    r"(?<!\{)\{\s{0,9}(?P<braced>[A-Za-z]\w{0,60}(?:\.\w{1,60}){1,4})\s{0,9}\}"
    r"|[<\[%]\s{0,9}(?P<other>[a-z]\w{0,80}\.[a-z]\w{0,80})\s{0,9}[>\]%]"
)
"""Placeholders as other programs write them; `{{` in a template has become `{` here."""
_PATH = re.compile(r"\{?\s*([a-z][a-z0-9_]{0,80}\.[a-z][a-z0-9_]{0,80})\s*\}?")


def check_rules(mapping: HelpdeskMapping, facts: Collection[str] = ()) -> Iterator[Finding]:
    """What is wrong between the rules of a mapping and within one, whatever helpdesk it is for."""
    known = {*PACKAGE_PATHS, *facts}
    yield from _two_for_one_field(mapping)
    yield from _never_reached(mapping)
    for rule in mapping.rules:
        yield from _sense(mapping, rule, known)
        if isinstance(rule.content, Filled):
            yield from _foreign(mapping.file, rule.content_at, rule.content.template, known)
    for tag in mapping.tags:
        yield from _foreign(mapping.file, tag_at(mapping.file, tag), tag.template, known)
    for at, condition in mapping.conditions:
        yield from _never_true(mapping.file, at, condition.text)
        yield from check_comparisons(mapping.file, at, condition.text, facts)


def _two_for_one_field(mapping: HelpdeskMapping) -> Iterator[Finding]:
    first: dict[str, Rule] = {}
    for rule in mapping.fields:
        other = first.setdefault(folded(rule.name), rule)
        if other.name != rule.name:
            yield mapping.file.finding(
                rule.at,
                f'"{rule.name}" is filled already, as "{other.name}"',
                code="HM120",
                hint=f"keep one of them; the other stands at {other.where}",
                key=True,
            )


def _never_reached(mapping: HelpdeskMapping) -> Iterator[Finding]:
    """Of several rules for one field those behind one that always applies."""
    always: dict[str, Rule] = {}
    for rule in mapping.fields:
        earlier = always.get(rule.name)
        if earlier is not None:
            yield mapping.file.finding(
                rule.at,
                f"this rule is never reached: the one at {earlier.where} applies to every ticket",
                code="HM121",
                severity=Severity.WARNING,
                hint="give the other one a `when`, or put it last",
            )
        elif rule.when is None:
            always[rule.name] = rule


def _never_true(file: TomlFile, at: Path, text: str) -> Iterator[Finding]:
    for source, words in _compared(text):
        possible = CLOSED_LISTS[source]
        for word in words:
            if word not in possible:
                yield file.finding(
                    at,
                    f'{source} is never "{word}"',
                    code="HM104",
                    severity=Severity.WARNING,
                    hint=did_you_mean(word, possible, listed="it can be"),
                )


def _compared(text: str) -> Iterator[tuple[str, list[str]]]:
    """The paths with a closed list that a condition compares, each with the texts that it compares it with."""
    for source in CLOSED_LISTS:
        path = re.escape(source)
        for pattern in (_BEHIND, _BEFORE, _AMONG):
            for found in re.finditer(pattern.replace("PATH", path), text):
                yield source, [double or single for double, single in _TEXTS.findall(found["texts"])]


def _sense(mapping: HelpdeskMapping, rule: Rule, known: Collection[str]) -> Iterator[Finding]:
    match rule.content:
        case Constant(value=str(text)):
            yield from _name_for_value(mapping, rule, text, known)
        case Filled(template=template) if not template.paths:
            yield from _name_for_value(mapping, rule, "".join(part for part, _ in template.parts), known)
        case Filled(template=template) if rule is not mapping.subject:
            if len(template.paths) > 1 and not any(path in known for path in template.paths):
                yield mapping.file.finding(
                    rule.content_at,
                    "none of its values is ever known: the field would stay empty",
                    code="HM125",
                    severity=Severity.WARNING,
                    hint="mend the names in braces",
                )
        case LookedUp():
            yield from _looked_up(mapping, rule, rule.content)


def _name_for_value(
    mapping: HelpdeskMapping, rule: Rule, text: str, known: Collection[str]
) -> Iterator[Finding]:
    found = _PATH.fullmatch(text.strip())
    if found is None or found[1] not in known:
        return
    template = isinstance(rule.content, Filled)
    yield mapping.file.finding(
        rule.content_at,
        f'every ticket would say "{text.strip()}" here, not its value',
        code="HM124",
        severity=Severity.WARNING,
        hint=f'"{{{found[1]}}}" puts the value in' if template else f'{{ from = "{found[1]}" }}',
    )


def _foreign(file: TomlFile, at: Path, template: Template, known: Collection[str]) -> Iterator[Finding]:
    """Placeholders of other programs, which every ticket would show as they stand."""
    literal = "".join(text if path is None else f"{text}\n" for text, path in template.parts)
    if _PATH.fullmatch(literal.strip()):
        return  # told already
    for found in _FOREIGN.finditer(literal):
        path = found["braced"] or found["other"]
        if path not in known and found["other"]:
            continue
        hint = (
            f'"{{{path}}}" puts the value in'
            if path in known
            else "values stand in single braces: {issue.title}"
        )
        yield file.finding(
            at,
            f'every ticket would say "{found[0]}" here, not a value',
            code="HM124",
            severity=Severity.WARNING,
            hint=hint,
        )


def _looked_up(mapping: HelpdeskMapping, rule: Rule, content: LookedUp) -> Iterator[Finding]:
    yield from _covered_keys(mapping, rule)
    if content.source in NUMBERS:
        yield from _keys_that_are_no_numbers(mapping, rule, content.source)
    possible = CLOSED_LISTS.get(content.source)
    never_empty = content.source in ALWAYS_KNOWN
    missing = [] if possible is None else [value for value in possible if value not in content.values]
    if content.default is not None:
        if never_empty and (not content.values or (possible is not None and not missing)):
            yield mapping.file.finding(
                (*rule.at, "default"),
                f"the default is never used: {content.source} always has a value"
                + (", and each has its own here" if content.values else ""),
                code="HM122",
                severity=Severity.WARNING,
                hint="take it out, or take out the values that it stands for",
                key=True,
            )
    elif rule.when is None and missing and content.values and set(content.values) <= set(possible or ()):
        yield mapping.file.finding(
            (*rule.at, "values"),
            f"no value for {', '.join(missing)}",
            code="HM126",
            severity=Severity.WARNING,
            hint="add them, or a default",
            key=True,
        )


def _covered_keys(mapping: HelpdeskMapping, rule: Rule) -> Iterator[Finding]:
    file = mapping.file
    first: dict[str, str] = {}
    for key in written_keys(file, rule):
        other = first.setdefault(key.strip().lower(), key)
        if other != key:
            yield file.finding(
                (*rule.at, "values", key),
                f'"{key}" and "{other}" are the same here: capital letters do not count',
                code="HM123",
                severity=Severity.WARNING,
                hint="keep one of them",
                key=True,
            )


def _keys_that_are_no_numbers(mapping: HelpdeskMapping, rule: Rule, source: str) -> Iterator[Finding]:
    file = mapping.file
    for key in written_keys(file, rule):
        if not key.strip().lstrip("-").isdecimal():
            yield file.finding(
                (*rule.at, "values", key),
                f'{source} is never "{key}"',
                code="HM104",
                hint="it is a whole number: 0, 1, 2, …",
                key=True,
            )
