"""P20, P21: a mapping is changed, broken, deleted and swapped while handoffs come in and tickets are made.

The full size is `python benchmarks/reload.py`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "reload.py"


@pytest.mark.proof
def test_p21_reloads_under_load_fail_no_request_and_mix_no_versions() -> None:
    command = [sys.executable, str(PROGRAM), "--quick", "--rate", "50"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "all is well" in done.stdout
