from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.app.mending import mendings, write
from batonpass.diagnostics import Edit, Finding, Severity
from batonpass.domain.errors import ConfigurationError


def finding(path: Path, was: str, becomes: str) -> Finding:
    return Finding(
        code="HM107",
        severity=Severity.WARNING,
        message="",
        file=str(path),
        line=1,
        column=5,
        edit=Edit(line=1, column=5, was=was, becomes=becomes),
    )


def test_file_that_was_changed_meanwhile_is_left_as_it_is(tmp_path: Path):
    path = tmp_path / "a.toml"
    path.write_text("a = 'x'\n")
    (made,) = mendings([finding(path, "'x'", "'y'")], [path])
    path.write_text("a = 'x' # mine\n")

    with pytest.raises(ConfigurationError, match="changed meanwhile"):
        write(made)

    assert path.read_text() == "a = 'x' # mine\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_would_be_no_toml_any_more_is_not_written(tmp_path: Path):
    path = tmp_path / "a.toml"
    path.write_text("a = 'x'\n")

    assert mendings([finding(path, "'x'", "'y")], [path]) == ()


def test_only_the_named_files_are_mended(tmp_path: Path):
    path, other = tmp_path / "a.toml", tmp_path / "b.toml"
    path.write_text("a = 'x'\n")
    other.write_text("a = 'x'\n")

    made = mendings([finding(path, "'x'", "'y'"), finding(other, "'x'", "'y'")], [path])

    assert [each.path for each in made] == [path]
