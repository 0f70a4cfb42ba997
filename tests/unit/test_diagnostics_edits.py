from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batonpass.diagnostics import Edit, TomlFile, difference, mended


def edit(line: int, column: int, was: str, becomes: str) -> Edit:
    return Edit(line=line, column=column, was=was, becomes=becomes)


def test_several_edits_of_one_line_stand_where_they_were_meant():
    text = "a = 'x', b = 'y' # c\r\nd = 1\n"

    assert mended(text, [edit(1, 5, "'x'", "'longer'"), edit(1, 14, "'y'", "''")]) == (
        "a = 'longer', b = '' # c\r\nd = 1\n"
    )


def test_edit_of_what_no_longer_stands_there_is_left_out():
    assert mended("a = 1\n", [edit(1, 5, "2", "3"), edit(9, 1, "a", "b")]) == "a = 1\n"


def test_edits_that_overlap_are_not_both_made():
    assert mended("abcdef", [edit(1, 1, "abc", "X"), edit(1, 3, "cd", "Y")]) == "abYef"


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ('"old"', '"new\'s \\"1\\""'),
        ("'old'", '"new\'s \\"1\\""'),
        ('"""old"""', None),
        ("'''old'''", None),
        ("7", None),
    ],
)
def test_text_is_written_in_the_manner_of_the_old_one(written: str, becomes: str | None):
    file = TomlFile.of(f"a = {written}\n".encode(), shown_as="a.toml")

    made = file.finding(("a",), "x", code="TF105", becomes='new\'s "1"').edit

    assert (made.becomes if made else None) == becomes


def test_literal_text_stays_literal_and_a_bare_key_bare_where_they_can():
    file = TomlFile.of(b"old = 'x'\n", shown_as="a.toml")

    value = file.finding(("old",), "x", code="TF105", becomes="C:\\y").edit
    key = file.finding(("old",), "x", code="TF105", key=True, becomes="new").edit
    spaced = file.finding(("old",), "x", code="TF105", key=True, becomes="new one").edit

    assert [each.becomes for each in (value, key, spaced) if each] == ["'C:\\y'", "new", '"new one"']


@given(st.text(), st.sampled_from(['"old"', "'old'"]), st.booleans())
def test_whatever_is_meant_is_what_is_read_afterwards(text: str, written: str, key: bool):
    text = text.encode(errors="replace").decode()
    line = f"{written} = 1\n" if key else f"a = {written} # c\n"
    file = TomlFile.of(line.encode(), shown_as="a.toml")

    made = file.finding(("old",) if key else ("a",), "x", code="TF105", key=key, becomes=text).edit

    if text != "old":
        assert made is not None
        data = tomllib.loads(mended(line, [made]))
        assert (next(iter(data)) if key else data["a"]) == text


def test_difference_has_no_secret():
    shown = difference("a.toml", 'token = "hunter2"\na = 1\n', 'token = "hunter2"\na = 2\n')

    assert "hunter2" not in shown
    assert "-a = 1\n+a = 2" in shown
