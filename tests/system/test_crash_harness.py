"""The crash test itself, for one run of each kind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "crash.py"


@pytest.mark.proof
def test_p01_a_process_killed_while_its_ticket_is_opened_loses_and_doubles_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    case = "step.open_ticket.called:kill zendesk sqlite 1"
    command = [sys.executable, str(PROGRAM), "--case", case, "--jobs", "1", "--report", str(report)]

    first = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    found = [json.loads(line) for line in report.read_text().splitlines()]
    assert first.returncode == 0, first.stdout + first.stderr
    assert [(each["fired"], each["wrong"]) for each in found] == [([True], [])]
    assert again.returncode == 0  # it had the run already
    assert "all is well" in again.stdout
