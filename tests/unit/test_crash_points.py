"""The list of failpoints is the code's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import batonpass
from batonpass.domain.handoff import StepKind
from batonpass.testing.crash_points import crash_points, kind_of

CODE = Path(batonpass.__file__).parent


def test_every_place_that_calls_a_failpoint_is_in_the_list() -> None:
    texts = [path.read_text() for path in CODE.rglob("*.py") if "testing" not in path.parts]
    called = {name for text in texts for name in re.findall(r'\bfailpoint\(\s*f?"([^"]+)"', text)}

    listed = set(crash_points())

    assert {name for name in called if "{" not in name} <= listed
    assert {name.replace("{step.kind}", StepKind.ANNOUNCE) for name in called if "{" in name} <= listed
    assert sum(text.count("failpoint(") for text in texts) >= len(called) > 10


def test_a_step_has_its_points_and_others_have_no_step() -> None:
    points = crash_points()

    for kind in StepKind:
        assert {f"step.{kind}.{place}" for place in ("claimed", "called", "stored")} <= set(points)
    assert kind_of("step.open_ticket.called") is StepKind.OPEN_TICKET
    assert kind_of("store.committed") is None


@pytest.mark.parametrize("name", ["somewhere", 'f"step.{other}.called"', 'f"{step.kind}" + "x"'])
def test_a_name_that_cannot_be_told_from_the_code_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.py").write_text(f"failpoint({name})\n")

    with pytest.raises(ValueError, match=r"odd\.py:1"):
        crash_points(tmp_path)
