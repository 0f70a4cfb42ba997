"""Cells that no spreadsheet runs; a file that is there whole or not at all; what the page says of the tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from batonpass.app.exporting import cell, whole_file
from batonpass.app.table_words import as_markdown, meaning
from batonpass.store.views import VIEWS

PAGE = Path(__file__).parent.parent.parent / "docs" / "tables.md"
BEGIN, END = "<!-- batonpass export --markdown: begin -->\n", "<!-- end -->"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+SUM(A1)", "-A1", "@SUM(A1)", "|cmd", "%0A=1", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\x00=1",
        "\x01=1", "\uff1d1+1", "=cmd|' /C calc'!A0", "-2+3+cmd|'x'!A0", "  |x",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    written = cell(text)

    assert written.startswith("'")
    assert "\x00" not in written


@pytest.mark.parametrize(
    "held",
    [None, "", 0, -5, "-1.5", "+4930123456", "+49 (30) 123-456", "Anna", "a=b", "1-2", "'quoted'"],
    ids=ascii,
)
def test_what_is_no_formula_stays_as_it_is(held: object) -> None:
    assert cell(held) == held


def test_a_row_of_the_worst_cells_is_read_back_as_one_row() -> None:
    worst = ['a "quote", and a comma', "two\r\nlines", "=1+1", "\x00", "end\n"]
    file = io.StringIO(newline="")

    csv.writer(file).writerow([cell(each) for each in worst])

    (row,) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert row == ['a "quote", and a comma', "two\nlines", "'=1+1", "\ufffd", "end\n"]


def write_half(path: Path) -> None:
    with whole_file(path) as file:
        file.write("half")
        raise KeyboardInterrupt


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")

    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    half_way = path.read_text()
    with whole_file(path) as file:
        file.write("whole")

    assert (half_way, path.read_text()) == ("before", "whole")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


def test_every_column_has_a_meaning() -> None:
    assert [
        (view.name, each.name)
        for view in VIEWS.values()
        for each in view.columns
        if not meaning(view, each.name)
    ] == []


def test_the_page_is_what_the_code_says() -> None:
    written = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()

    assert written == as_markdown(), (
        "write what `batonpass export --markdown` prints between the marks of docs/tables.md"
    )


def test_the_page_grants_every_view() -> None:
    granted = PAGE.read_text(encoding="utf-8").partition("GRANT SELECT ON")[2].partition(" TO ")[0]

    assert [each.strip() for each in granted.split(",")] == list(VIEWS)
