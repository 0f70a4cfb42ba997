from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from batonpass.diagnostics import FileProblemsError, Finding, TomlFile
from batonpass.mapping import LiveFile
from batonpass.mapping.live import Read, version_of


class SteppingClock:
    """A second later at each look."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 21, 9, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()


def load(path: Path, *more: Path) -> Read[dict[str, object]]:
    """The keys of the first file, with those of the others that are there above them."""
    files = [TomlFile.read(path, shown_as="a.toml")]
    files += [TomlFile.read(each, shown_as=each.name) for each in more if each.exists()]
    findings: list[Finding] = [finding for file in files for finding in file.findings]
    data = {key: value for file in files for key, value in file.data.items()}
    return (None if findings else data), findings, [(file.shown_as, file.text) for file in files]


def live_file(path: Path, *more: Path) -> LiveFile[dict[str, object]]:
    return LiveFile((path, *more), partial(load, path, *more), clock=SteppingClock())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.toml"
    path.write_text("a = 1\n")
    return path


@pytest.fixture
def live(path: Path) -> LiveFile[dict[str, object]]:
    return live_file(path)


def test_unchanged_file_is_not_read_again(path: Path, live: LiveFile[dict[str, object]]):
    first = live.current

    assert live.refresh() is False
    assert live.current is first
    assert len(first.version) == 12


def test_changed_file_comes_into_force(path: Path, live: LiveFile[dict[str, object]]):
    first = live.current

    path.write_text("a = 22\n")

    assert live.refresh() is True
    assert live.current.value == {"a": 22}
    assert live.current.version != first.version
    assert live.current.loaded_at > first.loaded_at


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param("a = 1\nb =", 2, id="broken"),
        pytest.param('a = "half sav', 1, id="half saved"),
        pytest.param("", 1, id="empty"),
    ],
)
def test_last_good_state_stays_in_force_while_the_file_is(
    path: Path, live: LiveFile[dict[str, object]], content: str, line: int
):
    first = live.current

    path.write_text(content)

    assert live.refresh() is False
    assert live.current is first
    assert live.is_stale
    assert [(finding.file, finding.line) for finding in live.findings] == [("a.toml", line)]


def test_findings_stay_until_the_file_changes(path: Path, live: LiveFile[dict[str, object]]):
    path.write_text("a = \n")
    live.refresh()

    assert live.refresh() is False
    assert live.is_stale


def test_deleted_file_keeps_the_last_good_state_and_its_return_clears_the_finding(
    path: Path, live: LiveFile[dict[str, object]]
):
    path.unlink()

    assert live.refresh() is False
    assert [finding.code for finding in live.findings] == ["TF001"]
    assert live.current.value == {"a": 1}

    path.write_text("a = 1\n")

    assert live.refresh() is False  # the same content as is in force
    assert not live.is_stale
    assert live.findings == ()


def test_p20_a_file_that_is_being_saved_is_taken_once_it_stands_still(
    path: Path, live: LiveFile[dict[str, object]]
):
    path.write_text("a = 2\n")  # where a line ends, and not all of it
    first = live.look()
    path.write_text("a = 2\nb = 3\n")
    second = live.look()

    assert (first, second, live.look()) == (False, False, True)
    assert live.current.value == {"a": 2, "b": 3}


def test_symlink_that_is_swapped_as_kubernetes_does_is_followed(tmp_path: Path):
    for name, content in (("one", "a = 1\n"), ("two", "a = 2\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.toml").write_text(content)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "a.toml").symlink_to("data/a.toml")
    live = live_file(tmp_path / "a.toml")

    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(tmp_path / "data")

    assert live.refresh() is True
    assert live.current.value == {"a": 2}


def test_first_reading_of_a_broken_file_raises_with_its_findings(path: Path):
    path.write_text("a = \n")

    with pytest.raises(FileProblemsError, match=r"^a\.toml:1:5: TF005 ") as caught:
        live_file(path)

    assert [finding.code for finding in caught.value.findings] == ["TF005"]


def test_layer_that_comes_later_comes_into_force(path: Path):
    above = path.with_name("a.staging.toml")
    live = live_file(path, above)
    first = live.current

    above.write_text("b = 2\n")

    assert live.refresh() is True
    assert live.current.value == {"a": 1, "b": 2}
    assert live.current.version != first.version
    assert live.current.layers == (("a.toml", "a = 1\n"), ("a.staging.toml", "b = 2\n"))


def test_p20_layer_that_was_deleted_keeps_the_last_good_state_whatever_else_changes(path: Path):
    above = path.with_name("a.staging.toml")
    above.write_text("b = 2\n")
    live = live_file(path, above)

    above.unlink()
    first = live.refresh()
    path.write_text("a = 3\n")
    second = live.refresh()

    assert (first, second) == (False, False)
    assert live.current.value == {"a": 1, "b": 2}
    assert [(finding.code, finding.file) for finding in live.findings] == [("TF001", str(above))]

    above.write_text("b = 2\n")

    assert live.refresh() is True
    assert live.current.value == {"a": 3, "b": 2}
    assert not live.is_stale


def test_p21_the_version_is_that_of_the_very_texts_that_are_in_force(path: Path):
    def changed_while_it_is_read() -> Read[dict[str, object]]:
        read = load(path)
        path.write_text("a = 3\n")
        return read

    path.write_text("a = 2\n")
    live = LiveFile((path,), changed_while_it_is_read, clock=SteppingClock())

    assert live.current.layers == (("a.toml", "a = 2\n"),)
    assert live.current.version == version_of(live.current.layers)
