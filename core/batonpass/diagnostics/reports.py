"""Findings in the forms that other programs read: annotations of GitHub, and SARIF."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from batonpass.diagnostics.findings import Finding, Severity
from batonpass.diagnostics.pages import pages
from batonpass.diagnostics.rendering import in_order
from batonpass.domain.text import mend, one_line, reveal

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def github(findings: Iterable[Finding]) -> str:
    """One workflow command per finding, which GitHub shows at its line.
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands"""
    return "\n".join(_annotation(finding) for finding in in_order(findings))


def sarif(findings: Iterable[Finding], *, version: str) -> dict[str, Any]:
    """SARIF 2.1.0: one run, its rules the codes that occur."""
    ordered = in_order(findings)
    codes = sorted({finding.code for finding in ordered})
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "batonpass",
                        "version": version,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                # Columns are counted in characters, not in UTF-16 units.
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, codes.index(finding.code)) for finding in ordered],
            }
        ],
    }


def _annotation(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": str(finding.line),
        "col": str(finding.column),
        "endColumn": str(finding.column + finding.length),
        "title": f"batonpass {finding.code}",
    }
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {told}::{_data(_words(finding))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _words(finding: Finding) -> str:
    told = f"{finding.message} ({finding.hint})" if finding.hint else finding.message
    return one_line(reveal(mend(told)))


def _rule(code: str) -> dict[str, Any]:
    page = pages()[code]
    return {
        "id": code,
        "shortDescription": {"text": page.means},
        "help": {"text": f"{page.why} What to do: {page.do}".strip(), "markdown": page.markdown()},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    artifact = {"uri": _uri(finding.file)}
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endColumn": finding.column + finding.length,
    }
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _words(finding)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }
    if finding.edit is not None:
        edit = finding.edit
        deleted = {
            "startLine": edit.line,
            "startColumn": edit.column,
            "endColumn": edit.column + len(edit.was),
        }
        change = {"deletedRegion": deleted, "insertedContent": {"text": edit.becomes}}
        result["fixes"] = [{"artifactChanges": [{"artifactLocation": artifact, "replacements": [change]}]}]
    return result


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
