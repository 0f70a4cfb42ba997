"""Checks the names in conditions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from batonpass.diagnostics import Finding, Severity, did_you_mean, slip_of
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.mapping.conditions import Condition
from batonpass.mapping.places import at_sign
from batonpass.mapping.rules import HelpdeskMapping, Path

_CONSTANTS = {"TRUE": "true", "True": "true", "FALSE": "false", "False": "false", "None": "null"}
_OWN = frozenset(path.partition(".")[0] for path in PACKAGE_PATHS) - {"customer"}


def check_conditions(mapping: HelpdeskMapping, facts: Collection[str]) -> Iterator[Finding]:
    """Values that conditions ask for and that nobody tells. `facts` are the facts that are defined."""
    known = (*PACKAGE_PATHS, *facts)
    first = {path.partition(".")[0] for path in known}
    for at, condition in mapping.conditions:
        for word in condition.words:
            if word not in first:
                hint = f"write {_CONSTANTS[word]}" if word in _CONSTANTS else did_you_mean(word, known)
                hint = hint or f'text stands in quotes: "{word}"'
                found = mapping.file.finding(at, f'"{word}" is not known', code="HM101", hint=hint)
                yield _at_name(found, mapping, at, condition, word)
        for path in condition.paths:
            if path not in known:
                yield _at_name(_unknown(mapping, at, path, facts), mapping, at, condition, path)


def _unknown(mapping: HelpdeskMapping, at: Path, path: str, facts: Collection[str]) -> Finding:
    known = (*PACKAGE_PATHS, *facts)
    slip = slip_of(path, known)
    if slip is not None or path.partition(".")[0] in _OWN:
        hint = f'did you mean "{slip}"?' if slip else did_you_mean(path, known)
        return mapping.file.finding(at, f'"{path}" is not known', code="HM101", hint=hint)
    hint = did_you_mean(path, facts, listed="facts") or "define it in a fact mapping"
    message = f'no source tells the fact "{path}"'
    return mapping.file.finding(at, message, code="HM102", severity=Severity.WARNING, hint=hint)


def _at_name(
    finding: Finding, mapping: HelpdeskMapping, at: Path, condition: Condition, name: str
) -> Finding:
    spaced = re.escape(name).replace(r"\.", r"\s*\.\s*")
    found = re.search(rf"(?<![\w.]){spaced}(?!\w)", condition.text)
    if found is None:
        return finding
    before = condition.text[: found.start()]
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return replace(at_sign(finding, mapping.file.layer_of(at), line, column), length=len(found[0]))
