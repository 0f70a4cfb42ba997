"""One thing that a person should change in a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batonpass.diagnostics.edits import Edit
from batonpass.domain.errors import ConfigurationError


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong and where. It never carries a secret: neither in the message nor in the source line."""

    code: str
    """From `batonpass.diagnostics.codes`."""
    severity: Severity
    message: str
    file: str
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    length: int = 1
    """How many characters of the line are meant."""
    source_line: str = ""
    hint: str | None = None
    """What was meant, or the fix."""
    edit: Edit | None = None
    """What `batonpass check --fix` writes; None where a person has to decide."""


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


class FileProblemsError(ConfigurationError):
    """A file that is needed cannot be used; `findings` say what to change."""

    code = "file_problems"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        first, *others = self.findings
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{first.file}:{first.line}:{first.column}: {first.code} {first.message}{more}")
