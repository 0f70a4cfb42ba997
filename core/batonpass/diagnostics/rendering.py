"""Findings as people and as machines read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from batonpass.diagnostics.findings import Finding
from batonpass.diagnostics.pages import page_of
from batonpass.domain.text import mend, reveal

_WIDTH = 160


def render(findings: Iterable[Finding], *, full: bool = True, advice: bool = False) -> str:
    """Plain text, in the order of files and lines; `full` adds the line with a caret below what is meant, `advice`
    below that how to mend it and where the code is explained."""
    ordered = in_order(findings)
    if not full:
        return "\n".join(_concise(finding) for finding in ordered)
    return "\n".join(_full(finding) + (_advice(finding) if advice else "") for finding in ordered)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.file, finding.line, finding.column, finding.code))


def to_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """JSON types only; keys are stable."""
    return [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "message": finding.message,
            "location": {
                "file": finding.file,
                "line": finding.line,
                "column": finding.column,
                "length": finding.length,
            },
            "hint": finding.hint,
            "fix": None if finding.edit is None else finding.edit.becomes,
            "docs": page_of(finding.code),
        }
        for finding in findings
    ]


def _head(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}:{finding.column}"
    return _safe(f"{place}: {finding.code} {finding.severity.value}: {finding.message}")


def _concise(finding: Finding) -> str:
    return f"{_head(finding)} ({_safe(finding.hint)})" if finding.hint else _head(finding)


def _full(finding: Finding) -> str:
    number = str(finding.line).rjust(5)
    gutter = " " * len(number)
    hint = f" {_safe(finding.hint)}" if finding.hint else ""
    if not finding.source_line:
        return f"{_head(finding)}\n{gutter} ={hint}" if hint else _head(finding)
    start = max(0, finding.column - _WIDTH // 2) if len(finding.source_line) > _WIDTH else 0
    shown = finding.source_line[start : start + _WIDTH]
    before = shown[: finding.column - 1 - start]
    # A tab stays a tab, so that the caret stands below its character in every terminal.
    indent = "".join(char if char == "\t" else " " for char in before)
    carets = "^" * max(1, min(finding.length, len(shown) - len(before)))
    return f"{_head(finding)}\n{number} | {_one_wide(shown)}\n{gutter} | {indent}{carets}{hint}"


def _advice(finding: Finding) -> str:
    gutter = " " * len(str(finding.line).rjust(5))
    fix = (
        "" if finding.edit is None else f"fix: batonpass check --fix writes {_safe(finding.edit.becomes)}  · "
    )
    return f"\n{gutter} = {fix}more: batonpass check --explain {finding.code}"


def _safe(text: str) -> str:
    return reveal(mend(text)).replace("\n", " ")


def _one_wide(text: str) -> str:
    # Hidden characters as one mark each: the caret must still stand below its character.
    return "".join("\N{REPLACEMENT CHARACTER}" if _safe(char) != char else char for char in text)
