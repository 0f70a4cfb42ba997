"""A mapping file changed by somebody: whole or not at all, never over another's change."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from batonpass.app.mapping_files import (
    LARGEST,
    LineKind,
    MovedError,
    UnwritableError,
    diff,
    from_form,
    read,
    write,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "zendesk.toml"
    made.write_text('# ours\nsubject = "a"\n')
    return made


def test_what_was_opened_is_replaced_and_has_a_new_digest(path: Path) -> None:
    digest = write(path, '# ours\nsubject = "b"\n', opened=read(path).digest)

    assert path.read_text() == '# ours\nsubject = "b"\n'
    assert digest == read(path).digest
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_that_was_changed_meanwhile_is_left_alone(path: Path) -> None:
    opened = read(path).digest
    path.write_text("somebody else's")

    with pytest.raises(MovedError):
        write(path, "mine", opened=opened)

    assert path.read_text() == "somebody else's"


def test_of_two_who_save_at_once_one_is_told(path: Path) -> None:
    opened = read(path).digest
    begin, ends = threading.Barrier(8), list[str]()

    def save(text: str) -> None:
        begin.wait()
        try:
            write(path, text, opened=opened)
            ends.append(text)
        except MovedError:
            ends.append("moved")

    threads = [threading.Thread(target=save, args=(f"text {n}\n",)) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert ends.count("moved") == 7
    assert path.read_text() in ends


def test_a_reader_never_sees_half_a_file(path: Path) -> None:
    whole = {"a" * 200_000, "b" * 200_000}
    path.write_text("a" * 200_000)
    seen, done = set[str](), threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(40):
        write(path, "ab"[n % 2] * 200_000, opened=read(path).digest)
    done.set()
    reader.join()

    assert seen <= whole


def test_a_file_keeps_its_mode_its_line_ends_and_the_link_to_it(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b'# ours\r\nsubject = "a"\r\n')
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    opened = read(link)

    write(link, opened.text.replace('"a"', '"b"'), opened=opened.digest)

    assert link.is_symlink()
    assert path.read_bytes() == b'# ours\r\nsubject = "b"\r\n'
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_folder_that_is_gone_is_said(path: Path) -> None:
    opened = read(path).digest
    path.parent.rename(path.parent.with_name("elsewhere"))

    with pytest.raises(UnwritableError, match="No such file"):
        write(path, "mine", opened=opened)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe", "it is not UTF-8"), (b"#" * (LARGEST + 1), "it is too large to be shown here")],
    ids=["not-utf-8", "too-large"],
)
def test_a_file_that_cannot_be_shown_is_said_and_has_a_digest(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)

    opened = read(path)

    assert (opened.text, opened.unreadable) == ("", said)
    assert opened.digest


def test_a_browsers_line_ends_are_not_a_change(path: Path) -> None:
    text = read(path).text

    assert from_form(text.replace("\n", "\r\n")) == text
    assert from_form(text.rstrip("\n")) == text


def test_a_diff_shows_what_changed_with_the_lines_around_it() -> None:
    old = "".join(f"line {n}\n" for n in range(1, 41))
    new = old.replace("line 20\n", "line twenty\n").replace("line 40\n", "")

    lines = diff(old, new)

    changed = [(each.kind, each.text, each.old, each.new) for each in lines if each.kind is not LineKind.SAME]
    assert changed == [
        (LineKind.REMOVED, "line 20", 20, None),
        (LineKind.ADDED, "line twenty", None, 20),
        (LineKind.GAP, "", None, None),
        (LineKind.REMOVED, "line 40", 40, None),
    ]
    assert len(lines) == 13
    assert diff(old, old) == ()
