"""Findings in the files that people edit: what is wrong, at which line and column, and what was meant."""

from __future__ import annotations

from batonpass.diagnostics.codes import CODES
from batonpass.diagnostics.findings import FileProblemsError, Finding, Severity, has_errors
from batonpass.diagnostics.nearest import did_you_mean, nearest, slip_of
from batonpass.diagnostics.rendering import render, to_json
from batonpass.diagnostics.secrecy import looks_secret
from batonpass.diagnostics.spans import Span
from batonpass.diagnostics.toml_file import TomlFile
from batonpass.diagnostics.validation import validated

__all__ = [
    "CODES",
    "FileProblemsError",
    "Finding",
    "Severity",
    "Span",
    "TomlFile",
    "did_you_mean",
    "has_errors",
    "looks_secret",
    "nearest",
    "render",
    "slip_of",
    "to_json",
    "validated",
]
