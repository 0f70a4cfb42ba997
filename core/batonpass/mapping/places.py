"""Where a sign of a text stands in the TOML file that has the text."""

from __future__ import annotations

from dataclasses import replace

from batonpass.diagnostics import Finding, TomlFile
from batonpass.diagnostics.secrecy import mask

_LONG = ('"""', "'''")
_ESCAPES = {"u": 6, "U": 10, "x": 4}


def at_sign(finding: Finding, file: TomlFile, line: int, column: int) -> Finding:
    """The finding, which is at a text, moved to a sign of it; `line` and `column` count within the text, from 1."""
    written = file.line(finding.line)
    start = finding.column - 1
    fence = written[start : start + 3]
    if fence in _LONG:
        first = start + 3
        if not written[first:].strip():  # a line break right after the fence is no part of the text
            return _moved(finding, file, finding.line + line, column)
        offset = first if line == 1 else 0
        return _moved(finding, file, finding.line + line - 1, offset + column)
    if line > 1:  # written as \\n on one line
        return finding
    escapes = written[start : start + 1] == '"'
    return _moved(finding, file, finding.line, _after(written, start + 1, column - 1, escapes=escapes) + 1)


def _after(written: str, start: int, signs: int, *, escapes: bool) -> int:
    """Where so many signs of the text end."""
    at = start
    for _ in range(signs):
        if escapes and written[at : at + 1] == "\\":
            at += _ESCAPES.get(written[at + 1 : at + 2], 2)
        else:
            at += 1
    return at


def _moved(finding: Finding, file: TomlFile, line: int, column: int) -> Finding:
    return replace(finding, line=line, column=column, length=1, source_line=mask(file.line(line)))
