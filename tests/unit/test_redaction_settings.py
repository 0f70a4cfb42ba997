"""`[redaction]` of the configuration: what is wrong in it is said at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.app.redaction_settings import RedactionConfig
from batonpass.diagnostics import TomlFile, validated


def read(folder: Path, text: str) -> tuple[RedactionConfig | None, list[str]]:
    (folder / "config.toml").write_text(f"[redaction]\n{text}\n")
    found, findings = validated(TomlFile.read(folder / "config.toml"), RedactionConfig, at=("redaction",))
    return found, [f"{finding.line}: {finding.message}" for finding in findings]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('allow = ["cards"]', "card"),
        ('countries = ["XX"]', "US"),
        ('patterns = { staff = "(" }', "RE2"),
        ('patterns = { staff = "x*" }', "nothing at all"),
        ('patterns = { card = "x" }', "name is new"),
        ('patterns = { "Staff No" = "x" }', "name is new"),
        ("before = true", "before"),
    ],
    ids=["kind", "country", "broken_pattern", "empty_pattern", "taken_name", "bad_name", "unknown_key"],
)
def test_x11_what_is_wrong_is_said_at_its_line(tmp_path: Path, text: str, says: str) -> None:
    pytest.importorskip("re2")

    settings, (problem,) = read(tmp_path, text)

    assert settings is None
    assert problem.startswith("2: ")
    assert says in problem


def test_as_shipped_everything_is_masked_and_nothing_before_it_is_kept(tmp_path: Path) -> None:
    settings, problems = read(tmp_path, "")

    assert settings is not None
    assert problems == []
    assert settings.mask() is None
    assert settings.redactor().text("SSN 123-45-6789") == "SSN [national id •••• 6789]"
