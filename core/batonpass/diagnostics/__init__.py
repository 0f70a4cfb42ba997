"""Findings in the files that people edit: what is wrong, at which line and column, and what was meant."""

from __future__ import annotations

from batonpass.diagnostics.codes import CODES
from batonpass.diagnostics.edits import Edit, difference, mended
from batonpass.diagnostics.findings import FileProblemsError, Finding, Severity, has_errors
from batonpass.diagnostics.nearest import did_you_mean, meaning, nearest, same_but_for_signs, slip_of
from batonpass.diagnostics.pages import page_of, pages, whole_page
from batonpass.diagnostics.rendering import in_order, render, to_json
from batonpass.diagnostics.reports import github, sarif
from batonpass.diagnostics.secrecy import looks_secret
from batonpass.diagnostics.spans import Span
from batonpass.diagnostics.toml_file import TomlFile
from batonpass.diagnostics.validation import validated

__all__ = [
    "CODES",
    "Edit",
    "FileProblemsError",
    "Finding",
    "Severity",
    "Span",
    "TomlFile",
    "did_you_mean",
    "difference",
    "github",
    "has_errors",
    "in_order",
    "looks_secret",
    "meaning",
    "mended",
    "nearest",
    "page_of",
    "pages",
    "render",
    "same_but_for_signs",
    "sarif",
    "slip_of",
    "to_json",
    "validated",
    "whole_page",
]
