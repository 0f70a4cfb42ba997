"""Checks kinds: what a transform makes against what a field holds, and what a condition compares with what."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from batonpass.diagnostics import Finding, Severity, TomlFile
from batonpass.domain.facts import FactValue, Money
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.domain.ticket import FieldKind, TextUnit
from batonpass.mapping.convert import Target
from batonpass.mapping.rules import LookedUp, Path, Rule
from batonpass.mapping.transforms import NotDoneError, done

NUMBERS = frozenset({"handoff.confidence", "conversation.turns"})
"""Paths that hold a number."""

_SAMPLES: Mapping[str, FactValue] = MappingProxyType(
    {"date": date(2026, 11, 30), "money": Money(amount=4900, currency="eur"), "number": Decimal(1)}
)
"""Transforms that can be done with values of one kind only, each with such a value."""
_TAKES_ONE_KIND = frozenset({FieldKind.DATE, FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.CHECKBOX})

_TEXT = r"""(?:"[^"\n]{0,80}"|'[^'\n]{0,80}')"""
_NUMBER = r"-?\d{1,15}(?:\.\d{1,15})?(?![\w.])"
_SIGN = r"(?P<sign>==|!=|<=|>=|<|>)"
_PATH = r"(?<![\w.])(?P<path>[a-z]\w{0,80}\.[a-z]\w{0,80})(?![\w.(])"
_COMPARED = (
    re.compile(rf"{_PATH}\s{{0,9}}{_SIGN}\s{{0,9}}(?:(?P<text>{_TEXT})|(?P<number>{_NUMBER}))"),
    re.compile(rf"(?:(?P<text>{_TEXT})|(?<![\w.])(?P<number>{_NUMBER}))\s{{0,9}}{_SIGN}\s{{0,9}}{_PATH}"),
)
_QUOTED = re.compile(rf"{_TEXT}(?=\s{{0,9}}[=!<>])|(?<=[=<>])\s{{0,9}}{_TEXT}")
_PLAIN_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")


def check_transforms(file: TomlFile, rule: Rule, target: Target) -> Iterator[Finding]:
    """A transform whose values the field never holds: a day written for people, in a date field."""
    if not isinstance(rule.content, LookedUp) or target.definition.kind not in _TAKES_ONE_KIND:
        return
    starts = [index for index, each in enumerate(rule.transforms) if each.name in _SAMPLES]
    if not starts:
        return
    at: Path = (*rule.at, "transforms", starts[-1])
    written = rule.transforms[starts[-1] :]
    try:
        sample = done(written, _SAMPLES[written[0].name], TextUnit.CHARACTERS)
    except NotDoneError:
        return
    for lost in target.convert(sample).lost:
        message = (
            f'what this makes, such as "{lost.value}", cannot go into "{target.definition.name}": {lost.why}'
        )
        yield file.finding(at, message, code="HM203", hint=_instead(target.definition.kind))


def _instead(kind: FieldKind) -> str | None:
    if kind is FieldKind.DATE:
        return 'a date field takes the day itself: write "date", or no transform'
    return 'write "money" or "number"' if kind in {FieldKind.INTEGER, FieldKind.DECIMAL} else None


def check_comparisons(file: TomlFile, at: Path, text: str, facts: Collection[str]) -> Iterator[Finding]:
    """Numbers that a condition compares with texts."""
    for pattern in _COMPARED:
        for found in pattern.finditer(text):
            said = _mixed(found["path"], found["sign"], found["text"], found["number"], facts)
            if said is not None:
                message, hint = said
                yield file.finding(at, message, code="HM128", severity=Severity.WARNING, hint=hint)
    for quoted in _QUOTED.finditer(text):
        path = quoted[0].strip()[1:-1].strip()
        if path in PACKAGE_PATHS or path in facts:
            message = f"{quoted[0].strip()} is compared as it stands here, not its value"
            hint = f"write {path} without quotes"
            yield file.finding(at, message, code="HM124", severity=Severity.WARNING, hint=hint)


def _mixed(
    path: str, sign: str, text: str | None, number: str | None, facts: Collection[str]
) -> tuple[str, str] | None:
    bare = (text or "")[1:-1]
    reads_as_number = _PLAIN_NUMBER.fullmatch(bare) is not None
    if text is not None and path in NUMBERS:
        return (
            f"{path} is a number, and {text} is text",
            f"write {bare}" if reads_as_number else "write a number",
        )
    if text is not None and reads_as_number and path in facts and sign not in {"==", "!="}:
        return f"{text} is text: a number is never less or more than it", f"write {bare}"
    if number is not None and path in PACKAGE_PATHS and path not in NUMBERS:
        return f"{path} is text, and {number} is a number", f'write "{number}", or int({path})'
    return None
