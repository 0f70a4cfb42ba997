from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.diagnostics import Finding, TomlFile
from batonpass.diagnostics.spans import SpanIndex

SPANS = """\
a.b = "1"
list = [ 1, "b", # ]
     { k = 1 } ]
[fields."Größe 1"]
'x y' = "ööö"
t = { u = "ü", k=3 }
[[many]]
n = 1
[[many]]
n = 2
[many.sub]
z = '''
'''
"""


def read(text: str) -> TomlFile:
    return TomlFile.of(text.encode(), shown_as="config.toml")


def place(finding: Finding) -> tuple[int, int, str]:
    return finding.line, finding.column, finding.code


@pytest.mark.parametrize(
    ("text", "path", "column", "length"),
    [
        ('a = "x"  # or "y"', ("a",), 5, 3),
        ("t = { u = 1 }  # or { v = 2 }", ("t",), 5, 9),
        ("t = { u = 1 }  # or { v = 2 }", ("t", "u"), 11, 1),
        ("l = [1, 2] # 3", ("l", 1), 9, 1),
    ],
)
def test_a_comment_behind_a_value_is_no_part_of_it(
    text: str, path: tuple[str | int, ...], column: int, length: int
):
    place = SpanIndex(text).get(path)

    assert place is not None
    assert (place.value.column, place.value.length) == (column, length)


@pytest.mark.parametrize("text", ['"#" = ', '[a]\n"# = 1', '"', "'#", '["#"]\n"\n= 3'])
def test_a_key_that_is_none_breaks_nothing(text: str):
    assert read(text).findings


@pytest.mark.parametrize(
    ("text", "line", "column", "code", "hint"),
    [
        pytest.param(
            "a = 1\nb = high\n", 2, 5, "TF005", 'text stands in quotes: "high"', id="text without quotes"
        ),
        pytest.param('a = "high\n', 1, 10, "TF005", "the closing quote is missing", id="quote not closed"),
        pytest.param("a = \n", 1, 5, "TF005", "a value is missing here", id="no value"),
        pytest.param('my key = "x"\n', 1, 4, "TF005", "stands in quotes", id="key with a space"),
        pytest.param("größe = 1\n", 1, 3, "TF005", "stands in quotes", id="key with an umlaut"),
        pytest.param('a = "C:\\path"\n', 1, 8, "TF005", "single quotes", id="backslash"),
        pytest.param("[ticket\nb = 1\n", 1, 8, "TF005", "closing ] is missing", id="header not closed"),
        pytest.param("a = 1\n\na = 2\n", 3, 1, "TF006", "first in line 1", id="key twice"),
        pytest.param("[t]\nb = 1\n[t]\n", 3, 2, "TF006", "first in line 1", id="table twice"),
        pytest.param(
            "x = { a = 1, a = 2 }\n", 1, 14, "TF006", "first in line 1", id="key twice in an inline table"
        ),
        pytest.param(" \r\n\n", 1, 1, "TF004", None, id="nothing but white space"),
        pytest.param("a = " + "[" * 5000, 1, 1, "TF005", None, id="nested too deeply"),
    ],
)
def test_broken_file_is_told_with_its_place(text: str, line: int, column: int, code: str, hint: str | None):
    file = read(text)

    assert [place(finding) for finding in file.findings] == [(line, column, code)]
    assert (hint or "") in (file.findings[0].hint or "")
    assert file.data == {}


def test_every_key_that_stands_twice_is_told_in_one_run():
    file = read("a = 1\na = 2\n[t]\nb.c = 1\nb.c = 2\n")

    assert [place(finding) for finding in file.findings] == [(2, 1, "TF006"), (5, 3, "TF006")]


def test_missing_file_and_directory_are_findings_not_errors(tmp_path: Path):
    assert [finding.code for finding in TomlFile.read(tmp_path / "none.toml").findings] == ["TF001"]
    assert [finding.code for finding in TomlFile.read(tmp_path).findings] == ["TF002"]


def test_byte_that_is_not_utf8_is_told_with_its_place():
    file = TomlFile.of('a = 1\nb = "Größ\xdfe"'.encode("latin-1"), shown_as="config.toml")

    assert place(file.findings[0]) == (2, 8, "TF003")


def test_byte_order_mark_and_windows_line_ends_change_nothing():
    file = TomlFile.of(b"\xef\xbb\xbf[a]\r\nb = 1\r\n", shown_as="config.toml")

    assert file.data == {"a": {"b": 1}}
    assert file.span(("a", "b")).column == 5
    assert file.finding(("a", "b"), "x", code="TF105").source_line == "b = 1"


@pytest.mark.parametrize(
    ("where", "key", "expected"),
    [
        pytest.param(("a", "b"), False, (1, 7, 3), id="dotted key"),
        pytest.param(("a", "b"), True, (1, 3, 1), id="last part of a dotted key"),
        pytest.param(("a",), False, (1, 1, 1), id="table made by a dotted key"),
        pytest.param(("fields", "Größe 1"), False, (4, 1, 18), id="header"),
        pytest.param(("fields", "Größe 1"), True, (4, 9, 9), id="quoted key of a header"),
        pytest.param(("fields", "Größe 1", "x y"), False, (5, 9, 5), id="literal key, value after an umlaut"),
        pytest.param(("fields", "Größe 1", "t", "k"), False, (6, 18, 1), id="inside an inline table"),
        pytest.param(("list", 1), False, (2, 13, 3), id="item of a list"),
        pytest.param(("list", 2, "k"), False, (3, 12, 1), id="table in a list over several lines"),
        pytest.param(("many", 1, "n"), False, (10, 5, 1), id="second of an array of tables"),
        pytest.param(("many", 1, "sub", "z"), False, (12, 5, 3), id="table below an array of tables"),
        pytest.param(("many", 0, "none"), False, (7, 1, 8), id="what is not there: its table"),
        pytest.param(("none", "at", "all"), False, (1, 1, 1), id="nothing is there: the file"),
    ],
)
def test_span_of(where: tuple[str | int, ...], key: bool, expected: tuple[int, int, int]):
    file = read(SPANS)

    span = file.span(where, key=key)

    assert (span.line, span.column, span.length) == expected
