"""A file's lines with what is to be said about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from batonpass.diagnostics import Finding
from batonpass.diagnostics.secrecy import mask


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedLine:
    number: int
    before: str
    meant: str
    """The part of the line that the first finding is about; empty where there is none."""
    after: str
    findings: tuple[Finding, ...] = ()


def marked(text: str, findings: Iterable[Finding], file: str) -> list[MarkedLine]:
    """Every line of this file, in order."""
    of_line: dict[int, list[Finding]] = {}
    for each in findings:
        if each.file == file:
            of_line.setdefault(each.line, []).append(each)
    return [
        _marked(number, line, tuple(of_line.get(number, ())))
        for number, line in enumerate(text.split("\n")[: _count(text)], 1)
    ]


def _count(text: str) -> int:
    """The end of the last line begins no other."""
    return text.count("\n") + (not text.endswith("\n"))


def _marked(number: int, line: str, findings: tuple[Finding, ...]) -> MarkedLine:
    line = mask(line)  # a secret that should not stand there is not shown to everybody who may look
    if not findings:
        return MarkedLine(number=number, before=line, meant="", after="")
    start = min(findings[0].column - 1, len(line))
    end = min(start + findings[0].length, len(line))
    return MarkedLine(
        number=number, before=line[:start], meant=line[start:end], after=line[end:], findings=findings
    )
